import type { PreparedBands } from '../policy/band-table.js';
import type { Rule } from '../policy/rules/rule.js';
import { type Lattice, marketAt, spotAt } from './lattice.js';
import { costOf } from './local-problem.js';

const SECONDS_PER_YEAR = 365 * 86_400;

/** Numbers of one node: holdings at which to buy, where buying ends, where selling ends, at which to sell. */
export const EDGES = 4;

/**
 * A rule on a lattice: writes the edges of one node, for a holding of this sign, to `out[at …]`. A trade starts beyond an
 * outer edge and lands on the inner one. Pure.
 */
export type LatticeRule = (step: number, row: number, sign: -1 | 0 | 1, out: Float64Array, at: number) => void;

/** Layers of a rule's edges, worked out node by node when first asked for, and kept. */
export interface RuleLayers {
  /** The edges of one step and sign, at [row·{@link EDGES}]; only nodes that were asked for are filled. */
  edges(step: number, row: number, sign: -1 | 0 | 1): Float64Array;
}

const SIGNS = 3;
/** Of the range of holdings: a landing at none at all is exactly that, whatever rounding has left of it. */
const LEAST_HOLDING = 1e-6;

/** @param keepAll for walks that come back to a step; without it only the last step asked for is kept */
export function ruleLayers({ problem, rows }: Lattice, rule: LatticeRule, keepAll: boolean): RuleLayers {
  const layers: (Float64Array | undefined)[] = Array.from({ length: (keepAll ? problem.steps : 1) * SIGNS });
  let current = -1;
  return {
    edges(step, row, sign) {
      if (!keepAll && step !== current) {
        for (const layer of layers) layer?.fill(Number.NaN);
        current = step;
      }
      const index = (keepAll ? step : 0) * SIGNS + sign + 1;
      const layer = (layers[index] ??= new Float64Array(rows * EDGES).fill(Number.NaN));
      if (Number.isNaN(layer[row * EDGES]!)) rule(step, row, sign, layer, row * EDGES);
      return layer;
    },
  };
}

/** A rule of the policy on a lattice with cost k + λS|q|. */
export function policyRuleOn(lattice: Lattice, rule: Rule, prepared: readonly PreparedBands[] = []): LatticeRule {
  const { holdings, liability, problem, stepYears } = lattice;
  const least = LEAST_HOLDING * (holdings.at(-1)! - holdings[0]!);
  const flatOr = (holding: number): number => (Math.abs(holding) < least ? 0 : holding);
  return (step, row, sign, out, at) => {
    const market = marketAt(lattice, step, row, sign);
    const cost = costOf(problem, market.spot, 'buy');
    const delta = liability.delta(market.spot, market.years, market.annualVolatility);
    const outcome = rule({
      market,
      buy: cost,
      sell: cost,
      nowSeconds: step * stepYears * SECONDS_PER_YEAR,
      lastTradeSeconds: undefined,
      deltaAtVolatility: (volatility) => -liability.delta(market.spot, market.years, volatility),
      deviationUnits: sign - delta,
      prepared,
    });
    if (outcome.kind !== 'band') {
      out[at] = Number.NEGATIVE_INFINITY;
      out[at + 1] = 0;
      out[at + 2] = 0;
      out[at + 3] = Number.POSITIVE_INFINITY;
      return;
    }
    const centre = delta + outcome.centreShiftUnits;
    out[at] = centre - outcome.buy.outer;
    out[at + 1] = flatOr(centre - outcome.buy.inner);
    out[at + 2] = flatOr(centre + outcome.sell.inner);
    out[at + 3] = centre + outcome.sell.outer;
  };
}

/** The delta at a node: what a rule without a band trades to. */
export function deltaAt(lattice: Lattice, step: number, row: number): number {
  const { liability, problem, stepYears } = lattice;
  return liability.delta(spotAt(lattice, step, row), (problem.steps - step) * stepYears, problem.annualVolatility);
}
