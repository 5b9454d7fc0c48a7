import type { Bar, VolatilityForecaster } from '@evenkeel/core/forecast';
import { trailingVolatility, type VolatilityTable } from '@evenkeel/core/backtest';
import { MODELS } from '../forecast/models.js';
import type { BacktestConfig, VolatilityConfig } from './schema.js';
import { BacktestConfigInvalidError } from './errors.js';
import { shared } from './study.js';

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_HOUR = 3_600;

/** How often a forecast is made anew, and for which horizons. */
interface Plan {
  readonly forecaster: VolatilityForecaster;
  readonly everySeconds: number;
  readonly horizonsSeconds: readonly number[];
}

function planOf(config: Exclude<VolatilityConfig, { kind: 'constant' }>): Plan {
  if (config.kind === 'trailing') {
    const horizonsSeconds = [SECONDS_PER_DAY];
    return { forecaster: trailingVolatility(config.days), everySeconds: SECONDS_PER_DAY, horizonsSeconds };
  }
  return {
    forecaster: MODELS[config.model](),
    everySeconds: config.everyHours * SECONDS_PER_HOUR,
    horizonsSeconds: [...config.horizonDays].sort((a, b) => a - b).map((days) => days * SECONDS_PER_DAY),
  };
}

/** Names of the volatilities that a backtest uses. */
export function volatilitiesInUse({ book, policies, terms }: BacktestConfig): readonly string[] {
  const names = policies.map(({ volatility }) => volatility ?? terms.volatility);
  return [...new Set(book.premium === undefined ? names : [...names, book.premium])];
}

/**
 * One volatility over a history, as it would have been known: every forecast is made from the bars that had closed by
 * then. The first one stands where the warm-up ends.
 *
 * @param said is told the share that is done
 */
export function volatilityTable(
  config: VolatilityConfig,
  bars: readonly Bar[],
  intervalSeconds: number,
  warmUpDays: number,
  said: (share: number) => void = () => undefined,
): VolatilityTable {
  if (config.kind === 'constant') {
    return { kind: 'constant', annualVolatility: config.annualPercent / 100, logVarianceStdDev: 0 };
  }
  const { everySeconds, forecaster, horizonsSeconds } = planOf(config);
  const everyBars = Math.max(1, Math.round(everySeconds / intervalSeconds));
  const seen: number[] = [];
  const first = Math.max(1, (warmUpDays * SECONDS_PER_DAY) / intervalSeconds);
  if (first > bars.length) {
    const problem = `is longer than the ${bars.length} bars of the history`;
    throw new BacktestConfigInvalidError(
      'market.warmUpDays',
      warmUpDays,
      problem,
      'Give more data or a shorter warm-up.',
    );
  }
  for (let count = first; count <= bars.length; count += everyBars) seen.push(count);
  const count = horizonsSeconds.length;
  const columns = {
    vol: new Float64Array(seen.length * count),
    mean: new Float64Array(seen.length * count),
    std: new Float64Array(seen.length * count),
  };
  for (const [column, horizon] of horizonsSeconds.entries()) {
    const forecasts =
      forecaster.series?.(bars, horizon, seen) ?? seen.map((end) => forecaster.forecast(bars.slice(0, end), horizon));
    for (const [row, forecast] of forecasts.entries()) {
      columns.vol[row * count + column] = forecast.annualVolatility;
      columns.mean[row * count + column] = forecast.logVarianceMean;
      columns.std[row * count + column] = forecast.logVarianceStdDev;
    }
    said((column + 1) / count);
  }
  return {
    kind: 'forecasts',
    firstSeconds: bars[first - 1]!.timeSeconds + intervalSeconds,
    everySeconds: everyBars * intervalSeconds,
    horizonsSeconds,
    annualVolatilities: shared(columns.vol),
    logVarianceMeans: shared(columns.mean),
    logVarianceStdDevs: shared(columns.std),
  };
}
