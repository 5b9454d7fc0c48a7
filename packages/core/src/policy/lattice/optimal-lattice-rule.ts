import type { CostFunction } from '../cost-function.js';
import type { HalfBand, Market } from '../market.js';
import { optimalLanding, type OptimalSide, optimalSide } from '../rules/optimal.js';
import type { Rule } from '../rules/rule.js';
import type { Side } from '../settlement-band.js';
import { type BandTable, bandReader } from './band-table.js';
import type { NodeBand } from './optimum.js';
import type { HedgingProblem } from './problem.js';
import { liabilityOf } from './product.js';

/** How far a width may be carried from the costs that a table was prepared for. */
const MOST_CARRIED = 4;
/** Beyond this, the rule says that another table is due. */
const STALE_BEYOND = 1.5;

interface Carried {
  readonly outer: number;
  readonly inner: number;
}

/**
 * The exact optimum as a rule of the policy, read from a table that was prepared ahead. Where the market is what the
 * table was prepared for, its band is the lattice's; where volatility, gas or the cost curve have moved since, each edge's
 * distance from the delta is carried over by the ratio of the closed form ({@link optimalSide}) now to the closed form
 * then, convex curves included.
 *
 * @param table of one unit of the product
 * @param units how many of them the book holds; the table was prepared with γ·units and k/units
 */
export function optimalLatticeRule(table: BandTable, units: number): Rule {
  const read = bandReader(table);
  const { problem } = table;
  const liability = liabilityOf(problem.product, problem);
  return ({ buy, market, sell }) => {
    const { spot, years } = market;
    const band = read(spot, years);
    const delta = liability.delta(spot, years);
    const then = preparedMarket(problem, units, market, -units * liability.gamma(spot, years));
    const preparedCost = preparedCostOf(problem, units, market.spot);
    const sides = { buy: optimalSide(market, buy, 'buy'), sell: optimalSide(market, sell, 'sell') };
    const buyRatio = carriedBy(sides.buy.band, optimalSide(then, preparedCost, 'buy').band);
    const sellRatio = carriedBy(sides.sell.band, optimalSide(then, preparedCost, 'sell').band);
    const { centre, inner } = landingsOf(band, delta, units, buyRatio.inner, sellRatio.inner);
    const staysFlat = market.holdingUnits === 0 && band.flatGain < 0;
    const flatDeviation = staysFlat ? Math.abs(units * delta + centre) * (1 + 1e-9) : 0;
    const outer = (edge: number, ratio: number): number => Math.max(inner, flatDeviation, units * ratio * edge);
    const halves = {
      buy: { inner, outer: outer(delta + centre / units - band.buyOuter, buyRatio.outer) },
      sell: { inner, outer: outer(band.sellOuter - delta - centre / units, sellRatio.outer) },
    };
    const costs = { buy, sell };
    const outcome = {
      kind: 'band',
      ...halves,
      centreShiftUnits: centre,
      land: (side: Side, deviation: number) => landing(market, costs[side], side, sides[side], inner, deviation),
    } as const;
    const stale = [buyRatio, sellRatio].some((ratio) => isStale(ratio));
    if (!stale) return outcome;
    return { ...outcome, caveat: 'Volatility or costs are far from those that the table was prepared for.' };
  };
}

/** Midway between the two landings, from the target, and how far they are from there. Units of the book. */
function landingsOf(
  band: NodeBand,
  delta: number,
  units: number,
  buyRatio: number,
  sellRatio: number,
): { readonly centre: number; readonly inner: number } {
  if (band.toFlat > 0.5) return { centre: -units * delta, inner: 0 };
  const low = units * buyRatio * (band.buyInner - delta);
  const high = Math.max(low, units * sellRatio * (band.sellInner - delta));
  return { centre: (low + high) / 2, inner: (high - low) / 2 };
}

function preparedMarket(problem: HedgingProblem, units: number, now: Market, gammaPerUnit: number): Market {
  return {
    ...now,
    annualVolatility: problem.annualVolatility,
    annualRate: problem.annualRate,
    riskAversion: problem.riskAversion / units,
    monitoringYears: problem.years / problem.steps,
    settlement: problem.settlement,
    gammaPerUnit,
  };
}

function preparedCostOf(problem: HedgingProblem, units: number, spot: number): CostFunction {
  const marginal = problem.proportionalCost * spot;
  return {
    fixedCost: problem.fixedCost * units,
    maxSizeUnits: 1e9 * units,
    variableCost: (size) => marginal * size,
    marginalCost: () => marginal,
  };
}

function carriedBy(now: HalfBand, then: HalfBand): Carried {
  return { outer: ratioOf(now.outer, then.outer), inner: ratioOf(now.inner, then.inner) };
}

/** One where both are nothing; a width from nothing is not carried further than the limit. */
function ratioOf(now: number, then: number): number {
  if (now === then) return 1;
  return Math.max(1 / MOST_CARRIED, Math.min(MOST_CARRIED, now / then));
}

function isStale({ inner, outer }: Carried): boolean {
  const far = (ratio: number): boolean => ratio > STALE_BEYOND || ratio < 1 / STALE_BEYOND;
  return far(outer) || far(inner);
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
