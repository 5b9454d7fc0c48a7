import { BacktestInputInvalidError } from './errors.js';

/** What a forecaster says at one moment for one horizon. */
export interface VolatilityView {
  readonly annualVolatility: number;
  /** See `VolatilityForecast`. */
  readonly logVarianceMean: number;
  readonly logVarianceStdDev: number;
}

/**
 * Forecasts made at regular times for several horizons, or one volatility for all times and horizons. Plain data, so that
 * it can be handed to a thread.
 */
export type VolatilityTable =
  | { readonly kind: 'constant'; readonly annualVolatility: number; readonly logVarianceStdDev: number }
  | {
      readonly kind: 'forecasts';
      readonly firstSeconds: number;
      readonly everySeconds: number;
      /** Ascending. */
      readonly horizonsSeconds: readonly number[];
      /** Row by row, one a moment; a column a horizon. */
      readonly annualVolatilities: Float64Array;
      readonly logVarianceMeans: Float64Array;
      readonly logVarianceStdDevs: Float64Array;
    };

/**
 * The newest forecast that had been made at `seconds`, for a horizon: total variance is interpolated in a straight line
 * between the horizons of the table, the distribution's mean and spread in the logarithm likewise; outside of the
 * horizons the nearest one's yearly variance holds.
 *
 * @throws {BacktestInputInvalidError} before the first forecast
 */
export function volatilityAt(table: VolatilityTable, seconds: number, horizonSeconds: number): VolatilityView {
  if (table.kind === 'constant') {
    const { annualVolatility, logVarianceStdDev } = table;
    return { annualVolatility, logVarianceMean: 2 * Math.log(annualVolatility), logVarianceStdDev };
  }
  const { annualVolatilities, everySeconds, firstSeconds, horizonsSeconds, logVarianceMeans, logVarianceStdDevs } =
    table;
  const count = horizonsSeconds.length;
  const rows = annualVolatilities.length / count;
  const row = Math.min(Math.floor((seconds - firstSeconds) / everySeconds), rows - 1);
  if (!(row >= 0)) {
    const hint = 'Start the book later, or shorten the warm-up.';
    throw new BacktestInputInvalidError('volatility', seconds, 'has no forecast yet at this time', hint);
  }
  let right = 0;
  while (right < count && horizonsSeconds[right]! < horizonSeconds) right++;
  const left = Math.max(0, Math.min(right - 1, count - 1));
  right = Math.min(right, count - 1);
  const a = row * count + left;
  const b = row * count + right;
  if (left === right) {
    return {
      annualVolatility: annualVolatilities[a]!,
      logVarianceMean: logVarianceMeans[a]!,
      logVarianceStdDev: logVarianceStdDevs[a]!,
    };
  }
  const near = horizonsSeconds[left]!;
  const far = horizonsSeconds[right]!;
  const share = (horizonSeconds - near) / (far - near);
  const total = (1 - share) * near * annualVolatilities[a]! ** 2 + share * far * annualVolatilities[b]! ** 2;
  const mix = (values: Float64Array): number => (1 - share) * values[a]! + share * values[b]!;
  return {
    annualVolatility: Math.sqrt(total / horizonSeconds),
    logVarianceMean: mix(logVarianceMeans),
    logVarianceStdDev: mix(logVarianceStdDevs),
  };
}
