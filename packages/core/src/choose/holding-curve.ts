import { InvalidInputError } from '@evenkeel/intents';
import { convexPoints } from '../holding/convex-points.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { InstrumentChoice } from './choose-instrument.js';

/**
 * C(q) of hedging with whatever is cheapest to hold: what the policy weighs against risk. Each choice is one size; gas, both
 * ways, of the smallest is the fixed part; where the cheapest costs are not convex they are raised until they are.
 *
 * @param choices of one side, each size once; none where nothing can be traded on it
 * @param spot numeraire for one unit, which the costs are measured against
 * @throws {InvalidInputError} for choices of both sides
 *
 * @example
 * ```ts
 * const buyCurve = holdingCurve('buy', [await choiceOf('1'), await choiceOf('4')], spot)
 * decide({ ...input, buyCurve, sellCurve })
 * ```
 */
export function holdingCurve(side: CostCurve['side'], choices: readonly InstrumentChoice[], spot: number): CostCurve {
  const samples = choices.map(({ chosen: { cost, quote } }, index) => {
    if (quote.units.startsWith('-') === (side === 'sell')) return { size: Math.abs(Number(quote.units)), cost };
    throw new InvalidInputError(`choices[${index}]`, quote.units, `is no ${side}`, 'Give the choices of one side.');
  });
  samples.sort((a, b) => a.size - b.size);
  const fixedCost = Math.max(0, samples[0]?.cost.gas ?? 0);
  const variable = samples.map(({ cost, size }) => ({ size, cost: Math.max(0, cost.expected - fixedCost) }));
  return Object.freeze({ side, referencePrice: spot, fixedCost, points: convexPoints(variable, fixedCost) });
}
