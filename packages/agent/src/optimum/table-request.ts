import { createHash } from 'node:crypto';
import { type HedgingProblem, type Impact, sampledCurves } from '@evenkeel/core/lattice';
import type { OptimumQuestion } from '@evenkeel/core/rebalancer';
import type { OptionBook } from './option-book.js';

/** Which table a book of now asks for. */
export interface TableRequest {
  /** Of tables that may stand in for one another: the same book, end and doubt. */
  readonly family: string;
  /** Of this very table. */
  readonly key: string;
  readonly problem: HedgingProblem;
  /** The book of now over the one of the problem, whose sizes are rounded. */
  readonly units: number;
}

/**
 * Steps of the logarithm to which numbers are rounded, so that neighbouring markets share a table. λ, impact, γ and k are
 * carried over to those of now by the rule that reads the table, within a factor of four; spot, volatility and time move freely
 * within it.
 */
const GRID = { spot: 0.1, annualVolatility: 0.05, cost: 0.2, impact: 0.4, riskAversion: 0.2, years: 0.25 } as const;
/** Of the book, the sizes at which what an impact adds is told apart. */
const IMPACT_SHARES = [1 / 16, 1] as const;
/** Of λ: an impact that adds less to the last unit of the book is left to the live curve. */
const NEGLIGIBLE_IMPACT = 0.05;
/** A hedge that has to be unwound may be kept off by a hair: its numbers are told apart better. */
const UNWOUND_FINENESS = 0.5;
const RATE_STEP = 0.005;
const DOUBT_STEP = 0.1;
/** Significant digits of an option's size: what is rounded is made up for by `units`. */
const SIZE_DIGITS = 3;
/** Gas that is less than the proportional cost of this share of the book is none, unless it decides about unwinding. */
const NEGLIGIBLE_SHARE = 2e-4;
/** A book that ends at once is read by the variance that remains: room for a volatility half a step above. */
const VARIANCE_ROOM = 1.06;
/** A book of several expiries is laid out from a time in the past, at most this share of its life ago. */
const MOST_PAST_SHARE = 1 / 8;
const LEAST_PAST_SECONDS = 3600;
/** More looks than this are not told apart. */
const MOST_STEPS = 720;
const SECONDS_PER_YEAR = 365 * 86_400;
/** Raised whenever the same request would mean another table. */
const GENERATION = 3;

/**
 * The problem whose table serves the question, with every number that moves from block to block on a grid.
 *
 * @param logVarianceStdDev how uncertain the volatility is, where it is a forecast
 */
export function tableRequest(
  { annualRate, buyCurve, inputs, sellCurve }: OptimumQuestion,
  { endSeconds, endsAtOnce, options }: OptionBook,
  settlement: 'free' | 'unwind',
  logVarianceStdDev: number,
): TableRequest {
  const now = inputs.decidedAtSeconds;
  const start = endsAtOnce ? now : startOf(now, endSeconds);
  const years = (endSeconds - start) / SECONDS_PER_YEAR;
  const laidOut = endsAtOnce ? onGrid(years * VARIANCE_ROOM, GRID.years, Math.ceil) : years;
  const book = options.map(({ expirySeconds, kind, strike, units }) => ({
    kind,
    units: Number(units.toPrecision(SIZE_DIGITS)),
    strike,
    ...(endsAtOnce ? {} : { years: (expirySeconds - start) / SECONDS_PER_YEAR }),
  }));
  const size = sizeOf(book);
  const spot = onGrid(Number(inputs.spot), GRID.spot);
  const fineness = settlement === 'unwind' ? UNWOUND_FINENESS : 1;
  const sizes = IMPACT_SHARES.map((share) => Number((size * share).toPrecision(SIZE_DIGITS)));
  const { proportionalCost, rises } = sampledCurves(buyCurve, sellCurve, sizes);
  const impact = impactOf(sizes, rises, proportionalCost, fineness);
  const gas = (inputs.fixedCost.buy + inputs.fixedCost.sell) / 2;
  const negligible = proportionalCost * Number(inputs.spot) * size * NEGLIGIBLE_SHARE;
  const problem: HedgingProblem = {
    book,
    spot,
    annualVolatility: onGrid(inputs.annualVolatility, GRID.annualVolatility * fineness),
    years: laidOut,
    steps: Math.min(MOST_STEPS, Math.max(1, Math.round((laidOut * SECONDS_PER_YEAR) / inputs.monitoringSeconds))),
    annualRate: Math.round(annualRate / RATE_STEP) * RATE_STEP,
    proportionalCost: onGrid(proportionalCost, GRID.cost * fineness),
    ...(impact === undefined ? {} : { impact }),
    fixedCost: settlement === 'free' && gas < negligible ? 0 : onGrid(gas, GRID.cost * fineness),
    riskAversion: onGrid(inputs.riskAversion.perNumeraire, GRID.riskAversion * fineness),
    settlement,
    latencyYears: inputs.latencySeconds / SECONDS_PER_YEAR,
    logVarianceStdDev: Math.round(logVarianceStdDev / DOUBT_STEP) * DOUBT_STEP,
  };
  const { annualRate: rate, logVarianceStdDev: doubt } = problem;
  const ends = endsAtOnce ? [] : options.map(({ expirySeconds }) => expirySeconds);
  // With several expiries time is time, and a volatility is read as the table's own.
  const volatility = endsAtOnce ? undefined : problem.annualVolatility;
  const legs = book.map(({ kind, strike, units }) => [kind, strike, units]);
  return {
    family: hashOf([GENERATION, legs, ends, settlement, rate, doubt, volatility]),
    key: hashOf([GENERATION, problem]),
    problem,
    units: sizeOf(options) / size,
  };
}

/** The rises on a grid, as straight stretches from size to size; undefined where they are next to none. */
function impactOf(
  sizes: readonly number[],
  rises: readonly number[],
  proportionalCost: number,
  fineness: number,
): Impact | undefined {
  if (!(rises.at(-1)! > NEGLIGIBLE_IMPACT * proportionalCost)) return undefined;
  const rounded = rises.map((rise) => onGrid(rise, GRID.impact * fineness));
  const pieces = sizes.map((end, i) => {
    return { length: end - (sizes[i - 1] ?? 0), left: rounded[i - 1] ?? 0, right: rounded[i]! };
  });
  return { buy: pieces, sell: pieces };
}

function sizeOf(options: readonly { readonly units: number }[]): number {
  return options.reduce((sum, { units }) => sum + Math.abs(units), 0);
}

/** The last multiple of a power of two of seconds that is small beside what remains. */
function startOf(nowSeconds: number, endSeconds: number): number {
  const most = Math.max(LEAST_PAST_SECONDS, (endSeconds - nowSeconds) * MOST_PAST_SHARE);
  const step = 2 ** Math.floor(Math.log2(most));
  return Math.floor(nowSeconds / step) * step;
}

/** A number whose logarithm is a multiple of the step, the nearest unless said otherwise; nothing stays nothing. */
function onGrid(value: number, step: number, round: (x: number) => number = Math.round): number {
  return value > 0 ? Number(Math.exp(round(Math.log(value) / step) * step).toPrecision(9)) : 0;
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
