import { PolicyInputInvalidError } from '../errors.js';
import type { Product } from './product.js';

/** One book, its market and what trading costs: all that the optimum depends on. */
export interface HedgingProblem {
  readonly product: Product;
  /** Numeraire per unit, now. */
  readonly spot: number;
  /** Per √year. */
  readonly annualVolatility: number;
  /** Until the book settles. */
  readonly years: number;
  /** How often the book is looked at in that time, evenly. */
  readonly steps: number;
  /** Continuously compounded. */
  readonly annualRate: number;
  /** λ: one-way cost of a trade as a share of its notional. */
  readonly proportionalCost: number;
  /** k: cost of any trade, whatever its size, numeraire. */
  readonly fixedCost: number;
  /** Absolute risk aversion γ of U(W) = −exp(−γW), per numeraire. */
  readonly riskAversion: number;
  /** Whether the hedge is taken over for nothing at the end, or must be traded away at the same costs. */
  readonly settlement: 'free' | 'unwind';
}

const MOST_STEPS = 20_000;

/**
 * Refuses a problem that has no answer.
 *
 * @throws {PolicyInputInvalidError} naming the field
 */
export function checkProblem(problem: HedgingProblem): HedgingProblem {
  const { product, steps } = problem;
  positive(problem.spot, 'spot');
  positive(problem.annualVolatility, 'annualVolatility');
  positive(problem.years, 'years');
  positive(problem.riskAversion, 'riskAversion');
  notNegative(problem.fixedCost, 'fixedCost');
  notNegative(problem.proportionalCost, 'proportionalCost');
  if (!Number.isFinite(problem.annualRate)) refuse('annualRate', problem.annualRate, 'is not a finite number');
  if (problem.proportionalCost >= 0.5) refuse('proportionalCost', problem.proportionalCost, 'is half the notional');
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) {
    refuse('steps', steps, `is no whole number from 1 to ${MOST_STEPS}`);
  }
  if (product.kind === 'lp') {
    positive(product.liquidity, 'product.liquidity');
    notNegative(product.low, 'product.low');
    if (!(product.high > product.low)) refuse('product.high', product.high, 'is not above product.low');
  } else {
    positive(product.strike, 'product.strike');
  }
  return problem;
}

function positive(value: number, field: string): void {
  if (!(value > 0 && Number.isFinite(value))) refuse(field, value, 'is not a positive number');
}

function notNegative(value: number, field: string): void {
  if (!(value >= 0 && Number.isFinite(value))) refuse(field, value, 'is negative or no number');
}

function refuse(field: string, value: number, problem: string): never {
  throw new PolicyInputInvalidError(field, value, problem, 'Check where it comes from.');
}
