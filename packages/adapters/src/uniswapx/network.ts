import type { Address, Hex } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema } from '../common/schemas.js';
import type { DutchOrder } from './dutch-order.js';

/** What fillers are asked for. */
export interface FillerRequest {
  readonly chainId: number;
  readonly tokenIn: Address;
  readonly tokenOut: Address;
  /** Atoms, exact. */
  readonly amountIn: bigint;
  readonly swapper: Address;
  readonly kind: DutchOrder['kind'];
}

/** The best answer of the fillers. */
export interface FillerQuote {
  /** Atoms that the filler says it will pay. */
  readonly amountOut: bigint;
  /** Unix seconds. */
  readonly validUntil: number;
  /** Who answered, when it wants the order for itself for a while. Of a V2 order that is up to the cosigner. */
  readonly exclusivity?: {
    readonly filler: Address;
    /** Unix seconds. */
    readonly until: number;
    /** By how much others must pay more meanwhile; 0: they cannot fill. */
    readonly overrideBps: number;
  };
}

/** A signed order, for whoever fills. */
export interface PostedOrder {
  readonly chainId: number;
  readonly kind: DutchOrder['kind'];
  readonly reactor: Address;
  readonly orderHash: Hex;
  readonly encodedOrder: Hex;
  readonly signature: Hex;
}

/**
 * How fillers are asked and orders reach them: the order service of a deployment, or fillers of one's own. Posting again
 * what it has already is success.
 */
export interface UniswapXNetwork {
  /** Undefined when nobody wants to fill. */
  quote(request: FillerRequest, signal: AbortSignal): Promise<FillerQuote | undefined>;
  /** Answers, for a V2 order, with the order as it was cosigned. */
  post(order: PostedOrder, signal: AbortSignal): Promise<{ readonly cosignedOrder?: Hex }>;
}

const UINT256_LIMIT = 1n << 256n;

export const fillerQuoteSchema: v.GenericSchema<unknown, FillerQuote> = v.object({
  amountOut: v.pipe(
    v.bigint(),
    v.check((atoms) => atoms > 0n && atoms < UINT256_LIMIT, 'is no amount of 256 bits'),
  ),
  validUntil: v.pipe(v.number(), v.finite(), v.minValue(0)),
  exclusivity: v.exactOptional(
    v.object({
      filler: addressSchema,
      until: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      overrideBps: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(10_000)),
    }),
  ),
});
