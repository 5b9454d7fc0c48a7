export interface YardstickProblem {
  readonly product: 'call' | 'put' | 'lp';
  readonly strike: number;
  readonly spot: number;
  readonly annualVolatility: number;
  readonly years: number;
  readonly steps: number;
  readonly annualRate: number;
  readonly proportionalCost: number;
  readonly fixedCost: number;
  readonly riskAversion: number;
  readonly settlement: 'free' | 'unwind';
  readonly impact?: { readonly buy: readonly Piece[]; readonly sell: readonly Piece[] };
}

/** Marginal cost on top of the proportional one, as shares of the spot, over a length in units. */
interface Piece {
  readonly length: number;
  readonly left: number;
  readonly right: number;
}

export function yardstick(
  problem: YardstickProblem,
  count?: number,
): { readonly certaintyEquivalent: number; readonly premium: number };
