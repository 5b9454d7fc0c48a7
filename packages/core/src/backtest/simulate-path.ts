import { BacktestInputInvalidError } from './errors.js';
import type { PricePath } from './price-path.js';
import { type SeededNumbers, seededNumbers } from './seeded-numbers.js';

const SECONDS_PER_YEAR = 365 * 86_400;

/** A model of the price; all rates and volatilities per year. */
export type PriceModel = GbmModel | MertonModel | HestonModel;

export interface GbmModel {
  readonly kind: 'gbm';
  readonly annualDrift: number;
  readonly annualVolatility: number;
}

/** Jumps of normal size in the logarithm, at the times of a Poisson process; the drift is compensated for them. */
export interface MertonModel {
  readonly kind: 'merton';
  readonly annualDrift: number;
  readonly annualVolatility: number;
  readonly jumpsPerYear: number;
  readonly jumpLogMean: number;
  readonly jumpLogStdDev: number;
}

/** dv = κ(θ − v)dt + ξ√v dW, correlated by ρ with the price. */
export interface HestonModel {
  readonly kind: 'heston';
  readonly annualDrift: number;
  readonly initialVariance: number;
  readonly longRunVariance: number;
  readonly meanReversionPerYear: number;
  readonly volatilityOfVariance: number;
  readonly correlation: number;
}

export interface SimulationInput {
  readonly model: PriceModel;
  readonly spot: number;
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly steps: number;
  readonly seed: number;
  /** Number of the path; the same number gives the same path, however many others are made. */
  readonly index: number;
}

/**
 * One path. GBM and Merton are exact at any step; Heston by the quadratic-exponential scheme with its martingale
 * correction.
 *
 * Source: Merton (1976); Andersen, "Efficient simulation of the Heston stochastic volatility model" (2008), section 3.2.4
 * and 4.3 with γ1 = γ2 = ½ and ψ_c = 1.5.
 *
 * @throws {BacktestInputInvalidError} for parameters outside of their range
 */
export function simulatePath({
  index,
  model,
  seed,
  spot,
  startSeconds,
  stepSeconds,
  steps,
}: SimulationInput): PricePath {
  positive(spot, 'spot');
  const numbers = seededNumbers(seed, index);
  const increment = incrementsOf(model, stepSeconds / SECONDS_PER_YEAR, numbers);
  const prices = new Float64Array(steps + 1);
  let logarithm = Math.log(spot);
  prices[0] = spot;
  for (let i = 1; i <= steps; i++) {
    logarithm += increment();
    prices[i] = Math.exp(logarithm);
  }
  return { startSeconds, stepSeconds, prices };
}

function incrementsOf(model: PriceModel, years: number, numbers: SeededNumbers): () => number {
  switch (model.kind) {
    case 'gbm':
      return gbm(model, years, numbers);
    case 'merton':
      return merton(model, years, numbers);
    case 'heston':
      return heston(model, years, numbers);
  }
}

function gbm({ annualDrift, annualVolatility }: GbmModel, years: number, numbers: SeededNumbers): () => number {
  positive(annualVolatility, 'annualVolatility');
  const drift = (annualDrift - annualVolatility ** 2 / 2) * years;
  const spread = annualVolatility * Math.sqrt(years);
  return () => drift + spread * numbers.normal();
}

function merton(model: MertonModel, years: number, numbers: SeededNumbers): () => number {
  const { annualDrift, jumpLogMean, jumpLogStdDev, jumpsPerYear } = model;
  notNegative(jumpsPerYear, 'jumpsPerYear');
  notNegative(jumpLogStdDev, 'jumpLogStdDev');
  const compensation = jumpsPerYear * (Math.exp(jumpLogMean + jumpLogStdDev ** 2 / 2) - 1);
  const diffusion = gbm({ ...model, kind: 'gbm', annualDrift: annualDrift - compensation }, years, numbers);
  return () => {
    const jumps = numbers.poisson(jumpsPerYear * years);
    const jumped = jumps === 0 ? 0 : jumps * jumpLogMean + Math.sqrt(jumps) * jumpLogStdDev * numbers.normal();
    return diffusion() + jumped;
  };
}

/** Above this ratio of variance to squared mean the quadratic scheme gives way to the exponential one. */
const SWITCH = 1.5;

function heston(model: HestonModel, years: number, numbers: SeededNumbers): () => number {
  const { annualDrift, correlation: rho, initialVariance, longRunVariance: theta } = model;
  const { meanReversionPerYear: kappa, volatilityOfVariance: xi } = model;
  notNegative(initialVariance, 'initialVariance');
  positive(theta, 'longRunVariance');
  positive(kappa, 'meanReversionPerYear');
  positive(xi, 'volatilityOfVariance');
  if (!(Math.abs(rho) <= 1)) throw invalid('correlation', rho, 'is not between -1 and 1');
  const decay = Math.exp(-kappa * years);
  const k1 = (years / 2) * ((kappa * rho) / xi - 0.5) - rho / xi;
  const k2 = (years / 2) * ((kappa * rho) / xi - 0.5) + rho / xi;
  const k3 = (years / 2) * (1 - rho * rho);
  const a = k2 + k3 / 2;
  let variance = initialVariance;
  return () => {
    const mean = theta + (variance - theta) * decay;
    const squared =
      (variance * xi * xi * decay * (1 - decay)) / kappa + (theta * xi * xi * (1 - decay) ** 2) / (2 * kappa);
    const psi = squared / (mean * mean);
    const { log, next } = psi <= SWITCH ? quadratic(mean, psi, a, numbers) : exponential(mean, psi, a, numbers);
    // The correction that makes the discounted price a martingale; without it where its expectation does not exist.
    const k0 = log === undefined ? (-rho * kappa * theta * years) / xi : -log - (k1 + k3 / 2) * variance;
    const spread = Math.sqrt(k3 * (variance + next)) * numbers.normal();
    const moved = annualDrift * years + k0 + k1 * variance + k2 * next + spread;
    variance = next;
    return moved;
  };
}

/** The next variance, and the logarithm of E[e^{A·v}] where it is finite. */
interface VarianceDraw {
  readonly next: number;
  readonly log: number | undefined;
}

function quadratic(mean: number, psi: number, a: number, numbers: SeededNumbers): VarianceDraw {
  const inverse = 2 / psi;
  const bSquared = inverse - 1 + Math.sqrt(inverse * (inverse - 1));
  const scale = mean / (1 + bSquared);
  const next = scale * (Math.sqrt(bSquared) + numbers.normal()) ** 2;
  const rest = 1 - 2 * a * scale;
  return { next, log: rest > 0 ? (a * bSquared * scale) / rest - Math.log(rest) / 2 : undefined };
}

function exponential(mean: number, psi: number, a: number, numbers: SeededNumbers): VarianceDraw {
  const atom = (psi - 1) / (psi + 1);
  const beta = (1 - atom) / mean;
  const uniform = numbers.uniform();
  const next = uniform <= atom ? 0 : Math.log((1 - atom) / (1 - uniform)) / beta;
  return { next, log: a < beta ? Math.log(atom + (beta * (1 - atom)) / (beta - a)) : undefined };
}

function positive(value: number, field: string): void {
  if (!(value > 0 && Number.isFinite(value))) throw invalid(field, value, 'is not above zero');
}

function notNegative(value: number, field: string): void {
  if (!(value >= 0 && Number.isFinite(value))) throw invalid(field, value, 'is negative or no number');
}

function invalid(field: string, value: number, problem: string): BacktestInputInvalidError {
  return new BacktestInputInvalidError(field, value, problem, 'Correct the model of the price.');
}
