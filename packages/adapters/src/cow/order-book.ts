import type { Address, Clock, Hex } from '@evenkeel/core';
import * as v from 'valibot';
import {
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceUnreachableError,
} from '../common/errors.js';
import { addressSchema, atomsSchema, countSchema, firstIssue } from '../common/schemas.js';
import { askService, DEFAULT_PATIENCE, reasonOf, retryAfterSeconds, type ServicePatience } from '../common/service.js';
import type { Gpv2Order, SigningScheme } from '../gpv2/index.js';

export type CowScheme = Extract<SigningScheme, 'eip712' | 'eip1271'>;

/** What the order book is asked for: what its solvers would pay for an exact amount. */
export interface CowQuoteRequest {
  readonly sellToken: Address;
  readonly buyToken: Address;
  readonly receiver: Address;
  readonly from: Address;
  /** Atoms, the network's own costs included. */
  readonly sellAmount: bigint;
  readonly validTo: number;
  readonly appData: string;
  readonly partiallyFillable: boolean;
  readonly scheme: CowScheme;
}

export interface CowQuote {
  readonly sellToken: Address;
  readonly buyToken: Address;
  readonly receiver: Address;
  readonly from: Address;
  /** Without `feeAmount`; both together are what was asked for. */
  readonly sellAmount: bigint;
  /** What the network's costs are expected to take of the sold tokens. */
  readonly feeAmount: bigint;
  readonly buyAmount: bigint;
  /** Unix seconds. */
  readonly validUntil: number;
  readonly quoteId: number | undefined;
}

/** A signed order as the order book takes it. */
export interface CowOrderPost {
  readonly order: Gpv2Order;
  /** The document whose hash is the order's `appData`. */
  readonly appData: string;
  readonly from: Address;
  readonly scheme: CowScheme;
  readonly signature: Hex;
  readonly quoteId: number | undefined;
}

/** How solvers hear of orders. */
export interface CowOrderBook {
  /** Undefined when no solver has a price. */
  quote(request: CowQuoteRequest, signal: AbortSignal): Promise<CowQuote | undefined>;
  /** Answers with the uid. Posting again what it has already is success. */
  post(post: CowOrderPost, signal: AbortSignal): Promise<Hex | undefined>;
  /** Asks that orders be shown to solvers no longer; the signature is over `OrderCancellations`. */
  cancel(uids: readonly Hex[], scheme: CowScheme, signature: Hex, signal: AbortSignal): Promise<void>;
}

export interface CowOrderBookOptions {
  /** `https://api.cow.fi/mainnet`: one chain's order book. */
  readonly url: string;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Partial<ServicePatience>;
}

const SERVICE = 'CoW order book';

const quoteSchema = v.object({
  quote: v.object({
    sellToken: addressSchema,
    buyToken: addressSchema,
    receiver: v.nullish(addressSchema),
    sellAmount: atomsSchema,
    buyAmount: atomsSchema,
    feeAmount: atomsSchema,
    kind: v.literal('sell'),
  }),
  from: addressSchema,
  expiration: v.pipe(v.string(), v.isoTimestamp()),
  id: v.nullish(countSchema),
});
const uidSchema = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{112}$/i, 'is not a uid of 56 bytes'));
const refusalSchema = v.object({ errorType: v.string(), description: v.optional(v.string()) });

/** No solver has a price: an answer, not a failure. */
const NO_PRICE = ['NoLiquidity', 'UnsupportedToken', 'SellAmountDoesNotCoverFee'];

/**
 * The order book of CoW Protocol over HTTP, by its API as of version 1.
 *
 * @throws {ServiceUnreachableError} and its relatives; {ServiceRefusedError} with the book's own words
 */
export function cowOrderBook(options: CowOrderBookOptions): CowOrderBook {
  const ask = <T>(
    method: 'POST' | 'DELETE',
    path: string,
    body: unknown,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<T> =>
    askService(
      SERVICE,
      (attempt) => send(options, method, path, body, schema, attempt),
      { ...DEFAULT_PATIENCE, ...options.patience },
      options.clock,
      signal,
    );
  return Object.freeze({
    quote: async (request, signal) => {
      try {
        return quoteOf(request, await ask('POST', 'quote', quoteBody(request), quoteSchema, signal));
      } catch (error) {
        if (error instanceof ServiceRefusedError && NO_PRICE.includes(String(error.details['errorType'])))
          return undefined;
        throw error;
      }
    },
    post: async (post, signal) => {
      try {
        return (await ask('POST', 'orders', orderBody(post), uidSchema, signal)) as Hex;
      } catch (error) {
        if (error instanceof ServiceRefusedError && error.details['errorType'] === 'DuplicatedOrder') return undefined;
        throw error;
      }
    },
    cancel: async (orderUids, signingScheme, signature, signal) => {
      await ask('DELETE', 'orders', { orderUids, signature, signingScheme }, v.unknown(), signal);
    },
  } satisfies CowOrderBook);
}

function quoteBody({ sellAmount, scheme, ...request }: CowQuoteRequest): unknown {
  return {
    ...request,
    kind: 'sell',
    sellAmountBeforeFee: sellAmount.toString(),
    sellTokenBalance: 'erc20',
    buyTokenBalance: 'erc20',
    priceQuality: 'optimal',
    signingScheme: scheme,
  };
}

function orderBody({ appData, from, order, quoteId, scheme, signature }: CowOrderPost): unknown {
  return {
    ...order,
    sellAmount: order.sellAmount.toString(),
    buyAmount: order.buyAmount.toString(),
    feeAmount: order.feeAmount.toString(),
    appData,
    appDataHash: order.appData,
    signingScheme: scheme,
    signature,
    from,
    quoteId: quoteId ?? null,
  };
}

function quoteOf(
  request: CowQuoteRequest,
  { expiration, from, id, quote }: v.InferOutput<typeof quoteSchema>,
): CowQuote {
  const { buyAmount, buyToken, feeAmount, receiver, sellAmount, sellToken } = quote;
  return {
    sellToken,
    buyToken,
    // Left out, it is the owner.
    receiver: receiver ?? request.from,
    from,
    sellAmount,
    feeAmount,
    buyAmount,
    validUntil: Math.floor(Date.parse(expiration) / 1_000),
    quoteId: id ?? undefined,
  };
}

async function send<T>(
  { clock, fetch = globalThis.fetch, url }: CowOrderBookOptions,
  method: string,
  path: string,
  body: unknown,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/${path}`, { method, headers, body: JSON.stringify(body), signal }).catch(
    (error: unknown) => {
      throw new ServiceUnreachableError(SERVICE, reasonOf(error));
    },
  );
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response, answer, clock);
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new ServiceGarbageError(SERVICE, firstIssue(parsed.issues), { path });
}

function refusal(response: Response, answer: unknown, clock: Clock): Error {
  const parsed = v.safeParse(refusalSchema, answer);
  const said = parsed.success ? parsed.output : { errorType: `HTTP ${response.status}` };
  const details = { httpStatus: response.status, errorType: said.errorType };
  if (response.status === 429) {
    return new ServiceRateLimitedError(SERVICE, retryAfterSeconds(response.headers.get('retry-after'), clock), details);
  }
  const words = said.description ?? said.errorType;
  return response.status >= 500
    ? new ServiceUnreachableError(SERVICE, words, details)
    : new ServiceRefusedError(SERVICE, words, details);
}
