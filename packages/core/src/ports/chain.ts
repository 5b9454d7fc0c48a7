import type { Address, Hex } from '../model/token.js';

export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timeSeconds: number;
  readonly baseFeeWei: bigint;
}

/** One read-only call. */
export interface ReadCall {
  readonly to: Address;
  readonly data: Hex;
}

export interface ReadResult {
  readonly success: boolean;
  readonly data: Hex;
}

/** A batch of reads that all saw the same block. */
export interface ReadBatch {
  readonly results: readonly ReadResult[];
  readonly block: Pick<Block, 'number' | 'timeSeconds' | 'baseFeeWei'>;
}

/** Changes to state that a simulation pretends: funds that a bridge has yet to bring, an oracle that is bumped. */
export interface StateOverride {
  readonly balanceWei?: bigint;
  readonly code?: Hex;
  readonly storage?: Readonly<Record<Hex, Hex>>;
}

export interface SimulatedCall {
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly gasLimit?: bigint;
}

export interface SimulationRequest {
  readonly from: Address;
  readonly calls: readonly SimulatedCall[];
  readonly overrides?: Readonly<Record<Address, StateOverride>>;
}

export interface LogEntry {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

export interface SimulatedResult {
  readonly success: boolean;
  readonly data: Hex;
  readonly gasUsed: bigint;
  readonly logs: readonly LogEntry[];
  /** The revert reason in words where it could be decoded. */
  readonly error?: string;
}

export interface Receipt {
  readonly txHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly success: boolean;
  readonly gasUsed: bigint;
  readonly effectiveGasPriceWei: bigint;
  /** Data-availability fee of a rollup, where the node reports it; else 0. */
  readonly l1FeeWei: bigint;
  readonly logs: readonly LogEntry[];
  /** Of one operation in a bundle of several: its hash, which tells its cost apart from those of the others. */
  readonly operation?: Hex;
}

export interface LogFilter {
  readonly address: Address;
  readonly topics: readonly (Hex | null)[];
  readonly fromBlock: number;
  readonly toBlock?: number;
}

/**
 * One chain as seen through an untrusted node. Every answer is validated by schema; garbage, HTML or nothing is an
 * `RPC_*` error, never a value. `read` calls that are made in the same turn of the event loop travel in one request.
 */
export interface Chain {
  readonly id: number;
  readonly name: string;
  block(tag: 'latest' | 'safe' | 'finalized' | number, signal?: AbortSignal): Promise<Block>;
  /** Reads at one block; callers of the same turn share one request and one block. */
  read(calls: readonly ReadCall[], signal?: AbortSignal): Promise<ReadBatch>;
  code(address: Address, signal?: AbortSignal): Promise<Hex>;
  balanceWei(address: Address, signal?: AbortSignal): Promise<bigint>;
  /** Runs the calls one after another on the latest state, each seeing what the ones before it did. */
  simulate(request: SimulationRequest, signal?: AbortSignal): Promise<readonly SimulatedResult[]>;
  /** What the next block charges: base fee, and a tip that gets a transaction in. */
  fees(signal?: AbortSignal): Promise<{ readonly baseFeeWei: bigint; readonly priorityFeeWei: bigint }>;
  /** Transactions mined (`latest`) or known (`pending`) of an account. */
  transactionCount(address: Address, tag: 'latest' | 'pending', signal?: AbortSignal): Promise<number>;
  /** "Already known" and "nonce too low for a mined copy" are success; anything else throws. */
  sendRawTransaction(raw: Hex, signal?: AbortSignal): Promise<Hex>;
  receipt(txHash: Hex, signal?: AbortSignal): Promise<Receipt | null>;
  logs(filter: LogFilter, signal?: AbortSignal): Promise<readonly (LogEntry & { blockNumber: number; txHash: Hex })[]>;
  /** JSON-RPC requests made so far; for RPC thrift. */
  requestCount(): number;
}
