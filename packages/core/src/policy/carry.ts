import type { BandTable, DeltaBand, PreparedBands } from './band-table.js';
import type { CostFunction } from './cost-function.js';
import { impulseBand } from './impulse-band.js';
import type { Market } from './market.js';
import { monitoredBand } from './monitoring.js';
import { piecewiseCost, type PiecewiseCost } from './piecewise-cost.js';
import { optimalSide } from './rules/optimal.js';
import { whalleyWilmott1999Band } from './rules/whalley-wilmott-1999.js';
import type { Side } from './settlement-band.js';
import { gradientAt, landingOf, type ShapeCost, valueAt, type ValueShape } from './value-shape.js';

const SIDES = ['buy', 'sell'] as const;
const DIRECTION = { buy: 1, sell: -1 } as const;
/** Outwards from a table's trigger, in half-widths, where the one of now is looked for. */
const OUTWARDS = [0.5, 2, 8, 40] as const;
const ITERATIONS = 5;
/** Of what a trade has to gain: an error after which one more step of Newton's is exact to many digits. */
const CLOSE = 0.02;
/** Of a step outwards, what is gone beyond it. */
const SPARE_STEP = 0.1;
/** Half-widths around the table's trigger within which a cost that is linear there counts as linear. */
const LINEAR_REACH = 4;
/** Variance between two looks that counts as the same. */
const SAME_DRIFT = 0.01;

export type SideCosts = Readonly<Record<Side, CostFunction>>;

/** What a net delta and a value of a table's one unit are now: units of the book, and numeraire. */
export interface Scale {
  readonly length: number;
  readonly worth: number;
}

/** The market in which the table was prepared, with the state of now. Field by field: copies of a whole object are slow. */
export function marketThen(
  market: Market,
  { gammaPerUnit = market.gammaPerUnit, table, units }: PreparedBands,
): Market {
  const { annualRate, annualVolatility, endsAtOnce, latencyYears, monitoringYears, riskAversion, settlement } =
    table.prepared;
  return {
    spot: market.spot,
    annualVolatility,
    gammaPerUnit,
    riskAversion: riskAversion / units,
    years: endsAtOnce ? market.years * (market.annualVolatility / annualVolatility) ** 2 : market.years,
    annualRate,
    monitoringYears,
    latencyYears,
    settlement,
    holdingUnits: market.holdingUnits,
  };
}

/** What trading cost then, for as many units of the table's book. */
export function costsThen({ spot }: Market, { table, units }: PreparedBands): SideCosts {
  const { fixedCost } = table.prepared;
  const unit = unitCostsOf(table);
  const of = ({ cost, marginal }: PiecewiseCost): CostFunction => ({
    fixedCost: fixedCost * units,
    maxSizeUnits: 1e9 * units,
    variableCost: (size) => units * spot * cost(size / units),
    marginalCost: (size) => spot * marginal(size / units),
  });
  const buy = of(unit.buy);
  // One function where both sides cost the same, so that its band is worked out once.
  return { buy, sell: unit.sell === unit.buy ? buy : of(unit.sell) };
}

const unitCosts = new WeakMap<BandTable, Readonly<Record<Side, PiecewiseCost>>>();

function unitCostsOf(table: BandTable): Readonly<Record<Side, PiecewiseCost>> {
  const known = unitCosts.get(table);
  if (known !== undefined) return known;
  const { impact, proportionalCost } = table.prepared;
  const buy = piecewiseCost(proportionalCost, impact.buy);
  const isSame = impact.buy.length + impact.sell.length === 0;
  const made = { buy, sell: isSame ? buy : piecewiseCost(proportionalCost, impact.sell) };
  unitCosts.set(table, made);
  return made;
}

/**
 * How a table's values read now. In the local problem the value of a deviation has the slope b·y·(P² − y²) with
 * P² = H² + Hh + h², whatever the costs: these, fixed, proportional or convex, enter through the one length P. So values
 * of other costs and another aversion are the table's, lengths times s = P/P then and slopes times γ/γ then · s³. Near the
 * end b·P² grows beyond κ, where the deviation stays until the end and costs do not matter: P² is at most κ/b. A band
 * that moves in by other monitoring keeps what its slopes add up to.
 */
export function scaleOf(
  market: Market,
  then: Market,
  costs: SideCosts,
  costsBefore: SideCosts,
  bands: PreparedBands,
  isExact: boolean,
): Scale {
  const { units } = bands;
  if (isExact) return { length: units, worth: units };
  const { impact } = bands.table.prepared;
  const isLinear = { buy: impact.buy.length === 0, sell: impact.sell.length === 0 };
  let lengths = 1;
  let overshoots = 1;
  for (const side of SIDES) {
    const nowBand = impulseBand(market, costs[side]);
    const thenBand = (isLinear[side] ? whalleyWilmott1999Band : impulseBand)(then, costsBefore[side]);
    lengths *= lengthOf(market, nowBand) / lengthOf(then, thenBand);
    overshoots *=
      monitoredBand(market, nowBand).outer / nowBand.outer / (monitoredBand(then, thenBand).outer / thenBand.outer);
  }
  const s = Math.sqrt(lengths);
  const r = Math.sqrt(overshoots);
  const aversion = (market.riskAversion * units) / bands.table.prepared.riskAversion;
  if (!Number.isFinite(s) || !Number.isFinite(r)) return { length: units, worth: units * aversion };
  return { length: units * s * r, worth: units * aversion * s ** 4 };
}

/** How much other monitoring moves the triggers of a table that was prepared for these very costs. */
export function monitoringRatio(market: Market, then: Market, costs: SideCosts, bands: PreparedBands): number {
  if (looksAlike(market, bands)) return 1;
  const now = impulseBand(market, costs.buy);
  const ratio = monitoredBand(market, now).outer / monitoredBand(then, now).outer;
  return Number.isFinite(ratio) ? ratio : 1;
}

/** By how much the edges of one side are farther out now, in the units of the book. */
export interface EdgeRatios {
  readonly outer: number;
  readonly inner: number;
}

/**
 * How the edges of a table move with costs that are linear then and now: as the closed form's do, monitoring and settlement
 * included. The table's own values would mislead: beyond its trigger they rise no more steeply than its own trade costs, so
 * that a dearer one never seems to pay.
 */
export function edgeRatios(
  market: Market,
  then: Market,
  costs: SideCosts,
  costsBefore: SideCosts,
  side: Side,
): EdgeRatios {
  const now = optimalSide(market, costs[side], side).band;
  const before = optimalSide(then, costsBefore[side], side).band;
  const outer = ratioOf(now.outer, before.outer, 1);
  return { outer, inner: ratioOf(now.inner, before.inner, outer) };
}

function ratioOf(now: number, then: number, otherwise: number): number {
  const ratio = now / then;
  return ratio > 0 && Number.isFinite(ratio) ? ratio : otherwise;
}

/** Whether the delta drifts as much between two looks as it did in the table. */
export function looksAlike({ annualVolatility, monitoringYears }: Market, { table }: PreparedBands): boolean {
  const { prepared } = table;
  const drift = (annualVolatility / prepared.annualVolatility) ** 2 * (monitoringYears / prepared.monitoringYears);
  return Math.abs(drift - 1) < SAME_DRIFT;
}

function lengthOf(market: Market, { inner, outer }: { readonly inner: number; readonly outer: number }): number {
  // κ/b, in which risk aversion falls out.
  const { annualVolatility, gammaPerUnit, spot, years } = market;
  const atEnd = 3 * (annualVolatility * spot * gammaPerUnit) ** 2 * years;
  return Math.sqrt(Math.min(outer * outer + outer * inner + inner * inner, atEnd));
}

/** A live cost in the units of the table. */
export function shapeCost(cost: CostFunction, { length, worth }: Scale): ShapeCost {
  return {
    variable: (size) => cost.variableCost(size * length) / worth,
    marginal: (size) => (cost.marginalCost(size * length) * length) / worth,
  };
}

/** Net deltas, in the units of the table. */
export interface SolvedSide {
  readonly outer: number;
  readonly inner: number;
}

/**
 * The trigger of one side at the costs of now: where the best trade gains just its fixed cost, or, without one, where the
 * slope of the value meets the cost of the first unit. What the table's own costs miss at the table's own trigger, by
 * interpolation, is taken into account, so that the same costs give the same trigger.
 */
export function solveSide(
  shape: ValueShape,
  band: DeltaBand,
  side: Side,
  now: ShapeCost,
  nowFixed: number,
  then: ShapeCost,
  thenFixed: number,
): SolvedSide {
  const direction = DIRECTION[side];
  const outer = side === 'buy' ? band.buyOuter : band.sellOuter;
  const inner = side === 'buy' ? band.buyInner : band.sellInner;
  const half = (band.sellOuter - band.buyOuter) / 2;
  // Beyond all holdings lies the trigger of a side that never trades.
  const trades = outer > band.lowest && outer < band.highest;
  const outwards = -direction as 1 | -1;
  if (nowFixed > 0) {
    const landing = landings(shape, now, direction, outer, half);
    // Where trading ends nothing is to be gained by it.
    const trigger = rootOutwards(excessGain(landing), inner, -nowFixed, outer, half, outwards);
    return { outer: trigger, inner: landing(trigger) };
  }
  const middle = (band.buyInner + band.sellInner) / 2;
  const trigger = rootOutwards(excessSlope(), middle, -now.marginal(0), outer, half, outwards);
  return { outer: trigger, inner: trigger };

  /** What the best trade gains over holding on, less what it should; with the cost as it is, its slope is V′ less V′ there. */
  function excessGain(landing: (from: number) => number): Excess {
    const gained = valueAt(shape, outer) - valueAt(shape, inner) - then.variable(direction * (inner - outer));
    const wanted = nowFixed * (trades && thenFixed > 0 ? plausible(gained / thenFixed) : 1);
    return (y, out) => {
      const end = landing(y);
      out.value = valueAt(shape, y) - valueAt(shape, end) - now.variable(direction * (end - y)) - wanted;
      out.slope = gradientAt(shape, y) - gradientAt(shape, end);
      out.scale = wanted;
    };
  }

  function excessSlope(): Excess {
    const first = then.marginal(0);
    const met = trades && !(thenFixed > 0) && first > 0 ? plausible((outwards * gradientAt(shape, outer)) / first) : 1;
    const wanted = now.marginal(0) * met;
    return (y, out) => {
      out.value = outwards * gradientAt(shape, y) - wanted;
      out.slope = Number.NaN;
      out.scale = wanted;
    };
  }
}

/** What interpolation misses is little; what is more has other reasons. */
function plausible(missed: number): number {
  return missed > 0.5 && missed < 2 ? missed : 1;
}

/** Where trades end; from wherever near the table's trigger at the same holding, while every unit costs the same. */
function landings(
  shape: ValueShape,
  cost: ShapeCost,
  direction: 1 | -1,
  outer: number,
  half: number,
): (from: number) => number {
  const farthest = LINEAR_REACH * half;
  const last = cost.marginal(2 * farthest);
  if (!(last - cost.marginal(0) <= 1e-9 * last)) return (from) => landingOf(shape, cost, from, direction);
  const end = landingOf(shape, cost, outer, direction);
  return (from) =>
    direction * (end - from) > 0 && Math.abs(from - outer) < farthest && end !== outer
      ? end
      : landingOf(shape, cost, from, direction);
}

/** Of a function: its value, its slope where that is known, and what is much of a value. */
interface ValueAndSlope {
  value: number;
  slope: number;
  scale: number;
}

type Excess = (y: number, out: ValueAndSlope) => void;

/**
 * Where a function turns positive on the way outwards, beginning its search at `guess`; that itself where it never does:
 * beyond it a live curve may be dearer than any trade was worth to the table. By Newton's method where the slope is known
 * and its steps stay within the bracket, else by the Illinois method.
 */
function rootOutwards(
  f: Excess,
  inside: number,
  atInside: number,
  guess: number,
  half: number,
  outwards: 1 | -1,
): number {
  const at: ValueAndSlope = { value: 0, slope: Number.NaN, scale: 1 };
  let a = inside;
  let fa = atInside;
  let b = guess;
  f(b, at);
  for (let i = 0; at.value < 0 || Number.isNaN(at.value); i++) {
    const near = newton(b, at);
    if (at.value > -CLOSE * at.scale && Number.isFinite(near)) return near;
    if (i === OUTWARDS.length) return guess;
    a = b;
    fa = at.value;
    const farthest = guess + outwards * OUTWARDS[i]! * half;
    // A step beyond the root, so that it is enclosed.
    const beyond = near + SPARE_STEP * (near - b);
    b = outwards * (beyond - b) > 0 && outwards * (farthest - beyond) > 0 ? beyond : farthest;
    f(b, at);
  }
  let fb = at.value;
  for (let i = 0; i < ITERATIONS && fb > 0; i++) {
    const isClose = Math.abs(at.value) < CLOSE * at.scale;
    const near = newton(at.value > 0 ? b : a, at);
    const isWithin = (near - a) * (near - b) < 0;
    if (isClose && isWithin) return near;
    const y = isWithin ? near : a + ((b - a) * fa) / (fa - fb);
    f(y, at);
    if (at.value > 0) {
      b = y;
      fb = at.value;
      if (!isWithin) fa /= 2;
    } else {
      a = y;
      fa = at.value;
      if (!isWithin) fb /= 2;
    }
  }
  return fb > 0 ? a + ((b - a) * fa) / (fa - fb) : b;
}

function newton(y: number, { slope, value }: ValueAndSlope): number {
  return y - value / slope;
}
