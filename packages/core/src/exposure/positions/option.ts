import type { Greeks } from '../../model/exposure.js';
import type { OptionPosition } from '../../model/position.js';
import { PositionExpiredError, PositionInvalidError } from '../errors.js';
import { normalCdf, normalDensity } from '../normal.js';
import { toNumber, toPositive } from '../number.js';

export const SECONDS_PER_YEAR: number = 365 * 86_400;
const DAYS_PER_YEAR = 365;

/** What Black-76 needs, in numbers. Times in years, rates and volatility per year. */
export interface BlackInput {
  readonly optionType: 'call' | 'put';
  readonly spot: number;
  readonly strike: number;
  readonly years: number;
  readonly annualVolatility: number;
  readonly forwardRatio: number;
  readonly annualRate: number;
}

/**
 * Value and greeks of one European option on the forward F = spot · forwardRatio, in spot terms: delta is the change
 * per unit of *spot* (so the hedge in the underlying), e^{−rτ}·(F/S)·N(d1) for a call. Theta holds the carry rate
 * ln(F/S)/τ and the volatility fixed while time passes.
 *
 * Source: Black (1976); generalised form in Haug, The Complete Guide to Option Pricing Formulas (2007), ch. 1 and 2.
 *
 * @example
 * ```ts
 * // Hull, Options, Futures and Other Derivatives, ch. 15: a call at 42, strike 40, half a year, 10 %, 20 %
 * black76({ optionType: 'call', spot: 42, strike: 40, years: 0.5, annualVolatility: 0.2,
 *   forwardRatio: Math.exp(0.05), annualRate: 0.1 }).value // 4.7594
 * ```
 */
export function black76(input: BlackInput): Greeks {
  const { optionType, spot, strike, years, annualVolatility, forwardRatio, annualRate } = input;
  const sign = optionType === 'call' ? 1 : -1;
  const forward = spot * forwardRatio;
  const rootTime = Math.sqrt(years);
  const spread = annualVolatility * rootTime;
  const d1 = (Math.log(forward / strike) + 0.5 * spread * spread) / spread;
  const discount = Math.exp(-annualRate * years);
  const n1 = normalCdf(sign * d1);
  const n2 = normalCdf(sign * (d1 - spread));
  const density = normalDensity(d1);
  const carry = Math.log(forwardRatio) / years;
  const decay = (-discount * forward * density * annualVolatility) / (2 * rootTime);
  const carried = -sign * (carry - annualRate) * discount * forward * n1;
  const financed = -sign * annualRate * discount * strike * n2;
  return {
    value: sign * discount * (forward * n1 - strike * n2),
    deltaUnits: sign * discount * forwardRatio * n1,
    gammaPerUnit: (discount * forwardRatio * density) / (spot * spread),
    vegaPerPoint: (discount * forward * density * rootTime) / 100,
    thetaPerDay: (decay + carried + financed) / DAYS_PER_YEAR,
  };
}

/**
 * Value and greeks of an option position.
 *
 * @throws {PositionExpiredError} at and after expiry
 * @throws {PositionInvalidError} when strike, forward or volatility is not above zero
 */
export function optionGreeks(position: OptionPosition, spot: number, nowSeconds: number): Greeks {
  if (!(position.expirySeconds > nowSeconds)) throw new PositionExpiredError(position.expirySeconds, nowSeconds);
  if (!['call', 'put'].includes(position.optionType)) {
    throw new PositionInvalidError('optionType', position.optionType, 'is neither "call" nor "put"');
  }
  const size = toNumber(position.sizeUnits, 'position.sizeUnits');
  const one = black76({
    optionType: position.optionType,
    spot,
    strike: toPositive(position.strike, 'position.strike'),
    years: (position.expirySeconds - nowSeconds) / SECONDS_PER_YEAR,
    annualVolatility: toPositive(position.annualVolatility, 'position.annualVolatility'),
    forwardRatio: toPositive(position.forwardRatio, 'position.forwardRatio'),
    annualRate: toNumber(position.annualRate, 'position.annualRate'),
  });
  return {
    value: size * one.value,
    deltaUnits: size * one.deltaUnits,
    gammaPerUnit: size * one.gammaPerUnit,
    vegaPerPoint: size * one.vegaPerPoint,
    thetaPerDay: size * one.thetaPerDay,
  };
}

/**
 * All that the delta of the position can be, whatever spot and volatility do: between nothing and its full size at the
 * forward. Where settlement is pending this is all that is known.
 */
export function optionDeltaBounds(position: OptionPosition): { readonly low: number; readonly high: number } {
  const size = toNumber(position.sizeUnits, 'position.sizeUnits');
  const ratio = Math.max(1, toPositive(position.forwardRatio, 'position.forwardRatio'));
  const extreme = (position.optionType === 'call' ? 1 : -1) * size * ratio;
  return { low: Math.min(0, extreme), high: Math.max(0, extreme) };
}
