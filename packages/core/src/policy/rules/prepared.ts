import { type DeltaBand, type PreparedBands, readBand } from '../band-table.js';
import type { CostFunction } from '../cost-function.js';
import type { HalfBand, Market } from '../market.js';
import { preempted } from '../pre-emption.js';
import type { Side } from '../settlement-band.js';
import { closedFormRule, optimalLanding, type OptimalSide, optimalSide } from './optimal.js';
import { correctedWhalleyWilmott1999Band } from './whalley-wilmott-1999.js';
import type { Rule, RuleContext, RuleOutcome } from './rule.js';

/** How far costs, risk aversion, latency and uncertainty may be from a table's, as a factor, for it to be carried. */
const MOST_CARRIED = 4;
/** Beyond this factor another table is due, and the rule says so. */
const STALE_BEYOND = 2;
/** Below it a table is taken as it is. */
const EXACT_WITHIN = 1e-9;
/** Of the net delta without a hedge: a landing so near to it is no hedge at all. */
const FLAT_WITHIN = 1e-3;
/**
 * The same where the hedge has to be unwound: the closed form is off by more there than the edges move over so little.
 */
const UNWOUND_WITHIN = 0.16;
/** Variance between two looks that counts as the same. */
const SAME_DRIFT = 0.01;

type BandOutcome = Extract<RuleOutcome, { kind: 'band' }>;

/** A table that covers the state, and how far its parameters are from those of now: natural logarithm. */
interface Candidate {
  readonly bands: PreparedBands;
  readonly band: DeltaBand;
  readonly distance: number;
}

/**
 * The band of the prepared table that fits the market, or undefined where none does, so that the closed form decides.
 *
 * A table is read at the forward and at the variance that remain (the similarity laws of the problem), so that spot, time
 * and volatility may move freely within it. λ, γN and k/N are what a table is prepared *for*: within a factor of four each
 * edge's distance from the target is carried over by the ratio of the closed form now to the closed form then, convex
 * curves included; of several tables the two nearest are weighed by how near they are. Beyond a factor of two the rule
 * says that another table is due.
 */
export function preparedBand(context: RuleContext, tables: readonly PreparedBands[]): BandOutcome | undefined {
  const { market } = context;
  if (market.settlement === 'none') return undefined;
  const fitting = tables
    .map((bands) => candidateOf(context, bands))
    .filter((each): each is Candidate => each !== undefined)
    .sort((a, b) => a.distance - b.distance);
  const [nearest, second] = fitting;
  if (nearest === undefined) return undefined;
  const costs = { buy: context.buy, sell: context.sell };
  const sides = lazySides(market, costs);
  const first = carried(context, nearest, sides);
  const edges =
    second === undefined || nearest.distance < EXACT_WITHIN || first.toFlat
      ? first
      : between(first, carried(context, second, sides), nearest.distance / (nearest.distance + second.distance));
  const centre = (edges.low + edges.high) / 2;
  const inner = (edges.high - edges.low) / 2;
  const outcome: BandOutcome = {
    kind: 'band',
    buy: { outer: Math.max(inner, centre - edges.buyAt), inner },
    sell: { outer: Math.max(inner, edges.sellAt - centre), inner },
    centreShiftUnits: centre,
    land: (side, deviation) => landing(market, costs[side], side, sides(side), inner, deviation),
    source: 'lattice',
  };
  if (nearest.distance <= Math.log(STALE_BEYOND)) return outcome;
  return { ...outcome, caveat: 'Costs or risk aversion are far from those that the table was prepared for.' };
}

/** Net delta at which to buy and sell, and where trades end. Units of the book. */
interface Edges {
  readonly buyAt: number;
  readonly low: number;
  readonly high: number;
  readonly sellAt: number;
  readonly toFlat: boolean;
}

function candidateOf({ buy, market, sell }: RuleContext, bands: PreparedBands): Candidate | undefined {
  const { prepared } = bands.table;
  if (prepared.settlement !== market.settlement) return undefined;
  const distance = distanceOf(market, buy, sell, bands);
  if (!(distance <= Math.log(MOST_CARRIED))) return undefined;
  const band = readBand(bands.table, market.spot, market.years, market.annualVolatility, market.annualRate);
  return band === undefined ? undefined : { bands, band, distance };
}

/** The largest of |ln| of the ratios of what a table is prepared for; nothing to nothing counts as equal. */
function distanceOf(market: Market, buy: CostFunction, sell: CostFunction, { table, units }: PreparedBands): number {
  const { prepared } = table;
  const marginal = (buy.marginalCost(0) + sell.marginalCost(0)) / 2 / market.spot;
  const fixed = (buy.fixedCost + sell.fixedCost) / 2;
  const ratios = [
    ratioOf(marginal, prepared.proportionalCost),
    ratioOf(market.riskAversion * units, prepared.riskAversion),
    // A little gas beside large trades is next to none.
    ratioOf(
      fixed + negligibleGas(marginal, market, units),
      prepared.fixedCost * units + negligibleGas(marginal, market, units),
    ),
    market.latencyYears === prepared.latencyYears
      ? 1
      : ratioOf(market.monitoringYears + market.latencyYears, market.monitoringYears + prepared.latencyYears),
  ];
  return Math.max(...ratios.map((ratio) => Math.abs(Math.log(ratio))));
}

/** Gas that is lost beside the proportional cost of a thousandth of the book. */
function negligibleGas(marginal: number, { spot }: Market, units: number): number {
  return marginal * spot * units * 1e-3;
}

function ratioOf(now: number, then: number): number {
  return now === then ? 1 : now / then;
}

function carried(
  { deviationUnits, market }: RuleContext,
  { band, bands, distance }: Candidate,
  sides: (side: Side) => OptimalSide,
): Edges {
  const { units } = bands;
  const staysFlat = market.holdingUnits === 0 && band.flatGain < 0;
  if (band.toFlat > 0.5 && deviationUnits !== undefined) {
    // The net delta of no hedge at all.
    const flat = deviationUnits - market.holdingUnits;
    const buyAt = Math.min(flat, units * band.buyOuter);
    return { buyAt, low: flat, high: flat, sellAt: Math.max(flat, units * band.sellOuter), toFlat: true };
  }
  const raw = {
    buyAt: units * band.buyOuter,
    low: units * band.buyInner,
    high: units * band.sellInner,
    sellAt: units * band.sellOuter,
  };
  const isUnwound = market.settlement === 'unwind' && deviationUnits !== undefined;
  const isExact =
    isAllTheGamma(market, bands) &&
    (isUnwound ? distance < UNWOUND_WITHIN : distance < EXACT_WITHIN && looksAlike(market, bands));
  const moved = isExact ? raw : rescaled(raw, market, bands, sides);
  const scaled = isUnwound ? onTheirSides(raw, moved, deviationUnits - market.holdingUnits) : moved;
  if (!staysFlat || deviationUnits === undefined) return { ...scaled, toFlat: false };
  const buyAt = Math.min(scaled.buyAt, deviationUnits - Math.abs(deviationUnits) * 1e-9);
  const sellAt = Math.max(scaled.sellAt, deviationUnits + Math.abs(deviationUnits) * 1e-9);
  return { ...scaled, buyAt, sellAt, toFlat: false };
}

/** Whether the gamma of now is that of the table's book. */
function isAllTheGamma(market: Market, { gammaPerUnit = market.gammaPerUnit }: PreparedBands): boolean {
  return Math.abs(gammaPerUnit - market.gammaPerUnit) <= EXACT_WITHIN * Math.abs(market.gammaPerUnit);
}

/** Whether the delta drifts as much between two looks as it did in the table. */
function looksAlike({ annualVolatility, monitoringYears }: Market, { table }: PreparedBands): boolean {
  const { prepared } = table;
  const drift = (annualVolatility / prepared.annualVolatility) ** 2 * (monitoringYears / prepared.monitoringYears);
  return Math.abs(drift - 1) < SAME_DRIFT;
}

/**
 * Where a hedge has to be unwound, the value has a kink at none: many trades land just there, and what would be left over
 * costs a trade of its own. An edge that is carried stays on the side of no hedge on which it was, and on it if it was.
 *
 * @param flat net delta of no hedge at all
 */
function onTheirSides(raw: Omit<Edges, 'toFlat'>, moved: Omit<Edges, 'toFlat'>, flat: number): Omit<Edges, 'toFlat'> {
  const hair = FLAT_WITHIN * Math.abs(flat);
  const kept = (before: number, after: number): number => {
    if (Math.abs(before - flat) <= hair) return flat;
    return before < flat ? Math.min(after, flat) : Math.max(after, flat);
  };
  return {
    buyAt: moved.buyAt,
    low: kept(raw.low, moved.low),
    high: kept(raw.high, moved.high),
    sellAt: moved.sellAt,
  };
}

/** Each edge's distance from the target times the ratio of the closed form now to the closed form then. */
function rescaled(
  raw: Omit<Edges, 'toFlat'>,
  market: Market,
  bands: PreparedBands,
  sides: (side: Side) => OptimalSide,
): Omit<Edges, 'toFlat'> {
  const then = marketThen(market, bands);
  const cost = costThen(market, bands);
  const buy = ratios(sides('buy').band, correctedWhalleyWilmott1999Band(then, cost, 'buy'));
  const sell = ratios(sides('sell').band, correctedWhalleyWilmott1999Band(then, cost, 'sell'));
  const low = raw.low * buy.inner;
  const high = Math.max(low, raw.high * sell.inner);
  return {
    buyAt: Math.min(low, raw.buyAt * buy.outer),
    low,
    high,
    sellAt: Math.max(high, raw.sellAt * sell.outer),
  };
}

/** The state of now with the parameters that the table was prepared for. */
function marketThen(market: Market, { gammaPerUnit = market.gammaPerUnit, table, units }: PreparedBands): Market {
  const { annualRate, annualVolatility, endsAtOnce, latencyYears, monitoringYears, riskAversion, settlement } =
    table.prepared;
  const years = endsAtOnce ? market.years * (market.annualVolatility / annualVolatility) ** 2 : market.years;
  return {
    ...market,
    annualVolatility,
    annualRate,
    gammaPerUnit,
    years,
    riskAversion: riskAversion / units,
    monitoringYears,
    latencyYears,
    settlement,
  };
}

function costThen({ spot }: Market, { table, units }: PreparedBands): CostFunction {
  const marginal = table.prepared.proportionalCost * spot;
  return {
    fixedCost: table.prepared.fixedCost * units,
    maxSizeUnits: 1e9 * units,
    variableCost: (size) => marginal * size,
    marginalCost: () => marginal,
  };
}

function ratios(now: HalfBand, then: HalfBand): HalfBand {
  const bounded = (ratio: number): number => Math.max(1 / MOST_CARRIED, Math.min(MOST_CARRIED, ratio));
  return { outer: bounded(ratioOf(now.outer, then.outer)), inner: bounded(ratioOf(now.inner, then.inner)) };
}

function between(a: Edges, b: Edges, share: number): Edges {
  const mix = (x: number, y: number): number => (1 - share) * x + share * y;
  return {
    buyAt: mix(a.buyAt, b.buyAt),
    low: mix(a.low, b.low),
    high: mix(a.high, b.high),
    sellAt: mix(a.sellAt, b.sellAt),
    toFlat: false,
  };
}

/** The closed forms of now, worked out only where they are needed. */
function lazySides(market: Market, costs: Readonly<Record<Side, CostFunction>>): (side: Side) => OptimalSide {
  const known: Partial<Record<Side, OptimalSide>> = {};
  return (side) => (known[side] ??= optimalSide(market, costs[side], side));
}

/** Where a trade ends: on the inner edge, or the earlier the more a convex curve charges for the rest of the way. */
function landing(
  market: Market,
  cost: CostFunction,
  side: Side,
  closed: OptimalSide,
  inner: number,
  deviation: number,
): number {
  const beyond = optimalLanding(market, cost, side, closed, Math.max(deviation, closed.band.outer)) - closed.band.inner;
  return Math.min(deviation, inner + Math.max(0, beyond));
}

/** Our own rule: the prepared optimum where a table fits, the corrected closed form where none does, ahead of a trend. */
export const optimalRule: Rule = (context) => {
  const outcome = preparedBand(context, context.prepared ?? []) ?? closedFormRule(context);
  return outcome.kind === 'band' ? preempted(context.market, outcome) : outcome;
};
