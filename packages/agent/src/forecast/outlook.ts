import {
  type Bar,
  rangeHar,
  selfExcitingJumps,
  type VolatilityForecast,
  volatilityQuantile,
} from '@evenkeel/core/forecast';
import type { Candles } from '../candles/read-candles.js';
import { table } from '../render/format.js';
import { MODELS, OURS } from './models.js';

const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365;
/** Candles that ended longer ago say what was, not what is. */
const MOST_AGE_SECONDS = 2 * SECONDS_PER_DAY;

/** A forecast for one horizon; volatilities in percent a year. */
export interface HorizonOutlook {
  readonly horizonDays: number;
  readonly expectedPercent: number;
  readonly medianPercent: number;
  /** Central intervals. */
  readonly halfPercent: readonly [number, number];
  readonly ninetyPercent: readonly [number, number];
  readonly modelsPercent: Readonly<Record<string, number>>;
  readonly jumpProbability: number | null;
}

export interface Outlook {
  /** Close of the last candle, ISO 8601. */
  readonly asOf: string;
  readonly ageHours: number;
  readonly stale: boolean;
  /** Realised over the last day, week and month, percent a year. */
  readonly realisedPercent: { readonly day: number; readonly week: number; readonly month: number };
  readonly horizons: readonly HorizonOutlook[];
  readonly sentence: string;
}

/**
 * What is said now, after the last candle.
 *
 * @throws HISTORY_TOO_SHORT
 */
export function outlook({ bars, endSeconds }: Candles, horizonsDays: readonly number[], nowSeconds: number): Outlook {
  const ageSeconds = nowSeconds - endSeconds;
  const stale = ageSeconds > MOST_AGE_SECONDS;
  const realisedPercent = {
    day: realised(bars, 1),
    week: realised(bars, 7),
    month: realised(bars, 30),
  };
  const horizons = horizonsDays.map((days) => horizonOutlook(bars, days));
  const [first] = horizons;
  const age = stale ? ` The candles ended ${(ageSeconds / 3600).toFixed(0)} h ago: this is what was said then.` : '';
  const sentence =
    first === undefined ? '' : `${explained(first, first.expectedPercent - realisedPercent.month)}${age}`;
  const asOf = new Date(endSeconds * 1000).toISOString();
  return Object.freeze({ asOf, ageHours: ageSeconds / 3600, stale, realisedPercent, horizons, sentence });
}

function horizonOutlook(bars: readonly Bar[], days: number): HorizonOutlook {
  const horizonSeconds = days * SECONDS_PER_DAY;
  const forecast = rangeHar().forecast(bars, horizonSeconds);
  const quantile = (share: number): number => 100 * volatilityQuantile(forecast, share);
  const others = Object.values(MODELS).map((model): VolatilityForecast => model().forecast(bars, horizonSeconds));
  const perDay = SECONDS_PER_DAY / (bars[1]!.timeSeconds - bars[0]!.timeSeconds);
  return Object.freeze({
    horizonDays: days,
    expectedPercent: 100 * forecast.annualVolatility,
    medianPercent: quantile(0.5),
    halfPercent: [quantile(0.25), quantile(0.75)] as const,
    ninetyPercent: [quantile(0.05), quantile(0.95)] as const,
    modelsPercent: Object.fromEntries(others.map(({ annualVolatility, model }) => [model, 100 * annualVolatility])),
    jumpProbability:
      perDay >= 4 ? selfExcitingJumps().series(bars, horizonSeconds, [bars.length])[0]!.probability : null,
  });
}

function realised(bars: readonly Bar[], days: number): number {
  const perDay = SECONDS_PER_DAY / (bars[1]!.timeSeconds - bars[0]!.timeSeconds);
  const window = bars.slice(-days * perDay - 1);
  let sum = 0;
  for (let i = 1; i < window.length; i++) sum += Math.log(window[i]!.close / window[i - 1]!.close) ** 2;
  return 100 * Math.sqrt((sum * DAYS_PER_YEAR) / days);
}

function explained({ expectedPercent, horizonDays, ninetyPercent: [low, high] }: HorizonOutlook, gap: number): string {
  const span = horizonDays === 1 ? 'the next day' : `the next ${horizonDays} days`;
  const side = Math.abs(gap) < 1 ? 'about what' : gap > 0 ? 'more than' : 'less than';
  return (
    `${OURS} expects a volatility of ${expectedPercent.toFixed(0)} % a year over ${span}, ${side} the last month had, ` +
    `and nine times out of ten one between ${low.toFixed(0)} and ${high.toFixed(0)} %.`
  );
}

/** The outlook for people. */
export function outlookText({ asOf, horizons, realisedPercent, sentence }: Outlook): string {
  const one = (value: number): string => value.toFixed(1);
  const rows = horizons.map((each) => [
    String(each.horizonDays),
    one(each.expectedPercent),
    one(each.medianPercent),
    each.halfPercent.map(one).join(' … '),
    each.ninetyPercent.map(one).join(' … '),
    ...Object.keys(MODELS)
      .filter((id) => id !== OURS)
      .map((id) => one(each.modelsPercent[id]!)),
    each.jumpProbability === null ? '–' : `${(100 * each.jumpProbability).toFixed(0)} %`,
  ]);
  const others = Object.keys(MODELS).filter((id) => id !== OURS);
  const head = ['days', 'expected', 'median', '50 %', '90 %', ...others, 'jump'];
  const { day, month, week } = realisedPercent;
  return [
    `Volatility, % a year, as of ${asOf}; realised: day ${one(day)}, week ${one(week)}, month ${one(month)}`,
    table(
      head,
      rows,
      head.map((_, i) => i),
    ),
    sentence,
  ].join('\n');
}
