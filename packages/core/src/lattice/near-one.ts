/** How near: nearly all disutilities lie so close to 1 that a few terms of a series are exact to the last digits. */
const NEAR = 1 / 8;
const VERY_NEAR = 1 / 64;

/** ln x; by the series of 2·artanh((x − 1)/(x + 1)) near 1, which costs a fraction of `Math.log`. */
export function logarithm(x: number): number {
  const beyond = x - 1;
  if (!(beyond < NEAR && beyond > -NEAR)) return Math.log(x);
  const z = beyond / (x + 1);
  const s = z * z;
  if (beyond < VERY_NEAR && beyond > -VERY_NEAR) return 2 * z * (1 + s * (1 / 3 + s * (1 / 5 + s / 7)));
  const high = 1 / 9 + s * (1 / 11 + s / 13);
  return 2 * z * (1 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * high))));
}

/** e^x; by its own series near 0. */
export function exponential(x: number): number {
  if (!(x < NEAR && x > -NEAR)) return Math.exp(x);
  const s = x * x;
  const low = 1 + x + s * (1 / 2 + x / 6);
  const middle = 1 / 24 + x / 120;
  if (x < VERY_NEAR && x > -VERY_NEAR) return low + s * s * (middle + s / 720);
  const high = 1 / 720 + x / 5040 + s * (1 / 40_320 + x / 362_880 + s / 3_628_800);
  return low + s * s * (middle + s * high);
}
