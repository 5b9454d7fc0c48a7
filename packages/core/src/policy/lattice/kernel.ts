/** Cells that one step can move either way: 7.5 standard deviations, on a lattice whose cell is one. */
export const KERNEL_REACH = 7;

const ITERATIONS = 50;

/**
 * Probabilities of moving by −7…7 cells of one standard deviation each: a Gaussian, truncated at 7.5 standard deviations
 * and tilted by e^{θj} so that the discounted spot is an exact martingale, Σ p_j e^{j·cell} = 1. θ is near −cell/2, and is
 * found by Newton's method.
 *
 * @param cell σ√dt, the width of a cell in log spot
 */
export function martingaleKernel(cell: number): Float64Array {
  const weights = new Float64Array(2 * KERNEL_REACH + 1);
  let tilt = -cell / 2;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let mass = 0;
    let grown = 0;
    let massSlope = 0;
    let grownSlope = 0;
    for (let j = -KERNEL_REACH; j <= KERNEL_REACH; j++) {
      const weight = Math.exp(-0.5 * j * j + tilt * j);
      weights[j + KERNEL_REACH] = weight;
      mass += weight;
      massSlope += j * weight;
      grown += weight * Math.exp(j * cell);
      grownSlope += j * weight * Math.exp(j * cell);
    }
    const gap = Math.log(grown / mass);
    for (let j = 0; j < weights.length; j++) weights[j]! /= mass;
    if (Math.abs(gap) < 1e-15) break;
    tilt -= gap / (grownSlope / grown - massSlope / mass);
  }
  return weights;
}
