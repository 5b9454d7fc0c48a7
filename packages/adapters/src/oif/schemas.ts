import { type Address, decodeInteroperableAddress, type MandateOutput } from '@evenkeel/intents';
import * as v from 'valibot';
import { addressSchema, atomsSchema, countSchema, hexSchema, wordSchema } from '../common/schemas.js';

type Schema<T> = v.GenericSchema<unknown, T>;

/** An address on a chain, ERC-7930. */
export interface Located {
  readonly chainId: number;
  readonly address: Address;
}

const located: Schema<Located> = v.pipe(
  v.string(),
  v.rawTransform(({ addIssue, dataset, NEVER }) => {
    try {
      const { address, chainId } = decodeInteroperableAddress(dataset.value);
      if (address !== undefined && chainId !== undefined) return { address, chainId };
    } catch {
      // Said below.
    }
    addIssue({ message: 'is not an address on a chain (ERC-7930)' });
    return NEVER;
  }),
);

/** In typed data an address is an address; some services put its ERC-7930 form there. */
const plainAddress: Schema<Address> = v.union([
  addressSchema,
  v.pipe(
    located,
    v.transform(({ address }) => address),
  ),
]);
const whole: Schema<bigint> = v.union([
  atomsSchema,
  v.pipe(
    v.number(),
    v.safeInteger(),
    v.minValue(0),
    v.transform((value) => BigInt(value)),
  ),
]);

/** The message of `PermitBatchWitnessTransferFrom`: what the service wants signed. Seconds and atoms. */
interface PermitMessage {
  readonly permitted: readonly { readonly token: Address; readonly amount: bigint }[];
  readonly spender: Address;
  readonly nonce: bigint;
  readonly deadline: number;
  readonly witness: {
    readonly user: Address;
    readonly expires: number;
    readonly inputOracle: Address;
    readonly outputs: readonly MandateOutput[];
  };
}

const messageSchema: Schema<PermitMessage> = v.object({
  permitted: v.array(v.object({ token: plainAddress, amount: atomsSchema })),
  spender: plainAddress,
  nonce: whole,
  deadline: countSchema,
  witness: v.object({
    user: plainAddress,
    expires: countSchema,
    inputOracle: plainAddress,
    outputs: v.array(
      v.object({
        oracle: wordSchema,
        settler: wordSchema,
        chainId: countSchema,
        token: wordSchema,
        amount: atomsSchema,
        recipient: wordSchema,
        callbackData: hexSchema,
        context: hexSchema,
      }),
    ),
  }),
});

/** An order of type `oif-escrow-v0`: Permit2 typed data for an escrow. */
interface EscrowOrder {
  readonly payload: {
    readonly domain: { readonly chainId: number; readonly verifyingContract: Address };
    readonly message: PermitMessage;
  };
}

const escrowOrderSchema: Schema<EscrowOrder> = v.object({
  type: v.literal('oif-escrow-v0'),
  payload: v.object({
    signatureType: v.literal('eip712'),
    domain: v.object({ name: v.literal('Permit2'), chainId: countSchema, verifyingContract: plainAddress }),
    primaryType: v.literal('PermitBatchWitnessTransferFrom'),
    message: messageSchema,
  }),
});

const failureHandling = v.picklist(['refund-automatic', 'refund-claim', 'needs-new-signature']);

/** One quote, as far as it can bind anybody. */
export interface OifQuote {
  readonly order: EscrowOrder;
  /** Unix seconds. */
  readonly validUntil?: number | undefined;
  /** Seconds. */
  readonly eta?: number | undefined;
  readonly quoteId?: string | undefined;
  readonly provider?: string | undefined;
  readonly failureHandling: 'refund-automatic' | 'refund-claim' | 'needs-new-signature';
  readonly partialFill: boolean;
}

const quoteSchema: Schema<OifQuote> = v.object({
  order: escrowOrderSchema,
  validUntil: v.optional(countSchema),
  eta: v.optional(v.pipe(v.number(), v.minValue(0))),
  quoteId: v.optional(v.string()),
  provider: v.optional(v.string()),
  failureHandling,
  partialFill: v.boolean(),
});

/** `POST /v1/quotes`. Quotes of other order types are passed over: we did not ask for them. */
export const quotesSchema: Schema<{ readonly quotes: readonly unknown[] }> = v.object({ quotes: v.array(v.unknown()) });

/** One quote of the answer, by itself: a bad one does not spoil the others. */
export function parseQuote(quote: unknown): v.SafeParseResult<Schema<OifQuote>> {
  return v.safeParse(quoteSchema, quote);
}

/** `POST /v1/orders`. */
export const submissionSchema: Schema<{
  readonly status: 'received' | 'rejected' | 'error';
  readonly orderId?: string | undefined;
  readonly message?: string | undefined;
}> = v.object({
  status: v.picklist(['received', 'rejected', 'error']),
  orderId: v.optional(v.string()),
  message: v.optional(v.string()),
});

const ORDER_STATUSES = [
  'created',
  'pending',
  'executing',
  'executed',
  'settling',
  'settled',
  'finalized',
  'failed',
  'refunded',
] as const;
/** Life of an order as the service tells it. */
export type OifOrderStatus = (typeof ORDER_STATUSES)[number];

/** `GET /v1/orders/{id}`. */
export const orderSchema: Schema<{ readonly id: string; readonly status: OifOrderStatus }> = v.object({
  id: v.string(),
  status: v.picklist(ORDER_STATUSES),
});
