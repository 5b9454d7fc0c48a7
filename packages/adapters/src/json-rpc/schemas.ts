import * as v from 'valibot';
import type { Address, Hex } from '@evenkeel/core';

type Schema<T> = v.GenericSchema<unknown, T>;

const QUANTITY = /^0x[0-9a-f]{1,64}$/i;

/** Bytes of any length. */
export const hexSchema: Schema<Hex> = v.pipe(
  v.string(),
  v.regex(/^0x(?:[0-9a-f]{2})*$/i, 'is not hex bytes'),
  v.transform((text) => text as Hex),
);

const fixedBytes = (length: number): Schema<Hex> =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^0x[0-9a-f]{${length * 2}}$`, 'i'), `is not ${length} bytes`),
    v.transform((text) => text as Hex),
  );

export const hashSchema: Schema<Hex> = fixedBytes(32);
export const addressSchema: Schema<Address> = fixedBytes(20);

export const bigintSchema: Schema<bigint> = v.pipe(
  v.string(),
  v.regex(QUANTITY, 'is not a quantity'),
  v.transform((text) => BigInt(text)),
);

/** A quantity that must fit a JS number without losing digits. */
export const numberSchema: Schema<number> = v.pipe(
  v.string(),
  v.regex(QUANTITY, 'is not a quantity'),
  v.transform((text) => Number(text)),
  v.check((value) => Number.isSafeInteger(value), 'is too large'),
);

export interface RawBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: number;
  readonly baseFeePerGas?: bigint | undefined;
}

export const blockSchema: Schema<RawBlock> = v.object({
  number: numberSchema,
  hash: hashSchema,
  parentHash: hashSchema,
  timestamp: numberSchema,
  baseFeePerGas: v.optional(bigintSchema),
});

export interface RawLog {
  readonly address: Address;
  readonly topics: Hex[];
  readonly data: Hex;
}

const rawLog = { address: addressSchema, topics: v.pipe(v.array(hashSchema), v.maxLength(4)), data: hexSchema };
const logSchema: Schema<RawLog> = v.object(rawLog);

export interface RawMinedLog extends RawLog {
  readonly blockNumber: number;
  readonly transactionHash: Hex;
  readonly removed?: boolean | undefined;
}

export const minedLogsSchema: Schema<RawMinedLog[]> = v.array(
  v.object({
    ...rawLog,
    blockNumber: numberSchema,
    transactionHash: hashSchema,
    removed: v.optional(v.boolean()),
  }),
);

export interface RawReceipt {
  readonly transactionHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly status: number;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly l1Fee?: bigint | null | undefined;
  readonly logs: RawLog[];
}

export const receiptSchema: Schema<RawReceipt | null> = v.nullable(
  v.object({
    transactionHash: hashSchema,
    blockNumber: numberSchema,
    blockHash: hashSchema,
    status: v.pipe(
      numberSchema,
      v.check((status) => status === 0 || status === 1, 'is neither 0x0 nor 0x1'),
    ),
    gasUsed: bigintSchema,
    effectiveGasPrice: bigintSchema,
    l1Fee: v.nullish(bigintSchema),
    logs: v.array(logSchema),
  }),
);

export interface RawSimulatedCall {
  readonly returnData: Hex;
  readonly logs?: RawLog[] | undefined;
  readonly gasUsed: bigint;
  readonly status: number;
  readonly error?: { readonly message?: string | undefined; readonly data?: unknown } | undefined;
}

export const simulatedBlocksSchema: Schema<{ readonly calls: RawSimulatedCall[] }[]> = v.pipe(
  v.array(
    v.object({
      calls: v.array(
        v.object({
          returnData: hexSchema,
          logs: v.optional(v.array(logSchema)),
          gasUsed: bigintSchema,
          status: numberSchema,
          error: v.optional(v.object({ message: v.optional(v.string()), data: v.optional(v.unknown()) })),
        }),
      ),
    }),
  ),
  v.length(1),
);

export interface RawFeeHistory {
  readonly baseFeePerGas: bigint[];
  readonly reward?: bigint[][] | null | undefined;
}

export const feeHistorySchema: Schema<RawFeeHistory> = v.object({
  baseFeePerGas: v.pipe(v.array(bigintSchema), v.minLength(2)),
  reward: v.nullish(v.array(v.array(bigintSchema))),
});

export interface RawError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

const errorSchema: Schema<RawError> = v.object({
  code: v.number(),
  message: v.optional(v.string(), ''),
  data: v.optional(v.unknown()),
});

export interface RawAnswer {
  readonly id?: number | string | null | undefined;
  readonly result?: unknown;
  readonly error?: RawError | null | undefined;
}

/** One JSON-RPC response (JSON-RPC 2.0, section 5). */
export const answerSchema: Schema<RawAnswer> = v.pipe(
  v.object({
    jsonrpc: v.optional(v.literal('2.0')),
    id: v.nullish(v.union([v.number(), v.string()])),
    result: v.optional(v.unknown()),
    error: v.nullish(errorSchema),
  }),
  v.check(
    (answer) => (answer.error !== undefined && answer.error !== null ? true : answer.result !== undefined),
    'has neither result nor error',
  ),
);
