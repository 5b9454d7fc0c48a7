import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { shift } from '../model/interval.js';
import { costFunction, totalCost } from '../policy/cost-function.js';
import type { Decision, TradeDecision } from '../policy/decision.js';
import { checkRequestedChange } from './errors.js';

/**
 * The decision that a person has taken: the policy, asked with the target at the end of the requested change, has drawn
 * the band; what is traded is the request itself. What the policy refuses for safety (an exposure without bounds, no way
 * to trade, a cost above the limit) stays refused.
 *
 * @throws INVALID_INPUT for a change of nothing
 */
export function asRequested(
  decision: Decision,
  requested: DecimalString,
  curves: { readonly buy: CostCurve; readonly sell: CostCurve },
): Decision {
  const change = checkRequestedChange(requested);
  const { band, inputs } = decision;
  const stays = decision.action === 'hold' && decision.reason !== 'INSIDE_BAND' && decision.reason !== 'BELOW_LOT';
  if (band === undefined || stays) return decision;
  const cost = costFunction(change.isNegative() ? curves.sell : curves.buy);
  const units = change.abs().toNumber();
  const side = change.isNegative() ? 'Sell' : 'Buy';
  const trade: TradeDecision = {
    action: 'trade',
    reason: 'REQUESTED',
    sentence: `${side} ${new Decimal(change).abs().toFixed()}, as requested.`,
    band,
    deltaChangeUnits: change.toFixed(),
    postTradeDelta: shift(inputs.delta, change.toFixed()),
    expectedCost: totalCost(cost, units),
    marginalCost: cost.marginalCost(units),
    marginalRisk: decision.marginalRisk,
    programme: decision.programme.action === 'amend' ? decision.programme : { action: 'open' },
    inputs,
  };
  return Object.freeze(trade);
}
