import { InvalidInputError } from '@evenkeel/intents';

/** What hedging cost, and what it left open, over one period. */
export interface HedgingResult {
  /** Numeraire. */
  readonly cost: number;
  /** Variance of the profit and loss that the open delta made, numeraire squared. */
  readonly trackingVariance: number;
}

export interface EfficiencyInput {
  /** Absolute risk aversion γ, per numeraire. */
  readonly riskAversion: number;
  /** What the best policy would have made of the same period. */
  readonly optimum: HedgingResult;
  readonly realised: HedgingResult;
}

/** Cost and risk in numeraire, and their sum. */
export interface EfficiencyTerms {
  readonly cost: number;
  readonly risk: number;
  readonly total: number;
}

export interface RebalancingEfficiency {
  /** Total of the optimum over that which was realised: 1 is perfect; luck can make it more. */
  readonly efficiency: number;
  readonly optimum: EfficiencyTerms;
  readonly realised: EfficiencyTerms;
}

/**
 * Rebalancing efficiency: (cost + γ/2 · tracking variance) of the optimum over that which was realised.
 *
 * @throws {InvalidInputError} for numbers that are negative or none, or a realised total of nothing beside an optimum
 * that costs
 */
export function rebalancingEfficiency({ optimum, realised, riskAversion }: EfficiencyInput): RebalancingEfficiency {
  notNegative(riskAversion, 'riskAversion');
  const best = termsOf(optimum, riskAversion, 'optimum');
  const real = termsOf(realised, riskAversion, 'realised');
  if (real.total === 0 && best.total > 0) {
    const hint = 'Check what was recorded.';
    throw new InvalidInputError('realised', realised, 'cost nothing and risked nothing, unlike the optimum', hint);
  }
  const efficiency = real.total === 0 ? 1 : best.total / real.total;
  return Object.freeze({ efficiency, optimum: best, realised: real });
}

function termsOf({ cost, trackingVariance }: HedgingResult, riskAversion: number, field: string): EfficiencyTerms {
  notNegative(cost, `${field}.cost`);
  notNegative(trackingVariance, `${field}.trackingVariance`);
  const risk = (riskAversion / 2) * trackingVariance;
  return Object.freeze({ cost, risk, total: cost + risk });
}

function notNegative(value: number, field: string): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new InvalidInputError(field, value, 'is negative or no number', 'Give it in numeraire, from 0.');
}
