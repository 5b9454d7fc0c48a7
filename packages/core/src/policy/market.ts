import type { TrendForecast } from '../forecast/trend.js';

/** What the policy needs to know of a trend. */
export type TrendView = Pick<TrendForecast, 'annualDrift' | 'halfLifeSeconds' | 'annualDriftPerReturn'>;

/** What every rule knows about the book and the market. Per year where not said otherwise. */
export interface Market {
  /** Numeraire per unit of the underlying. */
  readonly spot: number;
  /** Per √year. */
  readonly annualVolatility: number;
  /** Change of the book's delta per unit of spot; negative for a short book. */
  readonly gammaPerUnit: number;
  /** Absolute risk aversion γ of U(W) = −exp(−γW), per numeraire. */
  readonly riskAversion: number;
  /** τ: years until the book settles or is given up. */
  readonly years: number;
  /** Continuously compounded. */
  readonly annualRate: number;
  /** Years between two looks at the book. */
  readonly monitoringYears: number;
  /** Years from a decision to its fill. */
  readonly latencyYears: number;
  /** What the hedge costs at the end: nothing, or its unwinding; `none` leaves the end out of account. */
  readonly settlement: 'free' | 'unwind' | 'none';
  /** Units of the hedge that are held; matters where they have to be unwound. */
  readonly holdingUnits: number;
  /** Where the price is expected to drift; absent: nowhere. */
  readonly trend?: TrendView | undefined;
}

/** A half of a band, on the side of the target on which one would sell or buy. Units, from the target outwards. */
export interface HalfBand {
  /** Where a trade is due. */
  readonly outer: number;
  /** Where it ends, when the deviation is just at `outer`. */
  readonly inner: number;
}

/** ν = σS|Γ|: standard deviation of the delta's drift from its hedge, units per √year. */
export function deltaVolatility({ annualVolatility, gammaPerUnit, spot }: Market): number {
  return annualVolatility * spot * Math.abs(gammaPerUnit);
}

/**
 * b of the local problem ½ν²V″ + (γ/2)e^{rτ}σ²S²y² = c, whose solution has V′(y) = a·y − b·y³: b = γe^{rτ}/(3Γ²).
 * Infinite for a book without gamma, whose delta does not drift.
 *
 * Source: Whalley and Wilmott (1997), the inner expansion.
 */
export function curvature({ annualRate, gammaPerUnit, riskAversion, years }: Market): number {
  return (riskAversion * Math.exp(annualRate * years)) / (3 * gammaPerUnit * gammaPerUnit);
}

/** κ = γσ²S²τ: what a deviation that stays to the end costs is κ/2 times its square, numeraire. */
export function staticRisk({ annualVolatility, riskAversion, spot, years }: Market): number {
  return riskAversion * (annualVolatility * spot) ** 2 * years;
}

/**
 * What waiting `latencyYears` for each fill costs a year: the running cost of ν²L more variance of the deviation,
 * (γ/2)e^{rτ}σ²S²·ν²L. It raises the cost and does not move the band: with the size fixed at the decision, a cycle from
 * a landing h + ν√L·Z to its trigger ±H and through the delay costs, with running cost y² and ν = 1,
 * (H⁴ − h⁴)/6 + L(H² − h²) + C(H − h) over a time of H² − h², so that the rate is that without delay plus L, whatever
 * the band. Holds while landings stay within the band, ν√L well below H − h.
 */
export function latencyCostPerYear(market: Market): number {
  const { annualRate, annualVolatility, latencyYears, riskAversion, spot, years } = market;
  const aversion = (riskAversion / 2) * Math.exp(annualRate * years);
  return aversion * (annualVolatility * spot * deltaVolatility(market)) ** 2 * latencyYears;
}
