import type { Leg, PositionLeg } from '@evenkeel/core/backtest';
import type { Token } from '@evenkeel/core';
import type { LegConfig } from './schema.js';

const SECONDS_PER_DAY = 86_400;
const LOG_TICK = Math.log(1.0001);
const DECIMALS = [18, 18] as const;
const UNIT = 1e18;
const HELD: Token = { chainId: 1, address: '0x0000000000000000000000000000000000000003', symbol: 'HELD', decimals: 18 };

/** When the last leg of one copy of a book ends, seconds after its start. */
export function bookSeconds(legs: readonly LegConfig[]): number {
  return Math.max(...legs.map((leg) => (leg.startDay + daysOf(leg)) * SECONDS_PER_DAY));
}

function daysOf(leg: LegConfig): number {
  return leg.kind === 'option' ? leg.daysToExpiry : leg.days;
}

/**
 * One copy of a book's legs from `startSeconds` on.
 *
 * @param spotAt price at a time: strikes and ranges are shares of that at the leg's start
 */
export function legsOf(
  legs: readonly LegConfig[],
  copy: number,
  startSeconds: number,
  spotAt: (seconds: number) => number,
): Leg[] {
  return legs.map((leg, i) => {
    const start = startSeconds + leg.startDay * SECONDS_PER_DAY;
    const base = {
      id: `${leg.kind}-${copy}.${i}`,
      startSeconds: start,
      endSeconds: start + Math.round(daysOf(leg) * SECONDS_PER_DAY),
    };
    const spot = spotAt(start);
    switch (leg.kind) {
      case 'option': {
        const { optionType, sizeUnits, strikePercentOfSpot } = leg;
        return { ...base, kind: 'option', optionType, sizeUnits, strike: (spot * strikePercentOfSpot) / 100 };
      }
      case 'holding':
        return { ...base, kind: 'position', position: holdingOf(leg.units) };
      case 'liquidity':
        return { ...base, kind: 'position', position: liquidityOf(leg.valueUsd, spot, rangeOf(leg, spot)) };
    }
  });
}

function rangeOf(
  { highPercentOfSpot, lowPercentOfSpot }: Extract<LegConfig, { kind: 'liquidity' }>,
  spot: number,
): { readonly lowUsd: number; readonly highUsd: number } | undefined {
  if (lowPercentOfSpot === undefined || highPercentOfSpot === undefined) return undefined;
  return { lowUsd: (spot * lowPercentOfSpot) / 100, highUsd: (spot * highPercentOfSpot) / 100 };
}

/** A position of the wanted value at the spot; without a range it is spread over all prices. */
export function liquidityOf(
  valueUsd: number,
  spot: number,
  range: { readonly lowUsd: number; readonly highUsd: number } | undefined,
): PositionLeg['position'] {
  if (range === undefined) {
    const amounts = [atomsOf(valueUsd / 2 / spot), atomsOf(valueUsd / 2)] as const;
    return { kind: 'constant-product-liquidity', amounts, decimals: DECIMALS, underlyingIndex: 0 };
  }
  const tickLower = Math.round(Math.log(range.lowUsd) / LOG_TICK);
  const tickUpper = Math.round(Math.log(range.highUsd) / LOG_TICK);
  const root = Math.sqrt(spot);
  const [low, high] = [Math.exp((LOG_TICK * tickLower) / 2), Math.exp((LOG_TICK * tickUpper) / 2)];
  const at = Math.min(Math.max(root, low), high);
  const valuePerLiquidity = at - low + spot * (1 / at - 1 / high);
  return {
    kind: 'concentrated-liquidity',
    liquidity: atomsOf(valueUsd / valuePerLiquidity),
    tickLower,
    tickUpper,
    sqrtPriceX96: BigInt(Math.round(root * 2 ** 48)) * 2n ** 48n,
    decimals: DECIMALS,
    underlyingIndex: 0,
    owed: [0n, 0n],
  };
}

/** So many units of the underlying. */
export function holdingOf(units: number): PositionLeg['position'] {
  const amount = { token: HELD, atoms: BigInt(Math.round(units * UNIT)) };
  return { kind: 'holding', amount, deltaPerUnit: '1', valuePerUnit: '0' };
}

function atomsOf(units: number): bigint {
  return BigInt(Math.round(units * UNIT));
}
