const ROOT_TWO_PI = 2.5066282746310002;

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / ROOT_TWO_PI;
}

/** Hart (1968, algorithm 5666) numerator and denominator, highest power first. */
const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
] as const;
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
] as const;

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

/**
 * Cumulative standard normal distribution, to about 1e-14.
 *
 * Source: Hart (1968) as given by West, "Better approximations to cumulative normal functions" (2005).
 */
export function normalCdf(x: number): number {
  const distance = Math.abs(x);
  const tail = distance > 37 ? 0 : upperTail(distance);
  return x > 0 ? 1 - tail : tail;
}

function upperTail(x: number): number {
  const exponential = Math.exp(-0.5 * x * x);
  if (x < 7.07106781186547) return (exponential * horner(NUMERATOR, x)) / horner(DENOMINATOR, x);
  const fraction = x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))));
  return exponential / fraction / ROOT_TWO_PI;
}
