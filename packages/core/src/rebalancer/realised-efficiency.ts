import { type RebalancingEfficiency, rebalancingEfficiency } from '../report/rebalancing-efficiency.js';

const SECONDS_PER_YEAR = 365 * 86_400;

/** The book's open delta at a time, as a distance from its target. */
export interface OpenDelta {
  readonly atSeconds: number;
  readonly units: number;
}

export interface RealisedInput {
  readonly riskAversion: number;
  readonly annualVolatility: number;
  readonly spot: number;
  /** From the decision to the end, ascending; the last one stays open until the book is looked at again. */
  readonly path: readonly OpenDelta[];
  readonly monitoringSeconds: number;
  /** What it really cost, numeraire; negative where the market paid. */
  readonly cost: number;
  /** What the certified best route for the whole change would have cost at the decision, done at once. */
  readonly leastCost: number;
  /** Distance from the target that the decision wanted to be left with. */
  readonly plannedUnits: number;
}

/**
 * How near this rebalancing came to the best that was possible at the decision: the certified least cost at once,
 * against what was spent, with the variance (σS)²·∫δ²dt of the delta that was open meanwhile and until the next look.
 */
export function realisedEfficiency(input: RealisedInput): RebalancingEfficiency {
  const { annualVolatility, cost, leastCost, monitoringSeconds, path, plannedUnits, riskAversion, spot } = input;
  const variancePerYear = (units: number): number => (annualVolatility * spot * units) ** 2;
  const years = (seconds: number): number => Math.max(0, seconds) / SECONDS_PER_YEAR;
  const open = path.reduce((sum, { atSeconds, units }, i) => {
    const next = path[i + 1];
    return sum + variancePerYear(units) * years(next === undefined ? monitoringSeconds : next.atSeconds - atSeconds);
  }, 0);
  const realised = { cost: Math.max(0, cost), trackingVariance: open };
  // A market that paid for the trade and left nothing open: nothing could have been better.
  const isPerfect = realised.cost === 0 && open === 0;
  const optimum = {
    cost: Math.max(0, leastCost),
    trackingVariance: variancePerYear(plannedUnits) * years(monitoringSeconds),
  };
  return rebalancingEfficiency({ riskAversion, optimum: isPerfect ? realised : optimum, realised });
}
