import { Decimal, decimalFromNumber } from '../model/decimal.js';
import { bandRows, coefficientsOf, type CompiledProfile, type Nearness } from './compiled-profile.js';
import { distanceTo } from './goals.js';
import { obstaclesOf } from './obstacles.js';
import { type Greek, GREEKS, type Range } from './profile.js';
import { relax } from './relaxation.js';
import { rowTolerance, type SearchResult } from './search.js';
import { sentenceOf } from './sentence.js';
import { marginalCost, type Side, variableCost } from './side.js';
import type {
  BindingConstraint,
  GreekOutcome,
  ProfileCost,
  ProfileSolution,
  ProfileTrade,
  UnreachedGreek,
} from './solution.js';

/** Prices that move the cost by less than this share are none. */
const NO_PRICE = 1e-7;

/** The solution with everything that a reader needs to believe it. */
export function explain(
  compiled: CompiledProfile,
  { bound, nodes }: SearchResult,
  sizes: readonly number[],
  nearness: Nearness,
  distances: readonly number[],
): ProfileSolution {
  const { goals, problem, sides } = compiled;
  const used = sides.flatMap((side, i) => (sizes[i]! > 1e-9 * side.most ? [{ side, size: sizes[i]! }] : []));
  const trades = used.map(({ side, size }) => tradeOf(compiled, side, size));
  const greeks = Object.fromEntries(
    GREEKS.map((greek) => [greek, outcomeOf(compiled, greek, trades)]),
  ) as unknown as Record<Greek, GreekOutcome>;
  const unreached = goals.flatMap((goal, g): UnreachedGreek[] => {
    const { after, band, inside } = greeks[goal.greek];
    if (inside || band === undefined) return [];
    const below = distanceTo(band, after.low);
    const above = distanceTo(band, after.high);
    const end = after.high > band.high && above >= below ? 'high' : 'low';
    const because = obstaclesOf(compiled, nearness, g, end === 'low' ? 1 : -1);
    return [{ greek: goal.greek, end, distance: Math.max(below, above), because }];
  });
  const squares = unreached.map(({ distance, greek }) => problem.target[greek]!.weight * distance * distance);
  const cost = sumOf(trades.map((trade) => trade.cost));
  const costBound = Math.min(bound, cost.total);
  const solution = {
    status: unreached.length === 0 ? ('inside' as const) : ('nearest' as const),
    trades,
    greeks,
    cost,
    margin: { used: sum(trades.map(({ margin }) => margin)), available: problem.marginAvailable },
    unreached,
    weightedDistance: Math.sqrt(sum(squares)),
    binding: bindingAt(compiled, sizes, distances, cost.total),
    costBound,
    gapBps: cost.total === costBound ? 0 : ((cost.total - costBound) / Math.abs(cost.total)) * 10_000,
    nodes,
  };
  return deepFrozen({ ...solution, sentence: sentenceOf(solution) });
}

function tradeOf({ problem }: CompiledProfile, side: Side, size: number): ProfileTrade {
  const { id, lotUnits } = problem.instruments[side.instrument]!;
  const units =
    lotUnits === undefined
      ? decimalFromNumber(Number(size.toPrecision(12)), 'units')
      : new Decimal(lotUnits).times(Math.round(size / side.lot)).toFixed();
  const exact = Number(units);
  const holding = side.holdingPerUnit * exact;
  const variable = variableCost(side, exact);
  return {
    instrument: id,
    side: side.direction,
    units,
    cost: { execution: variable - holding, fixed: side.fixedCost, holding, total: side.fixedCost + variable },
    margin: side.marginPerUnit * exact,
    greeks: Object.fromEntries(GREEKS.map((greek, i) => [greek, side.greeks[i]! * exact])) as unknown as Record<
      Greek,
      number
    >,
  };
}

function outcomeOf(
  { goals, problem, sides }: CompiledProfile,
  greek: Greek,
  trades: readonly ProfileTrade[],
): GreekOutcome {
  const before = problem.exposure[greek];
  const change = sum(trades.map((trade) => trade.greeks[greek]));
  const after: Range = { low: before.low + change, high: before.high + change };
  const target = problem.target[greek];
  const goal = goals.find((each) => each.greek === greek);
  const band = target === undefined ? undefined : { low: target.low, high: target.high };
  if (band === undefined || goal === undefined) return { before, after, band, inside: true };
  const slack =
    2 * rowTolerance({ coefficients: coefficientsOf(sides, goal), within: goal.wanted }, sides) +
    1e-12 * Math.max(Math.abs(before.low), Math.abs(before.high));
  const inside = distanceTo(band, after.low) <= slack && distanceTo(band, after.high) <= slack;
  return { before, after, band, inside };
}

/** Shadow prices of the plan with its choice of instruments, whose fixed parts are paid. */
function bindingAt(
  compiled: CompiledProfile,
  sizes: readonly number[],
  distances: readonly number[],
  cost: number,
): readonly BindingConstraint[] {
  const { goals, problem, sides } = compiled;
  const rows = bandRows(compiled, distances);
  const chosen = sides.map(({ most }, i) =>
    sizes[i]! > 1e-9 * most
      ? ({ mode: 'open', low: 0, high: most } as const)
      : ({ mode: 'closed', low: 0, high: 0 } as const),
  );
  const { multipliers, sizes: relaxed, status } = relax(sides, chosen, rows, true);
  if (status !== 'optimal') return [];
  const least = NO_PRICE * Math.max(Math.abs(cost), 1e-9);
  const bands = goals.flatMap(({ greek }, g): BindingConstraint[] => {
    const price = multipliers[g]!;
    const reach = rowTolerance(rows[g]!, sides) * 1e9;
    if (Math.abs(price) * reach <= least) return [];
    return [{ kind: 'band', greek, end: price > 0 ? 'low' : 'high', shadowPrice: Math.abs(price) }];
  });
  const marginPrice = -multipliers.at(-1)!;
  const margin: BindingConstraint[] =
    marginPrice * problem.marginAvailable > least ? [{ kind: 'margin', shadowPrice: marginPrice }] : [];
  const limits = sides.flatMap((side, i): BindingConstraint[] => {
    if (relaxed[i]! < side.most * (1 - 1e-6)) return [];
    const worth = rows.reduce((total, { coefficients }, r) => total + coefficients[i]! * multipliers[r]!, 0);
    const shadowPrice = worth - marginalCost(side, side.most * (1 - 1e-12));
    if (shadowPrice * side.most <= least) return [];
    const instrument = problem.instruments[side.instrument]!.id;
    return [{ kind: 'size', instrument, side: side.direction, shadowPrice }];
  });
  return [...bands, ...margin, ...limits];
}

function sumOf(costs: readonly ProfileCost[]): ProfileCost {
  const kind = (key: keyof ProfileCost): number => sum(costs.map((cost) => cost[key]));
  return { execution: kind('execution'), fixed: kind('fixed'), holding: kind('holding'), total: kind('total') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const item of Object.values(value)) deepFrozen(item);
    Object.freeze(value);
  }
  return value;
}
