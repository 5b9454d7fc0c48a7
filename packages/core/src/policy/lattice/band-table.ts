import * as v from 'valibot';
import { BandTableInvalidError } from './errors.js';
import { layLattice } from './lattice.js';
import { type NodeBand, solveOptimum } from './optimum.js';
import { checkProblem, type HedgingProblem } from './problem.js';
import { liabilityOf } from './product.js';

/** Raised whenever the meaning of the numbers changes. */
export const BAND_TABLE_VERSION = 1;

/**
 * The optimum of one problem, laid out for reading: at each time and log spot the four edges of the band as distances
 * from the frictionless delta. Plain data; {@link serialiseBands} writes it down.
 *
 * It is of one unit of the product. N units are the same problem with γN and k/N, and holdings N times as large.
 */
export interface BandTable {
  readonly version: typeof BAND_TABLE_VERSION;
  readonly problem: HedgingProblem;
  /** CE of the problem, numeraire. */
  readonly certaintyEquivalent: number;
  /** Looks at the book that remain, ascending; the times of the rows. */
  readonly remaining: readonly number[];
  /** Log spot over the problem's spot: of the first column, and between two. */
  readonly firstLogSpot: number;
  readonly logSpotStep: number;
  readonly logSpots: number;
  /** At [(time·logSpots + column)·6 …]: buyOuter, buyInner, sellInner, sellOuter, each less the delta; flatGain, toFlat. */
  readonly edges: Float32Array;
}

const FIELDS = 6;
/** Ratio of the remaining time from one row to the next. */
const TIME_RATIO = 1.08;
/** Standard deviations of the whole period that the table covers; beyond, its last column is read. */
const COVERED_DEVIATIONS = 5;
/** Stands for "stay flat whatever" and "no edge", so that neighbours can still be interpolated. */
const FAR = 1e6;

/**
 * Solves a problem and keeps its bands. Takes as long as the lattice, once; what is prepared can be read for as long as
 * volatility and costs stay near.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 *
 * @example
 * ```ts
 * const read = bandReader(prepareBands(problem))
 * read(101.5, 12 / 365).buyOuter // buy when less than this is held
 * ```
 */
export function prepareBands(problem: HedgingProblem): BandTable {
  const lattice = layLattice(problem);
  const { cell, holdings, liability, reach, spots, startRow, stepYears } = lattice;
  const { annualRate, steps } = problem;
  const remaining = remainingRows(steps);
  const distance = Math.min(reach, Math.ceil(COVERED_DEVIATIONS * Math.sqrt(steps)));
  const logSpots = 2 * distance + 1;
  const edges = new Float32Array(remaining.length * logSpots * FIELDS);
  const least = holdings[0]!;
  const most = holdings.at(-1)!;
  const timeOf = new Map(remaining.map((looks, i) => [looks, i]));
  const { certaintyEquivalent } = solveOptimum(lattice, {
    wantsBands: (step) => timeOf.has(steps - step),
    onBand: (step, row, band) => {
      const column = row - startRow + distance;
      if (column < 0 || column >= logSpots) return;
      const years = (steps - step) * stepYears;
      const delta = liability.delta(spots[row]! * Math.exp(annualRate * step * stepYears), years);
      writeEdges(edges, (timeOf.get(steps - step)! * logSpots + column) * FIELDS, delta, band, least, most);
    },
  });
  return Object.freeze({
    version: BAND_TABLE_VERSION,
    problem: Object.freeze({ ...problem, product: Object.freeze({ ...problem.product }) }),
    certaintyEquivalent,
    remaining: Object.freeze(remaining),
    firstLogSpot: -distance * cell,
    logSpotStep: cell,
    logSpots,
    edges,
  });
}

function remainingRows(steps: number): number[] {
  const rows = [1];
  while (rows.at(-1)! < steps)
    rows.push(Math.min(steps, Math.max(rows.at(-1)! + 1, Math.round(rows.at(-1)! * TIME_RATIO))));
  return rows;
}

/** An edge beyond all holdings is put as far out as the other one, and at least beyond them. */
function writeEdges(
  edges: Float32Array,
  at: number,
  delta: number,
  { buyInner, buyOuter, flatGain, sellInner, sellOuter, toFlat }: NodeBand,
  least: number,
  most: number,
): void {
  const centre = (buyInner + sellInner) / 2;
  const span = most - least;
  const reachUp = Number.isFinite(sellOuter) ? sellOuter - centre : span;
  const reachDown = Number.isFinite(buyOuter) ? centre - buyOuter : span;
  const low = Number.isFinite(buyOuter) ? buyOuter : Math.min(least - span / 100, centre - reachUp);
  const high = Number.isFinite(sellOuter) ? sellOuter : Math.max(most + span / 100, centre + reachDown);
  edges[at] = low - delta;
  edges[at + 1] = buyInner - delta;
  edges[at + 2] = sellInner - delta;
  edges[at + 3] = high - delta;
  edges[at + 4] = Math.max(-FAR, Math.min(FAR, flatGain));
  edges[at + 5] = toFlat;
}

/** Reads the optimum at a spot in numeraire and years to the end. */
export type BandReader = (spot: number, years: number) => NodeBand;

/**
 * A reader of a table: linear between its log spots and between the logarithms of its times, about the frictionless
 * delta at the very spot and time. A few microseconds.
 */
export function bandReader(table: BandTable): BandReader {
  const { edges, firstLogSpot, logSpots, logSpotStep, problem, remaining } = table;
  const { annualRate, spot: start, steps } = problem;
  const liability = liabilityOf(problem.product, problem);
  const stepYears = problem.years / steps;
  const logTimes = remaining.map(Math.log);
  return (spot, years) => {
    // Rows follow the discounted spot.
    const elapsed = Math.max(0, problem.years - years);
    const position = (Math.log(spot / start) - annualRate * elapsed - firstLogSpot) / logSpotStep;
    const column = Math.max(0, Math.min(logSpots - 2, Math.floor(position)));
    const right = Math.max(0, Math.min(1, position - column));
    const looks = Math.max(1, years / stepYears);
    const time = timeBelow(remaining, looks);
    const later = Math.min(time + 1, remaining.length - 1);
    const gap = logTimes[later]! - logTimes[time]!;
    const share = gap > 0 ? Math.min(1, (Math.log(looks) - logTimes[time]!) / gap) : 0;
    const near = (time * logSpots + column) * FIELDS;
    const far = (later * logSpots + column) * FIELDS;
    const read = (field: number): number =>
      (1 - share) * ((1 - right) * edges[near + field]! + right * edges[near + FIELDS + field]!) +
      share * ((1 - right) * edges[far + field]! + right * edges[far + FIELDS + field]!);
    const delta = liability.delta(spot, Math.max(years, stepYears * 1e-3));
    return {
      buyOuter: delta + read(0),
      buyInner: delta + read(1),
      sellInner: delta + read(2),
      sellOuter: delta + read(3),
      flatGain: read(4),
      toFlat: read(5),
    };
  };
}

/** Index of the last time at or below `looks`. */
function timeBelow(remaining: readonly number[], looks: number): number {
  let low = 0;
  let high = remaining.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (remaining[middle]! <= looks) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What {@link serialiseBands} writes. */
export type BandTableJson = Omit<BandTable, 'edges'> & {
  /** Base64 of little-endian 32-bit floats. */
  readonly edges: string;
};

/** A table as plain JSON data, for a cache on disk. */
export function serialiseBands(table: BandTable): BandTableJson {
  const view = new DataView(new ArrayBuffer(table.edges.length * 4));
  table.edges.forEach((edge, i) => view.setFloat32(4 * i, edge, true));
  let binary = '';
  for (let i = 0; i < view.byteLength; i++) binary += String.fromCharCode(view.getUint8(i));
  const { product } = table.problem;
  const open = product.kind === 'lp' && product.high === Number.POSITIVE_INFINITY;
  // JSON has no Infinity; a full range ends at the largest number instead.
  const problem = open ? { ...table.problem, product: { ...product, high: Number.MAX_VALUE } } : table.problem;
  return { ...table, problem, edges: btoa(binary) };
}

const finite = v.pipe(v.number('must be a number'), v.finite('must be finite'));
const count = v.pipe(finite, v.integer('must be whole'), v.minValue(1, 'must be at least 1'));
const schema = v.strictObject({
  version: v.literal(BAND_TABLE_VERSION, `must be ${BAND_TABLE_VERSION}`),
  problem: v.strictObject({
    product: v.variant('kind', [
      v.strictObject({ kind: v.picklist(['call', 'put']), strike: finite, side: v.picklist(['short', 'long']) }),
      v.strictObject({ kind: v.literal('lp'), liquidity: finite, low: finite, high: finite }),
    ]),
    spot: finite,
    annualVolatility: finite,
    years: finite,
    steps: count,
    annualRate: finite,
    proportionalCost: finite,
    fixedCost: finite,
    riskAversion: finite,
    settlement: v.picklist(['free', 'unwind']),
  }),
  certaintyEquivalent: finite,
  remaining: v.pipe(v.array(count), v.minLength(1, 'must not be empty')),
  firstLogSpot: finite,
  logSpotStep: v.pipe(finite, v.gtValue(0, 'must be above 0')),
  logSpots: v.pipe(count, v.minValue(2, 'must be at least 2')),
  edges: v.pipe(v.string('must be a string'), v.base64('must be base64')),
});

/**
 * Reads a stored table back.
 *
 * @throws {BandTableInvalidError} for data that {@link serialiseBands} of this version did not write
 */
export function parseBands(json: unknown): BandTable {
  const result = v.safeParse(schema, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw new BandTableInvalidError(v.getDotPath(issue) ?? 'it', issue.input, issue.message);
  }
  const { edges: text, problem, ...rest } = result.output;
  const binary = atob(text);
  const wanted = rest.remaining.length * rest.logSpots * FIELDS;
  if (binary.length !== 4 * wanted) {
    throw new BandTableInvalidError('edges', `${binary.length} bytes`, `should be ${4 * wanted} bytes`);
  }
  const view = new DataView(Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer);
  const edges = Float32Array.from({ length: wanted }, (_, i) => view.getFloat32(4 * i, true));
  if (!edges.every(Number.isFinite)) throw new BandTableInvalidError('edges', 'NaN', 'hold what is no number');
  if (rest.remaining.some((looks, i) => i > 0 && looks <= rest.remaining[i - 1]!)) {
    throw new BandTableInvalidError('remaining', rest.remaining, 'does not ascend');
  }
  const { product } = problem;
  const open = product.kind === 'lp' && product.high === Number.MAX_VALUE;
  const whole = open ? { ...problem, product: { ...product, high: Number.POSITIVE_INFINITY } } : problem;
  return Object.freeze({ ...rest, remaining: Object.freeze(rest.remaining), problem: checkProblem(whole), edges });
}
