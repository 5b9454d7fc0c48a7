import { TypedDataEncoder } from 'ethers/hash';
import { deepFreeze } from './freeze.js';
import type { Hex, RebalanceIntent } from './intent.js';
import { parseIntent } from './schema.js';

export interface TypedDataField {
  readonly name: string;
  readonly type: string;
}

/** EIP-712 types by struct name, without `EIP712Domain`. */
export type TypedDataTypes = Readonly<Record<string, readonly TypedDataField[]>>;

/** What `eth_signTypedData_v4` takes; plain JSON. */
export interface TypedDataPayload {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: TypedDataTypes;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/**
 * EIP-712 domain of intents. It names no chain and no contract on purpose: one intent spends on several chains, and it
 * is verified by its executor, not by a contract.
 *
 * What keeps a signature from being used twice or elsewhere is in the message itself: `nonce` makes every intent of a
 * signer unique and its hash the key under which execution happens at most once; `signer` binds it to one account; each
 * spending limit names its chain id, and nothing may be spent on a chain that is not named; `deadline` ends it. Orders
 * that do go to contracts are children with domains of their own, bound to one chain and one contract.
 */
export const INTENT_DOMAIN: { readonly name: 'Evenkeel'; readonly version: '1' } = Object.freeze({
  name: 'Evenkeel',
  version: '1',
});

/** Structs of the signed message. Decimals travel as text, so that a wallet shows what a person can read. */
export const INTENT_TYPES: TypedDataTypes = deepFreeze({
  RebalanceIntent: [
    { name: 'version', type: 'uint8' },
    { name: 'underlying', type: 'string' },
    { name: 'deltaChangeUnits', type: 'string' },
    { name: 'postTradeDelta', type: 'DeltaInterval' },
    { name: 'exposureHash', type: 'bytes32' },
    { name: 'spending', type: 'SpendingLimit[]' },
    { name: 'maxCostBps', type: 'uint16' },
    { name: 'referencePrice', type: 'ReferencePrice' },
    { name: 'adapters', type: 'string[]' },
    { name: 'schedule', type: 'Schedule' },
    { name: 'partialFill', type: 'string' },
    { name: 'deadline', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
    { name: 'signer', type: 'address' },
  ],
  DeltaInterval: [
    { name: 'low', type: 'string' },
    { name: 'high', type: 'string' },
  ],
  SpendingLimit: [
    { name: 'chainId', type: 'uint256' },
    { name: 'token', type: 'address' },
    { name: 'maxSpend', type: 'uint256' },
    { name: 'recipient', type: 'address' },
  ],
  ReferencePrice: [
    { name: 'source', type: 'string' },
    { name: 'price', type: 'string' },
  ],
  Schedule: [
    { name: 'kind', type: 'string' },
    { name: 'parts', type: 'uint32' },
    { name: 'spanSeconds', type: 'uint32' },
    { name: 'hash', type: 'bytes32' },
  ],
});

const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/**
 * The intent's identity: its EIP-712 hash, `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(intent))`.
 *
 * @throws {InvalidInputError} when the intent breaks its schema.
 * @example
 * ```ts
 * const id = hashIntent(intent); // 0x… 32 bytes
 * ```
 */
export function hashIntent(intent: RebalanceIntent): Hex {
  return TypedDataEncoder.hash(INTENT_DOMAIN, mutableTypes(INTENT_TYPES), intentMessage(parseIntent(intent))) as Hex;
}

/**
 * The typed data that a wallet shows and signs, as JSON for `eth_signTypedData_v4`.
 *
 * @throws {InvalidInputError} when the intent breaks its schema.
 * @example
 * ```ts
 * await ethereum.request({
 *   method: 'eth_signTypedData_v4',
 *   params: [intent.signer, JSON.stringify(intentTypedData(intent))],
 * });
 * ```
 */
export function intentTypedData(intent: RebalanceIntent): TypedDataPayload {
  return typedDataPayload(INTENT_DOMAIN, INTENT_TYPES, intentMessage(parseIntent(intent)));
}

/** The message of a checked intent that is hashed. A struct has fixed fields, so what a kind of schedule lacks is zero; `kind` says which. */
export function intentMessage(intent: RebalanceIntent): Readonly<Record<string, unknown>> {
  return { ...intent, schedule: { parts: 0, spanSeconds: 0, hash: ZERO_HASH, ...intent.schedule } };
}

/** Typed data of any kind as the JSON-RPC method wants it. */
export function typedDataPayload(
  domain: Readonly<Record<string, unknown>>,
  types: TypedDataTypes,
  message: Readonly<Record<string, unknown>>,
): TypedDataPayload {
  const payload = TypedDataEncoder.getPayload(domain, mutableTypes(types), message) as TypedDataPayload;
  // The encoder would write the chain id as a hexadecimal quantity; wallets compare it as a number.
  return deepFreeze({ ...payload, domain: { ...domain } });
}

/** A copy for libraries whose types ask for arrays that they may write to. */
export function mutableTypes(types: TypedDataTypes): Record<string, TypedDataField[]> {
  return Object.fromEntries(
    Object.entries(types).map(([name, fields]) => [name, fields.map((field) => ({ ...field }))]),
  );
}
