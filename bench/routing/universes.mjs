// Deterministic markets to route through. Token 0 is worth 1 USD and has 6 decimals; the demand sells it for token 1.
import { sqrtRatio, squareRoot, tickAt } from './judge-math.mjs';
import { random } from './random.mjs';

const Q96 = 2n ** 96n;
const SPACING = { 100: 1, 500: 10, 3000: 60, 10_000: 200 };
const FEES = [100, 500, 3000, 3000, 10_000];
const STRANGE_FEES = [100, 100, 100, 500, 500, 3000, 10_000];
const ETH_USD = 2000;

// Real addresses where a peer insists on them; all ascend, so that the lower token is always token 0 of a pool.
const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const WETH = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const addressOf = (i) => [USDC, WETH][i] ?? `0xd${i.toString(16).padStart(39, '0')}`;

export const SHAPES = ['hub', 'clustered', 'wild', 'strange'];
export const CURVES = ['constant-product', 'concentrated', 'mixed'];

/**
 * One market on one chain.
 *
 * @param options.pools how many pools
 * @param options.shape `hub`: few hub tokens, many spokes, prices consistent within fees. `clustered`: tight groups of
 *   tokens with few links between them. `wild`: as hub, with each pool's price off by up to 30 percent. `strange`: a graph
 *   that grows where it is dense already, bundles of parallel pools, fees mostly the smallest, liquidity over six
 *   orders of magnitude, positions on one side of the price only
 * @param options.curves `constant-product`, `concentrated` or `mixed`
 * @param options.usd size of the demand in whole USD
 * @param options.gwei price of gas
 */
export function universe({ pools: count, shape = 'hub', curves = 'constant-product', seed, usd, gwei = 0, maxHops }) {
  const next = random(seed * 7919 + count * 31 + SHAPES.indexOf(shape) * 1009 + CURVES.indexOf(curves));
  const tokenCount = Math.max(6, Math.round(count / 6));
  const tokens = Array.from({ length: tokenCount }, (_, i) => ({
    chainId: 1,
    address: addressOf(i),
    symbol: i === 0 ? 'USDC' : i === 1 ? 'WETH' : `T${i}`,
    decimals: i === 0 ? 6 : 18,
  }));
  const values = tokens.map((_, i) => (i === 0 ? 1 : i === 1 ? ETH_USD : 10 ** (next() * 4 - 1)));
  const isStrange = shape === 'strange';
  const pick = PICKS[shape](next, tokenCount);
  const pools = Array.from({ length: count }, (_, k) => {
    const [a, b] = pick(k);
    const fees = isStrange ? STRANGE_FEES : FEES;
    const feePpm = fees[Math.floor(next() * fees.length)];
    const depthUsd = isStrange ? 10 ** (1.5 + next() * 6) : 10 ** (4.3 + next() * 2.9);
    const spread = shape === 'wild' ? 0.6 : feePpm / 1e6;
    const off = 1 + (next() - 0.5) * spread;
    const base = { id: `pool-${k}`, chainId: 1, tokens: [tokens[a].address, tokens[b].address], feePpm };
    const amounts = [atomsOf(depthUsd / values[a], tokens[a]), atomsOf((depthUsd / values[b]) * off, tokens[b])];
    const concentrated = curves === 'concentrated' || (curves === 'mixed' && next() < 0.5);
    return concentrated
      ? { ...base, ...concentratedState(amounts, SPACING[feePpm], next, isStrange), gas: 110_000, gasPerTick: 20_000 }
      : { ...base, kind: 'constant-product', reserves: amounts.map(String), gas: 100_000 };
  });
  return {
    tokens,
    pools,
    demand: {
      chainId: 1,
      tokenIn: tokens[0].address,
      tokenOut: tokens[1].address,
      amountIn: (BigInt(usd) * 1_000_000n).toString(),
    },
    gasPrices: { 1: (BigInt(Math.round(gwei * 1000)) * 1_000_000n).toString() },
    nativePriceInTokenOut: { 1: '1' },
    ...(maxHops === undefined ? {} : { maxHops }),
  };
}

const PICKS = { hub: hubAndSpoke, wild: hubAndSpoke, clustered, strange: growing };

const CHAINS = [1, 10, 8453];

/**
 * One market on each of several chains, two lanes each way for the stable token (one dear and free of fixed costs, one
 * cheap that takes its fixed cost), one for the native token, and inventories of half as much again as the demand, unevenly
 * spread. Gas on the later chains costs a twentieth.
 *
 * @param options.wanted `anywhere`: the output counts on every chain; `home`: on the first alone
 */
export function universeAcross({
  chains = 3,
  gwei = 0,
  maxHops,
  pools: count,
  seed,
  usd,
  wanted = 'anywhere',
  ...rest
}) {
  const ids = CHAINS.slice(0, chains);
  const next = random(seed * 104_729 + count * 17 + (wanted === 'home' ? 1 : 0));
  const markets = ids.map((chainId, i) => {
    const pools = Math.floor(count / chains) + (i < count % chains ? 1 : 0);
    const market = universe({ ...rest, pools, seed: seed * 31 + i, usd, gwei: i === 0 ? gwei : gwei / 20 });
    const here = (each) => ({ ...each, chainId });
    return {
      tokens: market.tokens.map(here),
      pools: market.pools.map((pool) => ({ ...here(pool), id: `${chainId}-${pool.id}` })),
      gasPrice: market.gasPrices[1],
    };
  });
  const bridges = ids.flatMap((from) =>
    ids
      .filter((to) => to !== from)
      .flatMap((to) =>
        [
          { token: 'stable', feePpm: 300 + Math.round(700 * next()), fixedCostUsd: 0 },
          { token: 'stable', feePpm: Math.round(100 * next()), fixedCostUsd: 2 + 18 * next() },
          { token: 'native', feePpm: 100 + Math.round(500 * next()), fixedCostUsd: 1 },
        ].map((lane, i) => ({
          ...lane,
          id: `${from}-${to}-${lane.token}-${i}`,
          from: { chainId: from, address: lane.token === 'stable' ? USDC : WETH },
          to: { chainId: to, address: lane.token === 'stable' ? USDC : WETH },
          fixedCost: (lane.fixedCostUsd / ETH_USD).toFixed(9),
          gas: 150_000,
          maxAmount:
            lane.token === 'stable'
              ? BigInt(Math.round(10 ** (10.5 + 2.5 * next()))).toString()
              : (BigInt(Math.round(10 ** (2 + 2 * next()))) * 10n ** 18n).toString(),
        })),
      ),
  );
  const shares = ids.map(() => 0.1 + next());
  const total = shares.reduce((sum, share) => sum + share, 0);
  const out = ids.slice(0, wanted === 'home' ? 1 : ids.length);
  return {
    tokens: markets.flatMap(({ tokens }) => tokens),
    pools: markets.flatMap(({ pools }) => pools),
    bridges,
    inventories: ids.map((chainId, i) => ({
      chainId,
      address: USDC,
      amount: BigInt(Math.ceil(((usd * 1.5 * shares[i]) / total) * 1e6)).toString(),
    })),
    demand: {
      tokensIn: ids.map((chainId) => ({ chainId, address: USDC })),
      tokensOut: out.map((chainId) => ({ chainId, address: WETH })),
      amountIn: (BigInt(usd) * 1_000_000n).toString(),
    },
    gasPrices: Object.fromEntries(ids.map((chainId, i) => [chainId, markets[i].gasPrice])),
    nativePriceInTokenOut: Object.fromEntries(ids.map((chainId) => [chainId, '1'])),
    ...(maxHops === undefined ? {} : { maxHops }),
  };
}

/** Four hubs, tied to one another; every other token hangs on some of them. Lower token first. */
function hubAndSpoke(next, tokenCount) {
  const hubs = Math.min(4, tokenCount);
  return (k) => {
    if (k === 0) return [0, 1];
    const a = Math.floor(next() * hubs);
    let b = next() < 0.25 ? Math.floor(next() * hubs) : Math.floor(next() * tokenCount);
    if (b === a) b = (a + 1) % tokenCount;
    return a < b ? [a, b] : [b, a];
  };
}

/** Each new token joins where many pools are already; half of the further pools lie beside one that is there. */
function growing(next, tokenCount) {
  const drawn = [];
  const ends = [0, 1];
  let joined = 2;
  return (k) => {
    let pair;
    if (k === 0) pair = [0, 1];
    else if (joined < tokenCount && next() < 0.45) {
      pair = [ends[Math.floor(next() * ends.length)], joined++];
    } else if (next() < 0.5) pair = drawn[Math.floor(next() * drawn.length)];
    else {
      const a = ends[Math.floor(next() * ends.length)];
      const b = Math.floor(next() * joined);
      pair = [a, b === a ? (a + 1) % joined : b];
    }
    pair = [Math.min(...pair), Math.max(...pair)];
    drawn.push(pair);
    ends.push(...pair);
    return pair;
  };
}

/** Groups of about six tokens, dense within; one pool in seven links two groups. The first group holds token 0 and 1. */
function clustered(next, tokenCount) {
  const groups = Math.max(2, Math.round(tokenCount / 6));
  const anyOf = (group) => {
    const size = Math.floor((tokenCount - group - 1) / groups) + 1;
    return group + groups * Math.floor(next() * size);
  };
  return (k) => {
    const group = Math.floor(next() * groups);
    const links = k < groups || next() < 1 / 7;
    // The first pools make a ring of the groups, so that all of them can be reached.
    const a = k < groups ? k : anyOf(group);
    let b = k < groups ? (k + 1) % groups : anyOf(links ? Math.floor(next() * groups) : group);
    if (b === a) b = (a + 1) % tokenCount;
    return a < b ? [a, b] : [b, a];
  };
}

function atomsOf(units, { decimals }) {
  return BigInt(Math.max(1, Math.round(units * 1e6))) * 10n ** BigInt(decimals - 6);
}

/**
 * Three to six positions around the price, the inner ones deeper, over one that is nearly the whole range.
 *
 * @param isStrange without the wide one now and then, with positions that lie on one side of the price
 */
function concentratedState([amount0, amount1], tickSpacing, next, isStrange) {
  const sqrtPrice = squareRoot((amount1 * Q96 * Q96) / amount0);
  const tick = tickAt(sqrtPrice);
  const here = Math.floor(tick / tickSpacing);
  const liquidity = squareRoot(amount0 * amount1);
  const net = new Map();
  let active = 0n;
  const add = (low, high, amount) => {
    net.set(low * tickSpacing, (net.get(low * tickSpacing) ?? 0n) + amount);
    net.set(high * tickSpacing, (net.get(high * tickSpacing) ?? 0n) - amount);
    if (low <= here && here < high) active += amount;
  };
  const edge = Math.floor(880_000 / tickSpacing);
  if (!isStrange || next() < 0.7) add(-edge, edge, liquidity / 5n + 1n);
  for (let i = isStrange ? Math.floor(next() * 4) : 0; i > 0; i--) {
    const away = 1 + Math.floor(10 ** (next() * 2));
    const low = next() < 0.5 ? here + away : here - 2 * away;
    add(low, low + away, (liquidity * BigInt(Math.round(10 ** (1 + next() * 4)))) / 1000n + 1n);
  }
  const positions = 3 + Math.floor(next() * 4);
  for (let i = 0; i < positions; i++) {
    const reach = Math.max(1, Math.round(10 ** (1.5 + next() * 2.2) / tickSpacing));
    const low = here - Math.floor(next() * reach);
    add(
      low,
      low + reach > here ? low + reach : here + 1,
      (liquidity * BigInt(Math.round(100 + next() * 900))) / 1000n + 1n,
    );
  }
  const ticks = [...net.entries()]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => a - b)
    .map(([index, amount]) => ({ index, liquidityNet: amount.toString() }));
  if (sqrtRatio(tick) > sqrtPrice) throw new Error('A tick above its own price.');
  return {
    kind: 'concentrated',
    sqrtPriceX96: sqrtPrice.toString(),
    tick,
    tickSpacing,
    liquidity: active.toString(),
    ticks,
  };
}
