/**
 * Sparse LDLᵀ of a symmetric matrix whose pattern is that of a graph: the order and the fill are found once, the numbers
 * as often as wanted, without allocation. Hubs are eliminated last (minimum degree), so that networks of pools around a
 * few hub tokens cost little more than their number of pools.
 */
export interface Factorization {
  readonly size: number;
  /** Node → row in elimination order, or −1 for the node that is left out. */
  readonly row: Int32Array;
  readonly columnStart: Int32Array;
  readonly rowIndex: Int32Array;
  /** For each column, the entries that its pairs of rows update, in the order (i, j ≤ i). */
  readonly pairStart: Int32Array;
  readonly pairTarget: Int32Array;
  /** Edge → its entry below the diagonal, or −1. */
  readonly entryOfEdge: Int32Array;
  readonly diagonal: Float64Array;
  readonly lower: Float64Array;
  readonly pivot: Float64Array;
}

export function analyse(nodeCount: number, leftOut: number, from: Int32Array, to: Int32Array): Factorization {
  const neighbours: Set<number>[] = Array.from({ length: nodeCount }, () => new Set());
  for (let e = 0; e < from.length; e++) {
    const a = from[e]!;
    const b = to[e]!;
    if (a === leftOut || b === leftOut || a === b) continue;
    neighbours[a]!.add(b);
    neighbours[b]!.add(a);
  }
  const { order, columns } = eliminate(neighbours, leftOut);
  const size = order.length;
  const row = new Int32Array(nodeCount).fill(-1);
  order.forEach((node, position) => (row[node] = position));

  const columnStart = new Int32Array(size + 1);
  const pairStart = new Int32Array(size + 1);
  columns.forEach((column, k) => {
    columnStart[k + 1] = columnStart[k]! + column.length;
    pairStart[k + 1] = pairStart[k]! + (column.length * (column.length - 1)) / 2;
  });
  const rowIndex = new Int32Array(columnStart[size]!);
  const entryAt: Map<number, number>[] = columns.map((column, k) => {
    const rows = column.map((node) => row[node]!).sort((a, b) => a - b);
    rows.forEach((r, i) => (rowIndex[columnStart[k]! + i] = r));
    return new Map(rows.map((r, i) => [r, columnStart[k]! + i]));
  });

  const pairTarget = new Int32Array(pairStart[size]!);
  for (let k = 0, p = 0; k < size; k++) {
    for (let i = columnStart[k]!; i < columnStart[k + 1]!; i++) {
      for (let j = columnStart[k]!; j < i; j++) pairTarget[p++] = entryAt[rowIndex[j]!]!.get(rowIndex[i]!)!;
    }
  }
  const entryOfEdge = Int32Array.from(from, (a, e) => {
    const r = row[a]!;
    const s = row[to[e]!]!;
    if (r < 0 || s < 0 || r === s) return -1;
    return entryAt[Math.min(r, s)]!.get(Math.max(r, s))!;
  });
  return {
    size,
    row,
    columnStart,
    rowIndex,
    pairStart,
    pairTarget,
    entryOfEdge,
    diagonal: new Float64Array(size),
    lower: new Float64Array(rowIndex.length),
    pivot: new Float64Array(size),
  };
}

/** Minimum-degree elimination with buckets by degree; each column is the list of neighbours when a node goes. */
function eliminate(neighbours: Set<number>[], leftOut: number): { order: number[]; columns: number[][] } {
  const buckets: Set<number>[] = [];
  const put = (node: number): void => {
    (buckets[neighbours[node]!.size] ??= new Set()).add(node);
  };
  const take = (node: number): void => {
    buckets[neighbours[node]!.size]!.delete(node);
  };
  let left = 0;
  for (let node = 0; node < neighbours.length; node++) {
    if (node === leftOut) continue;
    put(node);
    left++;
  }
  const order: number[] = [];
  const columns: number[][] = [];
  let degree = 0;
  for (; left > 0; left--) {
    while (buckets[degree] === undefined || buckets[degree]!.size === 0) degree++;
    const node = buckets[degree]!.values().next().value as number;
    buckets[degree]!.delete(node);
    const column = [...neighbours[node]!];
    for (const other of column) {
      take(other);
      neighbours[other]!.delete(node);
      for (const third of column) if (third !== other) neighbours[other]!.add(third);
      put(other);
    }
    order.push(node);
    columns.push(column);
    degree = Math.max(0, degree - 1);
  }
  return { order, columns };
}

/** What rounding may leave of a singular row, against the row's scale. */
const SINGULAR = 1e-14;

/**
 * Factorises what stands in `diagonal` and `lower`, and overwrites both. `pivot` holds the scale of each row before, its
 * pivot after; a row of scale zero is left out of the solution.
 *
 * @param lenient Leave out rows whose pivot is not positive, too.
 * @returns False when a pivot is not positive and that is not wanted: the matrix is not positive definite.
 */
export function factorise(f: Factorization, lenient: boolean): boolean {
  const { size, columnStart, rowIndex, pairTarget, diagonal, lower, pivot } = f;
  let p = 0;
  for (let k = 0; k < size; k++) {
    const d = diagonal[k]!;
    const start = columnStart[k]!;
    const end = columnStart[k + 1]!;
    const scale = pivot[k]!;
    if (!(d > scale * SINGULAR)) {
      if (scale > 0 && !lenient) return false;
      pivot[k] = 0;
      p += ((end - start) * (end - start - 1)) / 2;
      continue;
    }
    pivot[k] = d;
    for (let i = start; i < end; i++) {
      const a = lower[i]!;
      if (a === 0) {
        p += i - start;
        continue;
      }
      const l = a / d;
      for (let j = start; j < i; j++) {
        const target = pairTarget[p++]!;
        lower[target] = lower[target]! - l * lower[j]!;
      }
      const r = rowIndex[i]!;
      diagonal[r] = diagonal[r]! - l * a;
    }
    for (let i = start; i < end; i++) lower[i] = lower[i]! / d;
  }
  return true;
}

/** Solves in place, rows in elimination order; rows without a pivot keep zero. */
export function solveFactorised(f: Factorization, x: Float64Array): void {
  const { size, columnStart, rowIndex, lower, pivot } = f;
  for (let k = 0; k < size; k++) {
    const value = pivot[k] === 0 ? (x[k] = 0) : x[k]!;
    if (value === 0) continue;
    for (let i = columnStart[k]!; i < columnStart[k + 1]!; i++) {
      const r = rowIndex[i]!;
      x[r] = x[r]! - lower[i]! * value;
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    if (pivot[k] === 0) continue;
    let value = x[k]! / pivot[k]!;
    for (let i = columnStart[k]!; i < columnStart[k + 1]!; i++) value -= lower[i]! * x[rowIndex[i]!]!;
    x[k] = value;
  }
}
