import type { Address, BridgeAdapter, Lane } from '@evenkeel/core';
import { across, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { type BridgeSubject, bridgeConformance, type Sample, venueConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { hyperlane } from '@evenkeel/adapters/hyperlane';
import { lifiBridge, type LifiOptions, lifiVenue } from '@evenkeel/adapters/lifi';
import { type Actors, startWorld, type World } from '@evenkeel/devnet';
import { type LifiLoopbackServer, startLifiLoopbackServer } from './lifi-loopback-server.js';
import { chainsOf, clock, sendCalls } from './support/bridge-world.js';

const SCHEDULE = {
  capitalPpm: 300,
  liquidityProviderPpm: 100,
  gasAtoms: 20_000n,
  minDepositAtoms: 1_000_000n,
  expectedFillSeconds: 2,
};

let world: World;
let actors: Actors;
let server: LifiLoopbackServer;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  actors = await world.startActors({ only: [] });
  server = await startLifiLoopbackServer(world, acrossAdapter());
}, 120_000);

afterAll(async () => {
  await server?.close();
  await world?.close();
});

function lanes(symbols: readonly ('USDC' | 'WETH')[]): readonly Lane[] {
  return symbols.map((symbol) => ({ from: world.chains[0]!.tokens[symbol], to: world.chains[1]!.tokens[symbol] }));
}

function acrossAdapter(): ReturnType<typeof across> {
  const views = chainsOf(world);
  const chains = Object.fromEntries(
    world.chains.map(({ contracts, id, tokens }) => [
      id,
      {
        chain: views[id]!,
        spokePool: contracts.acrossSpokePool,
        multicallHandler: contracts.acrossMulticallHandler,
        wrappedNative: tokens.WETH.address,
      },
    ]),
  );
  const relayer = world.accounts.relayer.address;
  const fees = scheduledAcrossFees({ chains, relayer, schedule: () => SCHEDULE });
  return across({ chains, lanes: lanes(['USDC', 'WETH']), fees, clock });
}

function hyperlaneAdapter(): BridgeAdapter {
  const views = chainsOf(world);
  return hyperlane({
    chains: Object.fromEntries(
      world.chains.map(({ contracts, hyperlaneDomain, id }) => [
        id,
        { chain: views[id]!, domain: hyperlaneDomain, mailbox: contracts.hyperlaneMailbox },
      ]),
    ),
    routes: [
      world.chains.map(({ contracts, tokens }) => ({ token: tokens.USDC, router: contracts.hyperlaneWarpUsdc })),
      world.chains.map(({ contracts, tokens }) => ({ token: tokens.WETH, router: contracts.hyperlaneWarpWeth })),
    ],
    clock,
  });
}

function lifiOptions(): LifiOptions {
  const views = chainsOf(world);
  return {
    integrator: 'evenkeel-tests',
    apiUrl: server.apiUrl,
    chains: Object.fromEntries(
      world.chains.map(({ contracts, id }) => [
        id,
        { chain: views[id]!, targets: [contracts.acrossSpokePool, contracts.uniswapV3SwapRouter02] },
      ]),
    ),
    clock,
  };
}

function bridgeSubject(adapter: BridgeAdapter, symbols: readonly ('USDC' | 'WETH')[]): BridgeSubject {
  const { trader } = world.accounts;
  return {
    adapter,
    chains: chainsOf(world),
    account: trader.address,
    samples: lanes(symbols).map(({ from, to }): Sample => ({
      tokenIn: from,
      tokenOut: to,
      amountIn: 20n * 10n ** BigInt(from.decimals),
    })),
    now: () => Math.floor(clock.now() / 1_000),
    execute: (calls) => sendCalls(world, trader, calls),
    wait: async () => {
      await actors.acrossRelayer.tick();
      await actors.hyperlane.tick();
    },
  };
}

describeConformance(
  'across',
  bridgeConformance(() => bridgeSubject(acrossAdapter(), ['USDC', 'WETH'])),
);
describeConformance(
  'hyperlane',
  bridgeConformance(() => bridgeSubject(hyperlaneAdapter(), ['USDC', 'WETH'])),
);
describeConformance(
  'lifi',
  bridgeConformance(() => bridgeSubject(lifiBridge({ ...lifiOptions(), lanes: lanes(['USDC']) }), ['USDC'])),
);
describeConformance(
  'lifi-swap',
  venueConformance(() => {
    const { USDC, WETH } = world.chains[0]!.tokens;
    return {
      adapter: lifiVenue(lifiOptions()),
      chains: chainsOf(world),
      account: world.accounts.trader.address as Address,
      samples: [{ tokenIn: USDC, tokenOut: WETH, amountIn: 1_000_000_000n }],
      now: () => Math.floor(clock.now() / 1_000),
    };
  }),
);
