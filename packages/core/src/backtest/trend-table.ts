import type { TrendView } from '../policy/market.js';
import { BacktestInputInvalidError } from './errors.js';

/** Forecasts of the drift made at regular times. Plain data, so that it can be handed to a thread. */
export interface TrendTable {
  readonly firstSeconds: number;
  readonly everySeconds: number;
  readonly halfLifeSeconds: number;
  /** One a moment. */
  readonly annualDrifts: Float64Array;
  readonly annualDriftsPerReturn: Float64Array;
}

/**
 * The newest forecast that had been made at `seconds`.
 *
 * @throws {BacktestInputInvalidError} before the first one
 */
export function trendAt(table: TrendTable, seconds: number): TrendView {
  const { annualDrifts, annualDriftsPerReturn, everySeconds, firstSeconds, halfLifeSeconds } = table;
  const at = Math.min(Math.floor((seconds - firstSeconds) / everySeconds), annualDrifts.length - 1);
  if (!(at >= 0)) {
    const hint = 'Start the book later, or shorten the warm-up.';
    throw new BacktestInputInvalidError('trend', seconds, 'has no forecast yet at this time', hint);
  }
  return { annualDrift: annualDrifts[at]!, annualDriftPerReturn: annualDriftsPerReturn[at]!, halfLifeSeconds };
}
