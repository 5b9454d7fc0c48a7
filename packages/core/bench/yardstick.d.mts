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
}

export function yardstick(
  problem: YardstickProblem,
  count?: number,
): { readonly certaintyEquivalent: number; readonly premium: number };
