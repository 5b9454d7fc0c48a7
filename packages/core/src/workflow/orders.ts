import * as v from 'valibot';
import type { JsonValue } from '../model/curve.js';
import { WorkflowOrderInvalidError } from './errors.js';

/** Limits of the slices to come; what is left out stays as it was. What the owner has signed bounds them all. */
export interface OrderedLimits {
  /** Tolerance of each swap against its quote, whole basis points. */
  readonly slippageBps?: number;
  /** Pools that disagree by more, or stand further from the feed, stop the trade. */
  readonly maxDisagreementBps?: number;
  /** The most swaps and transfers of one slice. */
  readonly maxHops?: number;
  /** Never bid more than this for a unit of gas: decimal wei, by chain id. */
  readonly maxFeePerGasWei?: Readonly<Record<string, string>>;
}

/** What may be said to an intent under way. It takes effect between two slices. */
export type IntentOrder =
  | { readonly kind: 'cancel' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'limits'; readonly limits: OrderedLimits };

const bps = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const limitsSchema: v.GenericSchema<unknown, OrderedLimits> = v.strictObject({
  slippageBps: v.exactOptional(bps),
  maxDisagreementBps: v.exactOptional(bps),
  maxHops: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  maxFeePerGasWei: v.exactOptional(v.record(v.pipe(v.string(), v.digits()), v.pipe(v.string(), v.digits()))),
});
const orderSchema: v.GenericSchema<unknown, IntentOrder> = v.variant('kind', [
  v.strictObject({ kind: v.literal('cancel') }),
  v.strictObject({ kind: v.literal('pause') }),
  v.strictObject({ kind: v.literal('resume') }),
  v.strictObject({ kind: v.literal('limits'), limits: limitsSchema }),
]);

/** @throws {WorkflowOrderInvalidError} WORKFLOW_ORDER_INVALID */
export function parseOrder(value: unknown): IntentOrder {
  const parsed = v.safeParse(orderSchema, value);
  if (parsed.success) return Object.freeze(parsed.output);
  const issue = parsed.issues[0];
  throw new WorkflowOrderInvalidError(value, `${v.getDotPath(issue) ?? 'order'}: ${issue.message}`);
}

/** An order as what travels. @throws {WorkflowOrderInvalidError} WORKFLOW_ORDER_INVALID */
export function orderSignal(order: IntentOrder): JsonValue {
  return JSON.parse(JSON.stringify(parseOrder(order))) as JsonValue;
}
