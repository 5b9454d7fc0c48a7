import type { CrossGamma, Greeks } from '../model/exposure.js';
import type {
  AssetUnits,
  ConcentratedLiquidityPosition,
  ConstantProductPosition,
  LendingPosition,
  Position,
  QuantoPerpetualPosition,
} from '../model/position.js';
import { PositionInvalidError } from './errors.js';
import { scaleGreeks } from './greeks.js';
import { toNumber, toPositive, toText } from './number.js';
import { pairGreeks } from './pair-liquidity.js';
import { assertNoCircle, underlyingsOf } from './underlyings.js';
import { grossDeltaUnits, valuePosition } from './value-position.js';

/** What a position is towards one of the underlyings that it follows. */
export interface UnderlyingPart {
  readonly underlying: string;
  /** Value and theta stand in the first part that has any; all parts together have the whole. */
  readonly greeks: Greeks;
  readonly grossDeltaUnits: number;
}

export interface PositionParts {
  /** One an underlying; a vault may have several of one. */
  readonly parts: readonly UnderlyingPart[];
  readonly crossGammas: readonly CrossGamma[];
}

/** The spots of all underlyings of a book, numeraire per unit. */
export type Spots = ReadonlyMap<string, number>;

/**
 * Value and greeks of a position that may follow several underlyings, split by underlying, with the first cross terms.
 *
 * @param home The underlying of positions that name none.
 * @throws {PositionInvalidError} for an underlying without a spot, and as {@link valuePosition}
 *
 * @example
 * ```ts
 * // Short 2 units of ETH, margined by 1 unit of BTC.
 * valueAcross(perpetual, 'ETH', new Map([['ETH', 2000], ['BTC', 60_000]]), now)
 *   .parts.map(({ underlying, greeks }) => [underlying, greeks.deltaUnits]) // [['ETH', -2], ['BTC', 1]]
 * ```
 */
export function valueAcross(position: Position, home: string, spots: Spots, nowSeconds: number): PositionParts {
  return partsOf(position, { home, spots, nowSeconds }, 0);
}

interface Market {
  readonly home: string;
  readonly spots: Spots;
  readonly nowSeconds: number;
}

function partsOf(position: Position, market: Market, depth: number): PositionParts {
  const own = position.underlying ?? market.home;
  if (position.kind === 'vault') {
    assertNoCircle(depth);
    const inside = position.inside.map((each) => partsOf(each, { ...market, home: own }, depth + 1));
    return scaled(inside, toNumber(position.scale, 'position.scale'));
  }
  if (position.kind === 'quanto-perpetual') return quantoParts(position, own, market);
  if (position.kind === 'concentrated-liquidity' || position.kind === 'constant-product-liquidity') {
    const { quoteUnderlying = own } = position;
    if (quoteUnderlying !== own) return pairParts(position, own, quoteUnderlying, market);
  }
  const followed = underlyingsOf(position, market.home);
  const parts = followed.map((underlying): UnderlyingPart => {
    const alone = alongOne(position, underlying, market);
    const greeks = valuePosition(alone, spotOf(underlying, market), market.nowSeconds, underlying);
    const rest = { ...greeks, value: 0, thetaPerDay: 0 };
    return {
      underlying,
      greeks: underlying === followed[0] ? greeks : rest,
      grossDeltaUnits: grossDeltaUnits(alone, greeks),
    };
  });
  return { parts, crossGammas: [] };
}

function spotOf(underlying: string, { spots }: Market): number {
  const spot = spots.get(underlying);
  if (spot !== undefined) return spot;
  throw new PositionInvalidError('underlying', underlying, 'is one whose spot is not given');
}

function scaled(inside: readonly PositionParts[], by: number): PositionParts {
  return {
    parts: inside.flatMap(({ parts }) =>
      parts.map(({ greeks, grossDeltaUnits: gross, underlying }) => ({
        underlying,
        greeks: scaleGreeks(greeks, by),
        grossDeltaUnits: gross * Math.abs(by),
      })),
    ),
    crossGammas: inside.flatMap(({ crossGammas }) =>
      crossGammas.map(({ gammaPerUnit, underlyings }) => ({ underlyings, gammaPerUnit: gammaPerUnit * by })),
    ),
  };
}

function pairParts(
  position: ConcentratedLiquidityPosition | ConstantProductPosition,
  own: string,
  quote: string,
  market: Market,
): PositionParts {
  const pair = pairGreeks(position, spotOf(own, market), spotOf(quote, market));
  return {
    parts: [
      { underlying: own, greeks: pair.base, grossDeltaUnits: pair.baseGross },
      { underlying: quote, greeks: pair.quote, grossDeltaUnits: pair.quoteGross },
    ],
    crossGammas: [{ underlyings: [own, quote], gammaPerUnit: pair.crossGamma }],
  };
}

/** V = (size·m·(S − e) + margin)·B: linear in either spot, and so all its curvature is across. */
function quantoParts(position: QuantoPerpetualPosition, own: string, market: Market): PositionParts {
  const { settlementUnderlying } = position;
  const contracts =
    toNumber(position.sizeUnits, 'position.sizeUnits') * toPositive(position.multiplier, 'position.multiplier');
  const margin = toNumber(position.marginUnits, 'position.marginUnits');
  const entry = toPositive(position.entryPrice, 'position.entryPrice');
  if (settlementUnderlying === own) {
    throw new PositionInvalidError('settlementUnderlying', own, 'is the underlying itself: then it is no quanto');
  }
  const spot = spotOf(own, market);
  const settlement = spotOf(settlementUnderlying, market);
  const owned = contracts * (spot - entry) + margin;
  const still = { gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 };
  const delta = contracts * settlement;
  return {
    parts: [
      {
        underlying: own,
        greeks: { ...still, value: owned * settlement, deltaUnits: delta },
        grossDeltaUnits: Math.abs(delta),
      },
      {
        underlying: settlementUnderlying,
        greeks: { ...still, value: 0, deltaUnits: owned },
        grossDeltaUnits: Math.abs(contracts) * Math.max(spot, entry) + Math.abs(margin),
      },
    ],
    crossGammas: [{ underlyings: [own, settlementUnderlying], gammaPerUnit: contracts }],
  };
}

/** The position as it is towards one underlying while the spots of all others stand still: they are cash then. */
export function alongOne(position: Position, underlying: string, market: Pick<Market, 'home' | 'spots'>): Position {
  const own = position.underlying ?? market.home;
  const held = <A extends AssetUnits>(asset: A): A => {
    const { basisAsset, underlying: follows = own, ...rest } = asset;
    if (follows === underlying) return { ...rest, ...(basisAsset === undefined ? {} : { basisAsset }) } as A;
    return { ...rest, deltaPerUnit: '0', valuePerUnit: cashValue(asset, follows, market) } as unknown as A;
  };
  if (position.kind === 'lending') {
    return lendingOf(underlying, position.collateral.map(held), position.debt.map(held));
  }
  if (position.kind !== 'perpetual' && position.kind !== 'power-perpetual') return position;
  if (underlying === own) return { ...position, collateral: held(position.collateral) };
  return lendingOf(underlying, [{ ...held(position.collateral), liquidationThreshold: '0' }], []);
}

function lendingOf(
  underlying: string,
  collateral: LendingPosition['collateral'],
  debt: LendingPosition['debt'],
): LendingPosition {
  return { kind: 'lending', underlying, collateral, debt };
}

function cashValue(asset: AssetUnits, follows: string, { spots }: Pick<Market, 'spots'>): string {
  const delta = toNumber(asset.deltaPerUnit, 'position.deltaPerUnit');
  const fixed = toNumber(asset.valuePerUnit, 'position.valuePerUnit');
  if (delta === 0) return asset.valuePerUnit;
  const spot = spots.get(follows);
  if (spot === undefined) throw new PositionInvalidError('underlying', follows, 'is one whose spot is not given');
  return toText(fixed + delta * spot, 'position.valuePerUnit');
}
