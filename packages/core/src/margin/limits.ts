import { InvalidInputError } from '@evenkeel/intents';
import { MarginLimitError } from './errors.js';
import { type MarginAccount, marginState } from './margin-account.js';

/** What every account has to keep, before, during and after every step. */
export interface MarginLimits {
  /** Gross value over equity, at most: 5. */
  readonly maxLeverage: number;
  /** The share by which the spot may move before the account is liquidated, at least: 0.2. */
  readonly minDistance: number;
}

export interface MarginBreach {
  readonly limit: 'distance' | 'leverage';
  readonly is: number;
  readonly allowed: number;
}

/** Rounding of what was read must not look like a breach of a plan that ends on the limit. */
const SLACK = 1e-9;

/** @throws {InvalidInputError} for a leverage that is not above 0, a distance that is not between 0 and 1 */
export function checkedLimits(limits: MarginLimits): MarginLimits {
  const { maxLeverage, minDistance } = limits;
  if (!(maxLeverage > 0 && Number.isFinite(maxLeverage))) {
    throw new InvalidInputError('limits.maxLeverage', maxLeverage, 'is not above 0', 'Write 5 for five times equity.');
  }
  if (minDistance > 0 && minDistance < 1) return limits;
  throw new InvalidInputError('limits.minDistance', minDistance, 'is not between 0 and 1', 'Write 0.2 for 20 %.');
}

/**
 * What an account breaks of its limits.
 *
 * @throws {InvalidInputError} for limits or an account that cannot be
 * @example
 * ```ts
 * marginBreaches(account, { maxLeverage: 5, minDistance: 0.2 }) // [{ limit: 'distance', is: 0.11, allowed: 0.2 }]
 * ```
 */
export function marginBreaches(account: MarginAccount, limits: MarginLimits): readonly MarginBreach[] {
  const { maxLeverage, minDistance } = checkedLimits(limits);
  const { distance, leverage } = marginState(account);
  const breaches: MarginBreach[] = [];
  if (leverage > maxLeverage * (1 + SLACK)) breaches.push({ limit: 'leverage', is: leverage, allowed: maxLeverage });
  if (distance < minDistance - SLACK) breaches.push({ limit: 'distance', is: distance, allowed: minDistance });
  return Object.freeze(breaches.map((breach) => Object.freeze(breach)));
}

/** An account as one step of a plan leaves it. */
export interface MarginStep {
  readonly step: string;
  readonly account: MarginAccount;
}

/**
 * Refuses a plan of which a step breaks a limit. An account that is beyond a limit at the start may be brought back in
 * several steps: then no step may make that limit worse.
 *
 * @param steps the account as it is, then after each step
 * @throws {MarginLimitError} naming the first such step
 * @throws {InvalidInputError} for limits or an account that cannot be
 */
export function requireMargin(steps: readonly MarginStep[], limits: MarginLimits): void {
  for (const [index, { account, step }] of steps.entries()) {
    if (index === 0) continue;
    const before = marginState(steps[index - 1]!.account);
    for (const { allowed, is, limit } of marginBreaches(account, limits)) {
      const was = before[limit];
      const wasOutside = limit === 'leverage' ? was > allowed : was < allowed;
      const isBetter = limit === 'leverage' ? is <= was : is >= was;
      if (!(wasOutside && isBetter)) throw new MarginLimitError(step, limit, is, allowed);
    }
  }
}
