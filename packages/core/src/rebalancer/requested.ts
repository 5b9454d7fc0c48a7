import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import { type Decimal, type DecimalString, parseDecimal } from '../model/decimal.js';
import { shift } from '../model/interval.js';
import type { PolicyConfig } from '../policy/config.js';
import { costFunction, totalCost } from '../policy/cost-function.js';
import type { Decision, HoldDecision, HoldReason, TradeDecision } from '../policy/decision.js';
import type { Portfolio } from './portfolio.js';

const FIELD = 'deltaChangeUnits';

/**
 * A requested change of delta: a plain decimal, not zero, that the underlying can be traded in.
 *
 * @throws INVALID_INPUT
 */
export function checkRequestedChange(requested: DecimalString, { baseTokens }: Pick<Portfolio, 'baseTokens'>): Decimal {
  const change = parseDecimal(requested, FIELD);
  if (change.isZero()) {
    throw new InvalidInputError(FIELD, requested, 'changes nothing', 'Leave it out to let the policy decide.');
  }
  const most = Math.min(...baseTokens.map(({ decimals }) => decimals));
  if ((change.decimalPlaces() ?? 0) > most) {
    const hint = `Give at most ${most} decimals.`;
    throw new InvalidInputError(FIELD, requested, 'has more decimals than the underlying', hint);
  }
  return change;
}

/**
 * The decision that a person has taken: the policy, asked with the target at the end of the requested change, has drawn
 * the band; what is traded is the request itself. What the policy refuses for safety (an exposure without bounds, no way
 * to trade, a cost above the limit) stays refused.
 */
export function asRequested(
  decision: Decision,
  requested: Decimal,
  curves: { readonly buy: CostCurve; readonly sell: CostCurve },
  { lotUnits, maxCostBps }: Pick<PolicyConfig, 'lotUnits' | 'maxCostBps'>,
): Decision {
  const { band, bandReason, bandSource, inputs } = decision;
  if (band === undefined || (decision.action === 'hold' && !OVERRULED.has(decision.reason))) return decision;
  const side = requested.isNegative() ? 'sell' : 'buy';
  const cost = costFunction(curves[side]);
  const size = requested.abs();
  const drawn = {
    ...(bandSource === undefined ? {} : { bandSource }),
    ...(bandReason === undefined ? {} : { bandReason }),
  };
  const refuse = (reason: HoldReason, sentence: string): HoldDecision =>
    Object.freeze<HoldDecision>({
      action: 'hold',
      reason,
      sentence,
      band,
      ...drawn,
      marginalCost: decision.marginalCost,
      marginalRisk: decision.marginalRisk,
      programme: { action: 'none' },
      inputs,
    });
  if (size.lt(lotUnits)) return refuse('BELOW_LOT', `${size.toFixed()} is less than a lot of ${lotUnits}.`);
  if (cost.maxSizeUnits === 0) return refuse('NO_ROUTE', `There is no known way to ${side}.`);
  // More than the market can serve is served in part, and the report says so.
  const served = Math.min(size.toNumber(), cost.maxSizeUnits);
  const expectedCost = totalCost(cost, served);
  const costBps = (expectedCost / (served * Number(inputs.spot))) * 10_000;
  if (costBps > maxCostBps) {
    const sentence = `To ${side} ${size.toFixed()} costs ${costBps.toFixed(1)} bp, above ${maxCostBps} bp.`;
    return refuse('COST_ABOVE_LIMIT', sentence);
  }
  const trade: TradeDecision = {
    action: 'trade',
    reason: 'REQUESTED',
    sentence: `${side === 'sell' ? 'Sell' : 'Buy'} ${size.toFixed()}, as requested.`,
    band,
    ...drawn,
    deltaChangeUnits: requested.toFixed(),
    postTradeDelta: shift(inputs.delta, requested.toFixed()),
    expectedCost,
    marginalCost: cost.marginalCost(served),
    marginalRisk: decision.marginalRisk,
    programme: { action: 'open' },
    inputs,
  };
  return Object.freeze(trade);
}

/** What the policy finds not worth while, or judges by the size that it would choose itself. */
const OVERRULED: ReadonlySet<HoldReason> = new Set([
  'INSIDE_BAND',
  'BELOW_LOT',
  'COST_ABOVE_LIMIT',
  'DOUBT_NOT_WORTH_COST',
]);
