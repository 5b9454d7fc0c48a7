import { InvalidInputError } from '@evenkeel/intents';
import { assembledCure } from './assembled-cure.js';
import { MarginUnreachableError } from './errors.js';
import { checkedLimits, type MarginLimits } from './limits.js';
import { type MarginAccount, marginState } from './margin-account.js';
import type { CureSource, MarginCure } from './cure-source.js';
import { amountsWithin } from './plans.js';

export interface CureChoices {
  readonly sources: readonly CureSource[];
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
 * liquidation may outrun is not taken. Where no single one is enough, the cheapest that several are together: the fast
 * ones first, so that a slow one, which would be too late alone, may still come in time.
 *
 * @returns `fine` while the cheapest way has not to be begun
 * @throws {MarginUnreachableError} where something has to be done and no way is left
 * @throws {InvalidInputError} for numbers that cannot be
 *
 * @example
 * ```ts
 * const wallet = { id: 'wallet', change: moneyPaidIn(1), available: 900, seconds: 0, cost: () => 0.1 }
 * const plan = planMarginCure(account, limits, { annualVolatility: 0.8, sources: [wallet, across, reduction] })
 * if (plan.status === 'cure') for (const { amount, id } of plan.cure.parts) await bring(id, amount)
 * ```
 */
export function planMarginCure(account: MarginAccount, limits: MarginLimits, choices: CureChoices): MarginPlan {
  checkedLimits(limits);
  const { annualVolatility, deviations = DEVIATIONS, sources } = choices;
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
  const restored = (seconds: number): MarginLimits => {
    return { ...limits, minDistance: Math.min(restoreDistance + moveIn(seconds), MOST_DISTANCE) };
  };
  const cures: MarginCure[] = [];
  const rejected: RejectedCure[] = [];
  for (const source of sources) {
    const { available, cost, id, inlet, seconds } = source;
    const { least, most } = amountsWithin(account, source.change, restored(seconds));
    if (distance <= moveIn(seconds)) rejected.push({ id, reason: 'TOO_LATE' });
    else if (least > most) rejected.push({ id, reason: 'UNREACHABLE' });
    else if (least > Math.min(available, inlet?.room ?? Infinity)) rejected.push({ id, reason: 'TOO_LITTLE' });
    else cures.push({ parts: [{ id, amount: least, cost: cost(least), seconds }], cost: cost(least), seconds });
  }
  cures.sort((a, b) => a.cost - b.cost || a.seconds - b.seconds || (nameOf(a) < nameOf(b) ? -1 : 1));
  const best = cures[0] ?? assembledCure(account, sources, { moveIn, restored });
  const isOver = distance < limits.minDistance || leverage > limits.maxLeverage;
  if (best === undefined) {
    if (isOver) throw new MarginUnreachableError({ distance, leverage, rejected });
    return Object.freeze({ status: 'fine', dueDistance: limits.minDistance });
  }
  const dueDistance = limits.minDistance + moveIn(best.seconds);
  if (!isOver && distance >= dueDistance) return Object.freeze({ status: 'fine', dueDistance });
  const dearer = cures.slice(1).map((each): RejectedCure => ({ id: nameOf(each), reason: 'DEARER' }));
  const isTaken = ({ id }: RejectedCure): boolean => best.parts.some((part) => part.id === id);
  return Object.freeze({
    status: 'cure',
    cure: Object.freeze({ ...best, parts: Object.freeze(best.parts.map((part) => Object.freeze(part))) }),
    rejected: Object.freeze([...rejected.filter((each) => !isTaken(each)), ...dearer]),
  });
}

/** A distance of all of the spot and more cannot be asked for. */
const MOST_DISTANCE = 0.95;

const nameOf = ({ parts }: MarginCure): string => parts[0]!.id;
