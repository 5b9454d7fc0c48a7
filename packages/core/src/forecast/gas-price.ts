import { adaptiveHalfWidths, NORMAL_90 } from './adaptive-interval.js';
import { recentErrors } from './dispersion.js';
import { ForecastInputInvalidError, GasSampleInvalidError, HistoryTooShortError } from './errors.js';
import { shrunkRegression, type Slopes } from './shrunk-regression.js';
import { mean, residualStdDev } from './statistics.js';

/** The price of gas (the base fee, or what was paid) at a time. */
export interface GasPriceSample {
  /** Unix seconds. */
  readonly timeSeconds: number;
  readonly gwei: number;
}

/** What gas will cost at the end of a horizon: a lognormal distribution. */
export interface GasPriceForecast {
  readonly model: string;
  readonly horizonSeconds: number;
  /** Median. */
  readonly medianGwei: number;
  /** Mean and standard deviation of ln(gwei). */
  readonly logMean: number;
  readonly logStdDev: number;
  /** What nine prices in ten are to lie within. */
  readonly interval90: { readonly lowGwei: number; readonly highGwei: number };
}

/** A forecaster sees gas prices up to now and nothing else. Pure and deterministic. */
export interface GasPriceForecaster {
  readonly id: string;
  /**
   * @param samples at equal intervals, ascending
   * @throws {HistoryTooShortError} when there are too few
   */
  forecast(samples: readonly GasPriceSample[], horizonSeconds: number): GasPriceForecast;
  /** What {@link GasPriceForecaster.forecast} says of the first `seen` samples, for each entry of `seen`. */
  series?(samples: readonly GasPriceSample[], horizonSeconds: number, seen: readonly number[]): GasPriceForecast[];
}

const LEAST_ROWS = 60;
const REFIT_ROWS = 60;
const PENALTY = 0.5;
const FAST_HALF_LIFE_SECONDS = 600;
const SLOW_HALF_LIFE_SECONDS = 12 * 3600;
/** Half-life, before the data speak, of a deviation from the average of the last minutes, and of that from the level. */
const PRIOR_NOISE_SECONDS = 600;
const PRIOR_SURGE_SECONDS = 4 * 3600;

/**
 * Mean reversion at two speeds: ln(gwei) is a slow average (half-life 12 h), plus a surge, plus noise. How much of the
 * last deviation and of its ten-minute average is left after the horizon is a regression on all past windows of that
 * length, shrunk towards exponential decay (half-lives 4 h and 10 min). The dispersion is that of its own recent errors;
 * the interval learns from each outcome that it holds or misses ({@link adaptiveHalfWidths}).
 *
 * Source: a discrete two-factor Ornstein–Uhlenbeck model in logarithms, as Schwartz and Smith, "Short-term variations and
 * long-term dynamics in commodity prices" (2000), for a price without a trend.
 *
 * @throws {GasSampleInvalidError} for prices that are not positive, or unequal intervals
 * @throws {ForecastInputInvalidError} for a horizon shorter than an interval
 * @throws {HistoryTooShortError} for less than 60 samples and the horizon
 * @example
 * ```ts
 * const { medianGwei, logStdDev } = gasMeanReversion().forecast(samples, 3600)
 * ```
 */
export function gasMeanReversion(): GasPriceForecaster {
  const series = (
    samples: readonly GasPriceSample[],
    horizonSeconds: number,
    seen: readonly number[],
  ): GasPriceForecast[] => {
    const interval = checkSamples(samples);
    const ahead = stepsAhead(horizonSeconds, interval);
    for (const count of seen) {
      if (count < LEAST_ROWS + ahead) throw new HistoryTooShortError(count, LEAST_ROWS + ahead);
    }
    const { errors, predictions } = predictionPath(samples, interval, ahead);
    const halfLife = Math.round(SLOW_HALF_LIFE_SECONDS / interval);
    const widths = adaptiveHalfWidths(errors, samples.length, ahead, halfLife);
    return seen.map((count) => {
      const { logMean: uncorrected, spread } = predictions[count - 1]!;
      const past = errors.slice(0, count - ahead).filter((error) => error !== undefined);
      const { bias, stdDev } = recentErrors(past, spread, halfLife);
      const logMean = uncorrected + bias;
      const medianGwei = Math.exp(logMean);
      return Object.freeze({
        model: 'gas-mean-reversion',
        horizonSeconds,
        medianGwei,
        logMean,
        logStdDev: stdDev,
        interval90: intervalAround(logMean, widths[count - 1] ?? NORMAL_90 * stdDev),
      });
    });
  };
  return Object.freeze({
    id: 'gas-mean-reversion',
    forecast: (samples, horizonSeconds) => series(samples, horizonSeconds, [samples.length])[0]!,
    series,
  } satisfies GasPriceForecaster);
}

/**
 * The last price stays: the forecaster to beat. Its dispersion is that of past changes over the horizon.
 *
 * @throws {GasSampleInvalidError} for prices that are not positive, or unequal intervals
 * @throws {ForecastInputInvalidError} for a horizon shorter than an interval
 * @throws {HistoryTooShortError} for less than 60 samples and the horizon
 */
export function gasLastPrice(): GasPriceForecaster {
  return Object.freeze({
    id: 'gas-last-price',
    forecast: (samples, horizonSeconds) => {
      const ahead = stepsAhead(horizonSeconds, checkSamples(samples));
      if (samples.length < LEAST_ROWS + ahead) throw new HistoryTooShortError(samples.length, LEAST_ROWS + ahead);
      const changes = samples.slice(ahead).map(({ gwei }, i) => Math.log(gwei / samples[i]!.gwei));
      const medianGwei = samples.at(-1)!.gwei;
      const logStdDev = residualStdDev(changes, 0);
      const logMean = Math.log(medianGwei);
      const interval90 = intervalAround(logMean, NORMAL_90 * logStdDev);
      return Object.freeze({ model: 'gas-last-price', horizonSeconds, medianGwei, logMean, logStdDev, interval90 });
    },
  } satisfies GasPriceForecaster);
}

function intervalAround(logMean: number, halfWidth: number): GasPriceForecast['interval90'] {
  return Object.freeze({ lowGwei: Math.exp(logMean - halfWidth), highGwei: Math.exp(logMean + halfWidth) });
}

/** The interval, in seconds. */
function checkSamples(samples: readonly GasPriceSample[]): number {
  const [first, second] = samples;
  if (first === undefined || second === undefined) throw new HistoryTooShortError(samples.length, 2);
  const interval = second.timeSeconds - first.timeSeconds;
  for (const [i, sample] of samples.entries()) {
    if (!(sample.gwei > 0 && Number.isFinite(sample.gwei))) {
      throw new GasSampleInvalidError(i, sample, 'is not above zero');
    }
    if (!(interval > 0) || sample.timeSeconds !== first.timeSeconds + i * interval) {
      throw new GasSampleInvalidError(i, sample, 'does not follow at the interval of the first two');
    }
  }
  return interval;
}

function stepsAhead(horizonSeconds: number, interval: number): number {
  const steps = Math.round(horizonSeconds / interval);
  if (Number.isFinite(steps) && steps >= 1) return steps;
  const hint = `Give at least the interval of the samples, ${interval} s.`;
  throw new ForecastInputInvalidError('horizonSeconds', horizonSeconds, 'is no horizon for these samples', hint);
}

function exponentialAverage(values: readonly number[], halfLife: number): number[] {
  const decay = 0.5 ** (1 / halfLife);
  let state = values[0]!;
  return values.map((value) => (state = decay * state + (1 - decay) * value));
}

interface Prediction {
  readonly logMean: number;
  readonly spread: number;
}

interface Path {
  readonly predictions: readonly (Prediction | undefined)[];
  readonly errors: readonly (number | undefined)[];
}

function predictionPath(samples: readonly GasPriceSample[], interval: number, ahead: number): Path {
  const logs = samples.map(({ gwei }) => Math.log(gwei));
  const slow = exponentialAverage(logs, SLOW_HALF_LIFE_SECONDS / interval);
  const fast = exponentialAverage(logs, FAST_HALF_LIFE_SECONDS / interval);
  const rows = logs.map((value, i) => [value - slow[i]!, fast[i]! - slow[i]!]);
  const regression = shrunkRegression(priorDecay(ahead * interval), PENALTY);
  const outcomes: number[] = [];
  let fit: { readonly slopes: Slopes; readonly spread: number } | undefined;
  const predictions = logs.map((value, i) => {
    const past = i - ahead;
    if (past >= 0) {
      outcomes.push(value - slow[past]!);
      regression.add(rows[past]!, outcomes[past]!);
    }
    if (outcomes.length >= LEAST_ROWS && (outcomes.length - LEAST_ROWS) % REFIT_ROWS === 0) {
      const slopes = regression.slopes();
      const residuals = outcomes.map((outcome, j) => outcome - applied(slopes, rows[j]!));
      fit = { slopes, spread: Math.sqrt(mean(residuals.map((each) => each * each))) };
    }
    return fit && { logMean: slow[i]! + applied(fit.slopes, rows[i]!), spread: fit.spread };
  });
  const errors = outcomes.map((_, i) => {
    const prediction = predictions[i];
    return prediction && logs[i + ahead]! - prediction.logMean;
  });
  return { predictions, errors };
}

function priorDecay(seconds: number): Slopes {
  const noise = 0.5 ** (seconds / PRIOR_NOISE_SECONDS);
  return [noise, (1 - noise) * 0.5 ** (seconds / PRIOR_SURGE_SECONDS)];
}

function applied(slopes: Slopes, row: readonly number[]): number {
  return slopes[0]! * row[0]! + slopes[1]! * row[1]!;
}
