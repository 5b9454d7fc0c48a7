import { normalCdf } from '../exposure/normal.js';
import { black76 } from '../exposure/positions/option.js';

/** One payoff of a book. Units are signed: positive for what is held, negative for what was written. */
export type Leg =
  | {
      readonly kind: 'call' | 'put';
      readonly units: number;
      readonly strike: number;
      /** From now until it pays, at most the book's own time; without it, at the book's end. */
      readonly years?: number;
    }
  | {
      /** A liquidity position whose other token is the numeraire, valued at the book's end; fees that it earns left aside. */
      readonly kind: 'lp';
      readonly units: number;
      /** √(x·y), in units of the underlying and numeraire. */
      readonly liquidity: number;
      /** Range in numeraire per unit; 0 and Infinity for a full range. */
      readonly low: number;
      readonly high: number;
    };

export type Book = readonly Leg[];

/**
 * One of the three books of every comparison, short gamma all: a call or put written at `strike`, or a full-range
 * liquidity position that holds one unit of the underlying and its worth in numeraire at `strike`, so that L = √strike.
 */
export function standardBook(kind: 'call' | 'put' | 'lp', strike: number): Book {
  const lp: Leg = { kind: 'lp', units: 1, liquidity: Math.sqrt(strike), low: 0, high: Number.POSITIVE_INFINITY };
  return Object.freeze([Object.freeze(kind === 'lp' ? lp : { kind, units: -1, strike })]);
}

/** What a book owes: its payoffs with their signs turned, and the holding that hedges them without friction. */
export interface Liability {
  /** Years from now at which something is paid, ascending; the last one is the book's end. */
  readonly payments: readonly number[];
  /** Numeraire owed at the payment of this index. */
  readonly owed: (payment: number, spot: number) => number;
  /** Units that hedge it, `years` before the end. */
  readonly delta: (spot: number, years: number, annualVolatility: number) => number;
  /** Change of that per unit of spot: positive for a short book, whose own gamma is the negative of it. */
  readonly gamma: (spot: number, years: number, annualVolatility: number) => number;
}

/**
 * The liability of a book that ends after `years` in a world of this rate. Options by Black and Scholes; a liquidity
 * position as the claim on its value at the end, by lognormal partial moments: with V′(S) = L(1/√S − 1/√b) in the range
 * [a, b] its delta is the mean of V′(S_T) under the measure of the underlying.
 *
 * Source: Uniswap v3 Core whitepaper (2021), equations 6.29 and 6.30, for value and V′.
 */
export function liabilityOf(book: Book, years: number, annualRate: number): Liability {
  const expiries = book.map((leg) => (leg.kind === 'lp' ? years : (leg.years ?? years)));
  const payments = [...new Set([...expiries, years])].sort((a, b) => a - b);
  /** Sum over the legs that are still to pay, of their own remaining time. */
  const sum = (remaining: number, of: (leg: Leg, legYears: number) => number): number => {
    let total = 0;
    for (let i = 0; i < book.length; i++) {
      const legYears = remaining - (years - expiries[i]!);
      if (legYears > 0) total -= book[i]!.units * of(book[i]!, legYears);
    }
    return total;
  };
  return {
    payments,
    owed: (payment, spot) => {
      let total = 0;
      book.forEach((leg, i) => {
        if (expiries[i] === payments[payment]) total -= leg.units * payoff(leg, spot);
      });
      return total;
    },
    delta: (spot, remaining, sigma) =>
      sum(remaining, (leg, legYears) => greeks(leg, spot, legYears, sigma, annualRate, 'delta')),
    gamma: (spot, remaining, sigma) =>
      sum(remaining, (leg, legYears) => greeks(leg, spot, legYears, sigma, annualRate, 'gamma')),
  };
}

function payoff(leg: Leg, spot: number): number {
  if (leg.kind !== 'lp') return Math.max(leg.kind === 'call' ? spot - leg.strike : leg.strike - spot, 0);
  const { high, liquidity, low } = leg;
  const root = Math.sqrt(Math.min(Math.max(spot, low), high));
  const units = root === 0 ? 0 : 1 / root - 1 / Math.sqrt(high);
  return liquidity * (units * spot + root - Math.sqrt(low));
}

function greeks(leg: Leg, spot: number, years: number, sigma: number, rate: number, which: 'delta' | 'gamma'): number {
  if (leg.kind === 'lp') return liquidityGreek(leg, spot, years, sigma, rate, which);
  const { deltaUnits, gammaPerUnit } = black76({
    optionType: leg.kind,
    spot,
    strike: leg.strike,
    years,
    annualVolatility: sigma,
    forwardRatio: Math.exp(rate * years),
    annualRate: rate,
  });
  return which === 'delta' ? deltaUnits : gammaPerUnit;
}

function liquidityGreek(
  { high, liquidity, low }: Extract<Leg, { kind: 'lp' }>,
  spot: number,
  years: number,
  sigma: number,
  rate: number,
  which: 'delta' | 'gamma',
): number {
  const variance = sigma * sigma * years;
  /** P(S_T > level) where ln S_T has mean ln S + rτ + shift·σ²τ. */
  const above = (level: number, shift: number): number => {
    if (level === 0) return 1;
    if (level === Number.POSITIVE_INFINITY) return 0;
    return normalCdf((Math.log(spot / level) + rate * years + shift * variance) / Math.sqrt(variance));
  };
  const inRange = Math.exp(-(rate / 2) * years - variance / 8) * (above(low, 0) - above(high, 0));
  if (which === 'gamma') return (-liquidity * inRange) / (2 * spot ** 1.5);
  const inverseRootHigh = 1 / Math.sqrt(high);
  const mostUnits = low === 0 ? 0 : 1 / Math.sqrt(low) - inverseRootHigh;
  const overLow = above(low, 0.5);
  const overHigh = above(high, 0.5);
  return liquidity * (inRange / Math.sqrt(spot) - inverseRootHigh * (overLow - overHigh) + mostUnits * (1 - overLow));
}
