import { canonicalJson, EvenkeelError, parseSignedIntent, type SignedIntent } from '@evenkeel/intents';
import * as v from 'valibot';
import type { AsOf } from '../model/as-of.js';
import type { Call } from '../model/call.js';
import type { JsonValue } from '../model/curve.js';
import type { Programme, Step } from '../model/programme.js';
import type { Quote } from '../model/quote.js';
import type { Address, Hex, Token, TokenAmount } from '../model/token.js';
import type { BridgeStatus, Transfer } from '../model/transfer.js';
import type {
  DecisionRecord,
  Flow,
  ProgrammeRecord,
  Reservation,
  StepKey,
  StepOutcome,
  StoredOperation,
  TransferRecord,
} from '../ports/journal.js';
import { JournalCorruptError } from './journal-errors.js';

/** A schema for journal text: takes anything, gives a `T` or issues. */
type Schema<T> = v.GenericSchema<unknown, T>;

export const whole: v.GenericSchema<unknown, number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const bigint: v.GenericSchema<unknown, bigint> = v.pipe(
  v.string(),
  v.regex(/^-?\d+$/),
  v.transform((digits) => BigInt(digits)),
);
export const natural: v.GenericSchema<unknown, bigint> = v.pipe(
  v.string(),
  v.regex(/^\d+$/),
  v.transform((digits) => BigInt(digits)),
);
export const hex: v.GenericSchema<unknown, Hex> = v.custom<Hex>(
  (value) => typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value),
);
export const hash: v.GenericSchema<unknown, Hex> = v.custom<Hex>(
  (value) => typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value),
);
const address: Schema<Address> = v.custom<Address>(
  (value) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value),
);
export const json: v.GenericSchema<unknown, JsonValue> = v.lazy(() =>
  v.union([v.null(), v.boolean(), v.number(), v.string(), v.array(json), v.record(v.string(), json)]),
);

const asOf: Schema<AsOf> = v.strictObject({
  source: v.string(),
  timeSeconds: v.number(),
  chainId: v.exactOptional(whole),
  blockNumber: v.exactOptional(whole),
});
const token: Schema<Token> = v.strictObject({ chainId: whole, address, symbol: v.string(), decimals: whole });
export const amount: v.GenericSchema<unknown, TokenAmount> = v.strictObject({ token, atoms: natural });
const quote: Schema<Quote> = v.strictObject({
  id: v.string(),
  adapter: v.string(),
  kind: v.picklist(['venue', 'bridge']),
  input: amount,
  output: amount,
  minReceived: natural,
  fees: v.array(
    v.strictObject({
      kind: v.picklist(['liquidity-provider', 'protocol', 'bridge', 'relayer', 'message', 'integrator', 'other']),
      amount,
      included: v.boolean(),
    }),
  ),
  gas: v.array(v.strictObject({ chainId: whole, units: natural })),
  timeSeconds: v.strictObject({ expected: v.number(), worst: v.number() }),
  validUntil: v.number(),
  asOf,
  onFailure: v.picklist(['revert', 'refund-automatic', 'refund-by-claim', 'needs-signature']),
  riskBearer: v.exactOptional(v.picklist(['owner', 'relayer', 'protocol'])),
  payload: json,
});
export const call: v.GenericSchema<unknown, Call> = v.strictObject({
  chainId: whole,
  to: address,
  data: hex,
  valueWei: natural,
  purpose: v.picklist(['approve', 'action', 'revoke']),
  description: v.string(),
  minGasLimit: v.exactOptional(natural),
});
const step: Schema<Step> = v.variant('kind', [
  v.strictObject({
    kind: v.literal('calls'),
    id: v.string(),
    after: v.array(v.string()),
    chainId: whole,
    account: v.string(),
    adapter: v.string(),
    role: v.picklist(['approve', 'swap', 'bridge', 'revoke', 'recover']),
    calls: v.array(call),
    spends: v.array(amount),
    receives: v.array(amount),
    nativeFeeWei: natural,
    attempt: whole,
  }),
  v.strictObject({
    kind: v.literal('await-transfer'),
    id: v.string(),
    after: v.array(v.string()),
    bridge: v.string(),
    source: v.string(),
    quote,
    recipient: address,
  }),
]);
export const programmeSchema: v.GenericSchema<unknown, Programme> = v.strictObject({
  intentId: hash,
  slice: whole,
  steps: v.array(step),
});
const transfer: Schema<Transfer> = v.strictObject({
  id: v.string(),
  adapter: v.string(),
  quote,
  originTxHash: hash,
  sentAtSeconds: v.number(),
});
const status: Schema<BridgeStatus> = v.variant('state', [
  v.strictObject({ state: v.literal('pending'), reason: v.string() }),
  v.strictObject({ state: v.literal('expired'), reason: v.string() }),
  v.strictObject({ state: v.literal('refund-pending'), reason: v.string(), needsClaim: v.boolean() }),
  v.strictObject({ state: v.literal('filled'), received: amount, txHash: hash }),
  v.strictObject({
    state: v.literal('filled-otherwise'),
    received: v.array(amount),
    txHash: hash,
    reason: v.string(),
  }),
  v.strictObject({ state: v.literal('refunded'), received: amount, txHash: hash }),
]);
const stepKey: Schema<StepKey> = v.strictObject({ intentId: hash, slice: whole, step: v.string(), attempt: whole });

/** What a bridge adapter may answer; also how its answers are checked before they are believed. */
export const bridgeStatusSchema: v.GenericSchema<unknown, BridgeStatus> = status;

export const programmeRecordSchema: v.GenericSchema<unknown, ProgrammeRecord> = v.strictObject({
  programme: programmeSchema,
  state: v.picklist(['running', 'completed', 'stopped', 'cancelled']),
  cancelRequested: v.boolean(),
  createdAtMs: whole,
});
export const reservationSchema: v.GenericSchema<unknown, Reservation> = v.strictObject({
  id: whole,
  key: stepKey,
  chainId: whole,
  account: address,
  nonceKey: natural,
  nonce: natural,
  state: v.picklist(['open', 'filled', 'cancelled', 'lost']),
  reservedAtMs: whole,
  finalHash: v.exactOptional(hash),
  success: v.exactOptional(v.boolean()),
});
export const operationSchema: v.GenericSchema<unknown, StoredOperation> = v.strictObject({
  reservationId: whole,
  bump: whole,
  purpose: v.picklist(['step', 'cancellation']),
  raw: hex,
  hash,
  gasLimit: natural,
  maxFeePerGasWei: natural,
  maxPriorityFeePerGasWei: natural,
  signedAtMs: whole,
});
export const flowSchema: v.GenericSchema<unknown, Flow> = v.strictObject({
  intentId: hash,
  slice: whole,
  step: v.string(),
  chainId: whole,
  token: address,
  atoms: bigint,
  kind: v.picklist(['swap', 'bridge-out', 'bridge-in', 'bridge-refund', 'value', 'wrap', 'gas', 'l1-fee', 'other']),
  txHash: hash,
  part: v.string(),
});
export const outcomeSchema: v.GenericSchema<unknown, StepOutcome> = v.strictObject({
  key: stepKey,
  state: v.picklist(['done', 'failed', 'skipped', 'cancelled']),
  code: v.string(),
  sentence: v.string(),
  txHash: v.exactOptional(hash),
});
export const transferRecordSchema: v.GenericSchema<unknown, TransferRecord> = v.strictObject({
  key: stepKey,
  transfer,
  status,
  updatedAtMs: whole,
});
export const decisionSchema: v.GenericSchema<unknown, DecisionRecord> = v.strictObject({
  atMs: whole,
  intentId: v.exactOptional(hash),
  slice: v.exactOptional(whole),
  step: v.exactOptional(v.string()),
  code: v.string(),
  sentence: v.string(),
  simulated: v.boolean(),
  details: v.record(v.string(), json),
});

/** A record as journal text: JSON with bigints as decimal strings. Keys keep their order, so equal records are equal text. */
export function encode(record: unknown): string {
  // JSON has no text for undefined; null breaks every schema just as well.
  return JSON.stringify(record ?? null, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
}

/** Whether two records say the same, in whatever order their fields stand. */
export function isSameRecord(a: unknown, b: unknown): boolean {
  return canonicalJson(JSON.parse(encode(a))) === canonicalJson(JSON.parse(encode(b)));
}

/** A signed intent as journal text, of one spelling whatever the order of its fields. */
export function encodeIntent(signed: SignedIntent): string {
  return canonicalJson(JSON.parse(encode(signed)));
}

/** @throws JOURNAL_CORRUPT */
export function decodeIntent(text: unknown, where: string): SignedIntent {
  const parsed = parseText(text, where);
  try {
    return parseSignedIntent(parsed);
  } catch (cause) {
    if (!(cause instanceof EvenkeelError)) throw cause;
    throw new JournalCorruptError(where, cause.message.replace(/\.$/, ''), { cause });
  }
}

/** Journal text as a record, frozen; `where` names table and row. @throws JOURNAL_CORRUPT */
export function decode<T>(schema: v.GenericSchema<unknown, T>, text: unknown, where: string): T {
  return check(schema, parseText(text, where), where);
}

/** Journal text as JSON that no schema has seen yet. @throws JOURNAL_CORRUPT */
export function parseText(text: unknown, where: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    throw new JournalCorruptError(where, 'it is not JSON', { cause });
  }
}

/** A row as a record, frozen. @throws JOURNAL_CORRUPT */
export function check<T>(schema: v.GenericSchema<unknown, T>, row: unknown, where: string): T {
  const result = v.safeParse(schema, row);
  if (result.success) return deepFreeze(result.output);
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  throw new JournalCorruptError(path === null ? where : `${where}.${path}`, issue.message.replace(/\.$/, ''));
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}
