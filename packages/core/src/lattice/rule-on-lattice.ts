import type { Lattice } from './lattice.js';
import type { TargetRule } from './target-rule.js';

/** Numbers of one node: holdings at which to buy, where buying ends, where selling ends, at which to sell. */
export const EDGES = 4;

/**
 * A rule on a lattice: writes the edges of one node, for a holding of this sign, to `out[at …]`. A trade starts beyond an
 * outer edge and lands on the inner one. Pure.
 */
export type LatticeRule = (step: number, row: number, sign: -1 | 0 | 1, out: Float64Array, at: number) => void;

/** Layers of a rule's edges, worked out node by node when first asked for, and kept until another step is. */
export interface RuleLayers {
  /** The edges of one step and sign, at [row·{@link EDGES}]; only nodes that were asked for are filled. */
  edges(step: number, row: number, sign: -1 | 0 | 1): Float64Array;
}

const SIGNS = 3;
export function ruleLayers({ rows }: Lattice, rule: LatticeRule): RuleLayers {
  const layers: (Float64Array | undefined)[] = Array.from({ length: SIGNS });
  let current = -1;
  return {
    edges(step, row, sign) {
      if (step !== current) {
        for (const layer of layers) layer?.fill(Number.NaN);
        current = step;
      }
      const index = sign + 1;
      const layer = (layers[index] ??= new Float64Array(rows * EDGES).fill(Number.NaN));
      if (Number.isNaN(layer[row * EDGES]!)) rule(step, row, sign, layer, row * EDGES);
      return layer;
    },
  };
}

/** The edges of a rule whose trades land where they do from wherever they come: all rules, where costs are linear. */
export function edgesOf(rule: TargetRule): LatticeRule {
  return (step, row, sign, out, at) => {
    const { buyAt, buyTo, sellAt, sellTo } = rule(step, row, sign);
    out[at] = buyAt;
    out[at + 1] = buyAt === Number.NEGATIVE_INFINITY ? 0 : buyTo(buyAt);
    out[at + 2] = sellAt === Number.POSITIVE_INFINITY ? 0 : sellTo(sellAt);
    out[at + 3] = sellAt;
  };
}
