import type { BoundProof } from './certificate.js';
import { prepareProofSearch, type Witness } from './certificate-search.js';
import type { CompiledModel } from './model.js';
import type { PrepareRouteOptions } from './prepare-route.js';
import type { MixedSearch, MixedSolution } from './search/mixed.js';
import { certifiedBound, type GapCloser, playMixed, type SolveModelOptions, unservedValue } from './solve-model.js';

/** Convex problems after which the search is asked for no more, where its proof can be made shorter on its own. */
const FIRST_NODES = 150;
/** Flows that are not settled may claim more than they are worth: this share and more of it is not believed. */
const BELIEVED = 1e-6;
const MOST_PROOF_PROBLEMS = 200;
const LEAST_PROOF_PROBLEMS = 4;
/** The default number of problems solved for a proof times the number of edges stays within this. */
const PROOF_EFFORT = 400_000;
/** A gap of so many times the tolerance is worth so many times the problems. */
const WIDELY_OPEN = 500;
const FURTHER_EFFORT = 4;
/**
 * A gap of so many times the tolerance comes from prices that contradict each other: there a better route is met by searching
 * on rather than by proving, and the proof of a large network does not end.
 */
const CONTRADICTORY = 100 * WIDELY_OPEN;
/** Problems times edges that a proof may take there, and most problems. */
const CONTRADICTORY_EFFORT = 200_000;
const MOST_CONTRADICTORY_PROBLEMS = 1000;

/**
 * Searches, and proves how good what was found is. The first problems find the route, nearly always: what further ones of
 * the search are for is the proof, and there the proof search needs fewer, since it takes the worst case first. Where both
 * leave a gap, the search goes on for as long as it may. Where prices contradict each other, it does so before anything is
 * proved. Where the proof search meets a route that the search has missed, that is the answer.
 *
 * @param proofBudget Convex problems that may be solved for a proof; absent: up to 200, fewer the more edges; up to five
 *   times that where much stays open.
 * @example
 * ```ts
 * const route = routeHedge(request, { closeGap: gapCloser() }) // a tighter `optimalityGapBps`, at times a better route
 * ```
 */
export function gapCloser(proofBudget?: number): GapCloser {
  return (compiled, search, limits, options, warm) => {
    const { nodeBudget, tolerance } = limits;
    const prove = (mixed: MixedSolution): MixedSolution =>
      tighten(compiled, search, mixed, { ...options, tolerance, proofBudget });
    const isOpenBy = (mixed: MixedSolution, gap: number): boolean =>
      certifiedBound(compiled, mixed) > mixed.value + gap;
    const found = search.solve({ ...limits, nodeBudget: Math.min(nodeBudget, FIRST_NODES) }, warm);
    const isContradictory = isOpenBy(found, tolerance * CONTRADICTORY);
    const first = isContradictory ? found : prove(found);
    if (!isOpenBy(first, tolerance)) return first;
    const { nodesUsed } = found;
    const isUnfinished = nodesUsed >= FIRST_NODES && nodeBudget > FIRST_NODES;
    if (!isUnfinished) return isContradictory ? prove(first) : first;
    const more = search.solve({ ...limits, nodeBudget: nodeBudget - nodesUsed }, first);
    const best = prove(joined(compiled, first, more));
    recall(search, best);
    return best;
  };
}

/** The better of two routes with the better of their proofs, which are about the same routes. */
function joined(compiled: CompiledModel, first: MixedSolution, more: MixedSolution): MixedSolution {
  const { proof } = certifiedBound(compiled, first) < certifiedBound(compiled, more) ? first : more;
  return { ...(more.value > first.value ? more : first), proof, nodesUsed: first.nodesUsed + more.nodesUsed };
}

/** What closes gaps under the options of a prepared route; undefined where nothing is to be proved, or by nothing more. */
export function closerOf({
  certify,
  proofBudget,
}: Pick<PrepareRouteOptions, 'certify' | 'proofBudget'>): GapCloser | undefined {
  return certify === false || proofBudget === 0 ? undefined : gapCloser(proofBudget);
}

interface TightenLimits extends Partial<Pick<SolveModelOptions, 'referencePrice'>> {
  /** Numeraire; a gap within it is left as it is. */
  readonly tolerance: number;
  readonly proofBudget: number | undefined;
}

/** The solution with a proof that leaves less open, where one is to be found, or a better one that was met on the way. */
function tighten(
  compiled: CompiledModel,
  search: MixedSearch,
  mixed: MixedSolution,
  { proofBudget, referencePrice, tolerance }: TightenLimits,
): MixedSolution {
  const { amount, network } = compiled;
  const worth = (solution: MixedSolution): number => {
    const played = playMixed(compiled, solution, { referencePrice, certify: false });
    return played.netValue + unservedValue(compiled, played.replay);
  };
  // What the flows say they are worth, unless the replay finds that they are not.
  const replayed = worth(mixed);
  const value = mixed.value - replayed > Math.abs(replayed) * BELIEVED ? replayed : mixed.value;
  if (certifiedBound(compiled, mixed) <= value + tolerance) return mixed;
  const opened = (proof: BoundProof): number => (certifiedBound(compiled, { ...mixed, proof }) - value) / tolerance;
  const isContradictory = opened(mixed.proof) > CONTRADICTORY;
  const budget = proofBudget ?? problemsFor(network.edgeCount, isContradictory);
  const over = (witness: Witness): MixedSolution => ({
    ...search.again(amount, { ...mixed, ...witness, within: undefined }),
    nodesUsed: mixed.nodesUsed,
  });
  const worthOf = (witness: Witness): number => worth(over(witness));
  const options = { amount, value, tolerance, budget, worthOf };
  const proofs = prepareProofSearch(compiled);
  let { proof, witness } = proofs.tighten(mixed.proof, options);
  const isWide = !isContradictory && opened(proof) > WIDELY_OPEN;
  if (proofBudget === undefined && isWide && witness === undefined) {
    ({ proof, witness } = proofs.tighten(mixed.proof, { ...options, budget: budget * FURTHER_EFFORT }));
  }
  if (witness !== undefined) return { ...over(witness), proof };
  recall(search, mixed);
  return { ...mixed, proof };
}

/** Convex problems that a proof may take where nobody says how many. */
function problemsFor(edges: number, isContradictory: boolean): number {
  const effort = isContradictory ? CONTRADICTORY_EFFORT : PROOF_EFFORT;
  const most = isContradictory ? MOST_CONTRADICTORY_PROBLEMS : MOST_PROOF_PROBLEMS;
  return Math.max(LEAST_PROOF_PROBLEMS, Math.min(most, Math.round(effort / edges)));
}

/** The flows of the last solve are what a swift replay reads. */
function recall({ workspace }: MixedSearch, { edges, flowIn, flowOut }: MixedSolution): void {
  edges.forEach((e, i) => {
    workspace.flowIn[e] = flowIn[i]!;
    workspace.flowOut[e] = flowOut[i]!;
  });
}
