import { parsePolicyConfig, type PolicyConfig } from '@evenkeel/core';
import type { HoldingBelief } from '@evenkeel/core/holding';
import type { MarginLimits } from '@evenkeel/core/margin';

/** What the owner of the demonstration's book wants and believes. */
export const RISK_AVERSION = 0.001;
export const ANNUAL_VOLATILITY = 0.75;
/** What capital would earn elsewhere, per year. */
export const CAPITAL_RATE = 0.04;
/** So many standard deviations of what holding costs are added to it. */
export const RISK_WEIGHT = 0.5;
export const SLIPPAGE_BPS = 50;
/** Less is not traded. */
export const LOT_UNITS = 0.01;
export const DEADLINE_SECONDS = 600;
export const MARGIN_LIMITS: MarginLimits = { maxLeverage: 6, minDistance: 0.12 };

/** Premiums of the perpetual fade within days and are noisy; pools are at the spot at once; a loan's rate stays. */
export const BELIEFS: Readonly<Record<'loan' | 'perp' | 'spot', HoldingBelief>> = {
  perp: { halfLifeDays: 2, ratePerSqrtDay: 0.0002, basisPerSqrtDay: 0.0002 },
  spot: { halfLifeDays: 0 },
  loan: { halfLifeDays: Infinity },
};

export function policyFor(monitoringSeconds: number): PolicyConfig {
  return parsePolicyConfig({
    rule: { kind: 'whalley-wilmott-1999', corrected: true },
    riskAversion: { perNumeraire: RISK_AVERSION },
    targetDeltaUnits: '0',
    monitoringSeconds,
    settlement: 'unwind',
    maxCostBps: 150,
    lotUnits: String(LOT_UNITS),
  });
}
