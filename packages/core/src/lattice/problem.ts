import { PolicyInputInvalidError } from '../policy/errors.js';
import type { MarginalPiece } from '../policy/cost-function.js';
import type { Book } from './book.js';

/** One book, its market and what trading costs: all that the optimum depends on. Plain data. */
export interface HedgingProblem {
  readonly book: Book;
  /** Numeraire per unit, now. */
  readonly spot: number;
  /** Per √year. */
  readonly annualVolatility: number;
  /**
   * How uncertain that is: standard deviation of the logarithm of the realised variance, as a volatility forecast says
   * it. The book's volatility is then one of several, constant to the end, that nobody knows. Default 0.
   */
  readonly logVarianceStdDev?: number;
  /** Until the book settles. */
  readonly years: number;
  /** How often the book is looked at in that time, evenly. */
  readonly steps: number;
  /** Continuously compounded; also what a hedge costs or earns in funding. */
  readonly annualRate: number;
  /** λ: one-way cost of a trade as a share of its notional; with impact, of its first unit. */
  readonly proportionalCost: number;
  /**
   * How much more than λ the next unit of a larger trade costs, as a share of the spot: stretches of rising marginal
   * cost, from size zero outwards. Absent: every unit costs λ.
   */
  readonly impact?: Impact;
  /** k: cost of any trade, whatever its size, numeraire. */
  readonly fixedCost: number;
  /** Absolute risk aversion γ of U(W) = −exp(−γW), per numeraire. */
  readonly riskAversion: number;
  /** Whether the hedge is taken over for nothing at the end, or must be traded away at the same costs. */
  readonly settlement: 'free' | 'unwind';
  /** Years from a decision to its fill. Default 0. */
  readonly latencyYears?: number;
}

/** Convex cost on top of λ, by side. Lengths in units of the underlying, marginal costs as shares of the spot. */
export interface Impact {
  readonly buy: readonly MarginalPiece[];
  readonly sell: readonly MarginalPiece[];
}

const MOST_STEPS = 20_000;
/** σ√T beyond which a lognormal spot is no model of anything: 500 % over a year, 250 % over four. */
const MOST_DEVIATION = 5;
/** γ times the worth of a unit: beyond it the truncated tails decide, see docs/policy.md. */
const MOST_AVERSION = 200;
const MOST_LOG_VARIANCE_DEVIATION = 2;

/**
 * Refuses a problem that has no answer, or none that means anything.
 *
 * @throws {PolicyInputInvalidError} naming the field
 */
export function checkProblem(problem: HedgingProblem): HedgingProblem {
  const { annualVolatility, book, latencyYears = 0, logVarianceStdDev = 0, riskAversion, spot, steps, years } = problem;
  positive(spot, 'spot');
  positive(annualVolatility, 'annualVolatility');
  positive(years, 'years');
  positive(riskAversion, 'riskAversion');
  notNegative(problem.fixedCost, 'fixedCost');
  notNegative(problem.proportionalCost, 'proportionalCost');
  notNegative(latencyYears, 'latencyYears');
  notNegative(logVarianceStdDev, 'logVarianceStdDev');
  if (logVarianceStdDev > MOST_LOG_VARIANCE_DEVIATION) {
    refuse('logVarianceStdDev', logVarianceStdDev, `is above ${MOST_LOG_VARIANCE_DEVIATION}, a factor of seven`);
  }
  if (!Number.isFinite(problem.annualRate)) refuse('annualRate', problem.annualRate, 'is not a finite number');
  if (Math.abs(problem.annualRate) > MOST_DEVIATION) refuse('annualRate', problem.annualRate, 'is beyond 500 %');
  if (problem.impact !== undefined) {
    checkPieces(problem.impact.buy, 'impact.buy');
    checkPieces(problem.impact.sell, 'impact.sell');
  }
  if (problem.proportionalCost >= 0.5) refuse('proportionalCost', problem.proportionalCost, 'is half the notional');
  if (annualVolatility * Math.sqrt(years) > MOST_DEVIATION) {
    refuse('annualVolatility', annualVolatility, `makes a standard deviation above ${MOST_DEVIATION} until the end`);
  }
  if (riskAversion * spot > MOST_AVERSION) {
    refuse('riskAversion', riskAversion, `times the spot is above ${MOST_AVERSION}`);
  }
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) {
    refuse('steps', steps, `is no whole number from 1 to ${MOST_STEPS}`);
  }
  if (book.length === 0) refuse('book', 0, 'is empty');
  book.forEach((leg, i) => checkLeg(leg, years, `book[${i}]`));
  return problem;
}

function checkLeg(leg: Book[number], years: number, field: string): void {
  if (!Number.isFinite(leg.units)) refuse(`${field}.units`, leg.units, 'is not a finite number');
  if (leg.kind === 'lp') {
    positive(leg.liquidity, `${field}.liquidity`);
    notNegative(leg.low, `${field}.low`);
    if (!(leg.high > leg.low)) refuse(`${field}.high`, leg.high, 'is not above the low end');
    return;
  }
  positive(leg.strike, `${field}.strike`);
  if (leg.years === undefined) return;
  positive(leg.years, `${field}.years`);
  if (leg.years > years) refuse(`${field}.years`, leg.years, 'is after the end of the book');
}

function checkPieces(pieces: readonly MarginalPiece[], field: string): void {
  let reached = 0;
  pieces.forEach(({ left, length, right }, i) => {
    positive(length, `${field}[${i}].length`);
    notNegative(right, `${field}[${i}].right`);
    if (!(left >= reached)) refuse(`${field}[${i}].left`, left, 'is below what the size before it costs');
    if (right < left) refuse(`${field}[${i}].right`, right, 'is below what the size before it costs');
    reached = right;
  });
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
