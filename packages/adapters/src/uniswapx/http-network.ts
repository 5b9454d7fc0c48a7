import type { Clock } from '@evenkeel/core';
import { id } from 'ethers';
import * as v from 'valibot';
import {
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceUnreachableError,
} from '../common/errors.js';
import { addressSchema, atomsSchema, firstIssue, hexSchema } from '../common/schemas.js';
import { askService, DEFAULT_PATIENCE, reasonOf, retryAfterSeconds, type ServicePatience } from '../common/service.js';
import type { FillerQuote, FillerRequest, PostedOrder, UniswapXNetwork } from './network.js';

export interface UniswapXHttpOptions {
  /** Answers `POST /quote` and, for V2 orders, `POST /hard-quote`, without the path. */
  readonly quoteUrl: string;
  /** Answers `POST /order`, which shows a signed order to fillers. Default: `quoteUrl`. */
  readonly orderUrl?: string;
  /** Sent as `x-api-key`. */
  readonly apiKey?: string;
  readonly clock: Clock;
  /** For how long a filler that names itself has an exclusive Dutch order for itself. Seconds; default 0: not at all. */
  readonly exclusivitySeconds?: number;
  /** By how much others must pay more meanwhile. Basis points; default 100. */
  readonly overrideBps?: number;
  /** For how long an answer is taken to hold, for none says so. Seconds; default 30. */
  readonly quoteSeconds?: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Partial<ServicePatience>;
}

const SERVICE = 'UniswapX service';

const quoteSchema = v.object({ amountOut: atomsSchema, filler: v.nullish(addressSchema) });
const orderSchema = v.object({ hash: hexSchema });
const hardQuoteSchema = v.object({ encodedOrder: hexSchema });
const refusalSchema = v.object({ errorCode: v.optional(v.string()), detail: v.optional(v.string()) });

/**
 * Fillers behind an HTTP service that speaks as UniswapX's published services do: `POST /quote` asks for a price, `POST
 * /order` gives an exclusive Dutch order away, `POST /hard-quote` a V2 order, which comes back cosigned.
 *
 * @throws {ServiceUnreachableError} and its relatives; {ServiceRefusedError} with the service's own words
 */
export function uniswapXHttp(options: UniswapXHttpOptions): UniswapXNetwork {
  const { orderUrl = options.quoteUrl, quoteUrl } = options;
  return Object.freeze({
    quote: async (request, signal) => {
      const body = quoteBody(request, options.clock);
      const answer = await ask(options, `${quoteUrl}/quote`, body, v.nullable(quoteSchema), signal);
      return answer === null ? undefined : quoteOf(options, request, answer);
    },
    post: async (order, signal) => {
      if (order.kind === 'v2-dutch') {
        const body = hardQuoteBody(order);
        const answer = await ask(options, `${quoteUrl}/hard-quote`, body, v.nullable(hardQuoteSchema), signal);
        if (answer === null) throw new ServiceRefusedError(SERVICE, 'nobody cosigns the order', {});
        return { cosignedOrder: answer.encodedOrder };
      }
      const { chainId, encodedOrder, signature } = order;
      const body = { chainId, encodedOrder, signature, orderType: 'Dutch' };
      await ask(options, `${orderUrl}/order`, body, v.nullable(orderSchema), signal);
      return {};
    },
  } satisfies UniswapXNetwork);
}

function quoteBody(request: FillerRequest, clock: Clock): Record<string, unknown> {
  const { amountIn, chainId, kind, swapper, tokenIn, tokenOut } = request;
  const asked = { tokenInChainId: chainId, tokenOutChainId: chainId, swapper, tokenIn, tokenOut };
  const protocol = kind === 'v2-dutch' ? 'v2' : 'v1';
  const body = { ...asked, amount: amountIn.toString(), type: 'EXACT_INPUT', numOutputs: 1, protocol };
  return { requestId: uuidOf(`${JSON.stringify(body)} ${clock.now()}`), ...body };
}

function hardQuoteBody({ chainId, encodedOrder, orderHash, signature }: PostedOrder): Record<string, unknown> {
  const asked = { tokenInChainId: chainId, tokenOutChainId: chainId, allowNoQuote: true };
  return { requestId: uuidOf(orderHash), encodedInnerOrder: encodedOrder, innerSig: signature, ...asked };
}

/** The same question has the same number: a service that has seen an order knows it again. */
function uuidOf(text: string): string {
  const hex = id(text).slice(2);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}

function quoteOf(
  { clock, exclusivitySeconds = 0, overrideBps = 100, quoteSeconds = 30 }: UniswapXHttpOptions,
  { kind }: FillerRequest,
  { amountOut, filler }: v.InferOutput<typeof quoteSchema>,
): FillerQuote {
  const now = Math.floor(clock.now() / 1_000);
  const quote = { amountOut, validUntil: now + quoteSeconds };
  // Of a V2 order the cosigner decides.
  if (filler === null || filler === undefined || kind === 'v2-dutch' || exclusivitySeconds === 0) return quote;
  return { ...quote, exclusivity: { filler, until: now + exclusivitySeconds, overrideBps } };
}

function ask<T>(
  options: UniswapXHttpOptions,
  url: string,
  body: unknown,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<T> {
  const patience = { ...DEFAULT_PATIENCE, ...options.patience };
  return askService(SERVICE, (attempt) => send(options, url, body, schema, attempt), patience, options.clock, signal);
}

/** Null is an answer: nobody has a price. */
async function send<T>(
  { apiKey, clock, fetch = globalThis.fetch }: UniswapXHttpOptions,
  url: string,
  body: unknown,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch(
    (error: unknown) => {
      throw new ServiceUnreachableError(SERVICE, reasonOf(error));
    },
  );
  const text = await response.text();
  const answer = parsedJson(text);
  const isNothing = response.status === 204 || response.status === 404;
  if (!response.ok && !isNothing) throw refusal(response, answer, clock);
  const parsed = v.safeParse(schema, isNothing ? null : answer);
  if (parsed.success) return parsed.output;
  throw new ServiceGarbageError(SERVICE, firstIssue(parsed.issues), { url: new URL(url).pathname });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(response: Response, answer: unknown, clock: Clock): Error {
  const parsed = v.safeParse(refusalSchema, answer);
  const { detail, errorCode } = parsed.success ? parsed.output : {};
  const details = { httpStatus: response.status, errorCode: errorCode ?? null };
  if (response.status === 429) {
    return new ServiceRateLimitedError(SERVICE, retryAfterSeconds(response.headers.get('retry-after'), clock), details);
  }
  const words = detail ?? errorCode ?? `HTTP ${response.status}`;
  return response.status >= 500
    ? new ServiceUnreachableError(SERVICE, words, details)
    : new ServiceRefusedError(SERVICE, words, details);
}
