import { black76 } from '../../exposure/positions/option.js';
import { normalCdf } from '../../exposure/normal.js';

/** What is hedged: one option, or one liquidity position whose other token is the numeraire. */
export type Product =
  | { readonly kind: 'call' | 'put'; readonly strike: number; readonly side: 'short' | 'long' }
  | {
      readonly kind: 'lp';
      /** √(x·y), in units of the underlying and numeraire. */
      readonly liquidity: number;
      /** Range in numeraire per unit; 0 and Infinity for a full-range position. */
      readonly low: number;
      readonly high: number;
    };

/** The world in which a product is valued. Per year. */
export interface ProductMarket {
  readonly annualVolatility: number;
  readonly annualRate: number;
}

/** What the holder of the hedge owes at the end, and the frictionless hedge of it. Units of the underlying. */
export interface Liability {
  /** Owed when the book settles at `spot`, numeraire; negative for what is received. */
  readonly payoff: (spot: number) => number;
  /** Frictionless holding that hedges it. */
  readonly delta: (spot: number, years: number, annualVolatility?: number) => number;
  readonly gamma: (spot: number, years: number) => number;
}

/** A full-range position of one unit of the underlying and its worth in numeraire at `spot`: L = √spot. */
export function unitLiquidity(spot: number): Product {
  return { kind: 'lp', liquidity: Math.sqrt(spot), low: 0, high: Number.POSITIVE_INFINITY };
}

/**
 * The liability of a product. An option by Black and Scholes; a liquidity position as the claim on its value at the end,
 * what it earns in fees left aside.
 */
export function liabilityOf(product: Product, market: ProductMarket): Liability {
  return product.kind === 'lp' ? liquidityLiability(product, market) : optionLiability(product, market);
}

function optionLiability(product: Exclude<Product, { kind: 'lp' }>, market: ProductMarket): Liability {
  const { kind, side, strike } = product;
  const owed = side === 'short' ? 1 : -1;
  const direction = kind === 'call' ? 1 : -1;
  const greeks = (spot: number, years: number, annualVolatility: number): ReturnType<typeof black76> => {
    const { annualRate } = market;
    const forwardRatio = Math.exp(annualRate * years);
    return black76({ optionType: kind, spot, strike, years, annualVolatility, forwardRatio, annualRate });
  };
  return {
    payoff: (spot) => owed * Math.max(direction * (spot - strike), 0),
    delta: (spot, years, annualVolatility = market.annualVolatility) =>
      owed * greeks(spot, years, annualVolatility).deltaUnits,
    gamma: (spot, years) => owed * greeks(spot, years, market.annualVolatility).gammaPerUnit,
  };
}

/**
 * With V′(S) = L(1/√S − 1/√b) in the range [a, b], L(1/√a − 1/√b) below, 0 above, the delta of the claim on V(S_T) is
 * the mean of V′(S_T) under the measure of the underlying, and ∂ of it the gamma; V′ is continuous, so that the edges
 * contribute nothing to the latter. For a full range Δ = L·e^{−rτ/2−σ²τ/8}/√S.
 *
 * Source: value and V′ from the Uniswap v3 Core whitepaper (2021), equations 6.29 and 6.30; lognormal partial moments.
 */
function liquidityLiability(product: Extract<Product, { kind: 'lp' }>, market: ProductMarket): Liability {
  const { high, liquidity, low } = product;
  const { annualRate } = market;
  const rootLow = Math.sqrt(low);
  const inverseRootHigh = 1 / Math.sqrt(high);
  const mostUnits = low === 0 ? 0 : 1 / rootLow - inverseRootHigh;
  const value = (spot: number): number => {
    const root = Math.sqrt(Math.min(Math.max(spot, low), high));
    const units = root === 0 ? 0 : 1 / root - inverseRootHigh;
    return liquidity * (units * spot + root - rootLow);
  };
  /** P(S_T > level) where ln S_T has mean ln S + rτ + shift·σ²τ. */
  const above = (spot: number, level: number, years: number, volatility: number, shift: number): number => {
    if (level === 0) return 1;
    if (level === Number.POSITIVE_INFINITY) return 0;
    const variance = volatility * volatility * years;
    return normalCdf((Math.log(spot / level) + annualRate * years + shift * variance) / Math.sqrt(variance));
  };
  const inRange = (spot: number, years: number, volatility: number): number => {
    const decay = Math.exp(-(annualRate / 2 + (volatility * volatility) / 8) * years);
    return decay * (above(spot, low, years, volatility, 0) - above(spot, high, years, volatility, 0));
  };
  return {
    payoff: (spot) => -value(spot),
    delta: (spot, years, volatility = market.annualVolatility) => {
      const overLow = above(spot, low, years, volatility, 0.5);
      const overHigh = above(spot, high, years, volatility, 0.5);
      const roots = inRange(spot, years, volatility) / Math.sqrt(spot);
      return -liquidity * (roots - inverseRootHigh * (overLow - overHigh) + mostUnits * (1 - overLow));
    },
    gamma: (spot, years) => (liquidity * inRange(spot, years, market.annualVolatility)) / (2 * spot ** 1.5),
  };
}
