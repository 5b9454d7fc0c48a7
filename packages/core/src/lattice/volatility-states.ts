/** One value that the volatility may have, as a multiple of its expectation, and its probability. */
export interface VolatilityState {
  readonly volatilityRatio: number;
  readonly probability: number;
}

const KNOWN: readonly VolatilityState[] = Object.freeze([Object.freeze({ volatilityRatio: 1, probability: 1 })]);

/** Gauss–Hermite: a normal variable as three points. */
const NODES = [
  { deviations: -Math.sqrt(3), probability: 1 / 6 },
  { deviations: 0, probability: 2 / 3 },
  { deviations: Math.sqrt(3), probability: 1 / 6 },
] as const;

/**
 * A lognormal variance as three states, scaled so that the mean of the variance stays what the forecast expects.
 *
 * @param logVarianceStdDev of the forecast's predictive distribution; 0 gives the one known state
 */
export function volatilityStates(logVarianceStdDev: number): readonly VolatilityState[] {
  if (logVarianceStdDev === 0) return KNOWN;
  const variances = NODES.map(({ deviations }) => Math.exp(deviations * logVarianceStdDev));
  const mean = NODES.reduce((sum, { probability }, i) => sum + probability * variances[i]!, 0);
  return NODES.map(({ probability }, i) => ({ volatilityRatio: Math.sqrt(variances[i]! / mean), probability }));
}
