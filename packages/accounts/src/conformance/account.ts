import { type AccountCheck, checkMaker } from './check.js';
import { deliveryChecks } from './delivery-checks.js';
import { shapeChecks } from './shape-checks.js';
import { signingChecks } from './signing-checks.js';
import type { AccountSubject } from './subject.js';

/**
 * What every account has to do, whatever its kind. Really sends: use a chain of your own.
 *
 * The core relies on each of these: that signing sends nothing, that what is signed happens once however often it is
 * delivered, that a batch happens whole or not at all, that a cancellation uses its nonce up and does nothing else, and
 * that a receipt says what the operation cost the account, to the wei.
 *
 * @param subject makes the account and its surroundings when the first check runs
 *
 * @example
 * ```ts
 * import { describeConformance } from '@evenkeel/adapters/conformance/jest'
 * describeConformance('my account', accountConformance(async () => subject))
 * ```
 */
export function accountConformance(subject: () => AccountSubject | Promise<AccountSubject>): readonly AccountCheck[] {
  const make = checkMaker(subject);
  return Object.freeze([...shapeChecks(make), ...signingChecks(make), ...deliveryChecks(make)]);
}
