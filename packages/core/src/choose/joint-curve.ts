import { convexPoints } from '../holding/convex-points.js';
import type { HoldingComparison } from '../holding/compare-holding.js';
import type { HoldingTerms } from '../holding/holding-cost.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { InstrumentChoice } from './choose-instrument.js';
import { holdingCurve, oneWayCost } from './holding-curve.js';
import { costAt, leastSplit, type SplitCosts } from './least-split.js';

export interface JointTerms extends Pick<HoldingTerms, 'gasCost' | 'spot'> {
  /** Over so many instruments a size may be split. */
  readonly maxParts: number;
}

/**
 * C(q) of hedging with what is cheapest to hold, several instruments together where that costs less: the infimal convolution
 * of their curves (Moreau 1970), each with the gas of its part. All that answered for the same sizes is used and nobody is
 * asked anew: between and below those sizes the cost of a unit is taken as a straight line.
 *
 * @param choices as for {@link holdingCurve}
 * @returns nowhere above what the cheapest alone costs at the sizes that were asked for
 * @throws {InvalidInputError} as {@link holdingCurve}
 * @example
 * ```ts
 * const sellCurve = jointCurve('sell', [await choiceOf('-1'), await choiceOf('-4')], { spot, gasCost, maxParts: 2 })
 * ```
 */
export function jointCurve(
  side: CostCurve['side'],
  choices: readonly InstrumentChoice[],
  { maxParts, ...terms }: JointTerms,
): CostCurve {
  const alone = holdingCurve(side, choices, terms);
  if (maxParts < 2) return alone;
  const parties = partiesOf(choices, terms);
  const samples = choices.map(({ chosen }) => {
    const size = sizeOf(chosen);
    const gas = terms.gasCost(chosen.quote.gas);
    const single = { size, gas, total: gas + oneWayCost(chosen) };
    const split = splitAt(parties, size, maxParts);
    return split !== undefined && split.total < single.total ? split : single;
  });
  samples.sort((a, b) => a.size - b.size);
  const fixedCost = samples[0]?.gas ?? 0;
  const variable = samples.map(({ size, total }) => ({ size, cost: Math.max(0, total - fixedCost) }));
  return Object.freeze({ ...alone, fixedCost, points: convexPoints(variable, fixedCost) });
}

/** One instrument: what chooses its part, and what that costs to open and to hold. */
interface Party {
  readonly chosenBy: SplitCosts;
  readonly oneWay: SplitCosts;
}

function partiesOf(choices: readonly InstrumentChoice[], { gasCost }: Pick<JointTerms, 'gasCost'>): readonly Party[] {
  const byName = new Map<string, HoldingComparison[]>();
  for (const each of choices.flatMap(({ compared }) => compared)) {
    const { adapter, chainId, instrument } = each.quote;
    const name = `${adapter}/${chainId}/${instrument}`;
    byName.set(name, [...(byName.get(name) ?? []), each]);
  }
  return [...byName.values()].map((answers) => {
    const sorted = [...answers].sort((a, b) => sizeOf(a) - sizeOf(b));
    const costs = (
      fixed: (each: HoldingComparison) => number,
      of: (each: HoldingComparison) => number,
    ): SplitCosts => ({
      fixed: Math.min(...sorted.map(fixed)),
      samples: sorted.map((each) => ({ size: sizeOf(each), cost: of(each) })),
    });
    return {
      chosenBy: costs(
        ({ cost }) => cost.gas,
        ({ cost, score }) => score - cost.gas,
      ),
      oneWay: costs(({ quote }) => gasCost(quote.gas), oneWayCost),
    };
  });
}

function splitAt(
  parties: readonly Party[],
  size: number,
  maxParts: number,
): { readonly size: number; readonly gas: number; readonly total: number } | undefined {
  const found = leastSplit(
    parties.map(({ chosenBy }) => chosenBy),
    { size, maxParts },
  );
  if (found === undefined) return undefined;
  const taken = parties.map(({ oneWay }, index) => ({ oneWay, part: found[index]! })).filter(({ part }) => part > 0);
  return {
    size,
    gas: taken.reduce((sum, { oneWay }) => sum + oneWay.fixed, 0),
    total: taken.reduce((sum, { oneWay, part }) => sum + costAt(oneWay, part), 0),
  };
}

const sizeOf = ({ quote }: HoldingComparison): number => Math.abs(Number(quote.units));
