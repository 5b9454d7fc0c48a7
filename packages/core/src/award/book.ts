import { fromAtoms } from '../model/decimal.js';
import { sameToken, type Token, type TokenAmount } from '../model/token.js';

/** What a trade, or one unit of a token, adds to the greeks of a book. */
export interface GreekChange {
  readonly deltaUnits: number;
  /** Delta per unit of spot. */
  readonly gammaPerUnit: number;
  /** Numeraire per volatility point. */
  readonly vegaPerPoint: number;
}

/** A book as the award sees it: where it stands before the trade, and what standing there costs. */
export interface Book {
  /** Delta less its target at both ends of the exposure, units of the underlying. */
  readonly deviation: { readonly low: number; readonly high: number };
  /** Delta per unit of spot. */
  readonly gammaPerUnit: number;
  /** Numeraire per volatility point; 0 where vega is not looked at. */
  readonly vegaPerPoint: number;
  /** Numeraire per unit of the underlying. */
  readonly spot: number;
  /** Per √year. */
  readonly annualVolatility: number;
  /** Absolute risk aversion γ, per numeraire. */
  readonly riskAversion: number;
  /** How far the implied volatility itself moves: points per √year. Default: 0. */
  readonly volatilityPoints?: number;
  /** Correlation of the moves of spot and implied volatility. Default: 0. */
  readonly spotVolatilityCorrelation?: number;
  /** For how long what is open now counts: until the book is looked at again, seconds. */
  readonly horizonSeconds: number;
}

/** What one unit of a token is worth, and what holding it does to the book. */
export interface TokenInBook {
  readonly token: Token;
  /** Numeraire per unit. */
  readonly price: number;
  readonly greeks: GreekChange;
}

/** From `fromSeconds` on, the trade has changed the greeks by so much. */
export interface Leg {
  readonly fromSeconds: number;
  readonly change: GreekChange;
}

export type BookEnd = 'low' | 'high';

export const NO_CHANGE: GreekChange = Object.freeze({ deltaUnits: 0, gammaPerUnit: 0, vegaPerPoint: 0 });

const SECONDS_PER_YEAR = 365.25 * 86_400;

/**
 * What the risk of a book costs over its horizon, in numeraire: γ/2 times the variance of its value (Pratt 1964), with
 * the greeks changing at the legs' times. The delta's own drift with the spot counts, too: at time t it has the variance
 * ∫ Γ²σ²S² ds, so that the running cost is γ/2·(σ²S²(δ² + that) + 2ρσSξδV + ξ²V²). For δ alone it is the running cost of
 * Whalley and Wilmott (1997).
 *
 * @param legs by time; before the first one, the book is as it is.
 */
export function riskCost(book: Book, legs: readonly Leg[], end: BookEnd): number {
  const sigma = book.annualVolatility * book.spot;
  const points = book.volatilityPoints ?? 0;
  const correlation = book.spotVolatilityCorrelation ?? 0;
  const bounds = [{ fromSeconds: 0, change: NO_CHANGE }, ...legs];
  let drifted = 0;
  let variance = 0;
  for (const [index, { change, fromSeconds }] of bounds.entries()) {
    const from = Math.min(Math.max(0, fromSeconds), book.horizonSeconds);
    const until = Math.min(Math.max(from, bounds[index + 1]?.fromSeconds ?? Infinity), book.horizonSeconds);
    const years = (until - from) / SECONDS_PER_YEAR;
    const delta = book.deviation[end] + change.deltaUnits;
    const vega = book.vegaPerPoint + change.vegaPerPoint;
    const drift = ((book.gammaPerUnit + change.gammaPerUnit) * sigma) ** 2;
    const spotPart = sigma ** 2 * ((delta ** 2 + drifted) * years + (drift * years ** 2) / 2);
    variance += spotPart + (2 * correlation * sigma * points * delta * vega + (points * vega) ** 2) * years;
    drifted += drift * years;
  }
  return (book.riskAversion / 2) * variance;
}

/** Numeraire that an amount is worth, and what receiving it does to the book; undefined for a token that is not in it. */
export function inBook(
  tokens: readonly TokenInBook[],
  { atoms, token }: TokenAmount,
): { readonly value: number; readonly greeks: GreekChange } | undefined {
  const known = tokens.find((each) => sameToken(each.token, token) && each.token.decimals === token.decimals);
  if (known === undefined) return undefined;
  const units = Number(fromAtoms(token, atoms));
  return { value: units * known.price, greeks: scaleChange(known.greeks, units) };
}

export function scaleChange(change: GreekChange, by: number): GreekChange {
  return {
    deltaUnits: change.deltaUnits * by,
    gammaPerUnit: change.gammaPerUnit * by,
    vegaPerPoint: change.vegaPerPoint * by,
  };
}

export function addChanges(a: GreekChange, b: GreekChange): GreekChange {
  return {
    deltaUnits: a.deltaUnits + b.deltaUnits,
    gammaPerUnit: a.gammaPerUnit + b.gammaPerUnit,
    vegaPerPoint: a.vegaPerPoint + b.vegaPerPoint,
  };
}
