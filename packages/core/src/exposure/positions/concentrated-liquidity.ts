import type { Greeks } from '../../model/exposure.js';
import type { ConcentratedLiquidityPosition } from '../../model/position.js';
import { PositionInvalidError } from '../errors.js';
import { atomsToNumber } from '../number.js';

const LOG_TICK = Math.log(1.0001);

/** A position's range and liquidity in human units, with the underlying as the first token. */
export interface ConcentratedRange {
  readonly liquidity: number;
  /** Numeraire per unit of the underlying. */
  readonly low: number;
  readonly high: number;
  readonly owedUnderlying: number;
  readonly owedNumeraire: number;
}

/**
 * The range of a position as prices of the underlying. The pool counts token 1 per token 0 in atoms; where the
 * underlying is token 1 the price axis turns round, and liquidity, being √(x·y), stays what it is.
 *
 * @throws {PositionInvalidError} when the range is empty or the liquidity negative
 */
export function concentratedRange(position: ConcentratedLiquidityPosition): ConcentratedRange {
  const { decimals, liquidity, owed, tickLower, tickUpper, underlyingIndex } = position;
  if (!(tickLower < tickUpper)) throw new PositionInvalidError('tickLower', tickLower, `is not below ${tickUpper}`);
  if (liquidity < 0n) throw new PositionInvalidError('liquidity', liquidity, 'is negative');
  const scale = 10 ** (decimals[0] - decimals[1]);
  const lower = Math.exp(LOG_TICK * tickLower) * scale;
  const upper = Math.exp(LOG_TICK * tickUpper) * scale;
  const other = underlyingIndex === 0 ? 1 : 0;
  return {
    liquidity: Number(liquidity) / 10 ** ((decimals[0] + decimals[1]) / 2),
    low: underlyingIndex === 0 ? lower : 1 / upper,
    high: underlyingIndex === 0 ? upper : 1 / lower,
    owedUnderlying: atomsToNumber(owed[underlyingIndex], decimals[underlyingIndex]),
    owedNumeraire: atomsToNumber(owed[other], decimals[other]),
  };
}

/** Units of the underlying that the position holds at `spot`, fees that wait to be collected left out. */
export function underlyingInRange(range: ConcentratedRange, spot: number): number {
  const at = Math.min(Math.max(spot, range.low), range.high);
  return range.liquidity * (1 / Math.sqrt(at) - 1 / Math.sqrt(range.high));
}

/**
 * Value and greeks of a concentrated-liquidity position whose other token is the numeraire, at the market's spot (the
 * pool's own price may be pushed about; arbitrage brings it to the market's). Fees to come are not foretold, so theta
 * is zero; the gamma at an edge of the range, where it jumps, is that of the inside.
 *
 * Source: Uniswap v3 Core whitepaper (2021), equations 2.2, 6.29 and 6.30, with delta and gamma their derivatives.
 */
export function concentratedLiquidityGreeks(position: ConcentratedLiquidityPosition, spot: number): Greeks {
  const range = concentratedRange(position);
  const at = Math.min(Math.max(spot, range.low), range.high);
  const inRange = spot >= range.low && spot <= range.high;
  const underlying = underlyingInRange(range, spot);
  const numeraire = range.liquidity * (Math.sqrt(at) - Math.sqrt(range.low));
  const deltaUnits = underlying + range.owedUnderlying;
  return {
    value: deltaUnits * spot + numeraire + range.owedNumeraire,
    deltaUnits,
    gammaPerUnit: inRange ? -range.liquidity / (2 * spot ** 1.5) : 0,
    vegaPerPoint: 0,
    thetaPerDay: 0,
  };
}
