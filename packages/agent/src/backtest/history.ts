import type { Bar } from '@evenkeel/core/forecast';
import { readCandles } from '../candles/read-candles.js';
import { BacktestConfigInvalidError, BacktestDataMissingError } from './errors.js';
import type { MarketConfig } from './schema.js';

/** A history of candles, regular and checked. */
export interface History {
  readonly bars: readonly Bar[];
  /** How many were missing and stand at the close before them. */
  readonly filled: number;
}

/**
 * The candles of a file from `from` up to `to`; what was missing outside of that time is counted as well.
 *
 * @throws BacktestDataMissingError without a file; BacktestConfigInvalidError for candles of another interval or too few;
 * CANDLES_… and BAR_INVALID as `readCandles` does
 */
export function readHistory(
  file: string | undefined,
  { from, intervalSeconds, to }: Extract<MarketConfig, { kind: 'candles' }>,
): History {
  if (file === undefined) throw new BacktestDataMissingError();
  const candles = readCandles(file);
  if (candles.intervalSeconds !== intervalSeconds) {
    const problem = `is not the ${candles.intervalSeconds} s of the candles`;
    throw new BacktestConfigInvalidError('market.intervalSeconds', intervalSeconds, problem);
  }
  const first = from === undefined ? -Infinity : secondsOf(from);
  const last = to === undefined ? Infinity : secondsOf(to);
  const bars = candles.bars.filter(({ timeSeconds }) => timeSeconds >= first && timeSeconds < last);
  if (bars.length < 2) {
    const hint = 'Give dates within the data.';
    throw new BacktestConfigInvalidError('market.from', from, 'leaves fewer than two candles', hint);
  }
  return { bars, filled: candles.filled };
}

/** Start of a day in UTC, unix seconds. */
export function secondsOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000;
}
