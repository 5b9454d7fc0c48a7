import type { Liability } from './book.js';
import { deviationScale } from './local-problem.js';
import type { HedgingProblem } from './problem.js';

/** How finely a lattice is laid. */
export interface LatticeResolution {
  /** Columns over the half-width of the band at the start. Default 14, and 5 under impact. */
  readonly columnsPerBand?: number;
  readonly mostColumns?: number;
}

const DEFAULT_COLUMNS_PER_BAND = 14;
/** Values under impact are smoother, as no trade closes a deviation at once: fewer are as good, to a part in ten thousand. */
const COLUMNS_PER_BAND_UNDER_IMPACT = 5;
const MOST_COLUMNS = 800;
/** Under impact. */
const LEAST_COLUMNS = 60;
/** Moments before each payment at which the hedge is looked at, as shares of the book's time. */
const BEFORE_PAYMENT = [1, 0.5, 0.1, 1e-6] as const;
const SPARE_COLUMNS = 2;
/** An option's hedge ends at none and at a full one; that of liquidity goes on becoming smaller. */
const MOST_HALVINGS = { option: 1, lp: 7 } as const;
/** Standard deviations of the whole period within which the band says how fine the columns are. */
const WEIGHED_DEVIATIONS = 5;

/**
 * Holdings from none to the largest that may be wanted on either side, spaced by a share of what the deviation may be:
 * the band at the start and one step's drift. Where the band is wider or narrower at another holding, as it is for
 * liquidity at low and high spots, the spacing doubles or halves, once or several times. A long hedge that must be unwound is worth 1 − λ, so that more of
 * it is wanted.
 */
export function layHoldings(
  problem: HedgingProblem,
  liability: Liability,
  spots: Float64Array,
  { columnsPerBand = usualColumnsPerBand(problem), mostColumns = MOST_COLUMNS }: LatticeResolution,
): Float64Array {
  const { annualVolatility, proportionalCost, settlement, years } = problem;
  const deltas = Array.from(spots, (spot) => liability.delta(spot, years, annualVolatility));
  const wanted = Array.from(spots).flatMap((spot) => extremes(liability, spot, years, annualVolatility));
  const stretch = settlement === 'unwind' ? 1 / (1 - proportionalCost) : 1;
  const lowest = Math.min(0, ...wanted) * stretch;
  const highest = Math.max(0, ...wanted) * stretch;
  // However large trades that impact spreads over many looks let deviations become, the hedge itself has to be resolved.
  const most =
    problem.impact === undefined ? Number.POSITIVE_INFINITY : ((highest - lowest) * columnsPerBand) / LEAST_COLUMNS;
  const scales = Array.from(spots, (spot) => Math.min(most, deviationScale(problem, liability, spot)));
  const usual = Array.from(spots.keys()).filter((row) => isWithin(problem, spots[row]!, 1));
  const usualDeltas = usual.map((row) => deltas[row]!);
  const span = Math.max(...usualDeltas, 0) - Math.min(...usualDeltas, 0);
  const finest = Math.max(...usual.map((row) => scales[row]!)) / columnsPerBand;
  const spacing = Math.max(finest, span / mostColumns, (highest - lowest) * 1e-4, 1e-9);
  const byDelta = Array.from(spots.keys())
    .filter((row) => isWithin(problem, spots[row]!, WEIGHED_DEVIATIONS))
    .map((row) => ({ delta: deltas[row]!, scale: scales[row]! }))
    .sort((a, b) => a.delta - b.delta);
  const mostHalvings = MOST_HALVINGS[problem.book.some(({ kind }) => kind === 'lp') ? 'lp' : 'option'];
  const ladder = (most: number, sign: 1 | -1): number[] => {
    const sizes: number[] = [];
    let last = 0;
    let spare = 0;
    while (last < most || spare++ < SPARE_COLUMNS) {
      last += scaled(spacing, scaleAt(byDelta, sign * last) / columnsPerBand, mostHalvings);
      sizes.push(sign * last);
    }
    return sizes;
  };
  const below = lowest < 0 ? ladder(-lowest, -1).reverse() : [];
  const above = highest > 0 ? ladder(highest, 1) : [];
  const full = [spots[0]!, spots.at(-1)!].flatMap((spot) => extremes(liability, spot, years, annualVolatility));
  return withFull([...below, 0, ...above], full, spacing);
}

function usualColumnsPerBand({ impact }: HedgingProblem): number {
  return impact === undefined ? DEFAULT_COLUMNS_PER_BAND : COLUMNS_PER_BAND_UNDER_IMPACT;
}

/** The hedges of the farthest spots themselves, where a hair's breadth off is ruin; columns next to them make room. */
function withFull(ladder: readonly number[], full: readonly number[], spacing: number): Float64Array {
  const room = spacing / 4;
  const exact = full.filter(
    (each, i) => Math.abs(each) > room && full.findIndex((other) => near(each, other, room)) === i,
  );
  const kept = ladder.filter((each) => each === 0 || !exact.some((other) => near(each, other, room)));
  return Float64Array.from([...kept, ...exact]).sort();
}

function near(a: number, b: number, room: number): boolean {
  return Math.abs(a - b) < room;
}

/** The hedge at a spot, over the times at which it may be most extreme. */
function extremes(liability: Liability, spot: number, years: number, sigma: number): number[] {
  return liability.payments.flatMap((paid) =>
    BEFORE_PAYMENT.map((share) => liability.delta(spot, years - paid + share * paid, sigma)),
  );
}

/** `spacing` times a power of two: as much wider as `wanted` allows, as much finer as it asks for, within limits. */
function scaled(spacing: number, wanted: number, mostHalvings: number): number {
  const octaves = Math.log2(wanted / spacing);
  return spacing * 2 ** (octaves > 0 ? Math.floor(octaves) : Math.max(-mostHalvings, Math.ceil(octaves)));
}

function scaleAt(byDelta: readonly { readonly delta: number; readonly scale: number }[], delta: number): number {
  let low = 0;
  let high = byDelta.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byDelta[middle]!.delta < delta) low = middle + 1;
    else high = middle;
  }
  return byDelta[low]!.scale;
}

/** Within so many standard deviations of the whole period. */
function isWithin({ annualVolatility, spot, years }: HedgingProblem, x: number, deviations: number): boolean {
  return Math.abs(Math.log(x / spot)) <= deviations * annualVolatility * Math.sqrt(years) * (1 + 1e-9);
}
