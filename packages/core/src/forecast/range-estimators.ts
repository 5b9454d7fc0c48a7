import { type Bar, intervalOf } from './bars.js';
import { HistoryTooShortError } from './errors.js';
import { DAYS_PER_YEAR, SECONDS_PER_DAY } from './realised-variance.js';
import { mean } from './statistics.js';

/** Per √year from the mean variance of one bar. */
function annualise(variancePerBar: number, bars: readonly Bar[]): number {
  const barsPerYear = (DAYS_PER_YEAR * SECONDS_PER_DAY) / intervalOf(bars);
  return Math.sqrt(Math.max(0, variancePerBar) * barsPerYear);
}

function rogersSatchellVariance({ close, high, low, open }: Bar): number {
  return Math.log(high / close) * Math.log(high / open) + Math.log(low / close) * Math.log(low / open);
}

/**
 * Annual volatility from highs and lows: mean of ln²(H/L)/(4 ln 2). For a price without drift or jumps five times as
 * efficient as closes alone.
 *
 * Source: Parkinson, "The extreme value method for estimating the variance of the rate of return" (1980).
 */
export function parkinson(bars: readonly Bar[]): number {
  return annualise(mean(bars.map(({ high, low }) => Math.log(high / low) ** 2)) / (4 * Math.LN2), bars);
}

/**
 * Annual volatility from open, high, low and close: mean of ½ln²(H/L) − (2 ln 2 − 1)ln²(C/O).
 *
 * Source: Garman and Klass, "On the estimation of security price volatilities from historical data" (1980).
 */
export function garmanKlass(bars: readonly Bar[]): number {
  const variance = ({ close, high, low, open }: Bar): number =>
    0.5 * Math.log(high / low) ** 2 - (2 * Math.LN2 - 1) * Math.log(close / open) ** 2;
  return annualise(mean(bars.map(variance)), bars);
}

/**
 * Annual volatility that a drift does not disturb: mean of ln(H/C)ln(H/O) + ln(L/C)ln(L/O).
 *
 * Source: Rogers and Satchell, "Estimating variance from high, low and closing prices" (1991).
 */
export function rogersSatchell(bars: readonly Bar[]): number {
  return annualise(mean(bars.map(rogersSatchellVariance)), bars);
}

/**
 * Annual volatility with gaps between bars: variance of the openings' jumps, k times that of open to close, and 1 − k times
 * Rogers–Satchell, with k = 0.34/(1.34 + (n+1)/(n−1)).
 *
 * Source: Yang and Zhang, "Drift-independent volatility estimation" (2000).
 *
 * @throws {HistoryTooShortError} for less than three bars
 */
export function yangZhang(bars: readonly Bar[]): number {
  if (bars.length < 3) throw new HistoryTooShortError(bars.length, 3);
  const inner = bars.slice(1);
  const gaps = inner.map(({ open }, i) => Math.log(open / bars[i]!.close));
  const moves = inner.map(({ close, open }) => Math.log(close / open));
  const n = inner.length;
  const k = 0.34 / (1.34 + (n + 1) / (n - 1));
  const range = mean(inner.map(rogersSatchellVariance));
  return annualise(sampleVariance(gaps) + k * sampleVariance(moves) + (1 - k) * range, bars);
}

function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
