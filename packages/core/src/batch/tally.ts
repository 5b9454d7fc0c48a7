import type { Columns, Places } from './columns.js';

/**
 * Sums over those who trade together, kept up as they come and leave, so that the price of a lot needs no look at
 * everybody. Three numbers each are for where sellers are more, where none are, and where buyers are.
 */
export interface Tally {
  count: number;
  sellers: number;
  /** Units that are bought less those that are sold. */
  wanted: number;
  /** Units. */
  gross: number;
  /** Those whom the batch spares anything, and what it spares them before the shared gas is paid: all, and the sellers. */
  readonly gainers: Int32Array;
  readonly positive: Float64Array;
  readonly positiveOfSellers: Float64Array;
}

export function tallyOf(columns: Columns, places: Places): Tally {
  const tally: Tally = {
    count: 0,
    sellers: 0,
    wanted: 0,
    gross: 0,
    gainers: new Int32Array(3),
    positive: new Float64Array(3),
    positiveOfSellers: new Float64Array(3),
  };
  for (let i = 0; i < places.length; i += 1) count(tally, columns, places[i]!, 1);
  return tally;
}

/** Counts one in (1) or out (−1). A sum over nobody is zero, whatever rounding has left of it. */
export function count(tally: Tally, columns: Columns, place: number, step: 1 | -1): void {
  const units = columns.units[place]!;
  const sign = columns.sign[place]!;
  tally.count += step;
  if (sign < 0) tally.sellers += step;
  tally.wanted = tally.count === 0 ? 0 : tally.wanted + step * sign * units;
  tally.gross = tally.count === 0 ? 0 : tally.gross + step * units;
  for (let heavy = 0; heavy < 3; heavy += 1) {
    const gain = columns.gains[heavy as 0 | 1 | 2][place]!;
    if (gain <= 0) continue;
    tally.gainers[heavy]! += step;
    tally.positive[heavy] = tally.gainers[heavy] === 0 ? 0 : tally.positive[heavy]! + step * gain;
    if (sign < 0)
      tally.positiveOfSellers[heavy] = tally.sellers === 0 ? 0 : tally.positiveOfSellers[heavy]! + step * gain;
  }
}
