import type { AssetUnits, Position } from '../model/position.js';
import { PositionInvalidError, unknownKind } from './errors.js';

/** A vault in a vault in a vault: deeper ones are taken for a circle. */
const MAX_DEPTH = 4;

/** @throws {PositionInvalidError} for a vault so deep that it may hold itself. */
export function assertNoCircle(depth: number): void {
  if (depth > MAX_DEPTH) throw new PositionInvalidError('inside', depth, 'are vaults in vaults without an end');
}

const NONE: readonly string[] = Object.freeze([]);

/** Underlyings that a position follows beside its own; one may be named twice, and its own may be among them. */
function namedBeside(position: Position, own: string, depth = 0): readonly string[] {
  switch (position.kind) {
    case 'concentrated-liquidity':
    case 'constant-product-liquidity':
      return position.quoteUnderlying === undefined ? NONE : [position.quoteUnderlying];
    case 'perpetual':
    case 'power-perpetual':
      return position.collateral.underlying === undefined ? NONE : assetUnderlyings([position.collateral], own);
    case 'lending':
      return [...assetUnderlyings(position.collateral, own), ...assetUnderlyings(position.debt, own)];
    case 'quanto-perpetual':
      return [position.settlementUnderlying];
    case 'vault':
      assertNoCircle(depth);
      return position.inside.flatMap((each) => [
        each.underlying ?? own,
        ...namedBeside(each, each.underlying ?? own, depth + 1),
      ]);
    case 'option':
    case 'holding':
    case 'inverse-perpetual':
    case 'rate-bearing':
    case 'measured':
      return NONE;
    default:
      return unknownKind(position);
  }
}

/** Cash follows nothing. */
function assetUnderlyings(assets: readonly AssetUnits[], own: string): readonly string[] {
  const followed: string[] = [];
  for (const { deltaPerUnit, underlying = own } of assets) if (deltaPerUnit !== '0') followed.push(underlying);
  return followed;
}

/** Every underlying whose spot moves the position's value, its own first, each once. */
export function underlyingsOf(position: Position, home: string): readonly string[] {
  const { underlying: own = home } = position;
  const beside = namedBeside(position, own);
  return beside.length === 0 ? [own] : [...new Set([own, ...beside])];
}

/** One that the position follows and that is not `home`; without `home`, not its own. */
export function otherUnderlying(position: Position, home: string | undefined): string | undefined {
  const own = position.underlying ?? home ?? '';
  if (home !== undefined && own !== home) return own;
  return namedBeside(position, own).find((each) => each !== own);
}
