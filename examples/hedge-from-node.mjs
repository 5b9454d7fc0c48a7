// A rebalancer put together by hand: ports in, events out, first dry, then for real. Two local chains, real contracts.
//   node examples/hedge-from-node.mjs
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { eoaAccount } from '@evenkeel/accounts';
import { across, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { optionBook } from '@evenkeel/adapters/option-book';
import { uniswapV2 } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { createRebalancer } from '@evenkeel/core/rebalancer';
import { memoryJournal } from '@evenkeel/core/execution';
import { startWorld } from '@evenkeel/devnet';
import { Wallet } from 'ethers';

const world = await startWorld({ chains: 2 });
try {
  // The owner's money: all USDC is on the first chain, where gas is dear.
  const owner = new Wallet(world.accounts.owner.privateKey);
  await world.fund(world.chains[0].tokens.USDC, owner.address, 60_000n * 10n ** 6n);
  await world.fund(world.chains[1].tokens.USDC, owner.address, 4_000n * 10n ** 6n);
  await world.startActors(); // the Across relayer and the others who fill and settle

  const { portfolio, ports } = wiring(world, owner);
  const rebalancer = createRebalancer(portfolio, ports);
  rebalancer.on('surveyed', ({ exposure }) => console.log(`delta      ${interval(exposure.delta)}`));
  rebalancer.on('decided', ({ reason, sentence }) => console.log(`decision   ${reason}: ${sentence}`));
  rebalancer.on('signed', ({ id }) => console.log(`intent     ${id}`));
  rebalancer.on('scheduled', ({ kind, slices }) => console.log(`schedule   ${kind}, ${slices.length} slice(s)`));
  rebalancer.on('routed', ({ route }) => {
    for (const { adapter, chainId, kind, toChainId } of route.hops) {
      console.log(`hop        ${kind} by ${adapter} on ${chainId}${kind === 'bridge' ? ` to ${toChainId}` : ''}`);
    }
    console.log(`route      ${route.costBps.toFixed(2)} bp, proven within ${route.optimalityGapBps.toFixed(3)} bp`);
  });
  rebalancer.on('execution', ({ sentence, type }) => {
    if (type === 'step-done' || type === 'transfer-status') console.log(`step       ${sentence}`);
  });
  rebalancer.on('reported', ({ outcome, reason }) => console.log(`outcome    ${outcome}: ${reason}`));

  console.log('— dry run: the same way, simulated, nothing sent');
  await rebalancer.rebalance({ dryRun: true });

  console.log('\n— for real');
  const { report } = await rebalancer.rebalance();
  console.log(`cost       ${report.costs.total} USD; unexplained ${report.reconciliation.unexplainedAtoms} atoms`);
  process.exitCode = report.outcome === 'hedged' ? 0 : 1;
  await ports.journal.close();
} finally {
  await world.close();
}

/** What a rebalancer is made of: a portfolio (plain data) and its ports (everything impure). */
function wiring({ accounts, chains: local, chain: localChain }, signer) {
  const base = local.map(({ tokens }) => tokens.WETH);
  const quote = local.map(({ tokens }) => tokens.USDC);
  const chains = local.map(({ id, name, rpcUrl }) => jsonRpcChain({ id, name, url: rpcUrl }));
  const clock = {
    now: () => Date.now(),
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
  };
  const byChain = (entry) =>
    Object.fromEntries(chains.map((chain) => [chain.id, { chain, ...entry(localChain(chain.id).contracts) }]));

  const spokes = byChain((c) => ({
    spokePool: c.acrossSpokePool,
    multicallHandler: c.acrossMulticallHandler,
    wrappedNative: c.weth,
  }));
  const fees = scheduledAcrossFees({
    chains: spokes,
    relayer: accounts.relayer.address,
    schedule: () => ({
      capitalPpm: 400, // 4 bp
      liquidityProviderPpm: 0,
      gasAtoms: 0n,
      minDepositAtoms: 10_000n,
      expectedFillSeconds: 5,
    }),
  });
  const lanes = [
    { from: quote[0], to: quote[1] },
    { from: quote[1], to: quote[0] },
  ];
  const venueChains = {
    v2: byChain((c) => ({ factory: c.uniswapV2Factory, router: c.uniswapV2Router })),
    v3: byChain((c) => ({
      factory: c.uniswapV3Factory,
      tickLens: c.uniswapV3TickLens,
      router: c.uniswapV3SwapRouter02,
    })),
  };
  const holdings = chains.map((chain, index) =>
    erc20Holdings({
      chain,
      tokens: [
        { token: base[index], deltaPerUnit: '1', valuePerUnit: '0' },
        { token: quote[index], deltaPerUnit: '0', valuePerUnit: '1' },
      ],
    }),
  );
  const book = optionBook(
    {
      underlying: 'ETH',
      volatilityAnnualPercent: '65',
      forwardRatioToSpot: '1.003',
      positions: [
        {
          id: 'short-call',
          optionType: 'call',
          sizeUnits: '-30',
          strikeNumeraire: '3200',
          expiryUnixSeconds: Math.floor(Date.now() / 1000) + 30 * 86_400,
        },
      ],
    },
    { clock },
  );

  const portfolio = {
    name: 'from-node',
    underlying: 'ETH',
    owner: signer.address,
    baseTokens: base,
    quoteTokens: quote,
    policy: {
      rule: { kind: 'optimal' },
      riskAversion: { perNumeraire: 0.001 },
      targetDeltaUnits: '0',
      monitoringSeconds: 60,
      settlement: 'free',
      maxCostBps: 100,
      lotUnits: '0.0001',
    },
    schedule: { kind: 'single', maxParts: 1, spanSeconds: 6, recoverySeconds: 1, volumeProfile: [1] },
    limits: {
      slippageBps: 30,
      maxHops: 4,
      deadlineSeconds: 1800,
      solicitMs: 10_000,
      maxAgeSeconds: 120,
      maxDisagreementBps: 500,
    },
    annualRate: 0,
    horizonSeconds: 30 * 86_400,
    latencySeconds: 15,
    nativePrices: {},
    confirmations: {},
    execution: { pollMs: 50, transferPollMs: 100 },
  };
  const ports = {
    chains,
    venues: [uniswapV2({ chains: venueChains.v2 }), uniswapV3({ chains: venueChains.v3 })],
    bridges: [across({ chains: spokes, lanes, clock, fees })],
    sources: [book, ...holdings],
    account: eoaAccount(signer),
    volatility: {
      realised: async () => ({
        value: '0.65',
        asOf: { source: 'by hand', timeSeconds: Math.floor(clock.now() / 1000) },
      }),
    },
    journal: memoryJournal(), // for money that matters: sqliteJournal from '@evenkeel/core/journal-sqlite'
    clock,
    random: { next: () => Math.random(), bytes: (length) => randomBytes(length) },
  };
  return { portfolio, ports };
}

function interval({ high, low }) {
  const [a, b] = [Number(low).toFixed(4), Number(high).toFixed(4)];
  return a === b ? a : `${a} to ${b}`;
}
