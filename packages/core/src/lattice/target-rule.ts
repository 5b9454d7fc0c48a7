import type { PreparedBands } from '../policy/band-table.js';
import { readBands } from '../policy/rules/prepared.js';
import type { Rule, RuleOutcome } from '../policy/rules/rule.js';
import type { Side } from '../policy/settlement-band.js';
import { type Lattice, marketAt, nodeGreeks } from './lattice.js';
import { costOf } from './local-problem.js';

const SECONDS_PER_YEAR = 365 * 86_400;
/** Of the way from a trigger to the farthest holding, where landings are worked out; between them they lie on lines. */
const LANDINGS = [0, 0.02, 0.06, 0.15, 0.4, 1] as const;
/** Of the range of holdings: a landing at none at all is exactly that, whatever rounding has left of it. */
const LEAST_HOLDING = 1e-6;
const SIGNS = 3;

/** What a rule does at one node with holdings of one sign: it trades below `buyAt` and above `sellAt`. */
export interface NodeTargets {
  readonly buyAt: number;
  readonly sellAt: number;
  /** Where a trade from a holding beyond them ends. */
  readonly buyTo: (holding: number) => number;
  readonly sellTo: (holding: number) => number;
}

/** A rule on a lattice whose trades may end the sooner the further they come. Pure. */
export type TargetRule = (step: number, row: number, sign: -1 | 0 | 1) => NodeTargets;

export function targetOf({ buyAt, buyTo, sellAt, sellTo }: NodeTargets, holding: number): number {
  if (holding < buyAt) return buyTo(holding);
  return holding > sellAt ? sellTo(holding) : holding;
}

/** A rule's nodes as they are asked for, each worked out once. */
export function targetRules({ problem, rows }: Lattice, rule: TargetRule): TargetRule {
  const known: (NodeTargets | undefined)[] = Array.from({ length: problem.steps * rows * SIGNS });
  return (step, row, sign) => (known[(step * rows + row) * SIGNS + sign + 1] ??= rule(step, row, sign));
}

/** Never trades. */
export const NEVER: NodeTargets = Object.freeze({
  buyAt: Number.NEGATIVE_INFINITY,
  sellAt: Number.POSITIVE_INFINITY,
  buyTo: (holding: number) => holding,
  sellTo: (holding: number) => holding,
});

/** A rule of the policy on a lattice with any of its costs. */
export function policyTargetsOn(lattice: Lattice, rule: Rule, prepared: readonly PreparedBands[] = []): TargetRule {
  const { holdings, liability, problem, stepYears } = lattice;
  const greeks = nodeGreeks(lattice);
  const lowest = holdings[0]!;
  const highest = holdings.at(-1)!;
  const least = LEAST_HOLDING * (highest - lowest);
  const tables = readBands(prepared);
  const flatOr = (holding: number): number => (Math.abs(holding) < least ? 0 : holding);
  return (step, row, sign) => {
    const market = marketAt(lattice, step, row, sign);
    const delta = greeks.delta(step, row);
    const outcome = rule({
      market,
      buy: costOf(problem, market.spot, 'buy'),
      sell: costOf(problem, market.spot, 'sell'),
      nowSeconds: step * stepYears * SECONDS_PER_YEAR,
      lastTradeSeconds: undefined,
      deltaAtVolatility: (volatility) => -liability.delta(market.spot, market.years, volatility),
      deviationUnits: sign - delta,
      prepared: tables,
    });
    if (outcome.kind !== 'band') return NEVER;
    const centre = delta + outcome.centreShiftUnits;
    const buyAt = centre - outcome.buy.outer;
    const sellAt = centre + outcome.sell.outer;
    const isNone = (holding: number): boolean => Math.abs(holding) < least;
    const buyFrom = landings(outcome, 'buy', Math.max(outcome.buy.outer, centre - lowest), (end) =>
      isNone(centre - end),
    );
    const sellFrom = landings(outcome, 'sell', Math.max(outcome.sell.outer, highest - centre), (end) =>
      isNone(centre + end),
    );
    return {
      buyAt,
      sellAt,
      buyTo: (holding) => flatOr(centre - buyFrom(centre - holding)),
      sellTo: (holding) => flatOr(centre + sellFrom(holding - centre)),
    };
  };
}

/**
 * The deviation at which a trade from a deviation ends, on straight lines between a few that are worked out; each by itself
 * where one trade ends at no holding and the other does not.
 */
function landings(
  outcome: Extract<RuleOutcome, { kind: 'band' }>,
  side: Side,
  farthest: number,
  isFlat: (end: number) => boolean,
): (deviation: number) => number {
  const { inner, outer } = outcome[side];
  const { land } = outcome;
  if (land === undefined) return () => inner;
  let ends: number[] | undefined;
  return (deviation) => {
    ends ??= LANDINGS.map((share) => land(side, outer + share * (farthest - outer)));
    const share = farthest > outer ? (deviation - outer) / (farthest - outer) : 0;
    let i = 1;
    while (i < LANDINGS.length - 1 && LANDINGS[i]! < share) i++;
    const [a, b] = [LANDINGS[i - 1]!, LANDINGS[i]!];
    if (isFlat(ends[i - 1]!) !== isFlat(ends[i]!)) return land(side, deviation);
    return ends[i - 1]! + ((share - a) / (b - a)) * (ends[i]! - ends[i - 1]!);
  };
}
