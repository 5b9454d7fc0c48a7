import type { Address, Hex } from '../model/token.js';
import type { Call } from '../model/call.js';
import type { Chain, Receipt } from './chain.js';

export interface AccountCapabilities {
  /** Several calls may travel in one operation. */
  readonly batched: boolean;
  /** They all happen or none does. */
  readonly atomicBatch: boolean;
  /** Somebody else may pay the gas. */
  readonly sponsored: boolean;
}

/**
 * How an account counts what it sends. `sequential`: one counter (EOA, Safe). `keyed`: a counter per key, so that
 * operations under different keys do not wait for one another (ERC-4337: 192-bit key, 64-bit sequence).
 */
export type NonceLayout =
  { readonly kind: 'sequential' } | { readonly kind: 'keyed'; readonly keyBits: number; readonly sequenceBits: number };

/** EIP-1559 prices, wei per unit of gas. */
export interface GasPrice {
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

/**
 * What an account is asked to sign. An empty `calls` asks for an operation that does nothing but use up its nonce: the
 * cancellation of whatever else carries that nonce.
 */
export interface OperationRequest extends GasPrice {
  readonly chainId: number;
  readonly calls: readonly Call[];
  /** 0 for accounts with a sequential layout. */
  readonly nonceKey: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
}

/**
 * Bytes that anybody may deliver and that have the same effect once however often they are delivered: a raw
 * transaction, a packed user operation with its signature, a wallet request with an id of ours.
 */
export interface SignedOperation {
  readonly raw: Hex;
  /** What its fate is looked up by: transaction hash, user operation hash, bundle id. */
  readonly hash: Hex;
}

/**
 * How signed operations of an account reach a chain and how their fate is read: the public mempool, a private relay, a
 * bundler, a wallet. Holds no key and no journal.
 */
export interface Submission {
  /** How many nonces of this key the chain has used up at its latest block: the next one it would take. */
  usedNonces(chain: Chain, account: Address, nonceKey: bigint, signal?: AbortSignal): Promise<bigint>;
  /** Delivers. "Already known" and "already mined" are success. Any error leaves it open whether it arrived. */
  send(chain: Chain, operation: SignedOperation, signal?: AbortSignal): Promise<void>;
  /** The receipt of the transaction that carried the operation; `success` is that of the operation itself. */
  receipt(chain: Chain, hash: Hex, signal?: AbortSignal): Promise<Receipt | null>;
}

/** EIP-712 typed data. Integers as bigint or decimal string. */
export interface TypedData {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly message: Readonly<Record<string, unknown>>;
}

/**
 * As whom calls become transactions. Signs with a signer that the caller gave it; never picks a nonce, never sends by
 * itself, keeps no state: nonces belong to the journal, delivery to `submission`.
 */
export interface Account {
  /** Unique among the accounts of one run; stands in steps and in the journal. */
  readonly id: string;
  readonly kind: 'eoa' | 'erc4337' | 'eip7702' | 'eip5792' | 'safe';
  readonly capabilities: AccountCapabilities;
  readonly nonceLayout: NonceLayout;
  readonly submission: Submission;
  /** Whose signed intents the account obeys: itself for an EOA, the owner of a contract account. */
  readonly owner: Address;
  addressOn(chainId: number): Address;
  /**
   * What pays for gas on a chain: a deposit counts, too, and `sponsored` means that it costs the account nothing. Without
   * it, the account's native balance does.
   */
  gasFundsWei?(chain: Chain, signal?: AbortSignal): Promise<bigint | 'sponsored'>;
  signTypedData(data: TypedData, signal?: AbortSignal): Promise<Hex>;
  sign(request: OperationRequest, signal?: AbortSignal): Promise<SignedOperation>;
}
