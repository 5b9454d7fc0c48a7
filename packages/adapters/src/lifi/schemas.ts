import type { Address, Hex, Token } from '@evenkeel/core';
import * as v from 'valibot';
import { addressSchema, atomsSchema, chainIdSchema, hexSchema, wordSchema } from '../common/schemas.js';

/** `BigIntish` of @lifi/types: decimal digits or 0x hexadecimal. */
const bigintishSchema = v.pipe(
  v.string(),
  v.regex(/^(?:\d{1,78}|0x[0-9a-f]{1,64})$/i, 'is not a whole number'),
  v.transform((text) => BigInt(text)),
);

const lifiToken: v.GenericSchema<unknown, Token> = v.object({
  chainId: chainIdSchema,
  address: addressSchema,
  symbol: v.string(),
  decimals: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(77)),
});

const feeCostSchema = v.object({ name: v.string(), amount: atomsSchema, token: lifiToken, included: v.boolean() });

const gasCostSchema = v.object({ estimate: atomsSchema, token: lifiToken });

const actionSchema = v.object({
  fromChainId: chainIdSchema,
  fromToken: lifiToken,
  fromAmount: atomsSchema,
  fromAddress: v.optional(addressSchema),
  toChainId: chainIdSchema,
  toToken: lifiToken,
  toAddress: v.optional(addressSchema),
});

const estimateSchema = v.object({
  fromAmount: atomsSchema,
  toAmount: atomsSchema,
  toAmountMin: atomsSchema,
  approvalAddress: v.optional(addressSchema),
  executionDuration: v.pipe(v.number(), v.minValue(0)),
  feeCosts: v.optional(v.array(feeCostSchema), []),
  gasCosts: v.optional(v.array(gasCostSchema), []),
});

/** The members of `GET /quote` (`LiFiStep`) that decide anything. */
export interface LifiStepAnswer {
  readonly id: string;
  readonly tool: string;
  readonly action: {
    readonly fromChainId: number;
    readonly fromToken: Token;
    readonly fromAmount: bigint;
    readonly fromAddress?: Address | undefined;
    readonly toChainId: number;
    readonly toToken: Token;
    readonly toAddress?: Address | undefined;
  };
  readonly estimate: {
    readonly fromAmount: bigint;
    readonly toAmount: bigint;
    readonly toAmountMin: bigint;
    readonly approvalAddress?: Address | undefined;
    /** Seconds. */
    readonly executionDuration: number;
    readonly feeCosts: readonly LifiFeeCost[];
    readonly gasCosts: readonly { readonly estimate: bigint; readonly token: Token }[];
  };
  readonly includedSteps: readonly {
    readonly type: 'lifi' | 'swap' | 'cross' | 'protocol' | 'custom';
    readonly estimate: { readonly toAmount: bigint; readonly toAmountMin: bigint };
  }[];
  readonly transactionRequest: {
    readonly to: Address;
    readonly from?: Address | undefined;
    readonly chainId?: number | undefined;
    readonly data: Hex;
    readonly value: bigint;
  };
}

interface LifiFeeCost {
  readonly name: string;
  readonly amount: bigint;
  readonly token: Token;
  /** Whether `toAmount` is already net of it. */
  readonly included: boolean;
}

export const stepSchema: v.GenericSchema<unknown, LifiStepAnswer> = v.object({
  id: v.string(),
  type: v.literal('lifi'),
  tool: v.string(),
  action: actionSchema,
  estimate: estimateSchema,
  includedSteps: v.pipe(
    v.array(
      v.object({
        type: v.picklist(['lifi', 'swap', 'cross', 'protocol', 'custom']),
        estimate: v.object({ toAmount: atomsSchema, toAmountMin: atomsSchema }),
      }),
    ),
    v.minLength(1),
  ),
  transactionRequest: v.object({
    to: addressSchema,
    from: v.optional(addressSchema),
    chainId: v.optional(chainIdSchema),
    data: hexSchema,
    value: v.optional(bigintishSchema, '0'),
  }),
});

const movedSchema = v.object({
  chainId: chainIdSchema,
  txHash: v.optional(wordSchema),
  amount: v.optional(atomsSchema),
  token: v.optional(lifiToken),
});

/** The members of `GET /status` (`StatusResponse`) that decide anything. */
export interface LifiStatusAnswer {
  readonly status: 'NOT_FOUND' | 'INVALID' | 'PENDING' | 'DONE' | 'FAILED';
  readonly substatus?: string | undefined;
  readonly substatusMessage?: string | undefined;
  readonly receiving?:
    | {
        readonly chainId: number;
        readonly txHash?: Hex | undefined;
        readonly amount?: bigint | undefined;
        readonly token?: Token | undefined;
      }
    | undefined;
}

export const statusSchema: v.GenericSchema<unknown, LifiStatusAnswer> = v.object({
  status: v.picklist(['NOT_FOUND', 'INVALID', 'PENDING', 'DONE', 'FAILED']),
  substatus: v.optional(v.string()),
  substatusMessage: v.optional(v.string()),
  receiving: v.optional(movedSchema),
});
