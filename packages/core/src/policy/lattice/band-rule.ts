import type { CostFunction } from '../cost-function.js';
import type { Market } from '../market.js';
import type { Rule, RuleOutcome } from '../rules/rule.js';
import { type Lattice, linearCost, marketAt } from './lattice.js';
import type { LatticeRule } from './lattice-rule.js';

const SECONDS_PER_YEAR = 365 * 86_400;

/** No look at the book since the last trade is remembered: a rule that needs it is given as a function of the step. */
const NEVER_TRADED = undefined;

/** What a holding's sign changes in a rule: whether a trade raises or lowers it. */
const SIGNS = [-1, 0, 1] as const;

/**
 * A rule of the policy on a lattice with cost k + λS|q|, where a trade from anywhere lands on `inner`. Its answers are
 * asked for once a node and sign of the holding, and kept.
 */
export function bandLatticeRule(lattice: Lattice, rule: Rule): LatticeRule {
  const { liability, problem, rows, spots, stepYears } = lattice;
  const kept: (Float64Array | undefined)[] = Array.from({ length: problem.steps * SIGNS.length });
  const decideAt = (step: number, row: number, sign: number): RuleOutcome => {
    const market = marketAt(lattice, step, row, sign);
    const cost = linearCost(problem, market.spot);
    return rule(
      contextOf(market, cost, step * stepYears, (volatility) => {
        return -liability.delta(market.spot, market.years, volatility);
      }),
    );
  };
  const layer = (step: number, sign: number): Float64Array => {
    const bands = new Float64Array(rows * 4).fill(Number.NaN);
    kept[step * SIGNS.length + sign + 1] = bands;
    return bands;
  };
  const fill = (bands: Float64Array, step: number, row: number, sign: number): void => {
    const spot = spots[row]! * Math.exp(problem.annualRate * step * stepYears);
    const delta = liability.delta(spot, (problem.steps - step) * stepYears);
    writeBand(bands, row * 4, delta, decideAt(step, row, sign));
  };
  return (step, row, holding) => {
    const sign = Math.sign(holding);
    const bands = kept[step * SIGNS.length + sign + 1] ?? layer(step, sign);
    const at = row * 4;
    if (Number.isNaN(bands[at]!)) fill(bands, step, row, sign);
    if (holding < bands[at]!) return bands[at + 1]!;
    if (holding > bands[at + 3]!) return bands[at + 2]!;
    return holding;
  };
}

function contextOf(
  market: Market,
  cost: CostFunction,
  nowYears: number,
  deltaAtVolatility: (annualVolatility: number) => number,
): Parameters<Rule>[0] {
  const nowSeconds = nowYears * SECONDS_PER_YEAR;
  return { market, buy: cost, sell: cost, nowSeconds, lastTradeSeconds: NEVER_TRADED, deltaAtVolatility };
}

/** Holdings at which to buy, to stop buying, to stop selling and to sell. */
function writeBand(bands: Float64Array, at: number, delta: number, outcome: RuleOutcome): void {
  if (outcome.kind !== 'band') {
    bands[at] = Number.NEGATIVE_INFINITY;
    bands[at + 3] = Number.POSITIVE_INFINITY;
    return;
  }
  const { buy, centreShiftUnits, sell } = outcome;
  const centre = delta + centreShiftUnits;
  bands[at] = centre - buy.outer;
  bands[at + 1] = centre - buy.inner;
  bands[at + 2] = centre + sell.inner;
  bands[at + 3] = centre + sell.outer;
}
