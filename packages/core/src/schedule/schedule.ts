import type { DecimalString } from '../model/decimal.js';
import type { Hex } from '../model/token.js';

/** One child of a schedule. */
export interface Slice {
  readonly index: number;
  /** Unix seconds: not before. */
  readonly atSeconds: number;
  /** Signed change of delta. */
  readonly deltaUnits: DecimalString;
}

/** How a change of delta is spread over time. Slices ascend in time, have one sign, and sum to the total exactly. */
export interface Schedule {
  readonly kind: 'single' | 'twap' | 'vwap' | 'pov' | 'almgren-chriss' | 'obizhaeva-wang' | 'optimal';
  readonly totalDeltaUnits: DecimalString;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly slices: readonly Slice[];
  /** Why so many slices. */
  readonly sentence: string;
  /** What its times were drawn by, kept from the outside until it is over. */
  readonly seed?: Hex;
}
