import type { Call, Hex } from '@evenkeel/core';
import { hexlify, toUtf8Bytes, toUtf8String } from 'ethers/utils';
import * as v from 'valibot';
import { addressSchema, hexSchema, toQuantity } from '../rpc/schemas.js';
import { WalletRequestMalformedError } from './errors.js';

/** The one parameter of `wallet_sendCalls` (EIP-5792, version 2.0.0). */
export interface SendCallsRequest {
  readonly version: string;
  /** Ours: a wallet refuses a second request with the same one. 32 bytes. */
  readonly id: string;
  readonly chainId: string;
  readonly from: string;
  readonly atomicRequired: boolean;
  readonly calls: readonly { readonly to: string; readonly data: string; readonly value: string }[];
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined;
}

const requestSchema: v.GenericSchema<unknown, SendCallsRequest> = v.object({
  version: v.literal('2.0.0'),
  id: v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/)),
  chainId: v.pipe(v.string(), v.regex(/^0x[0-9a-f]+$/)),
  from: addressSchema,
  atomicRequired: v.boolean(),
  calls: v.array(v.object({ to: addressSchema, data: hexSchema, value: v.pipe(v.string(), v.regex(/^0x[0-9a-f]+$/)) })),
  capabilities: v.optional(v.record(v.string(), v.unknown())),
});

export interface SendCallsFacts {
  readonly id: Hex;
  readonly chainId: number;
  readonly from: string;
  readonly calls: readonly Call[];
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined;
}

/** Several calls have to happen all or none: half of a hedge is none. */
export function sendCallsRequest({ calls, capabilities, chainId, from, id }: SendCallsFacts): SendCallsRequest {
  return Object.freeze({
    version: '2.0.0',
    id,
    chainId: toQuantity(chainId),
    from,
    atomicRequired: calls.length > 1,
    calls: Object.freeze(
      calls.map(({ data, to, valueWei }) => Object.freeze({ to, data, value: toQuantity(valueWei) })),
    ),
    ...(capabilities !== undefined && { capabilities }),
  });
}

/** As the journal keeps it. */
export function encodeRequest(request: SendCallsRequest): Hex {
  return hexlify(toUtf8Bytes(JSON.stringify(request))) as Hex;
}

/** @throws WALLET_REQUEST_MALFORMED */
export function decodeRequest(raw: Hex): SendCallsRequest {
  try {
    const parsed = v.safeParse(requestSchema, JSON.parse(toUtf8String(raw)));
    if (parsed.success) return parsed.output;
  } catch {
    // Told below.
  }
  throw new WalletRequestMalformedError('its bytes are not those of a request');
}
