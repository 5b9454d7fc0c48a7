import { type DeltaBand, type PreparedBands, readBand } from '../band-table.js';
import {
  costsThen,
  edgeRatios,
  looksAlike,
  marketThen,
  monitoringRatio,
  type Scale,
  scaleOf,
  shapeCost,
  type SideCosts,
  solveSide,
  type SolvedSide,
} from '../carry.js';
import type { CostFunction } from '../cost-function.js';
import type { Market } from '../market.js';
import type { Side } from '../settlement-band.js';
import { gradientAt, landingOf, type ShapeCost, valueAt, type ValueShape } from '../value-shape.js';
import type { BandOutcome, BandReader, RuleContext } from './rule.js';

/** How far costs, risk aversion, latency and uncertainty may be from a table's, as a factor, for it to be carried. */
const MOST_CARRIED = 4;
/** Beyond this factor another table is due, and the rule says so. */
const STALE_BEYOND = 2;
/** Below it a table is taken as it is. */
const EXACT_WITHIN = 1e-9;
/** Gas that is lost beside the variable cost of so many of the table's units. */
const NEGLIGIBLE_GAS = 1e-2;
/** Sizes at which costs are compared, in half-widths of the band. */
const COMPARED_SIZES = [0.1, 1] as const;

/** A table that covers the state, and how far its parameters are from those of now: natural logarithm. */
interface Candidate {
  readonly bands: PreparedBands;
  readonly band: DeltaBand;
  readonly distance: number;
  /** The table's market, in the state of now, and what trading cost in it. */
  readonly then: Market;
  readonly before: SideCosts;
  /** The table's values as they read now; worked out when first asked for. */
  readonly values: () => { readonly scale: Scale; readonly shape: ValueShape };
}

/**
 * The band of the prepared table that fits the market, or undefined where none does, so that the closed form decides.
 *
 * A table is read at the forward and at the variance that remain (the similarity laws of the problem), so that spot, time
 * and volatility may move freely within it. Costs, γN and k/N are what a table is prepared *for*: within a factor of four
 * its values are carried over by {@link scaleOf}, and triggers and landings solved again on them against the live cost
 * curves, C′(q) = V′; of several tables the two nearest are weighed by how near they are. Beyond a factor of two the rule
 * says that another table is due.
 */
function preparedBand(context: RuleContext, tables: readonly PreparedBands[]): BandOutcome | undefined {
  const { market } = context;
  if (market.settlement === 'none') return undefined;
  const fitting = tables
    .map((bands) => candidateOf(context, bands))
    .filter((each): each is Candidate => each !== undefined)
    .sort((a, b) => a.distance - b.distance);
  const [nearest, second] = fitting;
  if (nearest === undefined) return undefined;
  const first = carried(context, nearest);
  const edges =
    second === undefined || nearest.distance < EXACT_WITHIN || first.toFlat
      ? first
      : between(first, carried(context, second), nearest.distance / (nearest.distance + second.distance));
  const centre = (edges.low + edges.high) / 2;
  const inner = (edges.high - edges.low) / 2;
  const lookup = valueLookup(context, nearest);
  const outcome: BandOutcome = {
    kind: 'band',
    buy: { outer: Math.max(inner, centre - edges.buyAt), inner },
    sell: { outer: Math.max(inner, edges.sellAt - centre), inner },
    centreShiftUnits: centre,
    ...(edges.toFlat ? {} : { land: (side, deviation) => lookup.land(side, deviation, centre, inner) }),
    marginalRisk: (side, deviation) => lookup.gradient(side, deviation, centre),
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
  const band = readBand(bands.table, market.spot, market.years, market.annualVolatility, market.annualRate);
  if (band === undefined) return undefined;
  const costs = { buy, sell };
  const before = costsThen(market, bands);
  const distance = distanceOf(market, costs, before, bands, band);
  if (!(distance <= Math.log(MOST_CARRIED))) return undefined;
  const then = marketThen(market, bands);
  let known: ReturnType<Candidate['values']> | undefined;
  const isExact = distance < EXACT_WITHIN && isAllTheGamma(market, bands) && looksAlike(market, bands);
  return {
    bands,
    band,
    distance,
    then,
    before,
    values: () => (known ??= { scale: scaleOf(market, then, costs, before, bands, isExact), shape: band.shape() }),
  };
}

/** Whether the gamma of now is that of the table's book. */
function isAllTheGamma(market: Market, { gammaPerUnit = market.gammaPerUnit }: PreparedBands): boolean {
  return Math.abs(gammaPerUnit - market.gammaPerUnit) <= EXACT_WITHIN * Math.abs(market.gammaPerUnit);
}

/** The largest of |ln| of the ratios of what a table is prepared for; nothing to nothing counts as equal. */
function distanceOf(
  market: Market,
  costs: SideCosts,
  before: SideCosts,
  bands: PreparedBands,
  band: DeltaBand,
): number {
  const { table, units } = bands;
  const { prepared } = table;
  const half = (units * (band.sellOuter - band.buyOuter)) / 2;
  const mean = (of: SideCosts, share: number): number => {
    const size = share * Math.min(half, costs.buy.maxSizeUnits, costs.sell.maxSizeUnits);
    return (of.buy.variableCost(size) + of.sell.variableCost(size)) / 2 / size;
  };
  let farthest = 0;
  const compare = (now: number, once: number): void => {
    farthest = Math.max(farthest, now === once ? 0 : Math.abs(Math.log(now / once)));
  };
  for (const share of COMPARED_SIZES) if (half > 0) compare(mean(costs, share), mean(before, share));
  compare(market.riskAversion * units, prepared.riskAversion);
  // A little gas beside large trades is next to none.
  const gas = half > 0 ? mean(before, 1) * half * NEGLIGIBLE_GAS : 0;
  compare((costs.buy.fixedCost + costs.sell.fixedCost) / 2 + gas, prepared.fixedCost * units + gas);
  if (market.latencyYears !== prepared.latencyYears) {
    compare(market.monitoringYears + market.latencyYears, market.monitoringYears + prepared.latencyYears);
  }
  return farthest;
}

function carried({ buy, deviationUnits, market, sell }: RuleContext, candidate: Candidate): Edges {
  const { band, bands } = candidate;
  const { units } = bands;
  const staysFlat = market.holdingUnits === 0 && band.flatGain < 0;
  if (
    band.toFlat > 0.5 &&
    deviationUnits !== undefined &&
    isLinear(market.holdingUnits < 0 ? buy : sell, deviationUnits)
  ) {
    // The net delta of no hedge at all.
    const flat = deviationUnits - market.holdingUnits;
    const buyAt = Math.min(flat, units * band.buyOuter);
    return { buyAt, low: flat, high: flat, sellAt: Math.max(flat, units * band.sellOuter), toFlat: true };
  }
  const edges = edgesOf(market, { buy, sell }, candidate);
  if (!staysFlat || deviationUnits === undefined) return edges;
  const buyAt = Math.min(edges.buyAt, deviationUnits - Math.abs(deviationUnits) * 1e-9);
  const sellAt = Math.max(edges.sellAt, deviationUnits + Math.abs(deviationUnits) * 1e-9);
  return { ...edges, buyAt, sellAt };
}

/** As the table has them, where it was prepared for what is now; else solved again at the costs of now. */
function edgesOf(market: Market, costs: SideCosts, candidate: Candidate): Edges {
  const { band, bands, before, distance, then, values } = candidate;
  const { units } = bands;
  if (distance < EXACT_WITHIN) {
    const { buyInner, buyOuter, sellInner, sellOuter } = band;
    const ratio = monitoringRatio(market, then, costs, bands);
    const middle = (buyInner + sellInner) / 2;
    return {
      buyAt: units * Math.min(buyInner, middle + ratio * (buyOuter - middle)),
      low: units * buyInner,
      high: units * sellInner,
      sellAt: units * Math.max(sellInner, middle + ratio * (sellOuter - middle)),
      toFlat: false,
    };
  }
  if (isLinearThroughout(costs, candidate)) return movedEdges(market, costs, candidate);
  const { scale, shape } = values();
  const one = { length: units, worth: units };
  const solved = (side: Side): SolvedSide =>
    solveSide(
      shape,
      band,
      side,
      shapeCost(costs[side], scale),
      costs[side].fixedCost / scale.worth,
      shapeCost(before[side], one),
      before[side].fixedCost / units,
    );
  const buy = solved('buy');
  const sell = solved('sell');
  const low = Math.min(buy.inner, sell.inner);
  const high = Math.max(buy.inner, sell.inner);
  return {
    buyAt: scale.length * Math.min(low, buy.outer),
    low: scale.length * low,
    high: scale.length * high,
    sellAt: scale.length * Math.max(high, sell.outer),
    toFlat: false,
  };
}

/** Whether every unit costs the same, in the table and now, as far as its band reaches. */
function isLinearThroughout(costs: SideCosts, { band, bands }: Candidate): boolean {
  const { impact } = bands.table.prepared;
  if (impact.buy.length + impact.sell.length > 0) return false;
  const reach = bands.units * (band.sellOuter - band.buyOuter);
  return isLinear(costs.buy, reach) && isLinear(costs.sell, reach);
}

/** Away from the middle of the table's band, as far as the closed form's edges move. */
function movedEdges(market: Market, costs: SideCosts, { band, bands, before, then }: Candidate): Edges {
  const { units } = bands;
  const middle = (band.buyInner + band.sellInner) / 2;
  const buy = edgeRatios(market, then, costs, before, 'buy');
  const sell = edgeRatios(market, then, costs, before, 'sell');
  const low = middle + buy.inner * (band.buyInner - middle);
  const high = middle + sell.inner * (band.sellInner - middle);
  return {
    buyAt: units * Math.min(low, middle + buy.outer * (band.buyOuter - middle)),
    low: units * low,
    high: units * high,
    sellAt: units * Math.max(high, middle + sell.outer * (band.sellOuter - middle)),
    toFlat: false,
  };
}

interface ValueLookup {
  /** Deviation from the centre at which a trade from a deviation ends. */
  readonly land: (side: Side, deviation: number, centre: number, inner: number) => number;
  /** What one unit less of a deviation from the centre is worth, numeraire. */
  readonly gradient: (side: Side, deviation: number, centre: number) => number;
}

/** The value of holding on, as the table has it, at the scale of now. */
function valueLookup({ buy, deviationUnits, market, sell }: RuleContext, { band, values }: Candidate): ValueLookup {
  const costs = { buy, sell };
  // The net delta of no hedge at all.
  const flat = deviationUnits === undefined ? undefined : deviationUnits - market.holdingUnits;
  /** Whether a trade had better end at no holding, which saves the gas of unwinding. */
  const isFlatBetter = (
    shape: ValueShape,
    cost: ShapeCost,
    from: number,
    end: number,
    direction: 1 | -1,
    { length }: Scale,
  ): boolean => {
    if (!(band.flatDip > 0) || flat === undefined) return false;
    const size = direction * (flat / length - from);
    if (!(size > 0)) return false;
    const atFlat = valueAt(shape, flat / length) - band.flatDip + cost.variable(size);
    return atFlat < valueAt(shape, end) + cost.variable(direction * (end - from));
  };
  return {
    land: (side, deviation, centre, inner) => {
      if (isLinear(costs[side], deviation)) return inner;
      const { scale, shape } = values();
      const outwards = side === 'buy' ? -1 : 1;
      const from = (centre + outwards * deviation) / scale.length;
      const cost = shapeCost(costs[side], scale);
      const best = landingOf(shape, cost, from, -outwards as 1 | -1);
      if (isFlatBetter(shape, cost, from, best, -outwards as 1 | -1, scale)) return outwards * (flat! - centre);
      return Math.min(deviation, Math.max(0, outwards * (best * scale.length - centre)));
    },
    gradient: (side, deviation, centre) => {
      const { scale, shape } = values();
      const outwards = side === 'buy' ? -1 : 1;
      const at = (centre + outwards * deviation) / scale.length;
      return (outwards * gradientAt(shape, at) * scale.worth) / scale.length;
    },
  };
}

/** Whether every unit of a trade costs the same, so that it ends where any other does. */
function isLinear(cost: CostFunction, deviation: number): boolean {
  const last = cost.marginalCost(Math.min(Math.abs(deviation), cost.maxSizeUnits));
  return last - cost.marginalCost(0) <= 1e-9 * last;
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

/**
 * Tables as the policy reads them.
 *
 * @param tables Of one book, from `prepareBands`, for one or several costs, aversions and doubts.
 * @example
 * ```ts
 * decide({ ...input, bands: readBands([{ table: prepareBands(problem), units: 1 }]) }).bandSource // 'lattice'
 * ```
 */
export function readBands(tables: readonly PreparedBands[]): BandReader {
  return (context) => preparedBand(context, tables);
}
