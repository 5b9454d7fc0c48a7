// The router on pools written by hand: where does a hedge of each size go, and what does it cost? No network.
//   node examples/price-a-route.mjs
import { costCurve, routeHedge } from '@evenkeel/core';

const ETH_PRICE = '3000';

const token = (chainId, symbol, decimals, digit) => ({
  chainId,
  symbol,
  decimals,
  address: `0x${String(digit).repeat(40)}`,
});
const weth = [token(1, 'WETH', 18, 1), token(2, 'WETH', 18, 2)];
const usdc = [token(1, 'USDC', 6, 3), token(2, 'USDC', 6, 4)];

/** A constant-product pool with `eth` WETH and `usd` USDC in it. */
const pool = (chain, id, eth, usd, feePpm) => ({
  id,
  adapter: 'by-hand',
  chainId: weth[chain].chainId,
  tokens: [weth[chain], usdc[chain]],
  curve: {
    kind: 'constant-product',
    reserves: [BigInt(eth) * 10n ** 18n, BigInt(usd) * 10n ** 6n],
    feePpm,
  },
  gas: { base: 120_000n, perTick: 0n },
  asOf: { source: 'by hand', timeSeconds: 1_750_000_000 },
  payload: null,
});

// Home (chain 1) holds the money and has dear gas; away (chain 2) has the deep pool and cheap gas.
const request = {
  side: 'buy',
  baseTokens: weth,
  quoteTokens: usdc,
  pools: [
    pool(0, 'home-small', 800, 2_400_000, 500),
    pool(0, 'home-dear', 4_000, 12_000_000, 3_000),
    pool(1, 'away-deep', 20_000, 60_000_000, 500),
  ],
  bridges: [
    {
      adapter: 'bridge',
      from: usdc[0],
      to: usdc[1],
      feeBps: 4,
      fixedCostNumeraire: '0.5',
      gasUnits: 90_000n,
      minAtoms: 1n,
      maxAtoms: 500_000n * 10n ** 6n,
      timeSeconds: 20,
    },
  ],
  inventories: [
    { token: usdc[0], atoms: 1_000_000n * 10n ** 6n },
    { token: usdc[1], atoms: 5_000n * 10n ** 6n },
  ],
  gasPriceWei: { 1: 10n * 10n ** 9n, 2: 10n ** 7n },
  nativePrice: { 1: ETH_PRICE, 2: ETH_PRICE },
  referencePrice: ETH_PRICE,
  timeAtRisk: { kind: 'volatility', annualVolatility: '0.65', riskAversion: '0.0002' },
  slippageBps: 30,
};

const sizes = [0.5, 1, 2, 5, 10, 20, 50, 100, 150];
const { points } = costCurve(request, sizes);

console.log('C(q): what buying q ETH of delta costs, all in');
console.log('   ETH        USD       bp   marginal USD/ETH');
for (const { cost, marginalCost, sizeUnits } of points) {
  const bps = (cost / (sizeUnits * Number(ETH_PRICE))) * 10_000;
  const bar = '▇'.repeat(Math.round(bps / 2));
  const row = [
    [sizeUnits.toString(), 6],
    [cost.toFixed(2), 11],
    [bps.toFixed(2), 9],
    [marginalCost.toFixed(2), 9],
  ];
  console.log(`${row.map(([text, width]) => text.padStart(width)).join('')}          ${bar}`);
}

for (const deltaUnits of ['1', '100']) {
  const route = routeHedge({ ...request, deltaUnits });
  console.log(`\nThe route for ${deltaUnits} ETH: ${route.costBps.toFixed(2)} bp, in ${route.timeSeconds} s`);
  for (const hop of route.hops) {
    const where = hop.kind === 'bridge' ? `${hop.chainId} ═▶ ${hop.toChainId}` : `${hop.chainId} ${hop.poolId}`;
    const amount = (atoms, { decimals, symbol }) => `${(Number(atoms) / 10 ** decimals).toFixed(4)} ${symbol}`;
    console.log(`  ${where.padEnd(14)} ${amount(hop.amountIn, hop.tokenIn)} ─▶ ${amount(hop.amountOut, hop.tokenOut)}`);
  }
  console.log(`  no route over these pools is better by more than ${route.optimalityGapBps.toFixed(4)} bp`);
  for (const [name, alternative] of Object.entries(route.alternatives)) {
    const cost = alternative.status === 'feasible' ? `${alternative.costBps.toFixed(2)} bp` : alternative.reason;
    console.log(`  ${name.padEnd(20)} ${cost}`);
  }
}
