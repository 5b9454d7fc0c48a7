import type { Address, Hex } from '@evenkeel/core';
import { InvalidInputError, type TypedDataPayload } from '@evenkeel/intents';
import { TypedDataEncoder } from 'ethers';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { addressSchema, chainIdSchema, firstIssue, wordSchema } from '../common/schemas.js';
import { ORDER_TYPES } from './order-types.js';

/** Where the contract takes sold tokens from: an ERC-20 allowance of its relayer, or the Balancer Vault. */
export type SellBalance = 'erc20' | 'external' | 'internal';
/** Where it puts bought tokens. */
export type BuyBalance = 'erc20' | 'internal';

/** An order of CoW Protocol (GPv2Order.Data), amounts in token atoms. */
export interface Gpv2Order {
  readonly sellToken: Address;
  readonly buyToken: Address;
  /** The zero address stands for the owner. */
  readonly receiver: Address;
  /** Exact for a sell order, the most that may be paid for a buy order; part of the limit price when partially fillable. */
  readonly sellAmount: bigint;
  /** Exact for a buy order, the least that must come in for a sell order. */
  readonly buyAmount: bigint;
  /** The last Unix second at which the order may be settled. */
  readonly validTo: number;
  /** 32 bytes of the application; two otherwise equal orders are two orders when they differ here. */
  readonly appData: Hex;
  /** Taken in sell tokens on top of `sellAmount`. */
  readonly feeAmount: bigint;
  readonly kind: 'buy' | 'sell';
  readonly partiallyFillable: boolean;
  readonly sellTokenBalance: SellBalance;
  readonly buyTokenBalance: BuyBalance;
}

/** One deployment of GPv2Settlement: the domain under which orders are signed. */
export interface Gpv2Domain {
  readonly chainId: number;
  readonly settlement: Address;
}

/** Bought instead of a token, it stands for the chain's native coin. */
export const BUY_NATIVE_ADDRESS: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';

const UINT32_LIMIT = 2 ** 32;
const UINT256_LIMIT = 1n << 256n;

const amountSchema = v.pipe(
  v.bigint(),
  v.check((atoms) => atoms >= 0n && atoms < UINT256_LIMIT, 'does not fit 256 bits'),
);

const orderSchema: v.GenericSchema<unknown, Gpv2Order> = v.strictObject({
  sellToken: addressSchema,
  buyToken: addressSchema,
  receiver: addressSchema,
  sellAmount: amountSchema,
  buyAmount: amountSchema,
  validTo: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(UINT32_LIMIT - 1)),
  appData: wordSchema,
  feeAmount: amountSchema,
  kind: v.picklist(['buy', 'sell']),
  partiallyFillable: v.boolean(),
  sellTokenBalance: v.picklist(['erc20', 'external', 'internal']),
  buyTokenBalance: v.picklist(['erc20', 'internal']),
});

const domainSchema = v.object({ chainId: chainIdSchema, settlement: addressSchema });

/**
 * An order that fits the contract's struct, frozen.
 *
 * @throws {InvalidInputError} when a field is missing, is unknown or does not fit its type.
 * @example
 * ```ts
 * const order = parseOrder({ sellToken, buyToken, receiver: NATIVE_ADDRESS, sellAmount: 10n ** 18n, buyAmount: 2_900_000_000n,
 *   validTo: 1_800_000_000, appData: `0x${'00'.repeat(32)}`, feeAmount: 0n, kind: 'sell', partiallyFillable: false,
 *   sellTokenBalance: 'erc20', buyTokenBalance: 'erc20' });
 * ```
 */
export function parseOrder(input: unknown): Gpv2Order {
  return deepFreeze(parsed(orderSchema, input, 'order'));
}

/**
 * The order's digest, which its owner signs: `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(order))`.
 *
 * @returns 32 bytes
 * @throws {InvalidInputError} when the order or the domain breaks its schema.
 */
export function hashOrder(domain: Gpv2Domain, order: Gpv2Order): Hex {
  return TypedDataEncoder.hash(eip712Domain(domain), { Order: [...ORDER_TYPES.Order] }, parseOrder(order)) as Hex;
}

/**
 * What `eth_signTypedData_v4` takes to sign the order; plain JSON.
 *
 * @throws {InvalidInputError} when the order or the domain breaks its schema.
 * @example
 * ```ts
 * const { domain, types, message } = orderTypedData({ chainId: 1, settlement }, order);
 * ```
 */
export function orderTypedData(domain: Gpv2Domain, order: Gpv2Order): TypedDataPayload {
  const signed = eip712Domain(domain);
  const payload = TypedDataEncoder.getPayload(signed, { Order: [...ORDER_TYPES.Order] }, parseOrder(order)) as object;
  // The encoder would write the chain id as a hexadecimal quantity; wallets compare it as a number.
  return deepFreeze({ ...(payload as TypedDataPayload), domain: signed });
}

function eip712Domain(domain: Gpv2Domain) {
  const { chainId, settlement } = parsed(domainSchema, domain, 'domain');
  return { name: 'Gnosis Protocol', version: 'v2', chainId, verifyingContract: settlement };
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, input: unknown, field: string): T {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]);
  const where = path === null ? field : `${field}.${path}`;
  throw new InvalidInputError(
    where,
    input,
    `is no field of a GPv2 ${field} (${firstIssue(result.issues)})`,
    'Correct it.',
  );
}
