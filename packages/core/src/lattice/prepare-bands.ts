import { BAND_FIELDS, type BandTable, EDGE_FIELDS } from '../policy/band-table.js';
import { type KnotBand, KNOTS } from '../policy/value-shape.js';
import type { LatticeResolution } from './holdings.js';
import { type Lattice, layLattice, spotAt } from './lattice.js';
import { deviationScale } from './local-problem.js';
import type { NodeBand } from './node-band.js';
import { solveOptimum } from './optimum.js';
import type { HedgingProblem, Impact } from './problem.js';
import { shapeSampler, straightenRuin } from './sample-shape.js';

/** Ratio of the remaining time from one row to the next. */
const TIME_RATIO = 1.08;
/** Standard deviations of the whole period that the table covers: all, as high aversion minds the last of them most. */
const COVERED_DEVIATIONS = 7.5;
/** Stands for "stay flat whatever", so that neighbours can still be interpolated. */
const FAR = 1e6;

/** Of how far a deviation may go at the start, the half-width that a band counts for at least. */
const LEAST_SHARE = 0.25;

const NO_IMPACT: Impact = Object.freeze({ buy: Object.freeze([]), sell: Object.freeze([]) });

/**
 * Solves a problem and keeps its bands. Takes as long as the lattice, once; what is prepared can be read for as long as
 * volatility, costs and risk aversion stay near.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 *
 * @example
 * ```ts
 * const table = prepareBands({ book: standardBook('call', 100), spot: 100, annualVolatility: 0.7, years: 30 / 365,
 *   steps: 720, annualRate: 0, proportionalCost: 0.0005, fixedCost: 0.0025, riskAversion: 0.02, settlement: 'free' })
 * decide({ ...input, bands: [{ table, units: 10 }] })
 * ```
 */
export function prepareBands(problem: HedgingProblem, resolution: LatticeResolution = {}): BandTable {
  const lattice = layLattice(problem, resolution);
  const { cell, holdings, reach, startRow, stepYears } = lattice;
  const { steps } = problem;
  const remaining = remainingRows(
    steps,
    lattice.liability.payments.map((paid) => steps - Math.max(1, Math.round(paid / stepYears))),
  );
  const distance = Math.min(reach, Math.ceil(COVERED_DEVIATIONS * Math.sqrt(steps)));
  const logSpots = 2 * distance + 1;
  const edges = new Float32Array(remaining.length * logSpots * BAND_FIELDS);
  const leastHalfWidth = LEAST_SHARE * deviationScale(problem, lattice.liability, problem.spot);
  const sampleShape = shapeSampler(holdings, lattice.aversion, leastHalfWidth);
  const held = new Float64Array(holdings.length);
  const shape = new Float64Array(2 * KNOTS);
  const least = holdings[0]!;
  const most = holdings.at(-1)!;
  const timeOf = new Map(remaining.map((looks, i) => [looks, i]));
  const { certaintyEquivalent } = solveOptimum(lattice, {
    wantsBands: (step) => timeOf.has(steps - step),
    onBand: (step, row, band, readHeld) => {
      const column = row - startRow + distance;
      if (column < 0 || column >= logSpots) return;
      const at = (timeOf.get(steps - step)! * logSpots + column) * BAND_FIELDS;
      const hedge = hedgeAt(lattice, step, row);
      writeEdges(edges, at, hedge, band, least, most);
      edges[at + 8] = readHeld(held);
      straightenRuin(holdings, held);
      sampleShape(held, hedge, edgesAt(edges, at), shape);
      edges.set(shape, at + EDGE_FIELDS);
    },
  });
  return Object.freeze({
    version: 4,
    prepared: Object.freeze({
      spot: problem.spot,
      annualVolatility: problem.annualVolatility,
      logVarianceStdDev: problem.logVarianceStdDev ?? 0,
      years: problem.years,
      monitoringYears: stepYears,
      latencyYears: problem.latencyYears ?? 0,
      annualRate: problem.annualRate,
      proportionalCost: problem.proportionalCost,
      impact: problem.impact ?? NO_IMPACT,
      fixedCost: problem.fixedCost,
      riskAversion: problem.riskAversion,
      settlement: problem.settlement,
      endsAtOnce: lattice.liability.payments.length === 1,
    }),
    certaintyEquivalent,
    years: Object.freeze(remaining.map((looks) => looks * stepYears)),
    firstLogSpot: -distance * cell,
    logSpotStep: cell,
    logSpots,
    leastHalfWidth,
    edges,
  });
}

/** Frictionless holding at a node. */
function hedgeAt(lattice: Lattice, step: number, row: number): number {
  const { liability, problem, stepYears } = lattice;
  const years = (problem.steps - step) * stepYears;
  return liability.delta(spotAt(lattice, step, row), years, problem.annualVolatility);
}

/** As kept, rounding included. */
function edgesAt(edges: Float32Array, at: number): KnotBand {
  return {
    buyOuter: edges[at]!,
    buyInner: edges[at + 1]!,
    sellInner: edges[at + 2]!,
    sellOuter: edges[at + 3]!,
    lowest: edges[at + 6]!,
    highest: edges[at + 7]!,
  };
}

/**
 * Looks that remain, ascending. The band is at rest between payments and hurries before each, and jumps at it: rows are a
 * ratio apart counted from each payment.
 *
 * @param paidAt looks that remain when a payment is made; the last one is 0
 */
function remainingRows(steps: number, paidAt: readonly number[]): number[] {
  const rows = new Set<number>([1]);
  for (const paid of paidAt) {
    // An expiry between two looks is paid at the nearer one: the delta jumps on either side of it.
    for (const look of [paid - 1, paid]) if (look > 0) rows.add(look);
    for (let before = 1; paid + before <= steps; before = Math.max(before + 1, Math.round(before * TIME_RATIO))) {
      rows.add(paid + before);
    }
  }
  rows.add(steps);
  return [...rows].sort((a, b) => a - b);
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
  edges[at + 6] = least - delta;
  edges[at + 7] = most - delta;
}
