import type { Greeks } from '../model/exposure.js';
import type { Position } from '../model/position.js';
import { PositionInvalidError, unknownKind } from './errors.js';
import { toNumber } from './number.js';
import {
  concentratedLiquidityGreeks,
  concentratedRange,
  underlyingInRange,
} from './positions/concentrated-liquidity.js';
import { constantProductGreeks } from './positions/constant-product-liquidity.js';
import { holdingGreeks } from './positions/holding.js';
import { addGreeks, scaleGreeks, ZERO_GREEKS } from './greeks.js';
import { inversePerpetualGreeks } from './positions/inverse-perpetual.js';
import { lendingGreeks, lendingGrossDelta } from './positions/lending.js';
import { measuredGreeks } from './positions/measured.js';
import { optionDeltaBounds, optionGreeks } from './positions/option.js';
import { perpetualGreeks } from './positions/perpetual.js';
import { powerPerpetualGreeks } from './positions/power-perpetual.js';
import { rateBearingGreeks } from './positions/rate-bearing.js';
import { assertNoCircle, otherUnderlying } from './underlyings.js';

/**
 * Value and greeks of any position at a spot (numeraire per unit) and a time (unix seconds). Pure.
 *
 * @param underlying Whose spot it is: a position that says that it follows another, or two, is refused. Without it, one
 * that follows a single underlying of whatever name is valued.
 * @throws {PositionExpiredError} for an option at or after its expiry
 * @throws {PositionInvalidError} for a position that cannot exist, a kind that is not known, or a spot that is not a
 * positive finite number
 * @throws {InvalidInputError} for a field that is not a plain decimal
 *
 * @example
 * ```ts
 * valuePosition({ kind: 'holding', amount: { token: weth, atoms: 2n * 10n ** 18n }, deltaPerUnit: '1',
 *   valuePerUnit: '0' }, 2500, 1_700_000_000).value // 5000
 * ```
 */
export function valuePosition(position: Position, spot: number, nowSeconds: number, underlying?: string): Greeks {
  if (!(spot > 0 && Number.isFinite(spot))) throw new PositionInvalidError('spot', spot, 'is not a positive number');
  const other = otherUnderlying(position, underlying);
  if (other !== undefined) {
    throw new PositionInvalidError('underlying', other, `follows ${other} as well, whose spot is not given here`);
  }
  const greeks = greeksOf(position, spot, nowSeconds, 0);
  if (!isFinite(greeks)) {
    throw new PositionInvalidError('greeks', greeks, `of this ${position.kind} are beyond what numbers hold`);
  }
  return greeks;
}

function isFinite({ basis = [], deltaUnits, gammaPerUnit, thetaPerDay, value, vegaPerPoint }: Greeks): boolean {
  // One sum: NaN and infinity survive addition, but for infinities of both signs, which make NaN.
  let sum = value + deltaUnits + gammaPerUnit + vegaPerPoint + thetaPerDay;
  for (const each of basis) sum += each.valuePerPoint + each.deltaPerPoint;
  return Number.isFinite(sum);
}

function greeksOf(position: Position, spot: number, nowSeconds: number, depth: number): Greeks {
  switch (position.kind) {
    case 'option':
      return optionGreeks(position, spot, nowSeconds);
    case 'holding':
      return holdingGreeks(position, spot);
    case 'concentrated-liquidity':
      return concentratedLiquidityGreeks(position, spot);
    case 'constant-product-liquidity':
      return constantProductGreeks(position, spot);
    case 'perpetual':
      return perpetualGreeks(position, spot);
    case 'inverse-perpetual':
      return inversePerpetualGreeks(position, spot);
    case 'power-perpetual':
      return powerPerpetualGreeks(position, spot);
    case 'lending':
      return lendingGreeks(position, spot);
    case 'rate-bearing':
      return rateBearingGreeks(position, spot);
    case 'measured':
      return measuredGreeks(position, spot);
    case 'vault': {
      assertNoCircle(depth);
      const inside = position.inside.map((each) => greeksOf(each, spot, nowSeconds, depth + 1));
      return scaleGreeks(inside.reduce(addGreeks, ZERO_GREEKS), toNumber(position.scale, 'position.scale'));
    }
    case 'quanto-perpetual':
      throw new PositionInvalidError('settlementUnderlying', position.settlementUnderlying, 'needs a spot of its own');
    default:
      return unknownKind(position);
  }
}

/**
 * How large the delta of a position of this size can be in units, by which doubt about it is measured: all options in
 * the money, a whole range in the underlying, both sides of a lending account. Where there is no largest one
 * (constant-product and power positions), twice what it is now.
 */
export function grossDeltaUnits(position: Position, greeks: Greeks): number {
  switch (position.kind) {
    case 'option': {
      const { low, high } = optionDeltaBounds(position);
      return Math.max(-low, high);
    }
    case 'concentrated-liquidity': {
      const range = concentratedRange(position);
      return underlyingInRange(range, range.low) + range.owedUnderlying;
    }
    case 'perpetual': {
      const size = toNumber(position.sizeUnits, 'position.sizeUnits');
      return Math.abs(size) + Math.abs(greeks.deltaUnits - size);
    }
    case 'lending':
      return lendingGrossDelta(position);
    case 'constant-product-liquidity':
    case 'power-perpetual':
      return 2 * Math.abs(greeks.deltaUnits);
    case 'inverse-perpetual': {
      const margin = toNumber(position.marginUnits, 'position.marginUnits');
      return Math.abs(greeks.deltaUnits - margin) + Math.abs(margin);
    }
    case 'measured':
      return 2 * Math.abs(greeks.deltaUnits);
    case 'holding':
    case 'rate-bearing':
    case 'vault':
    case 'quanto-perpetual':
      return Math.abs(greeks.deltaUnits);
    default:
      return unknownKind(position);
  }
}
