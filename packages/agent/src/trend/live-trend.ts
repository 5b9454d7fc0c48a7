import type { Clock } from '@evenkeel/core';
import { weekTrend } from '@evenkeel/core/forecast';
import type { TrendAnswer, TrendPort } from '@evenkeel/core/rebalancer';
import type { CandleHistory } from '../candles/history.js';
import type { PortfolioConfig } from '../config/complete.js';

/**
 * The trend of a portfolio from its candles, by the forecaster that backtests use: at each look from the candles that
 * have closed. Where there is none it says why, and nothing is done ahead of a trend.
 */
export function liveTrend(
  { trend, volatility }: Pick<PortfolioConfig, 'trend' | 'volatility'>,
  history: CandleHistory,
  clock: Pick<Clock, 'now'>,
): TrendPort {
  if (trend.kind === 'none') return () => Promise.resolve(none('Trends are switched off: trend.kind is "none".'));
  const forecast = volatility.kind === 'forecast' ? volatility : undefined;
  const file = trend.candlesFile ?? forecast?.candlesFile;
  if (file === undefined) {
    const sentence = 'No candles are named that a trend could be read from: give trend.candlesFile.';
    return () => Promise.resolve(none(sentence));
  }
  const maxAgeHours = trend.maxAgeHours ?? forecast?.maxAgeHours ?? DEFAULT_MAX_AGE_HOURS;
  const model = weekTrend();
  const answer = (): TrendAnswer => {
    const nowSeconds = clock.now() / 1000;
    const candles = history.closed(file, nowSeconds);
    const ageHours = (nowSeconds - candles.endSeconds) / 3600;
    if (ageHours > maxAgeHours) {
      return none(`The candles of the trend ended ${ageHours.toFixed(1)} h ago, more than ${maxAgeHours} h.`);
    }
    const { model: id, ...seen } = candles.once(model.id, (bars) => model.forecast(bars));
    const asOf = Object.freeze({ source: file, timeSeconds: candles.endSeconds });
    return Object.freeze({ kind: 'seen', model: id, trend: Object.freeze(seen), asOf });
  };
  // A promise that rejects, not a throw: what is read for a look is asked side by side.
  return () => new Promise((resolve) => resolve(answer()));
}

const DEFAULT_MAX_AGE_HOURS = 48;

function none(sentence: string): TrendAnswer {
  return Object.freeze({ kind: 'none', sentence });
}
