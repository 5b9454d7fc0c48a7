// What the peers make of several chains, none of which they route across: the best of simple strategies. All on one chain
// with the cheapest bridge to it, each chain in turn; and every inventory sold where it lies, as far as it is needed.
import { judge } from './judge.mjs';

const HOME = 1;

/**
 * Every strategy's route, each with its peer's calls made; the judge chooses. The time is that of all calls together.
 *
 * @returns `{ hops, calls }`, `hops` of the best strategy, `calls` the prepared solvers that were needed for all of them
 */
export async function bestSimple(peer, library, problem) {
  const calls = [];
  let best = { net: -Infinity, hops: [] };
  for (const plan of plansOf(problem)) {
    const hops = [...plan.transfers];
    let isComplete = true;
    for (const { amount, chainId } of plan.trades) {
      const sub = onOneChain(problem, chainId, amount);
      if (peer.refuses?.(sub) !== undefined) continue;
      const prepared = await peer.prepare(library, sub);
      const answer = await prepared.solve();
      calls.push(prepared.solve);
      if (answer === null || answer === undefined || answer.status === 'NoWay') isComplete = false;
      else append(hops, prepared.toHops(answer), chainId, amount);
    }
    if (!isComplete) continue;
    hops.push(...transfersHome(problem, plan));
    const verdict = judge(problem, hops);
    if (verdict.ok && verdict.net > best.net) best = { net: verdict.net, hops };
  }
  return { hops: best.hops, calls };
}

/** Hops on one chain after others: places move on, and a share of all that is held is one of what the trade is given. */
function append(hops, added, chainId, amount) {
  const start = hops.length;
  let left = amount;
  for (const [i, hop] of added.entries()) {
    let of = hop.amount;
    if (of.from !== undefined) of = { from: of.from + start };
    else if (i === 0 || added.slice(0, i).every(({ tokenOut }) => tokenOut !== hop.tokenIn)) {
      // Paid in from the inventory, of which only a part is for this trade.
      const size =
        typeof of === 'bigint' ? of : of.share >= 1 ? left : (left * BigInt(Math.round(of.share * 2 ** 40))) >> 40n;
      left -= size;
      of = size;
    }
    hops.push({ ...hop, chainId, amount: of });
  }
}

/** What each strategy sends where, and then trades on which chain. */
function plansOf({ bridges, demand, inventories }) {
  const wanted = BigInt(demand.amountIn);
  const held = inventories.map(({ amount, chainId }) => ({ chainId, amount: BigInt(amount) }));
  const plans = held.flatMap(({ amount, chainId }) => {
    let missing = wanted > amount ? wanted - amount : 0n;
    let arrived = wanted < amount ? wanted : amount;
    const transfers = [];
    for (const other of held) {
      if (other.chainId === chainId || missing === 0n) continue;
      const sent = other.amount < missing ? other.amount : missing;
      const lane = cheapest(bridges, 'stable', other.chainId, chainId, sent);
      if (lane === undefined) continue;
      missing -= sent;
      arrived += (sent * BigInt(1_000_000 - lane.feePpm)) / 1_000_000n;
      transfers.push({ bridgeId: lane.id, tokenIn: lane.from.address, tokenOut: lane.to.address, amount: sent });
    }
    return missing > 0n ? [] : [{ transfers, trades: [{ chainId, amount: arrived }] }];
  });
  let left = wanted;
  const inPlace = held.flatMap(({ amount, chainId }) => {
    const part = amount < left ? amount : left;
    left -= part;
    return part > 0n ? [{ chainId, amount: part }] : [];
  });
  return left > 0n ? plans : [...plans, { transfers: [], trades: inPlace }];
}

/** Where the output is wanted on one chain only, what was bought elsewhere follows. */
function transfersHome({ bridges, demand }, { trades }) {
  if (demand.tokensOut.length > 1) return [];
  return trades
    .filter(({ chainId }) => chainId !== HOME)
    .flatMap(({ chainId }) => {
      const lane = cheapest(bridges, 'native', chainId, HOME, 0n);
      return lane === undefined
        ? []
        : [{ bridgeId: lane.id, tokenIn: lane.from.address, tokenOut: lane.to.address, amount: { share: 1 } }];
    });
}

/** The lane that costs least for an amount of the stable token; for the native one, the lowest fee. */
function cheapest(bridges, token, from, to, amount) {
  const costOf = ({ feePpm, fixedCost, fixedCostUsd }) =>
    token === 'native' ? feePpm + Number(fixedCost) : (Number(amount) / 1e6) * (feePpm / 1e6) + fixedCostUsd;
  return bridges
    .filter((lane) => lane.token === token && lane.from.chainId === from && lane.to.chainId === to)
    .filter(({ maxAmount }) => BigInt(maxAmount) >= amount)
    .sort((a, b) => costOf(a) - costOf(b))[0];
}

/** One chain's part of a problem, called chain 1, which every peer knows. */
function onOneChain({ demand, gasPrices, nativePriceInTokenOut, pools, tokens }, chainId, amount) {
  const tokenOut = (demand.tokensOut.find((token) => token.chainId === chainId) ?? demand.tokensOut[0]).address;
  const tokenIn = demand.tokensIn.find((token) => token.chainId === chainId).address;
  const renamed = (list) => list.filter((each) => each.chainId === chainId).map((each) => ({ ...each, chainId: 1 }));
  return {
    tokens: renamed(tokens),
    pools: renamed(pools),
    demand: { chainId: 1, tokenIn, tokenOut, amountIn: amount.toString() },
    gasPrices: { 1: gasPrices[chainId] },
    nativePriceInTokenOut: { 1: nativePriceInTokenOut[chainId] },
  };
}
