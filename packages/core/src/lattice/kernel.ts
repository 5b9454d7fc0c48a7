/** Standard deviations at which one step is cut off. */
const KERNEL_DEVIATIONS = 7.5;
const ITERATIONS = 60;

/** Probabilities of moving by −reach … reach cells in one step. */
export interface Kernel {
  readonly reach: number;
  readonly weights: Float64Array;
}

/**
 * A Gaussian of `deviation` cells, cut off at 7.5 standard deviations and tilted by e^{θj} so that the discounted spot is
 * an exact martingale, Σ p_j e^{j·cell} = 1; θ by Newton's method.
 *
 * @param cell width of a cell in log spot
 * @param deviation of one step in cells; 1 where the cell is σ√dt
 */
export function martingaleKernel(cell: number, deviation = 1): Kernel {
  const reach = Math.max(1, Math.floor(KERNEL_DEVIATIONS * deviation));
  const weights = new Float64Array(2 * reach + 1);
  let tilt = -cell / 2;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let mass = 0;
    let grown = 0;
    let massSlope = 0;
    let grownSlope = 0;
    for (let j = -reach; j <= reach; j++) {
      const weight = Math.exp(-0.5 * (j / deviation) ** 2 + tilt * j);
      weights[j + reach] = weight;
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
  return { reach, weights };
}
