import { prepareProofSearch } from './certificate-search.js';
import type { MixedSolution } from './search/mixed.js';
import { certifiedBound, type GapCloser, playMixed, unservedValue } from './solve-model.js';

/** Flows that are not settled may claim more than they are worth: this share and more of it is not believed. */
const BELIEVED = 1e-6;
const MOST_PROOF_PROBLEMS = 200;
const LEAST_PROOF_PROBLEMS = 4;
/** The default number of problems solved for a proof times the number of edges stays within this. */
const PROOF_EFFORT = 40_000;

/**
 * Looks for a proof that leaves less open, where there is one to be found: the search proves little of markets that
 * contradict themselves, and of few hops. Where a route turns up that the search has missed, it takes its place.
 *
 * @param proofBudget Convex problems that may be solved for it; absent: up to 200, fewer the more edges.
 * @example
 * ```ts
 * const route = routeHedge(request, { closeGap: gapCloser() }) // a tighter `optimalityGapBps`, at times a better route
 * ```
 */
export function gapCloser(proofBudget?: number): GapCloser {
  return (compiled, search, mixed, tolerance, { referencePrice }) => {
    const { amount, network } = compiled;
    const worth = (solution: MixedSolution): number => {
      const played = playMixed(compiled, solution, { referencePrice, certify: false });
      return played.netValue + unservedValue(compiled, played.replay);
    };
    // What the flows say they are worth, unless the replay finds that they are not.
    const replayed = worth(mixed);
    const value = mixed.value - replayed > Math.abs(replayed) * BELIEVED ? replayed : mixed.value;
    if (certifiedBound(compiled, mixed) <= value + tolerance) return mixed;
    const budget =
      proofBudget ??
      Math.max(LEAST_PROOF_PROBLEMS, Math.min(MOST_PROOF_PROBLEMS, Math.round(PROOF_EFFORT / network.edgeCount)));
    const { proof, witness } = prepareProofSearch(compiled).tighten(mixed.proof, { amount, value, tolerance, budget });
    const proved = { ...mixed, proof };
    if (witness === undefined) return proved;
    const other = { ...search.again(amount, { ...proved, ...witness, within: undefined }), nodesUsed: mixed.nodesUsed };
    if (worth(other) > replayed) return other;
    // The flows of the last solve are what a swift replay reads.
    mixed.edges.forEach((e, i) => {
      search.workspace.flowIn[e] = mixed.flowIn[i]!;
      search.workspace.flowOut[e] = mixed.flowOut[i]!;
    });
    return proved;
  };
}
