import {
  evaluateForecasts,
  evaluateJumpForecasts,
  type ForecastEvaluation,
  type ForecastScore,
  HistoryTooShortError,
  type JumpEvaluation,
} from '@evenkeel/core/forecast';
import type { Candles } from '../candles/read-candles.js';
import { table } from '../render/format.js';
import { BASELINE, MODELS, OURS } from './models.js';

const SECONDS_PER_DAY = 86_400;
/** Seen before the first forecast. */
const WARM_UP_DAYS = 365;
export const CONFIDENCE = 0.9;

/** What a walk over a history found. */
export interface Evaluation {
  /** From when on forecasts are judged, unix seconds. */
  readonly fromSeconds: number;
  readonly forecasts: readonly ForecastEvaluation[];
  readonly jumps: readonly JumpEvaluation[];
}

export interface EvaluationInput {
  readonly candles: Candles;
  readonly horizonsDays: readonly number[];
  /** Forecasts are judged from then on, unix seconds; a year is always seen first. */
  readonly fromSeconds?: number;
  readonly onProgress: (done: number, of: number) => void;
}

/**
 * Every forecaster, a forecast a day, each from the candles before it alone.
 *
 * @throws {HistoryTooShortError} HISTORY_TOO_SHORT; FORECAST_INPUT_INVALID where nothing is left to judge
 */
export function evaluate({ candles, fromSeconds, horizonsDays, onProgress }: EvaluationInput): Evaluation {
  const { bars, endSeconds, intervalSeconds } = candles;
  const perDay = SECONDS_PER_DAY / intervalSeconds;
  const warmUpBars = Math.ceil(WARM_UP_DAYS * perDay);
  const most = Math.max(...horizonsDays);
  const need = warmUpBars + Math.ceil(2 * most * perDay);
  if (bars.length < need) throw new HistoryTooShortError(bars.length, need);
  const from = Math.max(fromSeconds ?? 0, bars[warmUpBars - 1]!.timeSeconds + intervalSeconds);
  const forecasts = evaluateForecasts({
    bars,
    forecasters: Object.values(MODELS).map((model) => model()),
    baselineId: BASELINE,
    horizonsSeconds: horizonsDays.map((days) => days * SECONDS_PER_DAY),
    warmUpBars,
    everyBars: perDay,
    periods: [{ label: 'judged', fromSeconds: from, untilSeconds: endSeconds }],
    confidence: CONFIDENCE,
    onProgress,
  });
  // A jump is told from the bars of its own day: daily candles have none.
  const hasBarsOfADay = perDay >= 4;
  const jumpWarmUp = Math.ceil((from - bars[0]!.timeSeconds) / SECONDS_PER_DAY);
  const jumps = hasBarsOfADay
    ? horizonsDays.map((days) => evaluateJumpForecasts(bars, days * SECONDS_PER_DAY, jumpWarmUp, CONFIDENCE))
    : [];
  return Object.freeze({ fromSeconds: from, forecasts, jumps });
}

/** Of the table of one horizon. */
export const HEAD: readonly string[] = [
  'forecaster',
  'QLIKE',
  `vs ${BASELINE}`,
  '90 % interval',
  'DM',
  'p',
  'p robust',
  'detectable',
  'R²',
  'inside 50/68/90 %',
  'CRPS',
];

/** The evaluation as tables, one a horizon, with a sentence each. */
export function evaluationText({ forecasts, jumps }: Evaluation): string {
  return forecasts
    .map((evaluation, i) => {
      const body = table([...HEAD], rowsOf(evaluation), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const sentences = sentencesOf(evaluation, jumps[i]).map((sentence) => `  ${sentence}`);
      return [titleOf(evaluation), body, ...sentences].join('\n');
    })
    .join('\n\n');
}

export function titleOf({ forecasts, horizonSeconds }: ForecastEvaluation): string {
  const days = horizonSeconds / SECONDS_PER_DAY;
  return `${days} ${days === 1 ? 'day' : 'days'} ahead, ${forecasts} forecasts`;
}

/** Whether ours is better and how sure that is; whether its distribution is right; whether jumps can be forecast. */
export function sentencesOf(evaluation: ForecastEvaluation, jumps: JumpEvaluation | undefined): readonly string[] {
  return [verdict(evaluation), calibration(evaluation), ...jumpLine(jumps)];
}

const percent = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(1)} %`;
const probability = (value: number): string => (value < 0.001 ? '<0.001' : value.toFixed(3));

/** A line a forecaster. */
export function rowsOf(evaluation: ForecastEvaluation): string[][] {
  return evaluation.scores.map(rowOf(evaluation));
}

function rowOf(evaluation: ForecastEvaluation): (score: ForecastScore) => string[] {
  const baseline = evaluation.scores.find(({ forecasterId }) => forecasterId === BASELINE)!.qlike;
  return ({ againstBaseline, coverage, crps, forecasterId, mincerZarnowitz, qlike }) => {
    const against = againstBaseline?.qlike;
    const share = (difference: number): string => percent((100 * difference) / baseline);
    return [
      forecasterId,
      qlike.toFixed(4),
      ...(against === undefined
        ? ['', '', '', '', '', '']
        : [
            percent(against.percent),
            againstBaseline!.qlikeBootstrapInterval.map(share).join(' … '),
            against.classical.statistic.toFixed(2),
            probability(against.classical.pValue),
            probability(against.pValue),
            `${((100 * against.smallestDetectable) / baseline).toFixed(1)} %`,
          ]),
      mincerZarnowitz.rSquared.toFixed(3),
      [coverage['50'], coverage['68'], coverage['90']].map((each) => (100 * each).toFixed(0)).join('/'),
      crps.toFixed(4),
    ];
  };
}

function verdict(evaluation: ForecastEvaluation): string {
  const { againstBaseline } = evaluation.scores.find(({ forecasterId }) => forecasterId === OURS)!;
  const { percent: change, pValue, smallestDetectable } = againstBaseline!.qlike;
  const baseline = evaluation.scores.find(({ forecasterId }) => forecasterId === BASELINE)!.qlike;
  const detectable = (100 * smallestDetectable) / baseline;
  const size = `${Math.abs(change).toFixed(1)} %`;
  const found = `${OURS} loses ${size} ${change < 0 ? 'less' : 'more'} than ${BASELINE}`;
  const power = `a difference of ${detectable.toFixed(1)} % would have been found four times out of five`;
  return pValue < 0.05
    ? `${found}; that is no chance (p ${probability(pValue)} with the robust variance).`
    : `${found}, which may be chance (p ${probability(pValue)}): ${power}.`;
}

/** Where the distribution is right, a tenth of the outcomes falls into each of its tenths. */
function calibration({ scores }: ForecastEvaluation): string {
  const { pitDeciles } = scores.find(({ forecasterId }) => forecasterId === OURS)!;
  return `outcomes in each tenth of its distribution, %: ${pitDeciles.map((share) => (100 * share).toFixed(0)).join(' ')}`;
}

function jumpLine(jumps: JumpEvaluation | undefined): string[] {
  if (jumps === undefined) return [];
  const { comparison, frequency, logLoss } = jumps;
  const share = (difference: number): number => (100 * difference) / logLoss.baseRate;
  const interval = comparison.interval.map((end) => percent(share(end))).join(' … ');
  const detectable = `${share(comparison.smallestDetectable).toFixed(1)} % would have been found`;
  const pays = comparison.pValue < 0.05 && comparison.meanDifference < 0;
  return [
    `jumps: ${(100 * frequency).toFixed(0)} % of the windows have one; log loss ${logLoss.baseRate.toFixed(4)} at the past rate, ` +
      `${logLoss.selfExciting.toFixed(4)} self-exciting (${percent(comparison.percent)}, 90 % interval ${interval}, p ${probability(comparison.pValue)}; ${detectable}): ` +
      (pays ? 'it pays to forecast them.' : 'forecasting them does not pay.'),
  ];
}
