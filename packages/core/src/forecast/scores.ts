import { normalCdf, normalDensity } from '../exposure/normal.js';

/**
 * Quasi-likelihood loss of a variance forecast, realised/forecast − ln(realised/forecast) − 1: nothing for a perfect one,
 * and it ranks forecasts rightly although realised variance is measured with noise.
 *
 * Source: Patton, "Volatility forecast comparison using imperfect volatility proxies" (2011).
 */
export function qlike(realised: number, forecast: number): number {
  const ratio = realised / forecast;
  return ratio - Math.log(ratio) - 1;
}

/** A normal predictive distribution. */
export interface NormalDistribution {
  readonly mean: number;
  readonly stdDev: number;
}

/**
 * Continuous ranked probability score of a normal distribution: in the unit of the outcome, less is better, and the
 * absolute error where the distribution is a point.
 *
 * Source: Gneiting and Raftery, "Strictly proper scoring rules" (2007), equation 21 with the sign turned.
 */
export function normalCrps(outcome: number, { mean, stdDev }: NormalDistribution): number {
  const z = (outcome - mean) / stdDev;
  return stdDev * (z * (2 * normalCdf(z) - 1) + 2 * normalDensity(z) - 1 / Math.sqrt(Math.PI));
}

/** Logarithm of the density that was given to what happened: more is better. */
export function normalLogScore(outcome: number, { mean, stdDev }: NormalDistribution): number {
  const z = (outcome - mean) / stdDev;
  return -0.5 * z * z - Math.log(stdDev) - 0.5 * Math.log(2 * Math.PI);
}
