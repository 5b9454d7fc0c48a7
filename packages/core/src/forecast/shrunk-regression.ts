import { solveLinear } from './statistics.js';

/** Slopes of a linear regression; its level is set elsewhere. */
export type Slopes = readonly number[];

/** A least-squares regression that takes rows one by one and is solved when wanted. */
export interface ShrunkRegression {
  readonly add: (row: readonly number[], target: number) => void;
  readonly slopes: () => Slopes;
}

/**
 * Ridge regression on standardised regressors around a prior: the slopes that minimise the mean squared error plus
 * `penalty` times the squared distance from the prior, in standard deviations of the regressors. Where regressors are
 * nearly collinear, as averages of one variance over many windows are, the data decide what they can and the prior the rest.
 *
 * With a half-life, rows count half as much after that many more have come: what a market taught long ago fades.
 *
 * Source: Hoerl and Kennard, "Ridge regression" (1970), with a prior mean as in Theil and Goldberger (1961).
 */
export function shrunkRegression(
  prior: Slopes,
  penalty: number,
  halfLifeRows: number = Number.POSITIVE_INFINITY,
): ShrunkRegression {
  const size = prior.length;
  const decay = 0.5 ** (1 / halfLifeRows);
  let count = 0;
  let targetSum = 0;
  const sums = new Float64Array(size);
  const crossTarget = new Float64Array(size);
  const cross = new Float64Array(size * size);

  const add = (row: readonly number[], target: number): void => {
    count = count * decay + 1;
    targetSum = targetSum * decay + target;
    for (let i = 0; i < size; i++) {
      const value = row[i]!;
      sums[i] = sums[i]! * decay + value;
      crossTarget[i] = crossTarget[i]! * decay + value * target;
      for (let j = 0; j <= i; j++) cross[i * size + j] = cross[i * size + j]! * decay + value * row[j]!;
    }
  };

  const covariance = (i: number, j: number): number =>
    cross[Math.max(i, j) * size + Math.min(i, j)]! / count - (sums[i]! / count) * (sums[j]! / count);

  const slopes = (): Slopes => {
    const scales = prior
      .map((_, i) => Math.sqrt(Math.max(0, covariance(i, i))))
      .map((each) => (each < 1e-9 ? 1 : each));
    const correlation = scales.map((a, i) => scales.map((b, j) => covariance(i, j) / (a * b)));
    const start = prior.map((slope, i) => slope * scales[i]!);
    const matrix = correlation.map((row, i) => {
      const toTarget = (crossTarget[i]! / count - (sums[i]! / count) * (targetSum / count)) / scales[i]!;
      const explained = row.reduce((sum, each, j) => sum + each * start[j]!, 0);
      return [...row.map((each, j) => (i === j ? each + penalty : each)), toTarget - explained];
    });
    return solveLinear(matrix).map((step, i) => (start[i]! + step) / scales[i]!);
  };
  return { add, slopes };
}
