import type { Clock, Hex, Lane, LaneLimits } from '@evenkeel/core';
import * as v from 'valibot';
import {
  QuoteInconsistentError,
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceUnreachableError,
} from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { addressSchema, atomsSchema, countSchema, firstIssue } from '../common/schemas.js';
import { askService, DEFAULT_PATIENCE, reasonOf, retryAfterSeconds, type ServicePatience } from '../common/service.js';
import type { AcrossFeeRequest, AcrossFees, AcrossFeeSource } from './fee-source.js';

export interface AcrossApiOptions {
  /** Default: `https://app.across.to/api`. */
  readonly apiUrl?: string;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Partial<ServicePatience>;
}

const SERVICE = 'Across API';

const total = v.object({ total: atomsSchema });

const limitsSchema = v.object({ minDeposit: atomsSchema, maxDepositInstant: atomsSchema });

/** The members of `GET /suggested-fees` that a depositor needs (docs.across.to, API reference). */
const suggestedFeesSchema = v.object({
  totalRelayFee: total,
  relayerCapitalFee: total,
  relayerGasFee: total,
  lpFee: total,
  timestamp: countSchema,
  isAmountTooLow: v.boolean(),
  exclusiveRelayer: addressSchema,
  exclusivityDeadline: countSchema,
  estimatedFillTimeSec: countSchema,
  fillDeadline: v.optional(countSchema),
  outputAmount: v.optional(atomsSchema),
  spokePoolAddress: addressSchema,
  limits: limitsSchema,
});

const refusalSchema = v.object({ message: v.string(), code: v.optional(v.string()) });

/**
 * Fees and limits from the Across HTTP API. `limits.max` is what relayers can pay at once: more would wait for a
 * rebalancing of theirs, or for the slow fill.
 *
 * @throws {ServiceUnreachableError} and its relatives; {QuoteInconsistentError} when the fees do not add up.
 */
export function acrossApiFees(options: AcrossApiOptions): AcrossFeeSource {
  const ask = <T>(
    path: string,
    query: Record<string, string>,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
  ) =>
    askService(
      SERVICE,
      (attemptSignal) => getJson(options, path, query, schema, attemptSignal),
      { ...DEFAULT_PATIENCE, ...options.patience },
      options.clock,
      signal,
    );
  return Object.freeze({
    name: 'across-api',
    fees: async (request, signal) => {
      const answer = await ask('suggested-fees', feeQuery(request), suggestedFeesSchema, signal);
      return fromAnswer(request, answer);
    },
    limits: async (lane, signal) => laneLimits(await ask('limits', laneQuery(lane), limitsSchema, signal)),
  } satisfies AcrossFeeSource);
}

function fromAnswer(request: AcrossFeeRequest, answer: v.InferOutput<typeof suggestedFeesSchema>): AcrossFees {
  const parts = answer.relayerCapitalFee.total + answer.relayerGasFee.total + answer.lpFee.total;
  if (parts !== answer.totalRelayFee.total) {
    throw new QuoteInconsistentError('across', 'totalRelayFee', `is ${answer.totalRelayFee.total}, its parts ${parts}`);
  }
  if (answer.isAmountTooLow) {
    throw new ServiceRefusedError(SERVICE, `${request.inputAtoms} atoms are too few for the fees`, {
      minDeposit: answer.limits.minDeposit.toString(),
    });
  }
  return deepFreeze({
    relayerCapitalAtoms: answer.relayerCapitalFee.total,
    relayerGasAtoms: answer.relayerGasFee.total,
    liquidityProviderAtoms: answer.lpFee.total,
    quoteTimestamp: answer.timestamp,
    ...(answer.fillDeadline === undefined ? {} : { fillDeadline: answer.fillDeadline }),
    exclusiveRelayer: answer.exclusiveRelayer,
    exclusivityParameter: answer.exclusivityDeadline,
    expectedFillSeconds: answer.estimatedFillTimeSec,
    originSpokePool: answer.spokePoolAddress,
    limits: laneLimits(answer.limits),
  });
}

function laneLimits(limits: v.InferOutput<typeof limitsSchema>): LaneLimits {
  return deepFreeze({
    min: limits.minDeposit,
    max: limits.maxDepositInstant,
    reason: `relayers can pay ${limits.maxDepositInstant} atoms at once, says the ${SERVICE}`,
  });
}

function laneQuery({ from, to }: Lane): Record<string, string> {
  return {
    inputToken: from.address,
    outputToken: to.address,
    originChainId: from.chainId.toString(),
    destinationChainId: to.chainId.toString(),
  };
}

function feeQuery({ inputAtoms, lane, message, recipient }: AcrossFeeRequest): Record<string, string> {
  const action: Record<string, Hex> = message === '0x' ? {} : { message };
  return { ...laneQuery(lane), amount: inputAtoms.toString(), recipient, ...action };
}

async function getJson<T>(
  options: AcrossApiOptions,
  path: string,
  query: Record<string, string>,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<T> {
  const { apiUrl = 'https://app.across.to/api', clock, fetch = globalThis.fetch } = options;
  const url = `${apiUrl}/${path}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw new ServiceUnreachableError(SERVICE, reasonOf(error));
  });
  const body = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response, body, clock);
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  throw new ServiceGarbageError(SERVICE, firstIssue(parsed.issues), { path });
}

function refusal(response: Response, body: unknown, clock: Clock): Error {
  const parsed = v.safeParse(refusalSchema, body);
  const said = parsed.success ? parsed.output : { message: `HTTP ${response.status}` };
  const details = {
    httpStatus: response.status,
    serviceCode: said.code,
    requestId: response.headers.get('x-request-id') ?? response.headers.get('x-vercel-id'),
  };
  if (response.status === 429) {
    return new ServiceRateLimitedError(SERVICE, retryAfterSeconds(response.headers.get('retry-after'), clock), details);
  }
  return response.status >= 500
    ? new ServiceUnreachableError(SERVICE, said.message, details)
    : new ServiceRefusedError(SERVICE, said.message, details);
}
