import { type Bar, regularBars } from '@evenkeel/core/forecast';
import { checkPath } from '@evenkeel/core/backtest';
import { readNumberColumns } from './csv.js';
import { BacktestDataInvalidError } from './errors.js';
import type { MarketConfig } from './schema.js';

type CandlesConfig = Extract<MarketConfig, { kind: 'candles' }>;

/** A history of candles, regular and checked. */
export interface Candles {
  readonly bars: readonly Bar[];
  /** How many were missing and stand at the close before them. */
  readonly filled: number;
}

/** Timestamps above this are milliseconds: in seconds it is the year 5138. */
const MOST_SECONDS = 1e11;

/**
 * Reads candles: `timestamp` (unix seconds or milliseconds, start of the candle), `open`, `high`, `low`, `close`. Missing
 * candles are filled flat at the close before; unsorted, doubled or impossible ones are refused, and so is a jump beyond
 * `maxJumpRatio` from close to close.
 *
 * @throws BacktestDataMissingError, BacktestDataInvalidError, PriceJumpError, BarInvalidError
 */
export function loadCandles(file: string, { from, intervalSeconds, maxJumpRatio, to }: CandlesConfig): Candles {
  const { close, high, low, open, timestamp } = readNumberColumns(file, ['timestamp', 'open', 'high', 'low', 'close']);
  const bars: Bar[] = [];
  for (let i = 0; i < timestamp!.length; i++) {
    const raw = timestamp![i]!;
    const timeSeconds = raw > MOST_SECONDS ? raw / 1000 : raw;
    if (from !== undefined && timeSeconds < secondsOf(from)) continue;
    if (to !== undefined && timeSeconds >= secondsOf(to)) continue;
    bars.push({ timeSeconds, open: open![i]!, high: high![i]!, low: low![i]!, close: close![i]! });
  }
  if (bars.length < 2) throw new BacktestDataInvalidError(file, 2, bars.length, 'begins fewer than two candles');
  checkPath(
    { startSeconds: 0, stepSeconds: intervalSeconds, prices: Float64Array.from(bars, (bar) => bar.close) },
    maxJumpRatio,
  );
  return regularBars(bars, intervalSeconds);
}

export function secondsOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000;
}
