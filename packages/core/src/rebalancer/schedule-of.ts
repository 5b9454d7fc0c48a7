import type { CostCurve } from '../model/cost-curve.js';
import type { TradeDecision } from '../policy/decision.js';
import { planSchedule, type ScheduleRequest } from '../schedule/plan-schedule.js';
import type { Schedule } from '../schedule/schedule.js';
import type { Portfolio } from './portfolio.js';

export interface ScheduleOfInput {
  readonly portfolio: Portfolio;
  readonly decision: TradeDecision;
  readonly curve: CostCurve;
  readonly annualVolatility: number;
  readonly nowSeconds: number;
}

/** The schedule that the portfolio's settings ask for. `auto` is a TWAP that may well have one slice. */
export function scheduleOf({ portfolio, decision, curve, annualVolatility, nowSeconds }: ScheduleOfInput): Schedule {
  const { limits, policy, schedule } = portfolio;
  const spot = Number(decision.inputs.spot);
  const { perNumeraire } = decision.inputs.riskAversion;
  return planSchedule({
    request: requestOf(schedule),
    deltaChangeUnits: decision.deltaChangeUnits,
    lotUnits: policy.lotUnits,
    curve,
    startSeconds: nowSeconds,
    nowSeconds,
    deadlineSeconds: nowSeconds + limits.deadlineSeconds,
    recoverySeconds: schedule.recoverySeconds,
    riskPerSquaredUnitYear: (perNumeraire / 2) * (annualVolatility * spot) ** 2,
  });
}

function requestOf({ kind, maxParts, spanSeconds, volumeProfile }: Portfolio['schedule']): ScheduleRequest {
  switch (kind) {
    case 'single':
      return { kind: 'single' };
    case 'auto':
    case 'twap':
      return maxParts === 1 || spanSeconds === 0 ? { kind: 'single' } : { kind: 'twap', parts: maxParts, spanSeconds };
    case 'vwap':
      return { kind: 'vwap', parts: maxParts, spanSeconds, volumeProfile };
  }
}
