// One case: every router's route, executed by the judge, and its times.
import { bestSimple } from './across.mjs';
import { judge } from './judge.mjs';
import * as ours from './ours.mjs';

/** Two results closer than this are a draw: it is what whole atoms can make, in basis points of the result. */
export const DRAW_BPS = 1e-4;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Times a call: the first one (cold) and the median of those after it (warm), as many as fit.
 *
 * @param budgetMs what the warm calls may take together; at least one is made
 * @param isSteady whether a later call takes as long as the first: then what takes long is not repeated
 */
async function timed(solve, budgetMs, isSteady) {
  const start = performance.now();
  const answer = await solve();
  const coldMs = performance.now() - start;
  const warm = [];
  const end = performance.now() + budgetMs;
  if (isSteady && coldMs > budgetMs * 4) return { answer, coldMs, warmMs: coldMs };
  do {
    const from = performance.now();
    await solve();
    warm.push(performance.now() - from);
  } while (warm.length < 200 && performance.now() < end);
  return { answer, coldMs, warmMs: median(warm) };
}

/**
 * Ours: the route, what the judge says of it, and the bound that its certificate proves, in units of the output.
 *
 * @param boundable whether the market is consistent: where pools contradict each other the bound may count arbitrage that
 *   no route takes, and peers may take it
 */
export async function measureOurs(problem, budgetMs, boundable = true) {
  const start = performance.now();
  const prepared = ours.prepare(problem);
  const prepareMs = performance.now() - start;
  const { answer: route, coldMs, warmMs } = await timed(prepared.solve, budgetMs, false);
  const answer = prepared.toSolution(route);
  const verdict = judge(problem, ours.toHops(answer));
  const exact =
    verdict.ok &&
    verdict.amountOut.toString() === answer.amountOut &&
    answer.hops.every(({ amountOut }, i) => verdict.outputs[i].toString() === amountOut);
  const gap = answer.optimalityGapBps / 1e4;
  const complete = answer.remainder === '0';
  const bound = boundable && complete && verdict.net > 0 ? verdict.net / (1 - gap) : undefined;
  return {
    name: 'evenkeel',
    ...summary(verdict, bound),
    gapBps: answer.optimalityGapBps,
    exact,
    complete,
    bound,
    coldMs: prepareMs + coldMs,
    warmMs,
  };
}

/** A peer's route; across chains, that of the best simple strategy with it. */
export async function measurePeer(peer, library, problem, bound, budgetMs) {
  if (problem.demand.tokensIn !== undefined) return measureSimple(peer, library, problem, bound, budgetMs);
  const refusal = peer.refuses?.(problem);
  if (refusal !== undefined) return { name: peer.name, skipped: refusal };
  const prepared = await peer.prepare(library, problem);
  try {
    const { answer, coldMs, warmMs } = await timed(prepared.solve, budgetMs, true);
    const hops = answer === null || answer === undefined || answer.status === 'NoWay' ? [] : prepared.toHops(answer);
    const verdict = judge(problem, hops);
    return { name: peer.name, ...summary(verdict, bound), failed: verdict.problem, coldMs, warmMs };
  } catch (error) {
    return { name: peer.name, ...summary({ ok: false }, bound), failed: error.message.slice(0, 80) };
  }
}

async function measureSimple(peer, library, problem, bound, budgetMs) {
  const refusal = peer.refuses?.(problem);
  if (refusal !== undefined) return { name: peer.name, skipped: refusal };
  const start = performance.now();
  const { calls, hops } = await bestSimple(peer, library, problem);
  const coldMs = performance.now() - start;
  const { warmMs } = await timed(
    async () => {
      for (const call of calls) await call();
    },
    budgetMs,
    true,
  );
  const verdict = judge(problem, hops);
  return { name: peer.name, ...summary(verdict, bound), failed: verdict.problem, coldMs, warmMs };
}

/** How the same problem is solved by ours within as many hops as a peer used. */
export function oursWithin(problem, maxHops) {
  return judge(problem, ours.toHops(ours.solveOnce({ ...problem, maxHops })));
}

function summary(verdict, bound) {
  const served = verdict.ok && verdict.amountOut > 0n;
  return {
    served,
    net: served ? verdict.net : undefined,
    hops: served ? verdict.hops : undefined,
    isCircular: verdict.ok && verdict.isCircular,
    lossBps: served && bound !== undefined ? ((bound - verdict.net) / Math.abs(bound)) * 1e4 : undefined,
  };
}
