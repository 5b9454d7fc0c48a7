import { type DailyForecast, dailyForecaster } from './daily-forecaster.js';
import { pastErrors } from './dispersion.js';
import type { VolatilityForecaster } from './forecast.js';
import { mean } from './statistics.js';

const LEAST_DAYS = 250;
const REFIT_DAYS = 7;
const ROUNDS = 8;
const STEPS = 8;

/** σ²_t = ω + α·r²_{t−1} + β·σ²_{t−1}, with ω set so that the long-run variance is the sample's. */
export interface GarchFit {
  readonly longRunVariance: number;
  readonly alpha: number;
  readonly beta: number;
  readonly logLikelihood: number;
}

/** Conditional variances: entry t is the variance of the return after t, given returns up to t. */
function conditionalVariances(squares: readonly number[], longRun: number, alpha: number, beta: number): number[] {
  const omega = longRun * (1 - alpha - beta);
  let state = longRun;
  return squares.map((square) => (state = omega + alpha * square + beta * state));
}

/** Variances whose product is taken before its logarithm, which costs more than they do. */
const AT_ONCE = 16;

function gaussianLogLikelihood(squares: readonly number[], longRun: number, alpha: number, beta: number): number {
  // In units of the long-run variance, so that no product of sixteen leaves the range of numbers.
  const omega = 1 - alpha - beta;
  let state = 1;
  let product = 1;
  let sum = squares.length * Math.log(2 * Math.PI * longRun);
  for (let t = 0; t < squares.length; t++) {
    const relative = squares[t]! / longRun;
    product *= state;
    sum += relative / state;
    if (t % AT_ONCE === AT_ONCE - 1) {
      sum += Math.log(product);
      product = 1;
    }
    state = omega + alpha * relative + beta * state;
  }
  return -0.5 * (sum + Math.log(product));
}

/**
 * GARCH(1,1) by Gaussian maximum likelihood with variance targeting: α and the persistence α + β by a grid that is refined
 * around its best point, eight times over; deterministic, and no worse than any point that it looked at.
 *
 * Source: Bollerslev (1986); variance targeting Engle and Mezrich (1996).
 */
export function fitGarch(returns: readonly number[]): GarchFit {
  const squares = returns.map((each) => each * each);
  const longRun = mean(squares);
  let best: GarchFit = { longRunVariance: longRun, alpha: 0, beta: 0, logLikelihood: Number.NEGATIVE_INFINITY };
  let alphaRange = { low: 0, high: 0.5 };
  let persistenceRange = { low: 0, high: 0.9999 };
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i <= STEPS; i++) {
      const persistence = persistenceRange.low + ((persistenceRange.high - persistenceRange.low) * i) / STEPS;
      for (let j = 0; j <= STEPS; j++) {
        const alpha = alphaRange.low + ((alphaRange.high - alphaRange.low) * j) / STEPS;
        if (alpha > persistence) continue;
        const beta = persistence - alpha;
        const logLikelihood = gaussianLogLikelihood(squares, longRun, alpha, beta);
        if (logLikelihood > best.logLikelihood) best = { longRunVariance: longRun, alpha, beta, logLikelihood };
      }
    }
    alphaRange = around(best.alpha, alphaRange, 0.5);
    persistenceRange = around(best.alpha + best.beta, persistenceRange, 0.9999);
  }
  return best;
}

function around(
  centre: number,
  { high, low }: { readonly low: number; readonly high: number },
  most: number,
): { low: number; high: number } {
  const reach = (high - low) / 4;
  return { low: Math.max(0, centre - reach), high: Math.min(most, centre + reach) };
}

/** Mean of the expected variances of the next `days` days, when the next one's is `next`. */
function meanVariance({ alpha, beta, longRunVariance }: GarchFit, next: number, days: number): number {
  const persistence = alpha + beta;
  const decay = persistence === 1 ? days : (1 - persistence ** days) / (1 - persistence);
  return longRunVariance + ((next - longRunVariance) * decay) / days;
}

/**
 * GARCH(1,1) on daily returns; the variance reverts to its long-run mean over the horizon. Refitted every seven days.
 *
 * @throws {HistoryTooShortError} for less than 250 days
 */
export function garch(): VolatilityForecaster {
  return dailyForecaster({
    id: 'garch',
    leastDays: () => LEAST_DAYS,
    prepare: ({ returns, variances }, days) => {
      const fits = new Map<number, (dayCount: number) => DailyForecast>();
      const fittedAfter = (fitDays: number): ((dayCount: number) => DailyForecast) => {
        const fit = fitGarch(returns.slice(0, fitDays));
        const inForce = fitDays + REFIT_DAYS;
        const squares = returns.slice(0, inForce).map((each) => each * each);
        const next = conditionalVariances(squares, fit.longRunVariance, fit.alpha, fit.beta);
        const forecasts = next.map((variance) => meanVariance(fit, variance, days));
        const errorsAfter = pastErrors(variances.slice(0, inForce), forecasts, days);
        return (dayCount) => {
          const { bias, stdDev } = errorsAfter(dayCount);
          const variance = forecasts[dayCount - 1]!;
          return { variance, logMean: Math.log(variance) + bias, logStdDev: stdDev };
        };
      };
      return (dayCount) => {
        const fitDays = dayCount - (dayCount % REFIT_DAYS);
        const fitted = fits.get(fitDays) ?? fittedAfter(fitDays);
        fits.set(fitDays, fitted);
        return fitted(dayCount);
      };
    },
  });
}
