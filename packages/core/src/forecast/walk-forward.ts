import { type Bar, intervalOf } from './bars.js';
import type { VolatilityForecast, VolatilityForecaster } from './forecast.js';

export interface WalkForwardInput {
  readonly forecaster: VolatilityForecaster;
  readonly bars: readonly Bar[];
  readonly horizonSeconds: number;
  /** Bars that are seen before the first forecast. */
  readonly warmUpBars: number;
  readonly everyBars: number;
}

export interface DatedForecast extends VolatilityForecast {
  /** Close of the last bar that was seen. */
  readonly madeAtSeconds: number;
}

/** Forecasts over a history as they would have been made: each from the bars up to its time, refitted, and no others. */
export function walkForward(input: WalkForwardInput): DatedForecast[] {
  const { bars, everyBars, forecaster, horizonSeconds, warmUpBars } = input;
  const interval = intervalOf(bars);
  const seen: number[] = [];
  for (let count = warmUpBars; count <= bars.length; count += everyBars) seen.push(count);
  const forecasts =
    forecaster.series?.(bars, horizonSeconds, seen) ??
    seen.map((count) => forecaster.forecast(bars.slice(0, count), horizonSeconds));
  return forecasts.map((forecast, i) => ({
    ...forecast,
    madeAtSeconds: bars[seen[i]! - 1]!.timeSeconds + interval,
  }));
}
