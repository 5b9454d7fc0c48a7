import { solveRoute } from './solve-route.js';

const [usdc, weth, mid, other] = ['a', 'b', 'c', 'd'].map((digit) => `0x${digit.repeat(40)}`) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const token = (chainId: number, address: `0x${string}`, symbol: string, decimals: number) => ({
  chainId,
  address,
  symbol,
  decimals,
});
const pool = (
  id: string,
  tokens: readonly [`0x${string}`, `0x${string}`],
  feePpm: number,
  reserves: readonly [string, string],
) => ({
  id,
  chainId: 1,
  kind: 'constant-product' as const,
  tokens,
  feePpm,
  reserves,
  gas: 100_000,
});
const lane = (from: number, to: number) => ({
  id: `lane-${from}-${to}`,
  from: { chainId: from, address: weth },
  to: { chainId: to, address: weth },
  feePpm: 400,
  fixedCost: '0.0005',
  gas: 150_000,
  maxAmount: `500${'0'.repeat(18)}`,
});

/** Three shallow pools in a row, two chains, and more money than they could ever take. */
const problem = {
  tokens: [
    ...[1, 10].flatMap((chainId) => [token(chainId, usdc, 'USDC', 6), token(chainId, weth, 'WETH', 18)]),
    token(1, mid, 'MID', 18),
    token(1, other, 'OTHER', 18),
  ],
  pools: [
    pool('last', [weth, other], 3000, ['14884702000000000000', '5640938464000000000000']),
    pool('first', [usdc, mid], 10_000, ['46679678871', '206905794000000000000']),
    pool('second', [mid, other], 3000, ['15192572283000000000000', '649290717996000000000000']),
  ],
  bridges: [lane(1, 10), lane(10, 1)],
  inventories: [{ chainId: 1, address: usdc, amount: '376357930611489' }],
  demand: {
    tokensIn: [1, 10].map((chainId) => ({ chainId, address: usdc })),
    tokensOut: [1, 10].map((chainId) => ({ chainId, address: weth })),
    amountIn: '1000000000000000',
  },
  gasPrices: { 1: '1000000000000', 10: '50000000000' },
  nativePriceInTokenOut: { 1: '1', 10: '1' },
};

describe('a demand beyond all liquidity', () => {
  it.each(['1', '10', '10000'])('is served to within the usual gap at %s times the size', (times) => {
    const amountIn = (BigInt(problem.demand.amountIn) * BigInt(times)).toString();
    const answer = solveRoute({ ...problem, demand: { ...problem.demand, amountIn } });
    expect(BigInt(answer.remainder)).toBeGreaterThan(BigInt(amountIn) / 2n);
    expect(answer.optimalityGapBps).toBeLessThan(0.01);
  });
});
