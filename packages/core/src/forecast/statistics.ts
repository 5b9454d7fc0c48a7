/** Least squares that take rows one by one and are solved when wanted. */
export interface GrowingLeastSquares {
  readonly add: (row: readonly number[], target: number) => void;
  readonly coefficients: () => number[];
}

/** Ordinary least squares by the normal equations; rows of `size` regressors, the constant included. */
export function growingLeastSquares(size: number): GrowingLeastSquares {
  const normal = Array.from({ length: size }, () => new Array<number>(size + 1).fill(0));
  return {
    add: (row, target) => {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) normal[i]![j]! += row[i]! * row[j]!;
        normal[i]![size]! += row[i]! * target;
      }
    },
    coefficients: () => solveLinear(normal.map((row) => [...row])),
  };
}

/** Ordinary least squares; `rows` hold the regressors, the constant included. */
export function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const regression = growingLeastSquares(rows[0]?.length ?? 0);
  rows.forEach((row, t) => {
    regression.add(row, targets[t]!);
  });
  return regression.coefficients();
}

/** Gaussian elimination with partial pivoting on an augmented matrix, which is used up. A direction without information gets zero. */
export function solveLinear(matrix: number[][]): number[] {
  const size = matrix.length;
  const scale = Math.max(...matrix.map((row, i) => Math.abs(row[i]!)));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    const lead = matrix[column]!;
    if (Math.abs(lead[column]!) < 1e-12 * scale) continue;
    for (let row = column + 1; row < size; row++) {
      const factor = matrix[row]![column]! / lead[column]!;
      for (let k = column; k <= size; k++) matrix[row]![k]! -= factor * lead[k]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    const lead = matrix[row]!;
    let rest = lead[size]!;
    for (let k = row + 1; k < size; k++) rest -= lead[k]! * solution[k]!;
    solution[row] = Math.abs(lead[row]!) < 1e-12 * scale ? 0 : rest / lead[row]!;
  }
  return solution;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Root mean square of residuals, on `parameters` fewer degrees of freedom. */
export function residualStdDev(residuals: readonly number[], parameters: number): number {
  const freedom = Math.max(1, residuals.length - parameters);
  return Math.sqrt(residuals.reduce((sum, each) => sum + each * each, 0) / freedom);
}
