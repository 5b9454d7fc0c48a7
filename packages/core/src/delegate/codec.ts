import { parseStandardOrder, type StandardOrder } from '@evenkeel/intents';
import * as v from 'valibot';
import { amount, call, decode, encode, hash, hex, json, natural, whole } from '../execution/journal-codec.js';
import type { JsonValue } from '../model/curve.js';
import type { DeathProof, SolverOrder } from '../ports/solver.js';
import type { DelegationEvent } from './delegation.js';

type Schema<T> = v.GenericSchema<unknown, T>;

const standardOrder: Schema<StandardOrder> = v.pipe(
  v.unknown(),
  v.rawTransform(({ addIssue, dataset, NEVER }) => {
    try {
      return parseStandardOrder(dataset.value);
    } catch {
      addIssue({ message: 'is no StandardOrder' });
      return NEVER;
    }
  }),
);
const order: Schema<SolverOrder> = v.strictObject({
  id: v.string(),
  adapter: v.string(),
  child: v.strictObject({ parentId: hash, index: whole, adapter: v.string(), order: standardOrder }),
  input: amount,
  guaranteedOutput: amount,
  sinceBlock: whole,
  calls: v.array(call),
  payload: json,
});
const proof: Schema<DeathProof> = v.strictObject({
  reason: v.picklist(['filled', 'cancelled', 'nonce-invalidated', 'expired', 'refunded', 'rejected']),
  chainId: whole,
  blockNumber: whole,
  sentence: v.string(),
  drawn: amount,
  received: amount,
  surplus: natural,
  txHashes: v.array(hash),
});
const reason = v.picklist(['PATIENCE_OVER', 'ASKED', 'NOT_SUBMITTED']);
const eventSchema: Schema<DelegationEvent> = v.variant('kind', [
  v.strictObject({
    kind: v.literal('given'),
    order,
    signature: hex,
    slice: whole,
    side: v.picklist(['buy', 'sell']),
    expectedOutput: natural,
    validUntil: v.number(),
    approvals: v.array(call),
  }),
  v.strictObject({ kind: v.literal('submitting') }),
  v.strictObject({ kind: v.literal('ending'), reason }),
  v.strictObject({ kind: v.literal('withdrawn'), reason }),
  v.strictObject({ kind: v.literal('ended'), proof }),
]);
const detailsSchema: Schema<{ readonly index: number; readonly event: DelegationEvent }> = v.strictObject({
  index: whole,
  event: eventSchema,
});

/** An event as details of a decision: plain JSON, bigints as digits. */
export function eventDetails(index: number, event: DelegationEvent): { readonly [key: string]: JsonValue } {
  return JSON.parse(encode({ index, event })) as { readonly [key: string]: JsonValue };
}

/** @throws JOURNAL_CORRUPT */
export function eventOf(details: unknown): { readonly index: number; readonly event: DelegationEvent } {
  return decode(detailsSchema, JSON.stringify(details), 'decisions');
}
