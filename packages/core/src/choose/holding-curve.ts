import { InvalidInputError } from '@evenkeel/intents';
import type { HoldingComparison } from '../holding/compare-holding.js';
import { convexPoints } from '../holding/convex-points.js';
import type { HoldingTerms } from '../holding/holding-cost.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { InstrumentChoice } from './choose-instrument.js';

/**
 * C(q) of hedging with whatever is cheapest to hold: what the policy weighs against risk. Each choice is one size. What
 * closing costs chose between the instruments and is left out here: the policy counts the unwinding of a hedge itself. Gas
 * of opening the smallest is the fixed part; where the cheapest costs are not convex they are raised until they are.
 *
 * @param choices of one side, each size once; none where nothing can be traded on it
 * @throws {InvalidInputError} for choices of both sides
 *
 * @example
 * ```ts
 * const buyCurve = holdingCurve('buy', [await choiceOf('1'), await choiceOf('4')], { spot, gasCost })
 * decide({ ...input, buyCurve, sellCurve })
 * ```
 */
export function holdingCurve(
  side: CostCurve['side'],
  choices: readonly InstrumentChoice[],
  { gasCost, spot }: Pick<HoldingTerms, 'gasCost' | 'spot'>,
): CostCurve {
  const samples = choices.map(({ chosen }, index) => {
    const { quote } = chosen;
    if (quote.units.startsWith('-') === (side === 'sell')) {
      return { size: Math.abs(Number(quote.units)), cost: oneWayCost(chosen), gas: gasCost(quote.gas) };
    }
    throw new InvalidInputError(`choices[${index}]`, quote.units, `is no ${side}`, 'Give the choices of one side.');
  });
  samples.sort((a, b) => a.size - b.size);
  const fixedCost = samples[0]?.gas ?? 0;
  return Object.freeze({ side, referencePrice: spot, fixedCost, points: convexPoints(samples, fixedCost) });
}

/** What opening and holding costs, without gas. */
export function oneWayCost({ cost }: Pick<HoldingComparison, 'cost'>): number {
  return Math.max(0, cost.expected - cost.closing - cost.gas);
}
