import { normalCdf } from '../exposure/normal.js';
import { type Bar, intervalOf, logReturns } from './bars.js';
import { dieboldMariano, type LossComparison } from './diebold-mariano.js';
import { ForecastInputInvalidError } from './errors.js';
import type { VolatilityForecaster } from './forecast.js';
import { DAYS_PER_YEAR, flooredVariances, horizonDays, SECONDS_PER_DAY } from './realised-variance.js';
import { normalCrps, normalLogScore, qlike } from './scores.js';
import { leastSquares, mean } from './statistics.js';
import { type DatedForecast, walkForward } from './walk-forward.js';

/** A stretch of time that is reported on its own; a forecast belongs to it when its whole window does. */
export interface EvaluationPeriod {
  readonly label: string;
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

export interface ForecastEvaluationInput {
  readonly bars: readonly Bar[];
  readonly forecasters: readonly VolatilityForecaster[];
  /** The one that the others are held against. */
  readonly baselineId: string;
  readonly horizonsSeconds: readonly number[];
  /** Bars that are seen before the first forecast. */
  readonly warmUpBars: number;
  readonly everyBars: number;
  /** Without any, the whole of it. */
  readonly periods?: readonly EvaluationPeriod[];
  /** Of the intervals; 0.9 unless told. */
  readonly confidence?: number;
  /** Told how many of the walks, one a forecaster and horizon, are done. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** Realised variance regressed on the forecast: a good one has intercept 0, slope 1. Source: Mincer, Zarnowitz (1969). */
export interface MincerZarnowitz {
  readonly intercept: number;
  readonly slope: number;
  readonly rSquared: number;
}

export interface ForecastScore {
  readonly forecasterId: string;
  readonly qlike: number;
  /** Of variance per year. */
  readonly meanSquaredError: number;
  readonly mincerZarnowitz: MincerZarnowitz;
  /** Share of outcomes inside the central intervals of 50, 68 and 90 %. */
  readonly coverage: { readonly [nominal in '50' | '68' | '90']: number };
  /**
   * Probability integral transform: the share of outcomes in each tenth of the predictive distribution, lowest first. All
   * are a tenth where the distribution is right.
   */
  readonly pitDeciles: readonly number[];
  /** Of the logarithm of variance. */
  readonly crps: number;
  readonly logScore: number;
  /** Absent for the baseline itself. */
  readonly againstBaseline?: { readonly qlike: LossComparison; readonly crps: LossComparison };
}

export interface ForecastEvaluation {
  readonly horizonSeconds: number;
  readonly period: string;
  readonly forecasts: number;
  readonly scores: readonly ForecastScore[];
}

/** Half-widths of the central intervals of a standard normal distribution. */
const HALF_WIDTHS = { '50': 0.674489750196, '68': 0.99445788321, '90': 1.644853626951 } as const;

/**
 * Walks forward over a history, each forecast made from the bars before it alone, and scores what came.
 *
 * @throws {ForecastInputInvalidError} when the baseline is not among the forecasters, or a period holds too few windows
 * @throws {HistoryTooShortError} when the warm-up is shorter than what a forecaster needs
 * @example
 * ```ts
 * const forecasters = [logHar(), rangeHar()]
 * const horizonsSeconds = [1, 7, 30].map((days) => days * 86_400)
 * evaluateForecasts({ bars, forecasters, baselineId: 'log-har', horizonsSeconds, warmUpBars: 8760, everyBars: 24 })
 * ```
 */
export function evaluateForecasts(input: ForecastEvaluationInput): ForecastEvaluation[] {
  const { baselineId, forecasters } = input;
  if (!forecasters.some(({ id }) => id === baselineId)) {
    throw new ForecastInputInvalidError('baselineId', baselineId, 'names no forecaster', 'Give it among them.');
  }
  let walks = 0;
  const walked = (): void => input.onProgress?.(++walks, forecasters.length * input.horizonsSeconds.length);
  return input.horizonsSeconds.flatMap((horizonSeconds) => evaluateHorizon(input, horizonSeconds, walked));
}

/** One forecaster's forecasts and what came of them, losses beside. */
interface Track {
  readonly id: string;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly madeAtSeconds: number;
  /** Variances per year. */
  readonly realised: number;
  readonly forecast: number;
  readonly qlike: number;
  readonly crps: number;
  readonly logScore: number;
  /** (ln realised − mean)/standard deviation. */
  readonly deviation: number;
}

function evaluateHorizon(
  input: ForecastEvaluationInput,
  horizonSeconds: number,
  walked: () => void,
): ForecastEvaluation[] {
  const { bars, confidence = 0.9, everyBars, forecasters, warmUpBars } = input;
  const windowSeconds = horizonDays(horizonSeconds) * SECONDS_PER_DAY;
  const windowBars = windowSeconds / intervalOf(bars);
  const overlap = Math.max(1, windowBars / everyBars);
  const known = bars.slice(0, Math.max(0, bars.length - windowBars));
  const realised = realisedAfter(bars, windowBars, warmUpBars, everyBars);
  const tracks = forecasters.map((forecaster): Track => {
    const forecasts = walkForward({ forecaster, bars: known, horizonSeconds, warmUpBars, everyBars });
    walked();
    return { id: forecaster.id, entries: forecasts.map((forecast, i) => entryOf(forecast, realised[i]!)) };
  });
  const whole = { label: 'all', fromSeconds: Number.NEGATIVE_INFINITY, untilSeconds: Number.POSITIVE_INFINITY };
  return (input.periods ?? [whole]).map((period) => {
    const within = tracks.map(({ entries, id }) => ({ id, entries: entriesWithin(entries, period, windowSeconds) }));
    const baseline = within.find(({ id }) => id === input.baselineId)!;
    const scores = within.map((track) => scoreOf(track, baseline, { overlap, confidence }));
    const forecasts = baseline.entries.length;
    return Object.freeze({ horizonSeconds, period: period.label, forecasts, scores: Object.freeze(scores) });
  });
}

/** Annual realised variance of the window after each forecast. */
function realisedAfter(bars: readonly Bar[], windowBars: number, warmUpBars: number, everyBars: number): number[] {
  const sums = [0];
  for (const each of logReturns(bars)) sums.push(sums.at(-1)! + each * each);
  const perYear = (DAYS_PER_YEAR * SECONDS_PER_DAY) / (windowBars * intervalOf(bars));
  const raw: number[] = [];
  for (let seen = warmUpBars; seen + windowBars <= bars.length; seen += everyBars) {
    raw.push((sums[seen + windowBars]! - sums[seen]!) * perYear);
  }
  if (raw.length > 0) return flooredVariances(raw);
  const hint = 'Give more bars, or a shorter warm-up or horizon.';
  throw new ForecastInputInvalidError('warmUpBars', warmUpBars, 'leaves no complete window to judge', hint);
}

function entryOf(made: DatedForecast, realised: number): Entry {
  const forecast = made.annualVolatility ** 2;
  const distribution = { mean: made.logVarianceMean, stdDev: made.logVarianceStdDev };
  const outcome = Math.log(realised);
  return {
    madeAtSeconds: made.madeAtSeconds,
    realised,
    forecast,
    qlike: qlike(realised, forecast),
    crps: normalCrps(outcome, distribution),
    logScore: normalLogScore(outcome, distribution),
    deviation: (outcome - distribution.mean) / distribution.stdDev,
  };
}

function entriesWithin(entries: readonly Entry[], period: EvaluationPeriod, windowSeconds: number): readonly Entry[] {
  const { fromSeconds, label, untilSeconds } = period;
  const within = entries.filter(
    ({ madeAtSeconds }) => madeAtSeconds >= fromSeconds && madeAtSeconds + windowSeconds <= untilSeconds,
  );
  if (within.length > 0) return within;
  throw new ForecastInputInvalidError('periods', label, 'holds no forecast', 'Give a period that the history covers.');
}

interface ComparisonSettings {
  readonly overlap: number;
  readonly confidence: number;
}

function scoreOf(track: Track, baseline: Track, settings: ComparisonSettings): ForecastScore {
  const { entries, id } = track;
  const average = (of: (entry: Entry) => number): number => mean(entries.map(of));
  const inside = (width: number): number => average(({ deviation }) => (Math.abs(deviation) <= width ? 1 : 0));
  const against = (loss: (entry: Entry) => number): LossComparison =>
    dieboldMariano({ losses: entries.map(loss), otherLosses: baseline.entries.map(loss), ...settings });
  return Object.freeze({
    forecasterId: id,
    qlike: average((entry) => entry.qlike),
    meanSquaredError: average(({ forecast, realised }) => (realised - forecast) ** 2),
    mincerZarnowitz: mincerZarnowitz(entries),
    coverage: Object.freeze({
      '50': inside(HALF_WIDTHS['50']),
      '68': inside(HALF_WIDTHS['68']),
      '90': inside(HALF_WIDTHS['90']),
    }),
    pitDeciles: pitDeciles(entries),
    crps: average((entry) => entry.crps),
    logScore: average((entry) => entry.logScore),
    ...(id === baseline.id
      ? {}
      : {
          againstBaseline: Object.freeze({
            qlike: against((entry) => entry.qlike),
            crps: against((entry) => entry.crps),
          }),
        }),
  });
}

function pitDeciles(entries: readonly Entry[]): readonly number[] {
  const counts = new Array<number>(10).fill(0);
  for (const { deviation } of entries) counts[Math.min(9, Math.floor(10 * normalCdf(deviation)))]!++;
  return Object.freeze(counts.map((count) => count / entries.length));
}

function mincerZarnowitz(entries: readonly Entry[]): MincerZarnowitz {
  const outcomes = entries.map(({ realised }) => realised);
  const [intercept = 0, slope = 0] = leastSquares(
    entries.map(({ forecast }) => [1, forecast]),
    outcomes,
  );
  const centre = mean(outcomes);
  const residual = mean(entries.map(({ forecast, realised }) => (realised - intercept - slope * forecast) ** 2));
  const total = mean(outcomes.map((outcome) => (outcome - centre) ** 2));
  return Object.freeze({ intercept, slope, rSquared: total === 0 ? 0 : 1 - residual / total });
}
