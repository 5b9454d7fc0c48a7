import * as v from 'valibot';
import type { JsonValue } from '@evenkeel/core';
import {
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceUnreachableError,
} from '../common/errors.js';
import { firstIssue } from '../common/schemas.js';
import { askService, DEFAULT_PATIENCE, reasonOf, retryAfterSeconds } from '../common/service.js';
import type { OifOptions } from './config.js';
import { type OifOrderStatus, orderSchema, quotesSchema, submissionSchema } from './schemas.js';

/** The three questions of the API (`@openintentsframework/oif-specs` 1.0.0), with answers checked by schema. */
export interface OifClient {
  quotes(body: JsonValue, signal: AbortSignal): Promise<readonly unknown[]>;
  submit(body: JsonValue, signal: AbortSignal): Promise<v.InferOutput<typeof submissionSchema>>;
  /** Undefined when the service does not know the order. */
  status(orderId: string, signal: AbortSignal): Promise<OifOrderStatus | undefined>;
}

/** Nothing is asked at construction. */
export function oifClient(options: OifOptions): OifClient {
  const service = options.name ?? 'Open Intents';
  const ask = <T>(
    path: string,
    body: JsonValue | undefined,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ) =>
    askService(
      service,
      (attempt) => request(options, service, path, body, schema, attempt),
      { ...DEFAULT_PATIENCE, ...options.patience },
      options.clock,
      signal,
    );
  return Object.freeze({
    quotes: async (body, signal) => (await ask('quotes', body, quotesSchema, signal)).quotes,
    submit: (body, signal) => ask('orders', body, submissionSchema, signal),
    status: async (orderId, signal) => {
      try {
        return (await ask(`orders/${orderId}`, undefined, orderSchema, signal)).status;
      } catch (error) {
        if (error instanceof ServiceRefusedError && error.details['httpStatus'] === 404) return undefined;
        throw error;
      }
    },
  } satisfies OifClient);
}

async function request<T>(
  options: OifOptions,
  service: string,
  path: string,
  body: JsonValue | undefined,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<T> {
  const { apiKey, apiUrl, fetch = globalThis.fetch } = options;
  const headers = {
    'content-type': 'application/json',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${apiUrl}/v1/${path}`, { headers, signal, ...sent }).catch((error: unknown) => {
    throw new ServiceUnreachableError(service, reasonOf(error));
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(service, response, answer, options);
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new ServiceGarbageError(service, firstIssue(parsed.issues), { path });
}

const refusalSchema = v.object({ message: v.optional(v.string()), error: v.optional(v.string()) });

function refusal(service: string, response: Response, answer: unknown, { clock }: OifOptions): Error {
  const parsed = v.safeParse(refusalSchema, answer);
  const said = parsed.success ? (parsed.output.message ?? parsed.output.error) : undefined;
  const message = said ?? `HTTP ${response.status}`;
  const details = { httpStatus: response.status, requestId: response.headers.get('x-request-id') };
  if (response.status === 429) {
    const wait = retryAfterSeconds(response.headers.get('retry-after'), clock);
    return new ServiceRateLimitedError(service, wait, details);
  }
  return response.status >= 500
    ? new ServiceUnreachableError(service, message, details)
    : new ServiceRefusedError(service, message, details);
}
