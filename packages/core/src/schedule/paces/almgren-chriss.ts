import { type Pace, type Slots, spread } from './pace.js';

/** A market with linear impact, in units of time of the caller's choice. */
export interface LinearMarket {
  /** Variance of the price over one unit of time: σ². */
  readonly variance: number;
  /** γ: permanent rise of the price for a unit traded. */
  readonly permanentImpact: number;
  /** η: rise of the price paid, for a unit per unit of time. */
  readonly temporaryImpact: number;
}

/**
 * κ of the optimal trajectory, per unit of time: arccosh(1 + λσ²τ²/(2η̃))/τ with η̃ = η − γτ/2.
 *
 * Source: Almgren and Chriss, "Optimal execution of portfolio transactions" (2000), equations 14 to 16.
 *
 * @param riskAversion λ: numeraire for a unit of variance of the cost
 * @param interval τ: time between two slices
 */
export function almgrenChrissUrgency(market: LinearMarket, riskAversion: number, interval: number): number {
  const effective = market.temporaryImpact - (market.permanentImpact * interval) / 2;
  return Math.acosh(1 + (riskAversion * market.variance * interval * interval) / (2 * effective)) / interval;
}

/** Holdings x₀ … x_N of the optimal trajectory for one unit: sinh(κ(T − t_j)) / sinh(κT); a straight line for κ = 0. */
export function almgrenChrissHoldings(urgency: number, span: number, parts: number): readonly number[] {
  return Array.from({ length: parts + 1 }, (_, j) => {
    const left = 1 - j / parts;
    const full = urgency * span;
    if (full < 1e-8) return left;
    // sinh(a)/sinh(b) for a ≤ b, without overflow
    return (Math.exp(full * (left - 1)) * -Math.expm1(-2 * full * left)) / -Math.expm1(-2 * full);
  });
}

export interface AlmgrenChrissOptions extends Slots {
  /** κ, per second. */
  readonly urgencyPerSecond: number;
}

/** The faster at the beginning, the more waiting is worth against impact. The rest of an optimal path is optimal. */
export function almgrenChriss({ urgencyPerSecond, ...slots }: AlmgrenChrissOptions): Pace {
  return {
    kind: 'almgren-chriss',
    propose: (work) => {
      const held = almgrenChrissHoldings(urgencyPerSecond, work.endSeconds - work.startSeconds, slots.parts);
      return spread(work, slots, (index) => held[index]! - held[index + 1]!);
    },
  };
}
