// The one judge of all routes, ours and the peers': executes hops one by one on the pools' own integer arithmetic.
import { concentratedSwap, constantProductOut } from './judge-math.mjs';

const keyOf = (chainId, address) => `${chainId}:${address.toLowerCase()}`;

/**
 * Executes a route and says what it is worth.
 *
 * @param problem the plain JSON form of a route problem, with an exact-in demand on one chain or several
 * @param hops `{ poolId | bridgeId, tokenIn, tokenOut, chainId?, amount }`, executed in this order. `amount` is atoms, or
 *   `{ share }` of what is held of the token, or `{ from }`, all that an earlier hop (by position) paid out
 * @returns `{ ok, amountOut, net, hops, pools, gas, outputs, isCircular, problem }`; `net` in units of the output after gas: each
 *   pool that is used costs its gas once, each initialised tick that is crossed its own, each bridge its fixed cost
 */
export function judge(problem, hops) {
  const decimals = new Map(problem.tokens.map((token) => [keyOf(token.chainId, token.address), token.decimals]));
  const held = startingBalances(problem);
  const pools = new Map(problem.pools.map((pool) => [pool.id, pool]));
  const bridges = new Map((problem.bridges ?? []).map((bridge) => [bridge.id, bridge]));
  const states = new Map();
  const outputs = [];
  const steps = [];
  let gasCost = 0;
  let gas = 0;
  const fail = (why) => ({ ok: false, problem: why, amountOut: 0n, net: -Infinity, hops: hops.length, gas, outputs });
  const payGas = (chainId, units) => {
    gas += units;
    const wei = Number(problem.gasPrices?.[chainId] ?? 0);
    gasCost += units * wei * 1e-18 * Number(problem.nativePriceInTokenOut?.[chainId] ?? 0);
  };

  for (const [position, hop] of hops.entries()) {
    const bridge = hop.bridgeId === undefined ? undefined : bridges.get(hop.bridgeId);
    const pool = hop.bridgeId === undefined ? pools.get(hop.poolId) : undefined;
    if (bridge === undefined && pool === undefined) return fail(`hop ${position} names no pool or bridge`);
    const from = keyOf((bridge?.from ?? pool).chainId, hop.tokenIn);
    const to = keyOf((bridge?.to ?? pool).chainId, hop.tokenOut);
    const amountIn = amountOf(hop.amount, held.get(from) ?? 0n, outputs);
    if (amountIn > (held.get(from) ?? 0n)) return fail(`hop ${position} spends more than is held`);
    if (amountIn === 0n) {
      outputs.push(0n);
      continue;
    }
    let done;
    if (bridge !== undefined) {
      done = transfer(bridge, amountIn, decimals);
      if (done === undefined) return fail(`hop ${position} is outside of the bridge's limits`);
      payGas(bridge.from.chainId, bridge.gas ?? 0);
      gasCost += Number(bridge.fixedCost ?? 0);
    } else {
      if (!states.has(pool.id)) {
        states.set(pool.id, stateOf(pool));
        payGas(pool.chainId, pool.gas ?? 0);
      }
      done = swap(pool, states.get(pool.id), hop.tokenIn, amountIn);
      payGas(pool.chainId, done.crossed * (pool.gasPerTick ?? 0));
    }
    steps.push([from, to]);
    held.set(from, held.get(from) - done.amountIn);
    held.set(to, (held.get(to) ?? 0n) + done.amountOut);
    outputs.push(done.amountOut);
  }
  const wanted = problem.demand.tokensOut ?? [{ chainId: problem.demand.chainId, address: problem.demand.tokenOut }];
  let amountOut = 0n;
  let units = 0;
  for (const { address, chainId } of wanted) {
    const key = keyOf(chainId, address);
    amountOut += held.get(key) ?? 0n;
    units += Number(held.get(key) ?? 0n) / 10 ** decimals.get(key);
  }
  const spent = spentOf(problem, held);
  if (spent > BigInt(problem.demand.amountIn)) return fail('more is spent than was to be');
  const net = units - gasCost;
  return {
    ok: true,
    amountOut,
    net,
    hops: hops.length,
    pools: states.size,
    gas,
    outputs,
    isCircular: isCircular(steps),
  };
}

/** What is gone of the inputs, at the decimals that they share. */
function spentOf(problem, held) {
  let spent = 0n;
  for (const [key, amount] of startingBalances(problem)) spent += amount - (held.get(key) ?? 0n);
  return spent;
}

/** Whether some of the tokens lead back to themselves: such a route earns from pools that contradict each other. */
function isCircular(steps) {
  const leading = new Map();
  for (const [from, to] of steps) leading.set(from, (leading.get(from) ?? new Set()).add(to));
  const done = new Set();
  const above = new Set();
  const visit = (token) => {
    if (done.has(token)) return false;
    if (above.has(token)) return true;
    above.add(token);
    for (const next of leading.get(token) ?? []) if (visit(next)) return true;
    above.delete(token);
    done.add(token);
    return false;
  };
  return [...leading.keys()].some(visit);
}

function startingBalances({ demand, inventories }) {
  if (demand.tokenIn !== undefined) return new Map([[keyOf(demand.chainId, demand.tokenIn), BigInt(demand.amountIn)]]);
  const allowed = new Set(demand.tokensIn.map(({ address, chainId }) => keyOf(chainId, address)));
  return new Map(
    inventories
      .map(({ address, amount, chainId }) => [keyOf(chainId, address), BigInt(amount)])
      .filter(([key]) => allowed.has(key)),
  );
}

function amountOf(amount, held, outputs) {
  if (typeof amount === 'bigint') return amount;
  if (amount.from !== undefined) return outputs[amount.from];
  return amount.share >= 1 ? held : (held * BigInt(Math.round(amount.share * 2 ** 40))) >> 40n;
}

function stateOf(pool) {
  if (pool.kind === 'constant-product') return { reserves: pool.reserves.map(BigInt) };
  if (pool.kind !== 'concentrated') throw new Error(`The judge does not know pools of kind ${pool.kind}.`);
  const ticks = pool.ticks.map(({ index, liquidityNet }) => ({ index, liquidityNet: BigInt(liquidityNet) }));
  const ends = [pool.tick, ...ticks.map(({ index }) => index)];
  return {
    feePpm: pool.feePpm,
    tickSpacing: pool.tickSpacing,
    tick: pool.tick,
    sqrtPrice: BigInt(pool.sqrtPriceX96),
    liquidity: BigInt(pool.liquidity),
    ticks,
    lowest: pool.tickRange?.low ?? Math.min(...ends) - pool.tickSpacing,
    highest: pool.tickRange?.high ?? Math.max(...ends) + pool.tickSpacing,
  };
}

function swap(pool, state, tokenIn, amountIn) {
  const side = pool.tokens[0].toLowerCase() === tokenIn.toLowerCase() ? 0 : 1;
  if (pool.kind === 'concentrated') return concentratedSwap(state, side === 0, amountIn);
  const { reserves } = state;
  const amountOut = constantProductOut(amountIn, reserves[side], reserves[1 - side], pool.feePpm);
  reserves[side] += amountIn;
  reserves[1 - side] -= amountOut;
  return { amountIn, amountOut, crossed: 0 };
}

/** The fee of a bridge is rounded up; so is the loss to fewer decimals. */
function transfer(bridge, amountIn, decimals) {
  if (amountIn > BigInt(bridge.maxAmount) || amountIn < BigInt(bridge.minAmount ?? 0)) return undefined;
  const kept = (amountIn * BigInt(1_000_000 - (bridge.feePpm ?? 0))) / 1_000_000n;
  const from = decimals.get(keyOf(bridge.from.chainId, bridge.from.address));
  const to = decimals.get(keyOf(bridge.to.chainId, bridge.to.address));
  const amountOut = to >= from ? kept * 10n ** BigInt(to - from) : kept / 10n ** BigInt(from - to);
  return { amountIn, amountOut, crossed: 0 };
}
