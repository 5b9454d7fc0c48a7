import { valuePosition } from '../exposure/value-position.js';
import { toText } from '../exposure/number.js';
import type { OptionPosition, Position } from '../model/position.js';
import { BacktestInputInvalidError } from './errors.js';

interface LegBase {
  readonly id: string;
  /** Opened at the model's value at this time, unix seconds. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** A European option, opened at the model's value, settled in cash at expiry. */
export interface OptionLeg extends LegBase {
  readonly kind: 'option';
  readonly optionType: 'call' | 'put';
  /** Options on one unit each; short ones are negative. */
  readonly sizeUnits: number;
  readonly strike: number;
  /** Per √year, at which it is bought or sold; absent: at the forecast of the policy that hedges it. */
  readonly premiumVolatility?: number;
}

/** Any position that ends at its value: liquidity, perpetuals, holdings. */
export interface PositionLeg extends LegBase {
  readonly kind: 'position';
  readonly position: Exclude<Position, OptionPosition>;
  /** Of a perpetual: what its long side pays a year on the worth of its size, continuously compounded. Default 0. */
  readonly annualFundingRate?: number;
}

/** A part of the book. */
export type Leg = OptionLeg | PositionLeg;

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * @throws {BacktestInputInvalidError} for a leg that ends before it starts (a negative time to expiry), a strike or
 * volatility that is not positive, or a size of nothing
 */
export function checkLeg(leg: Leg): void {
  if (!(leg.endSeconds > leg.startSeconds)) {
    const problem = 'is not after the start: the time to expiry is not positive';
    throw new BacktestInputInvalidError(`${leg.id}.endSeconds`, leg.endSeconds, problem, 'Give a later end.');
  }
  if (leg.kind === 'position') return;
  const { premiumVolatility = 1, strike } = leg;
  for (const [field, value] of Object.entries({ strike, premiumVolatility })) {
    if (value > 0 && Number.isFinite(value)) continue;
    const hint = 'Give a positive number.';
    throw new BacktestInputInvalidError(`${leg.id}.${field}`, value, 'is not above zero', hint);
  }
  if (leg.sizeUnits === 0 || !Number.isFinite(leg.sizeUnits)) {
    const hint = 'Give the number of options, negative for short ones.';
    throw new BacktestInputInvalidError(`${leg.id}.sizeUnits`, leg.sizeUnits, 'is no size', hint);
  }
}

/** The position of each option leg that was made last: a forecast holds for many looks, and text is slow to make. */
const lastPositions = new WeakMap<
  OptionLeg,
  { readonly annualVolatility: number; readonly position: OptionPosition }
>();

/** The position as the exposure station reads it, at a volatility; rates as the book has them. */
export function positionOf(leg: Leg, annualVolatility: number, annualRate: number, nowSeconds: number): Position {
  if (leg.kind === 'position') return leg.position;
  if (annualRate !== 0) return optionPositionOf(leg, annualVolatility, annualRate, nowSeconds);
  const last = lastPositions.get(leg);
  if (last?.annualVolatility === annualVolatility) return last.position;
  const position = Object.freeze(optionPositionOf(leg, annualVolatility, 0, nowSeconds));
  lastPositions.set(leg, { annualVolatility, position });
  return position;
}

function optionPositionOf(
  leg: OptionLeg,
  annualVolatility: number,
  annualRate: number,
  nowSeconds: number,
): OptionPosition {
  const years = (leg.endSeconds - nowSeconds) / SECONDS_PER_YEAR;
  return {
    kind: 'option',
    optionType: leg.optionType,
    sizeUnits: toText(leg.sizeUnits, 'sizeUnits'),
    strike: toText(leg.strike, 'strike'),
    expirySeconds: leg.endSeconds,
    annualVolatility: toText(annualVolatility, 'annualVolatility'),
    forwardRatio: annualRate === 0 ? '1' : toText(Math.exp(annualRate * years), 'forwardRatio'),
    annualRate: toText(annualRate, 'annualRate'),
  };
}

/** What the leg is worth when the book takes it on; an option without a volatility of its own at `annualVolatility`. */
export function openingValue(leg: Leg, spot: number, annualVolatility: number, annualRate: number): number {
  const volatility = leg.kind === 'option' ? (leg.premiumVolatility ?? annualVolatility) : annualVolatility;
  return valuePosition(positionOf(leg, volatility, annualRate, leg.startSeconds), spot, leg.startSeconds).value;
}

/** Units times yearly rate that funding is paid on, per unit of spot; negative where it is received. */
export function fundedUnitsOf(leg: Leg): number {
  if (leg.kind === 'option' || leg.annualFundingRate === undefined || leg.position.kind !== 'perpetual') return 0;
  return Number(leg.position.sizeUnits) * leg.annualFundingRate;
}

/** What it pays at its end: the intrinsic value of an option, the value of anything else. */
export function closingValue(leg: Leg, spot: number): number {
  if (leg.kind === 'position') return valuePosition(leg.position, spot, leg.endSeconds).value;
  const { optionType, sizeUnits, strike } = leg;
  return sizeUnits * Math.max(0, optionType === 'call' ? spot - strike : strike - spot);
}

/** Notional of a leg at a spot, numeraire: of an option its size, of anything else its delta and value. */
export function notionalOf(leg: Leg, spot: number): number {
  if (leg.kind === 'option') return Math.abs(leg.sizeUnits) * spot;
  const { deltaUnits, value } = valuePosition(leg.position, spot, leg.startSeconds);
  return Math.max(Math.abs(deltaUnits) * spot, Math.abs(value));
}
