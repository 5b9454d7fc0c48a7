// What must hold of every answer, whatever was asked: nothing is spent that is not there, nothing is lost, no limit is
// broken, every constant-product pool and every lane pays what its own rule says.
import { constantProductOut } from '../judge-math.mjs';

const keyOf = (chainId, address) => `${chainId}:${address.toLowerCase()}`;

/** @returns what is wrong, in words; an empty list where nothing is */
export function faultsOf(problem, answer) {
  const faults = [];
  const expect = (holds, fault) => {
    if (!holds) faults.push(fault);
  };
  for (const field of ['amountIn', 'amountOut', 'remainder', 'gas'])
    expect(/^\d+$/.test(answer[field]), `${field} is ${answer[field]}`);
  expect(Number.isFinite(answer.costBps), `costBps is ${answer.costBps}`);
  expect(answer.optimalityGapBps >= 0, `optimalityGapBps is ${answer.optimalityGapBps}`);
  expect(Number.isFinite(answer.optimalityGapBps) || answer.hops.length === 0, 'the gap of a route is not finite');
  expect(answer.hops.length <= (problem.maxHops ?? Infinity), `${answer.hops.length} hops`);
  if (faults.length > 0) return faults;

  const { demand } = problem;
  const decimals = new Map(problem.tokens.map((token) => [keyOf(token.chainId, token.address), token.decimals]));
  const charging = new Set(problem.tokens.filter((t) => t.feeOnTransfer).map((t) => keyOf(t.chainId, t.address)));
  const pools = new Map(problem.pools.map((pool) => [`${pool.chainId}/${pool.adapter ?? ''}/${pool.id}`, pool]));
  const bridges = new Map((problem.bridges ?? []).map((bridge) => [bridge.id, bridge]));
  const sold = demand.tokensIn ?? [{ chainId: demand.chainId, address: demand.tokenIn }];
  const bought = demand.tokensOut ?? [{ chainId: demand.chainId, address: demand.tokenOut }];
  const given = new Set(sold.map(({ address, chainId }) => keyOf(chainId, address)));
  const wanted = new Set(bought.map(({ address, chainId }) => keyOf(chainId, address)));
  const held = new Map();
  if (problem.inventories === undefined) held.set([...given][0], BigInt(answer.amountIn));
  for (const { address, amount, chainId } of problem.inventories ?? []) {
    const key = keyOf(chainId, address);
    if (given.has(key)) held.set(key, (held.get(key) ?? 0n) + BigInt(amount));
  }
  const start = new Map(held);
  const reserves = new Map();
  const steps = [];
  for (const [i, hop] of answer.hops.entries()) {
    const [amountIn, amountOut] = [BigInt(hop.amountIn), BigInt(hop.amountOut)];
    const from = keyOf(hop.chainId, hop.tokenIn);
    const to = keyOf(hop.toChainId ?? hop.chainId, hop.tokenOut);
    expect(amountIn > 0n && amountOut >= 0n, `hop ${i} moves ${amountIn} for ${amountOut}`);
    expect((held.get(from) ?? 0n) >= amountIn, `hop ${i} spends more than is held`);
    expect(!charging.has(from) && !charging.has(to), `hop ${i} uses a token with a fee on transfer`);
    held.set(from, (held.get(from) ?? 0n) - amountIn);
    held.set(to, (held.get(to) ?? 0n) + amountOut);
    steps.push([from, to]);
    if (hop.kind === 'bridge') {
      const lane = bridges.get(hop.bridgeId);
      expect(amountIn <= BigInt(lane.maxAmount), `hop ${i} is above what its lane takes`);
      expect(amountIn >= BigInt(lane.minAmount ?? 0), `hop ${i} is below what its lane takes`);
      expect(
        amountOut === broughtBy(lane, amountIn, decimals.get(from), decimals.get(to)),
        `hop ${i}: the lane pays other`,
      );
      continue;
    }
    const key = `${hop.chainId}/${hop.adapter ?? ''}/${hop.poolId}`;
    const pool = pools.get(key);
    const side = pool.tokens[0].toLowerCase() === hop.tokenIn.toLowerCase() ? 0 : 1;
    expect(pool.tokens[1 - side].toLowerCase() === hop.tokenOut.toLowerCase(), `hop ${i} trades other tokens`);
    if (pool.kind !== 'constant-product' || !Number.isInteger(pool.feePpm)) continue;
    if (!reserves.has(key)) reserves.set(key, pool.reserves.map(BigInt));
    const state = reserves.get(key);
    const paid = constantProductOut(amountIn, state[side], state[1 - side], pool.feePpm);
    expect(paid === amountOut, `hop ${i}: the pool pays ${paid}, not ${amountOut}`);
    state[side] += amountIn;
    state[1 - side] -= amountOut;
  }
  const scale = (keys) => Math.max(...[...keys].map((key) => decimals.get(key)));
  const moved = (keys, sign) => {
    const most = scale(keys);
    let sum = 0n;
    for (const key of keys)
      sum += sign * ((held.get(key) ?? 0n) - (start.get(key) ?? 0n)) * 10n ** BigInt(most - decimals.get(key));
    return sum;
  };
  expect(
    moved(wanted, 1n) === BigInt(answer.amountOut),
    `what arrives is ${moved(wanted, 1n)}, said ${answer.amountOut}`,
  );
  expect(
    moved(given, -1n) === BigInt(answer.amountIn),
    `what is spent is ${moved(given, -1n)}, said ${answer.amountIn}`,
  );
  for (const [key, left] of held) {
    expect(given.has(key) || wanted.has(key) || left >= 0n, `${key} is overdrawn`);
  }
  const remainder = BigInt(answer.remainder);
  if (demand.amountOut === undefined) {
    expect(
      BigInt(answer.amountIn) + remainder === BigInt(demand.amountIn),
      'amountIn and remainder are not the demand',
    );
  } else expect(BigInt(answer.amountOut) + remainder >= BigInt(demand.amountOut), 'less is delivered than said');
  return faults;
}

function broughtBy(lane, amountIn, from, to) {
  const kept = (amountIn * BigInt(Math.round((1_000_000 - (lane.feePpm ?? 0)) * 1e6))) / 1_000_000_000_000n;
  return to >= from ? kept * 10n ** BigInt(to - from) : kept / 10n ** BigInt(from - to);
}
