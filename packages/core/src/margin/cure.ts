import { InvalidInputError } from '@evenkeel/intents';
import { MarginUnreachableError } from './errors.js';
import { checkedLimits, type MarginLimits } from './limits.js';
import { type MarginAccount, marginState } from './margin-account.js';
import { planReduction, planTopUp, type Reduction } from './plans.js';

/** Money that can be brought to an account: from the wallet beside it, or over a bridge. */
export interface MoneySource {
  readonly id: string;
  /** Numeraire that can be had of it. */
  readonly available: number;
  /** Until it counts as margin: zero for the wallet beside the account. */
  readonly seconds: number;
  /** All that bringing so much costs: fees, gas. Numeraire. */
  readonly cost: (amount: number) => number;
}

/** Closing a part of the position instead. */
export interface ReductionChoice {
  readonly id: string;
  readonly reduction: Reduction;
  /** What closing a share of the position costs, and what hedging that delta elsewhere costs more. Numeraire. */
  readonly cost: (share: number) => number;
  readonly seconds: number;
}

export interface CureChoices {
  readonly money: readonly MoneySource[];
  readonly reduction?: ReductionChoice;
  /** What a unit of money counts as margin; see {@link planTopUp}. */
  readonly weight: number;
  /** Of the spot, per √year. */
  readonly annualVolatility: number;
  /**
   * Distance that a cure leaves, beyond what may be lost while it is on its way: more than the limit, so that the next one
   * is not due at once. Default: half as much again as the limit.
   */
  readonly restoreDistance?: number;
  /** Moves of so many standard deviations are provided for while a cure is on its way. Default: 4. */
  readonly deviations?: number;
}

/** What brings an account back, or keeps it, within its limits. */
export type MarginCure = {
  readonly id: string;
  /** Numeraire. */
  readonly cost: number;
  readonly seconds: number;
} & ({ readonly kind: 'money'; readonly amount: number } | { readonly kind: 'reduction'; readonly share: number });

/** Why a way is not taken: it would arrive after liquidation may have come, there is too little of it, it does not reach. */
export interface RejectedCure {
  readonly id: string;
  readonly reason: 'TOO_LATE' | 'TOO_LITTLE' | 'UNREACHABLE' | 'DEARER';
}

export type MarginPlan =
  | { readonly status: 'fine'; /** Distance at which the cheapest way has to be begun. */ readonly dueDistance: number }
  | { readonly status: 'cure'; readonly cure: MarginCure; readonly rejected: readonly RejectedCure[] };

const DEVIATIONS = 4;
const RESTORED = 1.5;
const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * The cheapest way that keeps an account within its limits, begun early enough: what takes a time T has to be under way
 * while the distance to liquidation is still above its limit by z·σ·√T, the move that the spot may make meanwhile, and
 * restores the distance also after such a move. All ways are compared by what that costs, needed now or not. One that
 * liquidation may outrun is not taken.
 *
 * @returns `fine` while the cheapest way has not to be begun
 * @throws {MarginUnreachableError} where something has to be done and no way is left
 * @throws {InvalidInputError} for numbers that cannot be
 *
 * @example
 * ```ts
 * const plan = planMarginCure(account, limits, { weight: 1, annualVolatility: 0.8, money: [wallet, across], reduction })
 * if (plan.status === 'cure' && plan.cure.kind === 'money') await bring(plan.cure.id, plan.cure.amount)
 * ```
 */
export function planMarginCure(account: MarginAccount, limits: MarginLimits, choices: CureChoices): MarginPlan {
  checkedLimits(limits);
  const { annualVolatility, deviations = DEVIATIONS, money, reduction, weight } = choices;
  const { restoreDistance = RESTORED * limits.minDistance } = choices;
  if (!(restoreDistance >= limits.minDistance && restoreDistance < 1)) {
    const hint = 'Give at least the distance of the limits.';
    throw new InvalidInputError('choices.restoreDistance', restoreDistance, 'is below the limit, or all of it', hint);
  }
  for (const [field, value] of Object.entries({ annualVolatility, deviations })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new InvalidInputError(`choices.${field}`, value, 'is negative or no number', 'Give it from 0.');
  }
  const { distance, leverage } = marginState(account);
  const moveIn = (seconds: number): number => deviations * annualVolatility * Math.sqrt(seconds / SECONDS_PER_YEAR);
  const dueAt = (seconds: number): number => limits.minDistance + moveIn(seconds);
  const restored = (seconds: number): MarginLimits => {
    return { ...limits, minDistance: Math.min(restoreDistance + moveIn(seconds), MOST_DISTANCE) };
  };
  const cures: MarginCure[] = [];
  const rejected: RejectedCure[] = [];
  for (const { available, cost, id, seconds } of money) {
    if (distance <= moveIn(seconds)) {
      rejected.push({ id, reason: 'TOO_LATE' });
      continue;
    }
    const amount = planTopUp(account, restored(seconds), weight);
    if (amount > available) rejected.push({ id, reason: 'TOO_LITTLE' });
    else cures.push({ kind: 'money', id, amount, cost: cost(amount), seconds });
  }
  if (reduction !== undefined) {
    const { cost, id, seconds } = reduction;
    const share = shareOf(account, reduction, restored(seconds));
    if (distance <= moveIn(seconds)) rejected.push({ id, reason: 'TOO_LATE' });
    else if (share === undefined) rejected.push({ id, reason: 'UNREACHABLE' });
    else cures.push({ kind: 'reduction', id, share, cost: cost(share), seconds });
  }
  cures.sort((a, b) => a.cost - b.cost || a.seconds - b.seconds || (a.id < b.id ? -1 : 1));
  const [best, ...others] = cures;
  const isOver = distance < limits.minDistance || leverage > limits.maxLeverage;
  if (best === undefined) {
    if (isOver) throw new MarginUnreachableError({ distance, leverage, rejected });
    return Object.freeze({ status: 'fine', dueDistance: limits.minDistance });
  }
  const dueDistance = dueAt(best.seconds);
  if (!isOver && distance >= dueDistance) return Object.freeze({ status: 'fine', dueDistance });
  const dearer = others.map(({ id }): RejectedCure => ({ id, reason: 'DEARER' }));
  return Object.freeze({
    status: 'cure',
    cure: Object.freeze(best),
    rejected: Object.freeze([...rejected, ...dearer]),
  });
}

/** A distance of all of the spot and more cannot be asked for. */
const MOST_DISTANCE = 0.95;

function shareOf(account: MarginAccount, { reduction }: ReductionChoice, limits: MarginLimits): number | undefined {
  try {
    return planReduction(account, reduction, limits);
  } catch (error) {
    if (error instanceof MarginUnreachableError) return undefined;
    throw error;
  }
}
