import type { CostCurve } from '../model/cost-curve.js';
import { ScheduleInvalidError } from './errors.js';
import { type CostFunction, costFunction } from '../policy/cost-function.js';

export interface SliceCountInput {
  /** Units, positive. */
  readonly sizeUnits: number;
  readonly curve: CostCurve;
  /** The most that constraints allow. */
  readonly most: number;
  readonly spanSeconds: number;
  /** Numeraire for each squared unit that stays open for a year: (γ/2)σ²S². */
  readonly riskPerSquaredUnitYear: number;
}

export interface SliceCount {
  readonly count: number;
  readonly sentence: string;
}

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * What n equal slices cost: n·k in gas, n·V(q/n) in fees and impact (the pools recover between two slices, for the
 * caller spaces them so), and the risk of what waits, R·Σ(remaining)²·interval. Numeraire.
 */
export function costOfSlices(input: SliceCountInput, count: number): number {
  return costWith(costFunction(input.curve), input, count);
}

function costWith(cost: CostFunction, input: SliceCountInput, count: number): number {
  const { riskPerSquaredUnitYear, sizeUnits, spanSeconds } = input;
  const trading = count * (cost.fixedCost + cost.variableCost(sizeUnits / count));
  const interval = spanSeconds / count / SECONDS_PER_YEAR;
  // Σ_{j=1}^{n} (1 − j/n)² = (n−1)(2n−1)/(6n)
  const open = ((count - 1) * (2 * count - 1)) / (6 * count);
  return trading + riskPerSquaredUnitYear * sizeUnits * sizeUnits * open * interval;
}

/**
 * The number of slices that costs least, of all that are allowed. It never has a slice whose gas is more than what it
 * saves: the cost is convex in the number, and the best one is where one slice more would not pay for itself.
 *
 * @throws {ScheduleInvalidError} when even the most slices do not fit the depth of the market
 */
export function bestSliceCount(input: SliceCountInput): SliceCount {
  const { curve, most, sizeUnits } = input;
  const cost = costFunction(curve);
  let best = 1;
  let least = costWith(cost, input, 1);
  const whole = least;
  for (let count = 2; count <= most; count++) {
    const total = costWith(cost, input, count);
    if (total < least) {
      best = count;
      least = total;
    }
  }
  if (!Number.isFinite(least)) {
    const hint = 'Trade less, or allow more slices over a longer span.';
    throw new ScheduleInvalidError('deltaChangeUnits', sizeUnits, `does not fit the market in ${most} slices`, hint);
  }
  const gas = `gas of ${short(curve.fixedCost)} each`;
  if (best === 1) {
    const sentence =
      most === 1
        ? `One piece of ${short(sizeUnits)}: the constraints allow no more.`
        : `One piece of ${short(sizeUnits)}: splitting it would save less impact than it costs in ${gas}.`;
    return { count: 1, sentence };
  }
  const saved = Number.isFinite(whole)
    ? `save ${short(whole - least)} against one piece`
    : 'fit the depth of the market';
  const bound = best === most ? `, the most that is allowed` : `; one more would not pay for its gas`;
  return { count: best, sentence: `${best} slices ${saved}, with ${gas}${bound}.` };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
