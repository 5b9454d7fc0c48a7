import { midpoint } from '../model/interval.js';
import type { Decision } from '../policy/decision.js';
import type { TrendView } from '../policy/market.js';
import { yearsOfDrift } from '../policy/pre-emption.js';
import type { TrendAnswer } from '../rebalancer/trend.js';

const SECONDS_PER_YEAR = 365 * 86_400;
/** So short that all of a drift has come while any deviation lives. */
const AT_ONCE_SECONDS = 1e-3;

/**
 * Whether a hold at the least cost might be a trade at a higher one because of the trend. Dearer trading makes the band
 * wider, deviations in it live longer, and the lean that the trend asks for grows; it is bounded by all the drift until
 * the end, and by no trade passing the middle. The half widths H only grow, by a factor between that of now and that of
 * the whole drift. So the lower edge is at the most min(0, lean − w·H), the upper one at the least max(0, lean + w·H).
 *
 * @param decide the same decision with another trend, or without
 */
export function mayLeanAway(decision: Decision, decide: (trend: TrendAnswer | undefined) => Decision): boolean {
  const { band, inputs } = decision;
  const { delta, gammaPerUnit, horizonSeconds, spot, trend } = inputs;
  if (band === undefined || trend === undefined || !(gammaPerUnit < 0)) return false;
  const plain = decide(undefined).band;
  const most = decide(wholeDrift(trend, horizonSeconds / SECONDS_PER_YEAR)).band;
  if (plain === undefined || most === undefined) return false;
  const widthOf = ({ high, low }: typeof band): number => Number(high) - Number(low);
  const least = Math.min(widthOf(band), widthOf(most)) / widthOf(plain);
  const drift = trend.annualDrift * yearsOfDrift(trend, horizonSeconds / SECONDS_PER_YEAR);
  const lean = -gammaPerUnit * Number(spot) * drift;
  const target = Number(plain.target);
  const deviation = Number(midpoint(delta)) - target;
  const lowest = Math.min(0, Math.max(0, lean) - least * (target - Number(plain.low)));
  const highest = Math.max(0, Math.min(0, lean) + least * (Number(plain.high) - target));
  return deviation < lowest || deviation > highest;
}

/** The trend as if all of its drift until the end came at once. */
function wholeDrift(trend: TrendView, years: number): TrendAnswer {
  const atOnce: TrendView = { ...trend, halfLifeSeconds: AT_ONCE_SECONDS };
  const factor = yearsOfDrift(trend, years) / yearsOfDrift(atOnce, years);
  return {
    kind: 'seen',
    model: 'whole-drift',
    trend: {
      annualDrift: trend.annualDrift * factor,
      annualDriftPerReturn: trend.annualDriftPerReturn * factor,
      halfLifeSeconds: AT_ONCE_SECONDS,
    },
    asOf: { source: 'whole-drift', timeSeconds: 0 },
  };
}
