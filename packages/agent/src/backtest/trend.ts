import type { TrendTable } from '@evenkeel/core/backtest';
import { type Bar, weekTrend } from '@evenkeel/core/forecast';
import { termsOf } from './config.js';
import type { BacktestConfig } from './schema.js';
import { shared } from './study.js';

const SECONDS_PER_DAY = 86_400;

/** Whether any policy acts ahead of a trend. */
export function usesTrend(config: BacktestConfig): boolean {
  return config.policies.some((policy) => termsOf(config, policy).trend !== 'none');
}

/**
 * The trend over a history, as it would have been known: at each bar from those that had closed by then. The first one
 * stands where the warm-up ends.
 *
 * @throws HISTORY_TOO_SHORT for a warm-up that is shorter than what a trend is read from
 */
export function trendTable(bars: readonly Bar[], intervalSeconds: number, warmUpDays: number): TrendTable {
  const first = Math.max(1, Math.round((warmUpDays * SECONDS_PER_DAY) / intervalSeconds));
  const seen = Array.from({ length: bars.length - first + 1 }, (_, i) => first + i);
  const forecasts = weekTrend().series(bars, seen);
  return {
    firstSeconds: bars[first - 1]!.timeSeconds + intervalSeconds,
    everySeconds: intervalSeconds,
    halfLifeSeconds: forecasts[0]!.halfLifeSeconds,
    annualDrifts: shared(forecasts.map(({ annualDrift }) => annualDrift)),
    annualDriftsPerReturn: shared(forecasts.map(({ annualDriftPerReturn }) => annualDriftPerReturn)),
  };
}
