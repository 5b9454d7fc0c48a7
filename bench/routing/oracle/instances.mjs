// Small random problems: one to three chains, every kind of curve, lanes with capacities and fixed costs, inventories,
// gas by chain, few hops. Each comes as the plain JSON of the router and as the shape that the enumeration walks.
import { sqrtRatio, squareRoot, tickAt } from '../judge-math.mjs';
import { random } from '../random.mjs';

export const GAS = 100_000;
export const GAS_PER_TICK = 20_000;
const NATIVE = 200;
const FEES = [100, 500, 3000, 10_000];
const Q96 = 2n ** 96n;
const SPACING = 60;

const LAYOUTS = {
  'one-chain': oneChain,
  'linked-hubs': linkedHubs,
  'lane-between': laneBetween,
  inventories,
  collected,
  star,
};
export const CLASSES = Object.keys(LAYOUTS);

/** The `number`th problem of a seed: always the same. */
export function instance(seed, number) {
  const next = random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const name = CLASSES[number % CLASSES.length];
  const dice = {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)],
    log: (low, high) => low * (high / low) ** next(),
  };
  return finished(name, dice, LAYOUTS[name](dice, market(dice)));
}

/** Tokens, pools, lanes and inventories as they are drawn. */
function market(dice) {
  const { between, chance, log, next, pick } = dice;
  const gasFree = chance(0.3);
  const gwei = [1, 2, 3].map((chain) => (gasFree ? 0 : Math.round(log(0.1, 100) / (chain === 1 ? 1 : 10)) || 1));
  const made = { tokens: [], pools: [], bridges: [], inventories: [], gwei };
  const gasCost = (chainId) => gwei[chainId - 1] * 1e-9 * NATIVE;
  const token = (chainId, value = 1, decimals = pick([6, 8, 18])) => {
    const n = made.tokens.length + 1;
    const address = `0x${n.toString(16).padStart(40, '0')}`;
    made.tokens.push({ chainId, address, symbol: `T${n}`, decimals, value });
    return made.tokens[n - 1];
  };
  const pool = (from, to) => {
    const id = `pool-${made.pools.length}`;
    const tokenInIndex = between(0, 1);
    const ends = tokenInIndex === 0 ? [from, to] : [to, from];
    const depth = log(200, 50_000);
    const off = chance(0.15) ? log(0.3, 3) : 0.98 + 0.04 * next();
    const base = { id, chainId: from.chainId, tokens: ends.map(({ address }) => address), gas: GAS };
    const drawn = { ...base, ...curve(dice, ends, depth, off, tokenInIndex) };
    made.pools.push(drawn);
    const ahead = ticksAhead(drawn, tokenInIndex);
    return {
      id: `${id}/${tokenInIndex}`,
      kind: 'hop',
      offer: { ...drawn, tokenInIndex },
      decimals: [from.decimals, to.decimals],
      fixedCost: GAS * gasCost(from.chainId),
      tickCost: (drawn.gasPerTick ?? 0) * gasCost(from.chainId),
      // The last tick ends the liquidity: crossing it buys nothing.
      mostCrossed: Math.max(0, ahead - 1),
    };
  };
  const lane = (from, to, seconds = 0) => {
    const id = `lane-${made.bridges.length}`;
    const drawn = {
      id,
      from: { chainId: from.chainId, address: from.address },
      to: { chainId: to.chainId, address: to.address },
      feePpm: between(0, 3000),
      fixedCost: (chance(0.3) ? 0 : between(1, 20) / 10).toString(),
      gas: GAS,
      maxAmount: atoms(log(20, 5000) / from.value, from.decimals).toString(),
      timeSeconds: seconds,
    };
    made.bridges.push(drawn);
    return {
      id,
      kind: 'hop',
      offer: { ...drawn, kind: 'bridge' },
      decimals: [from.decimals, to.decimals],
      fixedCost: Number(drawn.fixedCost) + GAS * gasCost(from.chainId),
      tickCost: 0,
      mostCrossed: 0,
    };
  };
  const held = (at, units) => {
    const amount = atoms(units, at.decimals);
    made.inventories.push({ chainId: at.chainId, address: at.address, amount: amount.toString() });
    return { id: `held-${at.chainId}`, kind: 'wire', capacity: Number(amount) / 10 ** at.decimals };
  };
  const some = (least, most, make) => edges(Array.from({ length: between(least, most) }, make));
  return { made, token, pool, lane, held, some };
}

const edges = (list) => ({ kind: 'edges', edges: list });
const row = (...parts) => ({ kind: 'row', parts });
const side = (...parts) => ({ kind: 'side', parts });

/** Direct pools beside a way over one or two other tokens. */
function oneChain({ chance, log }, { made, pool, some, token }) {
  const [sold, middle, bought] = [token(1), token(1, log(0.1, 10)), token(1)];
  const ways = [
    some(0, 2, () => pool(sold, bought)),
    row(
      some(1, 2, () => pool(sold, middle)),
      some(1, 2, () => pool(middle, bought)),
    ),
  ];
  if (chance(0.3)) {
    const other = token(1);
    ways.push(row(edges([pool(sold, other)]), edges([pool(other, bought)])));
  }
  return { made, shape: side(...ways), sold: [sold], bought: [bought] };
}

/** Two tokens between, with pools that link them in either direction. */
function linkedHubs({ log }, { made, pool, some, token }) {
  const [sold, a, b, bought] = [token(1), token(1, log(0.1, 10)), token(1, log(0.1, 10)), token(1)];
  const link = pool(a, b);
  const back = backwards(link);
  const shape = {
    kind: 'crossed',
    sa: some(1, 2, () => pool(sold, a)),
    sb: some(1, 1, () => pool(sold, b)),
    ab: edges([link]),
    ba: edges(back === undefined ? [] : [back]),
    at: some(1, 1, () => pool(a, bought)),
    bt: some(1, 2, () => pool(b, bought)),
  };
  return { made, shape, sold: [sold], bought: [bought] };
}

/** Direct pools on one chain beside a way over a lane: sell, send, sell again. */
function laneBetween({ log }, { lane, made, pool, some, token }) {
  const value = log(0.3, 3);
  const [sold, near, far, here, there] = [token(1), token(1, value), token(2, value), token(1), token(2)];
  const shape = side(
    some(0, 2, () => pool(sold, here)),
    row(
      some(1, 2, () => pool(sold, near)),
      some(1, 2, () => lane(near, far)),
      some(1, 2, () => pool(far, there)),
    ),
  );
  return { made, shape, sold: [sold], bought: [here, there] };
}

/** Inventories on two chains, markets on both, lanes between the inventories. */
function inventories({ chance, log }, { held, lane, made, pool, some, token }) {
  const [a, b, here, there] = [token(1), token(2), token(1), token(2)];
  const both = chance(0.4);
  const first = both || chance(0.5);
  const shape = {
    kind: 'crossed',
    sa: edges([held(a, log(10, 3000))]),
    sb: edges([held(b, log(10, 3000))]),
    ab: first ? some(1, 2, () => lane(a, b)) : edges([]),
    ba: both || !first ? some(1, 2, () => lane(b, a)) : edges([]),
    at: some(1, 2, () => pool(a, here)),
    bt: some(1, 2, () => pool(b, there)),
  };
  return { made, shape, sold: [a, b], bought: [here, there] };
}

/** Inventories and markets on two chains, but it is wanted on one: lanes bring it over, and waiting costs. */
function collected({ between, chance, log }, { held, lane, made, pool, some, token }) {
  const [a, b, here, there] = [token(1), token(2), token(1), token(2)];
  const seconds = chance(0.5) ? 0 : between(60, 7200);
  const bpsPerHour = seconds === 0 ? 0 : between(0, 20) / 10;
  const lanes = some(1, 2, () => lane(there, here, seconds));
  for (const edge of lanes.edges) edge.unitCost = (bpsPerHour / 1e4 / 3600) * seconds;
  const shape = side(
    row(
      edges([held(a, log(10, 3000))]),
      some(1, 2, () => pool(a, here)),
    ),
    row(
      edges([held(b, log(10, 3000))]),
      some(1, 2, () => pool(b, there)),
      lanes,
    ),
  );
  return { made, shape, sold: [a, b], bought: [here], bpsPerHour, exactInOnly: bpsPerHour > 0 };
}

/** One inventory, markets on three chains. */
function star(_, { lane, made, pool, some, token }) {
  const home = token(1);
  const away = [token(2), token(3)];
  const bought = [token(1), token(2), token(3)];
  const shape = side(
    some(0, 2, () => pool(home, bought[0])),
    ...away.map((there, i) =>
      row(
        some(1, 2, () => lane(home, there)),
        some(1, 2, () => pool(there, bought[i + 1])),
      ),
    ),
  );
  return { made, shape, sold: [home], bought };
}

function finished(name, { between, chance, log }, { bought, bpsPerHour = 0, exactInOnly, made, shape, sold }) {
  const { bridges, gwei, inventories: held, pools, tokens } = made;
  const exactOut = shape.kind !== 'crossed' && exactInOnly !== true && chance(0.25);
  const exact = exactOut ? bought : sold;
  const decimals = Math.max(...exact.map((token) => token.decimals));
  const total = held.reduce((sum, { address, amount }) => {
    const at = tokens.find((token) => token.address === address);
    return sum + Number(amount) / 10 ** at.decimals;
  }, 0);
  // Of inventories mostly a part, now and then more than there is.
  const wanted = held.length > 0 ? total * (chance(0.1) ? 1.2 : 0.2 + 0.8 * log(0.1, 1)) : log(1, 3000);
  const amount = atoms(wanted, decimals);
  const maxHops = chance(0.4) ? undefined : between(1, 8);
  const reference = ({ address, chainId }) => ({ chainId, address });
  const size = { [exactOut ? 'amountOut' : 'amountIn']: amount.toString() };
  const single = sold.length === 1 && bought.length === 1;
  const perChain = (value) => Object.fromEntries([1, 2, 3].map((chain) => [chain, value(chain)]));
  const problem = {
    tokens: tokens.map(({ address, chainId, decimals: digits, symbol }) => ({
      chainId,
      address,
      symbol,
      decimals: digits,
    })),
    pools,
    ...(bridges.length === 0 ? {} : { bridges }),
    ...(held.length === 0 ? {} : { inventories: held }),
    demand: single
      ? { chainId: sold[0].chainId, tokenIn: sold[0].address, tokenOut: bought[0].address, ...size }
      : { tokensIn: sold.map(reference), tokensOut: bought.map(reference), ...size },
    gasPrices: perChain((chain) => (BigInt(gwei[chain - 1]) * 10n ** 9n).toString()),
    [exactOut ? 'nativePriceInTokenIn' : 'nativePriceInTokenOut']: perChain(() => NATIVE.toString()),
    ...(bpsPerHour === 0 ? {} : { timeCostBpsPerHour: bpsPerHour.toString() }),
    ...(maxHops === undefined ? {} : { maxHops }),
  };
  return {
    name,
    problem,
    shape,
    exactOut,
    amount: Number(amount) / 10 ** decimals,
    // What rounding down may cost a hop at most.
    atomWorth: Math.max(...tokens.map(({ decimals: digits, value }) => value / 10 ** digits)),
    maxHops: maxHops ?? Infinity,
  };
}

function atoms(units, decimals) {
  return BigInt(Math.max(1, Math.round(units * 1e6))) * 10n ** BigInt(decimals - 6);
}

/** A curve whose second token is worth `off` times what the tokens' values say. */
function curve(dice, ends, depth, off, tokenInIndex) {
  const { between, log, next, pick } = dice;
  const amounts = ends.map(({ decimals, value }, i) => atoms((depth / value) * (i === 1 ? off : 1), decimals));
  const kind = pick([
    'constant-product',
    'constant-product',
    'concentrated',
    'concentrated',
    'stable-swap',
    'levels',
    'ladder',
  ]);
  switch (kind) {
    case 'constant-product':
      return { kind, feePpm: pick(FEES), reserves: amounts.map(String) };
    case 'concentrated':
      return { kind, feePpm: pick(FEES), ...positions(dice, amounts), gasPerTick: GAS_PER_TICK };
    case 'stable-swap':
      return {
        kind,
        feePpm: pick([100, 400, 3000]),
        balances: ends.map((_, i) => atoms(depth * (i === 1 ? off : 1), 18).toString()),
        // One whole unit is worth its value: 10^18 · value · 10^(18 − decimals).
        rates: ends.map(({ decimals, value }) =>
          (BigInt(Math.round(value * 1e9)) * 10n ** BigInt(27 - decimals)).toString(),
        ),
        amplification: (100 * between(1, 2000)).toString(),
      };
    default: {
      const [given, paid] = tokenInIndex === 0 ? ends : [ends[1], ends[0]];
      let price = (given.value / paid.value) * (0.985 + 0.03 * next());
      let [cumulativeIn, cumulativeOut] = [0n, 0n];
      const steps = Array.from({ length: between(1, 5) }, () => {
        const units = log(5, 2000) / given.value;
        const level = { amountIn: atoms(units, given.decimals), amountOut: atoms(units * price, paid.decimals) };
        price *= 1 - 0.002 - 0.01 * next();
        cumulativeIn += level.amountIn;
        cumulativeOut += level.amountOut;
        const said = kind === 'levels' ? level : { amountIn: cumulativeIn, amountOut: cumulativeOut };
        return { amountIn: said.amountIn.toString(), amountOut: said.amountOut.toString() };
      });
      return kind === 'levels' ? { kind, tokenInIndex, levels: steps } : { kind, tokenInIndex, points: steps };
    }
  }
}

/** One wide position and up to two narrow ones around the price. */
function positions({ between, log, next }, [amount0, amount1]) {
  const sqrtPrice = squareRoot((amount1 * Q96 * Q96) / amount0);
  const tick = tickAt(sqrtPrice);
  const here = Math.floor(tick / SPACING);
  const liquidity = squareRoot(amount0 * amount1);
  const net = new Map();
  let active = 0n;
  const add = (low, high, amount) => {
    net.set(low * SPACING, (net.get(low * SPACING) ?? 0n) + amount);
    net.set(high * SPACING, (net.get(high * SPACING) ?? 0n) - amount);
    active += amount;
  };
  const wide = between(40, 200);
  add(here - wide, here + wide, liquidity / 3n + 1n);
  for (let i = between(0, 2); i > 0; i--) {
    const reach = Math.max(1, Math.round(log(1, 20)));
    const low = here - Math.floor(next() * reach);
    add(low, Math.max(here + 1, low + reach), (liquidity * BigInt(between(100, 3000))) / 1000n + 1n);
  }
  const ticks = [...net.entries()]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => a - b)
    .map(([index, amount]) => ({ index, liquidityNet: amount.toString() }));
  if (sqrtRatio(tick) > sqrtPrice) throw new Error('A tick above its own price.');
  return { liquidity: active.toString(), sqrtPriceX96: sqrtPrice.toString(), tick, tickSpacing: SPACING, ticks };
}

function ticksAhead({ kind, tick, ticks }, tokenInIndex) {
  if (kind !== 'concentrated') return 0;
  return ticks.filter(({ index }) => (tokenInIndex === 0 ? index <= tick : index > tick)).length;
}

/** The same pool the other way; books serve one way only. */
function backwards(edge) {
  const { offer } = edge;
  if (offer.kind === 'levels' || offer.kind === 'ladder') return undefined;
  const tokenInIndex = 1 - offer.tokenInIndex;
  return {
    ...edge,
    id: `${offer.id}/${tokenInIndex}`,
    offer: { ...offer, tokenInIndex },
    decimals: [...edge.decimals].reverse(),
    mostCrossed: Math.max(0, ticksAhead(offer, tokenInIndex) - 1),
  };
}
