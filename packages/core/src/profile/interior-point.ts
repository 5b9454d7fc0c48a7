/** min Σ cᵢxᵢ + ½qᵢxᵢ² with Ax = b and 0 ≤ x ≤ u. Rows are few, columns may be thousands. */
export interface QuadraticProgramme {
  readonly linear: Float64Array;
  /** Diagonal; not negative. */
  readonly quadratic: Float64Array;
  /** Above zero, finite. */
  readonly upper: Float64Array;
  /** One array a row. */
  readonly rows: readonly Float64Array[];
  readonly rightSide: Float64Array;
}

export interface ProgrammeSolution {
  readonly status: 'optimal' | 'infeasible' | 'stalled';
  readonly x: Float64Array;
  /** Multipliers of the rows: change of the optimum per unit of the right side. */
  readonly y: Float64Array;
  /** No feasible point costs less, whatever the status says; −∞ when nothing is known. */
  readonly bound: number;
}

const MOST_ITERATIONS = 80;
const TOLERANCE = 1e-10;
const STEP = 0.995;

/** The programme in columns of [0, 1] and rows of size one. */
interface Scaled {
  readonly c: Float64Array;
  readonly q: Float64Array;
  readonly a: readonly Float64Array[];
  readonly b: Float64Array;
  readonly rowScale: readonly number[];
  readonly costScale: number;
}

/**
 * Predictor–corrector interior point method for a separable convex quadratic programme with bounds; each iteration solves
 * one system as large as there are rows. The bound is Lagrange's, with the box minimised exactly, so that it holds for
 * any multipliers; an infeasible programme is recognised by Farkas' certificate. Deterministic: a fixed number of
 * iterations at most.
 *
 * Source: Mehrotra (1992), for bounds and a diagonal Hessian as in Wright, Primal-Dual Interior-Point Methods (1997).
 */
export function solveQuadratic(programme: QuadraticProgramme): ProgrammeSolution {
  const scaled = scale(programme);
  const n = scaled.c.length;
  const m = scaled.a.length;
  const state = {
    x: new Float64Array(n).fill(0.5),
    y: new Float64Array(m),
    z: new Float64Array(n).fill(1),
    w: new Float64Array(n).fill(1),
  };
  let best = -Infinity;
  let bestY = state.y.slice();
  let status: ProgrammeSolution['status'] = 'stalled';
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const bound = dualBound(scaled, state.y);
    if (bound > best) {
      best = bound;
      bestY = state.y.slice();
    }
    const infeasibility = largest(primalResidual(scaled, state.x));
    const value = objective(scaled, state.x);
    if (infeasibility < TOLERANCE && value - best <= TOLERANCE * Math.max(1e-6, Math.abs(value))) {
      status = 'optimal';
      break;
    }
    if (isFarkas(scaled, state.y)) {
      status = 'infeasible';
      break;
    }
    if (!step(scaled, state)) break;
  }
  if (status === 'stalled' && largest(primalResidual(scaled, state.x)) < 1e-8) status = 'optimal';
  return {
    status,
    x: state.x.map((value, i) => value * programme.upper[i]!),
    y: bestY.map((value, r) => (value * scaled.costScale) / scaled.rowScale[r]!),
    bound: status === 'infeasible' ? Infinity : best * scaled.costScale,
  };
}

function scale({ linear, quadratic, rightSide, rows, upper }: QuadraticProgramme): Scaled {
  const c = linear.map((value, i) => value * upper[i]!);
  const q = quadratic.map((value, i) => value * upper[i]! * upper[i]!);
  const costScale = Math.max(...c.map((value, i) => Math.abs(value) + q[i]!), 1e-300);
  const rowScale = rows.map((row) => {
    let most = 0;
    for (let i = 0; i < row.length; i++) most = Math.max(most, Math.abs(row[i]! * upper[i]!));
    return most > 0 ? most : 1;
  });
  return {
    c: c.map((value) => value / costScale),
    q: q.map((value) => value / costScale),
    a: rows.map((row, r) => row.map((value, i) => (value * upper[i]!) / rowScale[r]!)),
    b: rightSide.map((value, r) => value / rowScale[r]!),
    rowScale,
    costScale,
  };
}

interface State {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Multipliers of x ≥ 0 and x ≤ 1. */
  readonly z: Float64Array;
  readonly w: Float64Array;
}

/** One predictor and corrector; false when the numbers no longer allow it. */
function step(scaled: Scaled, state: State): boolean {
  const { q } = scaled;
  const { w, x, y, z } = state;
  const n = x.length;
  const dual = dualResidual(scaled, state);
  const primal = primalResidual(scaled, x);
  const theta = new Float64Array(n);
  let complementarity = 0;
  for (let i = 0; i < n; i++) {
    const s = 1 - x[i]!;
    theta[i] = 1 / (q[i]! + z[i]! / x[i]! + w[i]! / s);
    complementarity += x[i]! * z[i]! + s * w[i]!;
  }
  const mu = complementarity / (2 * n);
  if (!(mu > 1e-18) || !Number.isFinite(mu)) return false;
  const factor = factorise(scaled.a, theta);
  if (factor === undefined) return false;
  const zero = new Float64Array(n);
  const affine = direction(scaled, state, { dual, primal, theta, factor, centre: 0, dx: zero, dz: zero, dw: zero });
  const reach = stepLength(state, affine, 1);
  let after = 0;
  for (let i = 0; i < n; i++) {
    after += (x[i]! + reach * affine.dx[i]!) * (z[i]! + reach * affine.dz[i]!);
    after += (1 - x[i]! - reach * affine.dx[i]!) * (w[i]! + reach * affine.dw[i]!);
  }
  const sigma = (after / (2 * n) / mu) ** 3;
  const move = direction(scaled, state, { dual, primal, theta, factor, centre: sigma * mu, ...affine });
  const length = stepLength(state, move, STEP);
  if (!(length > 1e-12) || !isFinite(move)) return false;
  for (let i = 0; i < n; i++) {
    x[i]! += length * move.dx[i]!;
    z[i]! += length * move.dz[i]!;
    w[i]! += length * move.dw[i]!;
  }
  for (let r = 0; r < y.length; r++) y[r]! += length * move.dy[r]!;
  return true;
}

interface Move {
  readonly dx: Float64Array;
  readonly dz: Float64Array;
  readonly dw: Float64Array;
}

interface System extends Move {
  readonly dual: Float64Array;
  readonly primal: Float64Array;
  readonly theta: Float64Array;
  readonly factor: readonly Float64Array[];
  /** σμ; `dx`, `dz`, `dw` of the predictor make the second-order correction. */
  readonly centre: number;
}

function direction({ a }: Scaled, { w, x, z }: State, system: System): Move & { readonly dy: Float64Array } {
  const { centre, dual, dw, dx, dz, factor, primal, theta } = system;
  const n = x.length;
  const pull = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const s = 1 - x[i]!;
    const below = (centre - dx[i]! * dz[i]!) / x[i]! - z[i]!;
    const above = (centre + dx[i]! * dw[i]!) / s - w[i]!;
    pull[i] = -dual[i]! + below - above;
  }
  const right = Float64Array.from(a, (row, r) => {
    let sum = primal[r]!;
    for (let i = 0; i < n; i++) sum -= row[i]! * theta[i]! * pull[i]!;
    return sum;
  });
  const dy = substitute(factor, right);
  const newDx = new Float64Array(n);
  const newDz = new Float64Array(n);
  const newDw = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let force = pull[i]!;
    for (let r = 0; r < a.length; r++) force += a[r]![i]! * dy[r]!;
    const s = 1 - x[i]!;
    newDx[i] = theta[i]! * force;
    newDz[i] = (centre - dx[i]! * dz[i]! - z[i]! * newDx[i]!) / x[i]! - z[i]!;
    newDw[i] = (centre + dx[i]! * dw[i]! + w[i]! * newDx[i]!) / s - w[i]!;
  }
  return { dx: newDx, dz: newDz, dw: newDw, dy };
}

function isFinite({ dw, dx, dz }: Move): boolean {
  let sum = 0;
  for (let i = 0; i < dx.length; i++) sum += dx[i]! + dz[i]! + dw[i]!;
  return Number.isFinite(sum);
}

function stepLength({ w, x, z }: State, { dw, dx, dz }: Move, share: number): number {
  let most = 1 / share;
  for (let i = 0; i < x.length; i++) {
    if (dx[i]! < 0) most = Math.min(most, -x[i]! / dx[i]!);
    if (dx[i]! > 0) most = Math.min(most, (1 - x[i]!) / dx[i]!);
    if (dz[i]! < 0) most = Math.min(most, -z[i]! / dz[i]!);
    if (dw[i]! < 0) most = Math.min(most, -w[i]! / dw[i]!);
  }
  return share * most;
}

/** Cholesky factor of AΘAᵀ, a hair above singular. */
function factorise(a: readonly Float64Array[], theta: Float64Array): Float64Array[] | undefined {
  const m = a.length;
  const lower = a.map(() => new Float64Array(m));
  for (let r = 0; r < m; r++) {
    for (let s = 0; s <= r; s++) {
      let sum = 0;
      for (let i = 0; i < theta.length; i++) sum += a[r]![i]! * theta[i]! * a[s]![i]!;
      if (r === s) sum = sum * (1 + 1e-13) + 1e-18;
      for (let t = 0; t < s; t++) sum -= lower[r]![t]! * lower[s]![t]!;
      if (r !== s) lower[r]![s] = sum / lower[s]![s]!;
      else if (sum > 0) lower[r]![r] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

function substitute(lower: readonly Float64Array[], right: Float64Array): Float64Array {
  const m = lower.length;
  const y = right.slice();
  for (let r = 0; r < m; r++) {
    for (let t = 0; t < r; t++) y[r]! -= lower[r]![t]! * y[t]!;
    y[r]! /= lower[r]![r]!;
  }
  for (let r = m - 1; r >= 0; r--) {
    for (let t = r + 1; t < m; t++) y[r]! -= lower[t]![r]! * y[t]!;
    y[r]! /= lower[r]![r]!;
  }
  return y;
}

function dualResidual({ a, c, q }: Scaled, { w, x, y, z }: State): Float64Array {
  return c.map((cost, i) => {
    let sum = cost + q[i]! * x[i]! - z[i]! + w[i]!;
    for (let r = 0; r < a.length; r++) sum -= a[r]![i]! * y[r]!;
    return sum;
  });
}

function primalResidual({ a, b }: Scaled, x: Float64Array): Float64Array {
  return b.map((right, r) => {
    let sum = right;
    for (let i = 0; i < x.length; i++) sum -= a[r]![i]! * x[i]!;
    return sum;
  });
}

function objective({ c, q }: Scaled, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (c[i]! + (q[i]! * x[i]!) / 2) * x[i]!;
  return sum;
}

/** bᵀy + Σ min over [0, 1] of (c − Aᵀy)x + ½qx²: below every feasible point's cost. */
function dualBound({ a, b, c, q }: Scaled, y: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < y.length; r++) sum += b[r]! * y[r]!;
  for (let i = 0; i < c.length; i++) {
    let slope = c[i]!;
    for (let r = 0; r < y.length; r++) slope -= a[r]![i]! * y[r]!;
    if (slope >= 0) continue;
    const x = q[i]! > 0 ? Math.min(1, -slope / q[i]!) : 1;
    sum += (slope + (q[i]! * x) / 2) * x;
  }
  return sum;
}

/** Whether y proves that no point of the box meets the rows: bᵀy above all that Ax could make of it. */
function isFarkas({ a, b }: Scaled, y: Float64Array): boolean {
  let size = 0;
  let sum = 0;
  for (let r = 0; r < y.length; r++) {
    size += Math.abs(y[r]!);
    sum += b[r]! * y[r]!;
  }
  for (let i = 0; i < (a[0]?.length ?? 0); i++) {
    let pull = 0;
    for (let r = 0; r < y.length; r++) pull += a[r]![i]! * y[r]!;
    sum -= Math.max(0, pull);
  }
  return sum > 1e-9 * size;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
