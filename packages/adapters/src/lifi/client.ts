import { createClient, getQuote, getStatus, HTTPError, type QuoteRequestFromAmount, SDKError } from '@lifi/sdk';
import type { Clock } from '@evenkeel/core';
import type { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import {
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceUnreachableError,
} from '../common/errors.js';
import { firstIssue } from '../common/schemas.js';
import { askService, DEFAULT_PATIENCE, reasonOf, retryAfterSeconds } from '../common/service.js';
import type { LifiOptions } from './config.js';
import { LifiNoRouteError } from './errors.js';
import { type LifiStatusAnswer, type LifiStepAnswer, statusSchema, stepSchema } from './schemas.js';

const SERVICE = 'LI.FI';

/** `ErrorCode.NoQuoteError` and `NotFoundError` of @lifi/types. */
const NO_ROUTE_CODES: readonly number[] = [1002, 1003];

type StatusParams = Parameters<typeof getStatus>[1];

/** The two questions that are asked of LI.FI, with answers checked by schema. */
export interface LifiClient {
  quote(params: Readonly<QuoteRequestFromAmount>, signal: AbortSignal): Promise<LifiStepAnswer>;
  status(params: Readonly<StatusParams>, signal: AbortSignal): Promise<LifiStatusAnswer>;
}

/** Nothing is asked at construction. The SDK's own retry is off, so that there is one policy only. */
export function lifiClient(options: LifiOptions): LifiClient {
  const sdk = createClient({
    integrator: options.integrator,
    disableVersionCheck: true,
    preloadChains: false,
    requestInterceptor: (request) => ({ ...request, retries: 0 }),
    ...(options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl }),
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
  });
  const ask = <T>(
    send: (signal: AbortSignal) => Promise<unknown>,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ): Promise<T> =>
    askService(
      SERVICE,
      async (attemptSignal) => checked(await send(attemptSignal).catch(rethrow(options.clock)), schema),
      { ...DEFAULT_PATIENCE, ...options.patience },
      options.clock,
      signal,
    );
  return Object.freeze({
    // The SDK writes its defaults into the parameters that it is given: it gets a copy.
    quote: (params, signal) => ask((attempt) => getQuote(sdk, { ...params }, { signal: attempt }), stepSchema, signal),
    status: (params, signal) =>
      ask((attempt) => getStatus(sdk, { ...params }, { signal: attempt }), statusSchema, signal),
  } satisfies LifiClient);
}

function checked<T>(answer: unknown, schema: v.GenericSchema<unknown, T>): T {
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new ServiceGarbageError(SERVICE, firstIssue(parsed.issues));
}

function rethrow(clock: Clock): (error: unknown) => never {
  return (error) => {
    throw lifiError(error, clock);
  };
}

/** The SDK's error as ours. It is not kept as a cause: it carries the request's headers, and with them the API key. */
function lifiError(error: unknown, clock: Clock): EvenkeelError {
  const cause: unknown = error instanceof SDKError ? error.cause : error;
  if (cause instanceof HTTPError) return httpError(cause, clock);
  if (isSyntaxError(cause)) return new ServiceGarbageError(SERVICE, 'it is not JSON');
  return new ServiceUnreachableError(SERVICE, reasonOf(cause));
}

/** By name: `fetch` may live in another realm than this module, with a `SyntaxError` of its own. */
function isSyntaxError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'SyntaxError';
}

const bodySchema = v.object({
  code: v.optional(v.number()),
  message: v.optional(v.string()),
  errors: v.optional(v.unknown()),
});

function httpError(error: HTTPError, clock: Clock): EvenkeelError {
  const { headers } = error.response;
  const parsed = v.safeParse(bodySchema, error.responseBody);
  const body = parsed.success ? parsed.output : {};
  const message = body.message ?? `HTTP ${error.status}`;
  const details = {
    httpStatus: error.status,
    serviceCode: body.code,
    requestId: headers.get('x-request-id') ?? headers.get('x-lifi-request-id') ?? undefined,
    errors: body.errors,
  };
  if (error.status === 429) {
    const wait = retryAfterSeconds(headers.get('retry-after') ?? headers.get('ratelimit-reset'), clock);
    return new ServiceRateLimitedError(SERVICE, wait, details);
  }
  if (error.status >= 500) return new ServiceUnreachableError(SERVICE, message, details);
  return error.status === 404 || (body.code !== undefined && NO_ROUTE_CODES.includes(body.code))
    ? new LifiNoRouteError(message, details)
    : new ServiceRefusedError(SERVICE, message, details);
}
