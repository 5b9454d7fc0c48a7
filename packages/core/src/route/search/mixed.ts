import type { BoundProof } from '../certificate.js';
import type { DualWorkspace } from '../dual/workspace.js';
import type { Network } from '../network.js';

/** A single-source, single-sink problem over a network. One of the two is the numeraire, with price 1. */
export interface MixedProblem {
  readonly network: Network;
  readonly source: number;
  readonly sink: number;
  readonly exactOut: boolean;
  readonly maxHops: number;
}

export interface MixedOptions {
  /** Units of the source's token to place, or of the sink's token to deliver. */
  readonly amount: number;
  /** Convex problems that may be solved; decides when the search ends. */
  readonly nodeBudget: number;
  /** A gap in numeraire that is not worth closing. */
  readonly tolerance: number;
}

/** The best support found: which edges are used, with their flows, and the proof of how much better any other may be. */
export interface MixedSolution {
  /** Numeraire received (negative: paid), net of fixed costs and tick costs. */
  readonly value: number;
  readonly edges: readonly number[];
  readonly depths: readonly number[];
  /** Units of input and of output, in the order of `edges`. */
  readonly flowIn: Float64Array;
  readonly flowOut: Float64Array;
  readonly prices: Float64Array;
  readonly proof: BoundProof;
  /** The edges among which it is the convex optimum, when no cost binds and it has few enough hops; else undefined. */
  readonly within: Int32Array | undefined;
  /** Whether the flows meet the demand within the solver's tolerance. */
  readonly isSettled: boolean;
  readonly nodesUsed: number;
}

/** A problem with its workspace: solved again and again, at any amount. */
export interface MixedSearch {
  readonly workspace: DualWorkspace;
  /** From nothing, or from a solution nearby. */
  readonly solve: (options: MixedOptions, near?: Pick<MixedSolution, 'prices' | 'edges'>) => MixedSolution;
  /**
   * The optimal flows at another amount over what an earlier solution uses or is the optimum of, without a search. Its
   * proof is handed on as it is, except where it is the optimum of all edges. Circles are not looked for.
   */
  readonly again: (amount: number, earlier: MixedSolution) => MixedSolution;
}
