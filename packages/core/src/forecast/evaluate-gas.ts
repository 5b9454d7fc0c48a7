import { dieboldMariano, type LossComparison } from './diebold-mariano.js';
import { ForecastInputInvalidError } from './errors.js';
import type { GasPriceForecast, GasPriceForecaster, GasPriceSample } from './gas-price.js';
import { normalCrps } from './scores.js';
import { mean } from './statistics.js';

export interface GasEvaluationInput {
  readonly samples: readonly GasPriceSample[];
  readonly forecasters: readonly GasPriceForecaster[];
  /** The one that the others are held against. */
  readonly baselineId: string;
  readonly horizonsSeconds: readonly number[];
  /** Samples that are seen before the first forecast. */
  readonly warmUpSamples: number;
  readonly everySamples: number;
  /** Of the intervals; 0.9 unless told. */
  readonly confidence?: number;
}

export interface GasScore {
  readonly forecasterId: string;
  /** Root mean square of ln(price / median forecast). */
  readonly rootMeanSquaredLogError: number;
  /** Of ln(gwei). */
  readonly crps: number;
  /** Share of prices inside the central half of the distribution, and inside of `interval90`. */
  readonly coverage: { readonly [nominal in '50' | '90']: number };
  /** Of squared logarithmic errors and of CRPS. Absent for the baseline itself. */
  readonly againstBaseline?: { readonly squaredLogError: LossComparison; readonly crps: LossComparison };
}

export interface GasEvaluation {
  readonly horizonSeconds: number;
  readonly forecasts: number;
  readonly scores: readonly GasScore[];
}

/**
 * Walks forward over gas prices, each forecast made from the samples before it alone, and scores what came.
 *
 * @throws {ForecastInputInvalidError} when the baseline is not among the forecasters, or too few windows are complete
 * @throws {HistoryTooShortError} when the warm-up is shorter than what a forecaster needs
 */
export function evaluateGasForecasts(input: GasEvaluationInput): GasEvaluation[] {
  const { baselineId, forecasters } = input;
  if (!forecasters.some(({ id }) => id === baselineId)) {
    throw new ForecastInputInvalidError('baselineId', baselineId, 'names no forecaster', 'Give it among them.');
  }
  return input.horizonsSeconds.map((horizonSeconds) => evaluateHorizon(input, horizonSeconds));
}

interface Entry {
  readonly squaredLogError: number;
  readonly crps: number;
  readonly deviation: number;
  readonly isWithin90: boolean;
}

function evaluateHorizon(input: GasEvaluationInput, horizonSeconds: number): GasEvaluation {
  const { confidence = 0.9, everySamples, forecasters, samples, warmUpSamples } = input;
  const interval = samples.length < 2 ? Number.NaN : samples[1]!.timeSeconds - samples[0]!.timeSeconds;
  const ahead = Math.max(1, Math.round(horizonSeconds / interval));
  const seen: number[] = [];
  for (let count = warmUpSamples; count + ahead <= samples.length; count += everySamples) seen.push(count);
  const tracks = forecasters.map((forecaster) => {
    const forecasts =
      forecaster.series?.(samples, horizonSeconds, seen) ??
      seen.map((count) => forecaster.forecast(samples.slice(0, count), horizonSeconds));
    const entries = forecasts.map((made, i) => entryOf(made, Math.log(samples[seen[i]! + ahead - 1]!.gwei)));
    return { id: forecaster.id, entries };
  });
  const baseline = tracks.find(({ id }) => id === input.baselineId)!.entries;
  const overlap = Math.max(1, ahead / everySamples);
  const scores = tracks.map(({ entries, id }): GasScore => {
    const against = (loss: (entry: Entry) => number): LossComparison =>
      dieboldMariano({ losses: entries.map(loss), otherLosses: baseline.map(loss), overlap, confidence });
    return Object.freeze({
      forecasterId: id,
      rootMeanSquaredLogError: Math.sqrt(mean(entries.map((entry) => entry.squaredLogError))),
      crps: mean(entries.map((entry) => entry.crps)),
      coverage: Object.freeze({
        '50': mean(entries.map(({ deviation }) => (Math.abs(deviation) <= 0.674489750196 ? 1 : 0))),
        '90': mean(entries.map(({ isWithin90 }) => (isWithin90 ? 1 : 0))),
      }),
      ...(id === input.baselineId
        ? {}
        : {
            againstBaseline: Object.freeze({
              squaredLogError: against((entry) => entry.squaredLogError),
              crps: against((entry) => entry.crps),
            }),
          }),
    });
  });
  return Object.freeze({ horizonSeconds, forecasts: seen.length, scores: Object.freeze(scores) });
}

function entryOf({ interval90, logMean, logStdDev }: GasPriceForecast, outcome: number): Entry {
  return {
    squaredLogError: (outcome - logMean) ** 2,
    crps: normalCrps(outcome, { mean: logMean, stdDev: logStdDev }),
    deviation: (outcome - logMean) / logStdDev,
    isWithin90: outcome >= Math.log(interval90.lowGwei) && outcome <= Math.log(interval90.highGwei),
  };
}
