import { prepareProofSearch, type Witness } from './certificate-search.js';
import type { PrepareRouteOptions } from './prepare-route.js';
import type { MixedSolution } from './search/mixed.js';
import { certifiedBound, type GapCloser, playMixed, recall, unservedValue } from './solve-model.js';

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
    const over = (witness: Witness): MixedSolution => ({
      ...search.again(amount, { ...mixed, ...witness, within: undefined }),
      nodesUsed: mixed.nodesUsed,
    });
    const worthOf = (witness: Witness): number => worth(over(witness));
    const options = { amount, value, tolerance, budget, worthOf };
    const { proof, witness } = prepareProofSearch(compiled).tighten(mixed.proof, options);
    if (witness !== undefined) return { ...over(witness), proof };
    recall(search, mixed);
    return { ...mixed, proof };
  };
}

/** What closes gaps under the options of a prepared route; undefined where nothing is to be proved, or by nothing more. */
export function closerOf({
  certify,
  proofBudget,
}: Pick<PrepareRouteOptions, 'certify' | 'proofBudget'>): GapCloser | undefined {
  return certify === false || proofBudget === 0 ? undefined : gapCloser(proofBudget);
}
