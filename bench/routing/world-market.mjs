// The local world seen by the router: real pools read by our adapters, bridges with their fees, all as plain JSON.
import { across, scheduledAcrossFees } from '@evenkeel/adapters/across';
import { hyperlane } from '@evenkeel/adapters/hyperlane';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { uniswapV2 } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { uniswapV4 } from '@evenkeel/adapters/uniswap-v4';

const RELAYER_FEE_PPM = 300;
const signal = new AbortController().signal;
const clock = { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

/** Adapters over all chains of a world. */
export function openMarket(world) {
  const chains = Object.fromEntries(
    world.chains.map(({ contracts, id, name, rpcUrl }) => [
      id,
      jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 }),
    ]),
  );
  const onEach = (describe) =>
    Object.fromEntries(
      world.chains.map(({ contracts, id }) => [id, { chain: chains[id], ...describe(contracts, id) }]),
    );
  const venues = [
    uniswapV2({ chains: onEach((c) => ({ factory: c.uniswapV2Factory, router: c.uniswapV2Router })) }),
    uniswapV3({
      chains: onEach((c) => ({
        factory: c.uniswapV3Factory,
        tickLens: c.uniswapV3TickLens,
        router: c.uniswapV3SwapRouter02,
      })),
    }),
    uniswapV4({
      chains: onEach((c) => ({
        stateView: c.uniswapV4StateView,
        permit2: c.permit2,
        universalRouter: c.universalRouter,
        universalRouterVersion: '2.0',
      })),
    }),
  ];
  const lanesOf = (symbol) =>
    world.chains.flatMap((a) =>
      world.chains.filter((b) => b !== a).map((b) => ({ from: a.tokens[symbol], to: b.tokens[symbol] })),
    );
  const spokes = onEach((c) => ({ spokePool: c.acrossSpokePool, multicallHandler: c.acrossMulticallHandler }));
  const bridges = {
    across: across({
      chains: spokes,
      lanes: lanesOf('USDC'),
      clock,
      fees: scheduledAcrossFees({
        chains: spokes,
        relayer: world.accounts.relayer.address,
        schedule: () => ({
          capitalPpm: RELAYER_FEE_PPM,
          liquidityProviderPpm: 0,
          gasAtoms: 0n,
          minDepositAtoms: 10_000n,
          expectedFillSeconds: 3,
        }),
      }),
    }),
    hyperlane: hyperlane({
      chains: onEach((c, id) => ({ domain: world.chain(id).hyperlaneDomain, mailbox: c.hyperlaneMailbox })),
      routes: ['USDC', 'WETH'].map((symbol) =>
        world.chains.map(({ contracts, tokens }) => ({
          token: tokens[symbol],
          router: symbol === 'USDC' ? contracts.hyperlaneWarpUsdc : contracts.hyperlaneWarpWeth,
        })),
      ),
      clock,
    }),
  };
  const lanes = [
    ...lanesOf('USDC').map((lane) => ({ bridge: bridges.across, lane, feePpm: RELAYER_FEE_PPM })),
    ...[...lanesOf('USDC'), ...lanesOf('WETH')].map((lane) => ({ bridge: bridges.hyperlane, lane, feePpm: 0 })),
  ];
  return { chains, venues, lanes };
}

/** Every pool of one chain, read now. */
export async function readPools({ venues }, { id, tokens }) {
  const read = venues.map((venue) => venue.liquidity({ chainId: id, tokens: Object.values(tokens), signal }));
  return (await Promise.all(read)).flat();
}

/** What every lane of these bridges can carry now. Lanes from two chains to one are paid from the same stock: each may have its half. */
export async function readLanes({ lanes: all }, names) {
  const lanes = all.filter(({ bridge }) => names.includes(bridge.id));
  const limits = await Promise.all(lanes.map(({ bridge, lane }) => bridge.limits(lane, signal)));
  return lanes
    .map((each, i) => ({ ...each, id: `lane-${i}`, limits: { min: limits[i].min, max: limits[i].max / 2n } }))
    .filter(({ limits: { max, min } }) => max > min);
}

export function firmQuote({ bridge, lane }, amount, account, deadline) {
  return bridge.quote(
    {
      input: { token: lane.from, atoms: amount },
      tokenOut: lane.to,
      sender: account,
      recipient: account,
      slippageBps: 0,
      deadline,
    },
    signal,
  );
}

const reference = ({ address, chainId }) => ({ chainId, address });
const text = (value) => (typeof value === 'bigint' ? value.toString() : value);

/** A pool in the plain form of a route problem. */
export function poolJson(pool, id) {
  const { curve } = pool;
  const common = {
    id,
    chainId: pool.chainId,
    tokens: pool.tokens.map(({ address }) => address),
    gas: Number(pool.gas.base),
    gasPerTick: Number(pool.gas.perTick),
  };
  if (curve.kind === 'constant-product') {
    return { ...common, kind: curve.kind, feePpm: curve.feePpm, reserves: curve.reserves.map(text) };
  }
  const { feePpm, liquidity, sqrtPriceX96, tick, tickRange, tickSpacing, ticks } = curve;
  return {
    ...common,
    kind: curve.kind,
    feePpm,
    liquidity: text(liquidity),
    sqrtPriceX96: text(sqrtPriceX96),
    tick,
    tickRange,
    tickSpacing,
    ticks: ticks.map(({ index, liquidityNet }) => ({ index, liquidityNet: text(liquidityNet) })),
  };
}

export function laneJson({ feePpm, id, lane, limits }) {
  return {
    id,
    from: reference(lane.from),
    to: reference(lane.to),
    feePpm,
    minAmount: text(limits.min),
    maxAmount: text(limits.max),
    gas: 150_000,
  };
}

export { reference };
