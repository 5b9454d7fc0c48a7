import type { Bar } from './bars.js';
import { barsPerDay } from './daily-forecaster.js';
import { dieboldMariano, type LossComparison } from './diebold-mariano.js';
import { ForecastInputInvalidError } from './errors.js';
import { jumpBaseRate, jumpDays, selfExcitingJumps } from './jump-forecast.js';
import { horizonDays } from './realised-variance.js';
import { mean } from './statistics.js';

export interface JumpEvaluation {
  readonly horizonSeconds: number;
  readonly forecasts: number;
  /** Share of windows with a jump. */
  readonly frequency: number;
  /** Mean −ln of the probability that was given to what happened, of the constant rate and of the self-exciting one. */
  readonly logLoss: { readonly baseRate: number; readonly selfExciting: number };
  /** Of the self-exciting one against the constant rate. */
  readonly comparison: LossComparison;
}

/**
 * Whether it pays to forecast jumps: log score of the self-exciting rate against the rate of the past, a forecast a day,
 * each from the days before it alone.
 *
 * @param warmUpDays that are seen first, at least 180
 * @throws {ForecastInputInvalidError} when too few windows are complete
 * @throws {HistoryTooShortError} when the warm-up is too short
 */
export function evaluateJumpForecasts(
  bars: readonly Bar[],
  horizonSeconds: number,
  warmUpDays: number,
  confidence = 0.9,
): JumpEvaluation {
  const perDay = barsPerDay(bars);
  const days = horizonDays(horizonSeconds);
  const { jumped } = jumpDays(bars, perDay);
  const dayCounts: number[] = [];
  for (let day = warmUpDays; day + days <= jumped.length; day++) dayCounts.push(day);
  if (dayCounts.length < 2 * days) {
    const hint = 'Give more bars, or a shorter warm-up or horizon.';
    throw new ForecastInputInvalidError('warmUpDays', warmUpDays, 'leaves too few windows to judge', hint);
  }
  const seen = dayCounts.map((day) => day * perDay);
  const happened = dayCounts.map((day) => jumped.slice(day, day + days).some(Boolean));
  const [losses, otherLosses] = [selfExcitingJumps(), jumpBaseRate()].map((forecaster) =>
    forecaster
      .series(bars, horizonSeconds, seen)
      .map(({ probability }, i) => -Math.log(happened[i] ? probability : 1 - probability)),
  ) as [number[], number[]];
  return Object.freeze({
    horizonSeconds,
    forecasts: seen.length,
    frequency: mean(happened.map(Number)),
    logLoss: Object.freeze({ baseRate: mean(otherLosses), selfExciting: mean(losses) }),
    comparison: dieboldMariano({ losses, otherLosses, overlap: days, confidence }),
  });
}
