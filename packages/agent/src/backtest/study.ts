import type { BandTable } from '@evenkeel/core';
import type { Leg, PricePath, TradingCosts, TrendTable, VolatilityTable } from '@evenkeel/core/backtest';
import type { BacktestConfig } from './schema.js';

/** A gas price series, numeraire per trade at regular times. */
export interface GasSeries {
  readonly firstSeconds: number;
  readonly everySeconds: number;
  readonly usdPerTrade: Float64Array;
}

/** A backtest with everything read and prepared that its episodes share. Plain data, so that threads can have it. */
export interface Study {
  readonly config: BacktestConfig;
  /** The episode of which every step is kept, to be drawn; absent where nothing is. */
  readonly drawnEpisode: number | undefined;
  /** The whole history of candles: prices at their closes; absent where paths are simulated. */
  readonly history: PricePath | undefined;
  /** Candles that were missing and stand at the close before them. */
  readonly filledCandles: number;
  readonly costs: TradingCosts;
  readonly gasSeries: GasSeries | undefined;
  /** Prepared optimum by name of the policy that has one. */
  readonly tables: Readonly<Record<string, BandTable>>;
  /** By name, for all episodes; absent where each simulated path has its own. */
  readonly volatilities: Readonly<Record<string, VolatilityTable>> | undefined;
  /** The book, where it stands in a file; absent where it is made of legs. */
  readonly positions: readonly Leg[] | undefined;
  /** Likewise; absent also where no policy asks for it. */
  readonly trend: TrendTable | undefined;
}

/** Numbers that threads share instead of copying. */
export function shared(values: ArrayLike<number>): Float64Array {
  const array = new Float64Array(new SharedArrayBuffer(values.length * Float64Array.BYTES_PER_ELEMENT));
  array.set(values);
  return array;
}
