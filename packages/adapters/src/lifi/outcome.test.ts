import type { StatusMessage, Substatus } from '@lifi/sdk';
import { lifiOutcome } from './outcome.js';

/** The whole table, written out: what the API can say, and what it means for the money. */
const TABLE: readonly [StatusMessage, Substatus | undefined, string, string | undefined][] = [
  ['NOT_FOUND', undefined, 'pending', undefined],
  ['INVALID', undefined, 'pending', undefined],
  ['PENDING', 'WAIT_SOURCE_CONFIRMATIONS', 'pending', undefined],
  ['PENDING', 'WAIT_DESTINATION_TRANSACTION', 'pending', undefined],
  ['PENDING', 'BRIDGE_NOT_AVAILABLE', 'pending', undefined],
  ['PENDING', 'CHAIN_NOT_AVAILABLE', 'pending', undefined],
  ['PENDING', 'REFUND_IN_PROGRESS', 'refund-pending', undefined],
  ['PENDING', 'UNKNOWN_ERROR', 'pending', undefined],
  ['PENDING', 'INTENT_AWAITING_FUNDS', 'pending', undefined],
  ['PENDING', 'INTENT_READY', 'pending', undefined],
  ['PENDING', 'INTENT_EXECUTING', 'pending', undefined],
  ['PENDING', 'INTENT_FAILED_RETRYABLE', 'pending', undefined],
  ['PENDING', 'INTENT_SIMULATION_FAILURE', 'pending', undefined],
  ['DONE', 'COMPLETED', 'done', 'COMPLETED'],
  ['DONE', 'PARTIAL', 'done', 'PARTIAL'],
  ['DONE', 'REFUNDED', 'done', 'REFUNDED'],
  ['DONE', undefined, 'done', undefined],
  ['FAILED', 'INSUFFICIENT_ALLOWANCE', 'failed', undefined],
  ['FAILED', 'INSUFFICIENT_BALANCE', 'failed', undefined],
  ['FAILED', 'OUT_OF_GAS', 'failed', undefined],
  ['FAILED', 'EXPIRED', 'failed', undefined],
  ['FAILED', 'SLIPPAGE_EXCEEDED', 'failed', undefined],
  ['FAILED', 'UNKNOWN_FAILED_ERROR', 'failed', undefined],
];

test.each(TABLE)('%s %s is %s', (status, substatus, kind, how) => {
  const outcome = lifiOutcome({ status, substatus, substatusMessage: undefined });
  expect(outcome.kind).toBe(kind);
  expect(outcome.kind === 'done' ? outcome.how : undefined).toBe(how);
  if (substatus !== undefined) expect(outcome.reason).not.toContain(substatus);
});

test('a substatus that is new to us is quoted, not guessed, and hides in no prototype', () => {
  for (const substatus of ['BRAND_NEW', 'toString']) {
    const outcome = lifiOutcome({ status: 'DONE', substatus, substatusMessage: 'who knows' });
    expect(outcome).toEqual({ kind: 'done', how: undefined, reason: `LI.FI says ${substatus}: who knows` });
  }
});
