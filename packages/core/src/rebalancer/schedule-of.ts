import type { Hex } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { TradeDecision } from '../policy/decision.js';
import type { PacedKind, Pacing, PacingQuestion } from '../schedule/paced-slices.js';
import { planSchedule, type ScheduleRequest } from '../schedule/plan-schedule.js';
import type { Schedule } from '../schedule/schedule.js';
import { PortfolioInvalidError } from './errors.js';
import type { Portfolio } from './portfolio.js';

export interface ScheduleOfInput {
  readonly portfolio: Portfolio;
  readonly pacing: Pacing | undefined;
  readonly decision: TradeDecision;
  readonly curve: CostCurve;
  readonly annualVolatility: number;
  /** By then pools are back. */
  readonly recoverySeconds: number;
  readonly nowSeconds: number;
  /** What the times of a paced schedule are drawn by. */
  readonly seed: () => Hex;
}

/** The schedule that the portfolio's settings ask for. `auto` is a TWAP that may well have one slice. */
export function scheduleOf(input: ScheduleOfInput): Schedule {
  const { portfolio, decision, curve, annualVolatility, nowSeconds, pacing, recoverySeconds, seed } = input;
  const { limits, policy, schedule } = portfolio;
  const { kind, spanSeconds } = schedule;
  const { perNumeraire } = decision.inputs.riskAversion;
  const risk = riskOf(perNumeraire, annualVolatility, Number(decision.inputs.spot));
  if (isPaced(kind, pacing)) {
    const question = pacingQuestion(portfolio, {
      recoverySeconds,
      schedule: {
        kind,
        totalDeltaUnits: decision.deltaChangeUnits,
        startSeconds: nowSeconds,
        endSeconds: nowSeconds + Math.min(spanSeconds, limits.deadlineSeconds),
        seed: seed(),
      },
      curve,
      riskPerSquaredUnitYear: risk,
      neededDeltaUnits: decision.deltaChangeUnits,
      fills: [],
      nextIndex: 0,
      nowSeconds,
    });
    return pacingOf(pacing, kind)(question);
  }
  return planSchedule({
    request: requestOf({ ...schedule, kind }),
    deltaChangeUnits: decision.deltaChangeUnits,
    lotUnits: policy.lotUnits,
    curve,
    startSeconds: nowSeconds,
    nowSeconds,
    deadlineSeconds: nowSeconds + limits.deadlineSeconds,
    recoverySeconds,
    riskPerSquaredUnitYear: risk,
  });
}

/** (γ/2)σ²S²: numeraire for each squared unit that stays open for a year. */
export function riskOf(perNumeraire: number, annualVolatility: number, spot: number): number {
  return (perNumeraire / 2) * (annualVolatility * spot) ** 2;
}

/** @throws {PortfolioInvalidError} PORTFOLIO_INVALID without the port */
export function pacingOf(pacing: Pacing | undefined, kind: PacedKind): Pacing {
  if (pacing !== undefined) return pacing;
  const hint = 'Give pacedSlices of @evenkeel/core/schedule as the port `pacing`.';
  throw new PortfolioInvalidError('schedule.kind', kind, 'needs the port that works it out', hint);
}

/** Volume is followed as it comes where there is a port to do it; without one it is planned once. */
export function isPaced(kind: Portfolio['schedule']['kind'], pacing: Pacing | undefined): kind is PacedKind {
  if (kind === 'vwap') return pacing !== undefined;
  return kind === 'pov' || kind === 'almgren-chriss' || kind === 'obizhaeva-wang' || kind === 'optimal';
}

const DEFAULT_PARTICIPATION = 0.1;

/** Where a paced schedule stands, with what the portfolio says of it. */
export function pacingQuestion(
  { policy, schedule: settings }: Portfolio,
  standing: Omit<PacingQuestion, 'jitterShare' | 'lotUnits' | 'maxParts' | 'participation' | 'volumeUnits'>,
): PacingQuestion {
  const { jitterShare = 0, maxParts, participation = DEFAULT_PARTICIPATION, volumeProfile } = settings;
  const lotUnits: DecimalString = policy.lotUnits;
  return { ...standing, jitterShare, lotUnits, maxParts, participation, volumeUnits: volumeProfile };
}

type EvenSettings = Portfolio['schedule'] & { readonly kind: 'auto' | 'single' | 'twap' | 'vwap' };

function requestOf({ kind, maxParts, spanSeconds, volumeProfile }: EvenSettings): ScheduleRequest {
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
