import type { Position, PositionReading } from '@evenkeel/core';
import type { Book, HedgingProblem, Leg } from '@evenkeel/core/lattice';
import type { OptimumPort, OptimumQuestion } from '@evenkeel/core/rebalancer';
import { cachedBands } from '../cache/band-cache.js';

const DAY_SECONDS = 86_400;
const SECONDS_PER_YEAR = 365 * DAY_SECONDS;
/** What bounds the work to a second or two, whatever the market: a hedge must not wait for its table. */
const MOST_STEPS = 240;
const RESOLUTION = { mostColumns: 160 } as const;

/** The mapped book, with when its last payment falls due; undefined expiry for liquidity alone. */
interface MappedBook {
  readonly legs: readonly Leg[];
  readonly endSeconds: number | undefined;
}

/**
 * Tables of the exact optimum for the book as it was read, from the cache on disk or prepared now, which takes a few
 * seconds once a day. Numbers that move with every block are put on a coarse grid, so that a small move asks for no new
 * table: the rule carries a table over to the numbers of now. Undefined for a book that the lattice does not know.
 *
 * @param logVarianceStdDev how uncertain the volatility is, where it is a forecast
 */
export function preparedOptimum(logVarianceStdDev: () => number, folder?: string): OptimumPort {
  return (question) => {
    const { inputs, settlement } = question;
    const book = bookOf(question.readings, inputs.decidedAtSeconds);
    if (book === undefined || settlement === 'none') return undefined;
    const endSeconds = book.endSeconds ?? inputs.decidedAtSeconds + inputs.horizonSeconds;
    const horizonSeconds = endSeconds - inputs.decidedAtSeconds;
    const problem = problemOf(question, book, endSeconds, settlement, logVarianceStdDev());
    return { bands: [{ table: cachedBands(problem, folder, RESOLUTION), units: 1 }], horizonSeconds };
  };
}

function problemOf(
  { annualRate, inputs, proportionalCost }: OptimumQuestion,
  { legs }: MappedBook,
  endSeconds: number,
  settlement: 'free' | 'unwind',
  logVarianceStdDev: number,
): HedgingProblem {
  // From the start of the day, so that all of its looks share a table.
  const startSeconds = Math.floor(inputs.decidedAtSeconds / DAY_SECONDS) * DAY_SECONDS;
  const years = (endSeconds - startSeconds) / SECONDS_PER_YEAR;
  const expiries = new Set(legs.map((leg) => (leg.kind === 'lp' ? endSeconds : leg.years)));
  const endsAtOnce = expiries.size === 1;
  const book: Book = legs.map((leg): Leg => {
    if (leg.kind === 'lp') return leg;
    const { years: expirySeconds, ...rest } = leg;
    return endsAtOnce ? rest : { ...rest, years: (expirySeconds! - startSeconds) / SECONDS_PER_YEAR };
  });
  return {
    book,
    spot: onGrid(Number(inputs.spot), 0.1),
    annualVolatility: onGrid(inputs.annualVolatility, 0.05),
    // Half a step of the volatility's grid beyond: a book that ends at once is read by the variance that remains.
    years: endsAtOnce ? years * 1.06 : years,
    steps: Math.min(MOST_STEPS, Math.max(1, Math.round((years * SECONDS_PER_YEAR) / inputs.monitoringSeconds))),
    annualRate,
    proportionalCost: onGrid(proportionalCost, 0.2),
    fixedCost: onGrid((inputs.fixedCost.buy + inputs.fixedCost.sell) / 2, 0.2),
    riskAversion: onGrid(inputs.riskAversion.perNumeraire, 0.05),
    settlement,
    latencyYears: inputs.latencySeconds / SECONDS_PER_YEAR,
    logVarianceStdDev: Math.round(logVarianceStdDev * 10) / 10,
  };
}

/** The nearest number whose logarithm is a multiple of the step; nothing stays nothing. */
function onGrid(value: number, step: number): number {
  return value > 0 ? Number(Math.exp(Math.round(Math.log(value) / step) * step).toPrecision(9)) : 0;
}

/** `years` of a leg holds its expiry in unix seconds until the start of the table is known. */
function bookOf(readings: readonly PositionReading[], nowSeconds: number): MappedBook | undefined {
  const legs: Leg[] = [];
  let endSeconds: number | undefined;
  for (const reading of readings) {
    if (reading.status === 'unknown') return undefined;
    const leg = legOf(reading.position);
    if (leg === 'unknown') return undefined;
    if (leg === 'linear') continue;
    if (leg.kind !== 'lp') {
      if (!(leg.years! > nowSeconds)) return undefined;
      endSeconds = Math.max(endSeconds ?? 0, leg.years!);
    }
    legs.push(leg);
  }
  return legs.length === 0 ? undefined : { legs, endSeconds };
}

/** What a position pays as the spot moves: a leg, nothing that the policy has to follow, or what the lattice cannot say. */
function legOf(position: Position): Leg | 'linear' | 'unknown' {
  switch (position.kind) {
    case 'option':
      return {
        kind: position.optionType,
        units: Number(position.sizeUnits),
        strike: Number(position.strike),
        years: position.expirySeconds,
      };
    case 'concentrated-liquidity': {
      if (position.liquidity === 0n) return 'linear';
      const [decimals0, decimals1] = position.decimals;
      const scale = 10 ** (decimals0 - decimals1);
      const [a, b] = [position.tickLower, position.tickUpper].map((tick) => 1.0001 ** tick * scale) as [number, number];
      const [low, high] = position.underlyingIndex === 0 ? [a, b] : [1 / b, 1 / a];
      return {
        kind: 'lp',
        units: 1,
        liquidity: Number(position.liquidity) / 10 ** ((decimals0 + decimals1) / 2),
        low,
        high,
      };
    }
    case 'constant-product-liquidity': {
      const [x, y] = position.amounts.map((atoms, i) => Number(atoms) / 10 ** position.decimals[i as 0 | 1]);
      const liquidity = Math.sqrt(x! * y!);
      return liquidity > 0 ? { kind: 'lp', units: 1, liquidity, low: 0, high: Number.POSITIVE_INFINITY } : 'linear';
    }
    case 'holding':
    case 'rate-bearing':
    case 'perpetual':
    case 'lending':
      return 'linear';
    case 'inverse-perpetual':
    case 'measured':
    case 'power-perpetual':
    case 'quanto-perpetual':
    case 'vault':
      return 'unknown';
  }
}
