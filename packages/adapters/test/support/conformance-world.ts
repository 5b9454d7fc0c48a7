import { setMaxListeners } from 'node:events';
import { across, type AcrossAdapter, scheduledAcrossFees } from '@evenkeel/adapters/across';
import type { BridgeSubject, PositionSourceSubject, VenueSubject } from '@evenkeel/adapters/conformance';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import { uniswapV2Positions } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3Positions } from '@evenkeel/adapters/uniswap-v3';
import type { Chain } from '@evenkeel/core';
import { type Actors, startWorld, type World, type WorldChain } from '@evenkeel/devnet';
import { balancerSubject } from '../../../../examples/write-an-adapter/subject.js';
import { venuesOf } from '../uniswap/bench.js';
import { chainsOf, clock, sendCalls } from './bridge-world.js';

// Many checks in a row listen to the signals of one run.
setMaxListeners(0);

const E18 = 10n ** 18n;
const E6 = 10n ** 6n;

/** Two chains with all that our adapters speak to. */
export interface ConformanceWorld {
  readonly world: World;
  readonly home: WorldChain;
  readonly away: WorldChain;
  readonly chains: Readonly<Record<number, Chain>>;
  readonly actors: Actors;
  close(): Promise<void>;
}

export async function openConformanceWorld(): Promise<ConformanceWorld> {
  const world = await startWorld({ chains: 2 });
  const [home, away] = world.chains as [WorldChain, WorldChain];
  const chains = chainsOf(world);
  const actors = await world.startActors({ only: [] });
  return { world, home, away, chains, actors, close: () => world.close() };
}

type Places = Pick<ConformanceWorld, 'away' | 'chains' | 'home' | 'world'>;

export function acrossOf({ away, chains, home, world }: Places): AcrossAdapter {
  const byId = Object.fromEntries(
    world.chains.map(({ contracts, id }) => [id, { chain: chains[id]!, spokePool: contracts.acrossSpokePool }]),
  );
  const schedule = () => ({
    capitalPpm: 300,
    liquidityProviderPpm: 100,
    gasAtoms: 20_000n,
    minDepositAtoms: 1_000_000n,
    expectedFillSeconds: 2,
  });
  const fees = scheduledAcrossFees({ chains: byId, relayer: world.accounts.relayer.address, schedule });
  return across({ chains: byId, lanes: [{ from: home.tokens.USDC, to: away.tokens.USDC }], fees, clock });
}

function venueSubject({ chains, home, world }: ConformanceWorld): Omit<VenueSubject, 'adapter'> {
  const { USDC, WETH } = home.tokens;
  return {
    chains,
    account: world.accounts.trader.address,
    samples: [
      { tokenIn: USDC, tokenOut: WETH, amountIn: 1_000n * E6 },
      { tokenIn: WETH, tokenOut: USDC, amountIn: E18 / 2n },
    ],
  };
}

export function uniswapSubject(place: ConformanceWorld, version: 'v2' | 'v3' | 'v4'): VenueSubject {
  return { ...venueSubject(place), adapter: venuesOf(place.home, place.chains[place.home.id]!)[version] };
}

/** The worked example of the guide. */
export function balancer({ world }: ConformanceWorld): VenueSubject {
  return balancerSubject(world, clock);
}

/** USDC from the first chain to the second by Across, whose relayer moves when the subject waits. */
export function acrossSubject(place: ConformanceWorld): BridgeSubject {
  const { actors, away, chains, home, world } = place;
  return {
    adapter: acrossOf(place),
    chains,
    account: world.accounts.trader.address,
    samples: [{ tokenIn: home.tokens.USDC, tokenOut: away.tokens.USDC, amountIn: 100n * E6 }],
    execute: (calls) => sendCalls(world, world.accounts.trader, calls),
    wait: () => actors.acrossRelayer.tick(),
    looks: 5,
  };
}

export function positionSubject(place: ConformanceWorld, of: 'erc20' | 'v2' | 'v3'): PositionSourceSubject {
  const { chains, home, world } = place;
  const { contracts, id, tokens } = home;
  const market = { underlying: tokens.WETH, numeraires: [tokens.USDC, tokens.USDT] };
  const sources = {
    erc20: (chain: Chain) =>
      erc20Holdings({ chain, tokens: [{ token: tokens.WETH, deltaPerUnit: '1', valuePerUnit: '0' }] }),
    v2: (chain: Chain) => uniswapV2Positions({ ...market, chain, factory: contracts.uniswapV2Factory }),
    v3: (chain: Chain) =>
      uniswapV3Positions({
        ...market,
        chain,
        factory: contracts.uniswapV3Factory,
        positionManager: contracts.uniswapV3PositionManager,
      }),
  };
  const { liquidityProvider, stranger, trader } = world.accounts;
  const owner = of === 'erc20' ? trader.address : liquidityProvider.address;
  const chain = chains[id]!;
  return { source: sources[of](chain), owner, stranger: stranger.address, over: { chain, source: sources[of] } };
}
