import type { CostFunction } from '../../policy/cost-function.js';
import { openSlots, type Pace, type Proposal, type Slots, type Work } from './pace.js';

export interface OptimalOptions extends Slots {
  /** ρ of the pools, per second, as {@link estimateResilience} measures it. */
  readonly resiliencePerSecond: number;
}

/** What a plan of sizes at given times costs, by kind; numeraire. */
export interface PlanCost {
  readonly impact: number;
  readonly gas: number;
  readonly risk: number;
  readonly total: number;
}

interface Market {
  readonly cost: CostFunction;
  readonly resiliencePerSecond: number;
  readonly riskPerSquaredUnitYear: number;
  /** What is missing from the pools at `fromSeconds`, in units. */
  readonly missingUnits: number;
  readonly fromSeconds: number;
  readonly endSeconds: number;
}

const SECONDS_PER_YEAR = 365 * 86_400;
/** Plans from which the descent starts. */
const STARTS = 4;
const MOST_ROUNDS = 40;
/** The descent ends at steps of this share of the whole, or of a lot. */
const FINEST = 1 / 4096;

/**
 * What sizes at their times cost: V(D + n) − V(D) for each slice, where V is the variable cost of the router's curve and D
 * what earlier slices have taken from the pools and arbitrage has not yet brought back (D falls by e^{−ρt}); gas for each
 * slice; and R·∫x² dt for the risk of what is still open.
 */
export function planCost(market: Market, times: readonly number[], sizes: readonly number[]): PlanCost {
  const { cost, endSeconds, fromSeconds, missingUnits, resiliencePerSecond, riskPerSquaredUnitYear } = market;
  let missing = missingUnits;
  let open = sizes.reduce((sum, size) => sum + size, 0);
  let before = fromSeconds;
  let impact = 0;
  let gas = 0;
  let held = 0;
  for (let j = 0; j < times.length; j++) {
    const elapsed = times[j]! - before;
    held += open * open * elapsed;
    missing *= Math.exp(-resiliencePerSecond * elapsed);
    before = times[j]!;
    const size = sizes[j]!;
    if (!(size > 0)) continue;
    impact += cost.variableCost(missing + size) - cost.variableCost(missing);
    gas += cost.fixedCost;
    missing += size;
    open -= size;
  }
  held += Math.max(0, open) ** 2 * (endSeconds - before);
  const risk = (riskPerSquaredUnitYear * held) / SECONDS_PER_YEAR;
  return { impact, gas, risk, total: impact + gas + risk };
}

/**
 * Number, times and sizes of the slices that cost least in all: impact on pools that refill, gas, and the risk of waiting.
 * Starts from what is optimal in the known limits, for every number of slices (Obizhaeva–Wang without risk,
 * Almgren–Chriss without memory), and descends by moving units between two slots in ever finer steps, or emptying one, until
 * nothing helps. Deterministic; budgets are counted in rounds.
 */
export function optimal({ resiliencePerSecond, ...slots }: OptimalOptions): Pace {
  return {
    kind: 'optimal',
    propose: (work) => {
      const times = openSlots(work, slots).map(({ atSeconds }) => atSeconds);
      const sizes = optimalSizes(marketOf(work, resiliencePerSecond), times, work.leftUnits, work.lotUnits);
      return times.map((atSeconds, j): Proposal => ({ atSeconds, units: sizes[j]! }));
    },
  };
}

function marketOf(
  { cost, endSeconds, fills, nowSeconds, riskPerSquaredUnitYear }: Work,
  resiliencePerSecond: number,
): Market {
  const missingUnits = fills.reduce(
    (sum, { atSeconds, units }) => sum + units * Math.exp(-resiliencePerSecond * Math.max(0, nowSeconds - atSeconds)),
    0,
  );
  return { cost, resiliencePerSecond, riskPerSquaredUnitYear, missingUnits, fromSeconds: nowSeconds, endSeconds };
}

/** Sizes at the given times that sum to `total` and cost least. */
export function optimalSizes(
  market: Market,
  times: readonly number[],
  total: number,
  lotUnits: number,
): readonly number[] {
  const value = (sizes: readonly number[]): number => planCost(market, times, sizes).total;
  const starts = startsFor(market, times, total)
    .map((sizes) => ({ sizes, cost: value(sizes) }))
    .sort((a, b) => a.cost - b.cost)
    .slice(0, STARTS);
  let best = starts[0]!;
  for (const start of starts) {
    const found = descend(start.sizes, value, total, lotUnits);
    if (found.cost < best.cost) best = found;
  }
  return best.sizes;
}

/** For each number of slots, evenly chosen: the two known optima and the mean between them. */
function startsFor({ resiliencePerSecond }: Market, times: readonly number[], total: number): (readonly number[])[] {
  const starts: (readonly number[])[] = [];
  for (let count = 1; count <= times.length; count++) {
    const chosen = Array.from({ length: count }, (_, i) =>
      count === 1 ? 0 : Math.round((i * (times.length - 1)) / (count - 1)),
    );
    const interval = count > 1 ? (times.at(-1)! - times[0]!) / (count - 1) : 0;
    const between = -Math.expm1(-resiliencePerSecond * interval);
    const front = (share: number) => (_: number, i: number) => share ** i;
    const blocks = chosen.map((_, i) => (i === 0 || i === count - 1 ? 1 : between));
    for (const weights of [blocks, chosen.map(front(0.7)), chosen.map(front(0.35))]) {
      const sum = weights.reduce((a, b) => a + b, 0);
      const sizes = times.map(() => 0);
      for (const [i, slot] of chosen.entries()) sizes[slot] = (total * weights[i]!) / sum;
      starts.push(sizes);
    }
  }
  return starts;
}

function descend(
  start: readonly number[],
  value: (sizes: readonly number[]) => number,
  total: number,
  lotUnits: number,
): { readonly sizes: readonly number[]; readonly cost: number } {
  let sizes = [...start];
  let cost = value(sizes);
  const finest = Math.max(total * FINEST, lotUnits);
  for (let step = total / 2; step >= finest; step /= 2) {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      let helped = false;
      for (let from = 0; from < sizes.length; from++) {
        if (!(sizes[from]! > 0)) continue;
        for (let to = 0; to < sizes.length; to++) {
          if (to === from) continue;
          for (const moved of [Math.min(step, sizes[from]!), sizes[from]!]) {
            if (!(moved > 0)) continue;
            const tried = [...sizes];
            tried[from] = moved === sizes[from] ? 0 : sizes[from]! - moved;
            tried[to]! += moved;
            const offered = value(tried);
            if (offered < cost) {
              sizes = tried;
              cost = offered;
              helped = true;
            }
          }
        }
      }
      if (!helped) break;
    }
  }
  return { sizes, cost };
}
