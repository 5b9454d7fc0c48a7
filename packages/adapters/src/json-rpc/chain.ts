import * as v from 'valibot';
import { InvalidInputError } from '@evenkeel/intents';
import type { Address, Block, Chain, Clock, Hex, LogEntry, Receipt } from '@evenkeel/core';
import { rpcClient, type RpcClient, type TypedCall } from './client.js';
import { abortError, RpcGarbageError, RpcStaleError, RpcUnsupportedError } from './errors.js';
import { readLogs } from './logs.js';
import { MULTICALL3_ADDRESS } from './multicall.js';
import { batchedReads, blockTag } from './reads.js';
import {
  addressSchema,
  bigintSchema,
  blockSchema,
  feeHistorySchema,
  hexSchema,
  numberSchema,
  type RawBlock,
  type RawLog,
  type RawReceipt,
  receiptSchema,
} from './schemas.js';
import { sendRawTransaction } from './send.js';
import { simulator } from './simulate.js';
import { whenAborted } from './when-aborted.js';
import { type Eip1193Request, eip1193Transport, type Fetch, httpTransport, type Transport } from './transport.js';

/** How to reach the chain: exactly one of the three. */
export type JsonRpcSource =
  | { readonly url: string; readonly urls?: never; readonly request?: never }
  /** Asked in this order; one that failed goes behind the others for a while. */
  | { readonly urls: readonly string[]; readonly url?: never; readonly request?: never }
  | { readonly request: Eip1193Request; readonly url?: never; readonly urls?: never };

export type JsonRpcChainOptions = JsonRpcSource & {
  /** The chain id that every node must have. */
  readonly id: number;
  readonly name: string;
  /**
   * Where signed transactions go, and nowhere else: private endpoints that keep them from the public mempool. Reads stay
   * with the chain's own nodes. Default: those nodes.
   */
  readonly submitUrls?: readonly string[];
  /** Default: the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** For one request to one node. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Further rounds over all nodes after the first failed; reads only. Default: 2. */
  readonly retries?: number;
  /** First pause between rounds, doubling. Default: 250. */
  readonly backoffMs?: number;
  /** A longer pause than this, also one that the node asks for, is left to the caller. Default: 4,000. */
  readonly maxBackoffMs?: number;
  /** Default: 33,554,432. */
  readonly maxResponseBytes?: number;
  /** Default: the address that is the same nearly everywhere. `null`: there is none, do not look for it. */
  readonly multicall3?: Address | null;
  /** Most calls in one Multicall3 call. Default: 500. */
  readonly maxCallsPerRead?: number;
  /** Most calldata in one Multicall3 call. Default: 131,072. */
  readonly maxBytesPerRead?: number;
  /** A node whose latest block is further below one that we saw is taken to be behind. Default: 256. */
  readonly maxReorgDepth?: number;
  /** A node whose latest block is older by the clock is taken to be behind. Default: no limit. */
  readonly maxBlockAgeSeconds?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
};

/**
 * A {@link Chain} over JSON-RPC. Every answer is validated; what is not a true answer is an `RPC_*` error that names
 * the node by scheme and host only, since paths and queries hold keys.
 *
 * Before a node is first used it must prove its chain id, and each Multicall3 batch proves it again. `read` sends one
 * `eth_call` a turn of the event loop; the sender that a contract sees in it is Multicall3, or the zero address on
 * chains without Multicall3. `requestCount` counts JSON-RPC calls: each member of a batch, and each repetition.
 *
 * @throws InvalidInputError for a URL or number that cannot be used. The methods throw `RPC_UNREACHABLE`,
 * `RPC_TIMEOUT`, `RPC_RATE_LIMITED`, `RPC_REFUSED`, `RPC_GARBAGE`, `RPC_WRONG_CHAIN`, `RPC_STALE`, `RPC_UNSUPPORTED`,
 * `RPC_REJECTED` and, when the signal aborts, `ABORTED`; `sendRawTransaction` also `RPC_NONCE_TOO_LOW`,
 * `RPC_UNDERPRICED` and `RPC_INSUFFICIENT_FUNDS`.
 *
 * @example
 * ```ts
 * const chain = jsonRpcChain({ id: 31337, name: 'local', url: 'http://127.0.0.1:8545' })
 * const block = await chain.block('latest')
 * ```
 */
export function jsonRpcChain(options: JsonRpcChainOptions): Chain {
  const { id, name, clock = systemClock } = options;
  requireNumber('id', id, 1);
  const manners = {
    chainId: id,
    timeoutMs: requireNumber('timeoutMs', options.timeoutMs ?? 10_000, 1),
    retries: requireNumber('retries', options.retries ?? 2, 0),
    backoffMs: requireNumber('backoffMs', options.backoffMs ?? 250, 0),
    maxBackoffMs: requireNumber('maxBackoffMs', options.maxBackoffMs ?? 4_000, 0),
    clock,
  };
  const client = rpcClient({ ...manners, transports: transportsOf(options) });
  const { submitUrls } = options;
  const submitter =
    submitUrls === undefined
      ? client
      : rpcClient({ ...manners, transports: httpTransports(submitUrls, 'submitUrls', options) });
  const checkFresh = freshness(options, clock);
  const blockCall = blockCalls(checkFresh);
  const read = batchedReads({
    chainId: id,
    client,
    multicall3: multicallOf(options),
    maxCalls: requireNumber('maxCallsPerRead', options.maxCallsPerRead ?? 500, 1),
    maxBytes: requireNumber('maxBytesPerRead', options.maxBytesPerRead ?? 131_072, 1),
    blockCall,
    checkFresh,
  });
  const block: Chain['block'] = async (tag, signal) => toBlock(await client.read(blockCall(tag), signal));

  return Object.freeze({
    id,
    name,
    block,
    read,
    simulate: simulator(client),
    code: (address, signal) =>
      client.read({ method: 'eth_getCode', params: [address, 'latest'], schema: hexSchema }, signal),
    balanceWei: (address, signal) =>
      client.read({ method: 'eth_getBalance', params: [address, 'latest'], schema: bigintSchema }, signal),
    fees: (signal) => readFees(client, signal),
    transactionCount: (address, tag, signal) =>
      client.read({ method: 'eth_getTransactionCount', params: [address, tag], schema: numberSchema }, signal),
    sendRawTransaction: (raw, signal) => sendRawTransaction(submitter, client, raw, signal),
    receipt: (txHash, signal) => readReceipt(client, txHash, signal),
    logs: (filter, signal) => readLogs(client, filter, async (inner) => (await block('latest', inner)).number, signal),
    requestCount: () => client.callCount() + (submitter === client ? 0 : submitter.callCount()),
  } satisfies Chain);
}

function transportsOf(options: JsonRpcChainOptions): readonly Transport[] {
  if (options.request !== undefined) return [eip1193Transport(options.request)];
  return options.urls === undefined
    ? httpTransports([options.url], undefined, options)
    : httpTransports(options.urls, 'urls', options);
}

/** @param list name of the option that holds the URLs; undefined for the single `url` */
function httpTransports(
  urls: readonly string[],
  list: string | undefined,
  { fetch = (url, init) => globalThis.fetch(url, init), maxResponseBytes }: JsonRpcChainOptions,
): readonly Transport[] {
  if (urls.length === 0) {
    throw new InvalidInputError(list ?? 'url', urls, 'is empty', 'Give the URL of at least one node.');
  }
  const limit = requireNumber('maxResponseBytes', maxResponseBytes ?? 33_554_432, 1);
  return urls.map((url, index) =>
    httpTransport(parseUrl(url, list === undefined ? 'url' : `${list}[${index}]`), fetch, limit),
  );
}

/** The refused value is not shown: what is mistyped may still hold a key. */
function parseUrl(text: string, field: string): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw new InvalidInputError(field, typeof text, 'is not a URL', 'Use http://host or https://host.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidInputError(field, url.protocol, 'has a scheme that is not HTTP', "Use the node's https:// URL.");
  }
  return url;
}

function multicallOf({ multicall3 = MULTICALL3_ADDRESS }: JsonRpcChainOptions): Address | null {
  if (multicall3 === null || v.is(addressSchema, multicall3)) return multicall3;
  throw new InvalidInputError('multicall3', multicall3, 'is not an address', 'Give 20 bytes of hex, or null.');
}

function requireNumber(field: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidInputError(field, value, `is not a whole number of at least ${least}`, 'Change the option.');
}

type CheckFresh = (block: { number: number; timeSeconds: number }, node: string) => void;

/** Remembers the highest block, so that a node that falls behind is noticed. */
function freshness(options: JsonRpcChainOptions, clock: Clock): CheckFresh {
  const { maxBlockAgeSeconds, maxReorgDepth = 256 } = options;
  let highest = 0;
  return ({ number, timeSeconds }, node) => {
    if (number < highest - maxReorgDepth) {
      throw new RpcStaleError(node, `it is at block ${number}, and block ${highest} was seen before`);
    }
    const age = Math.floor(clock.now() / 1000) - timeSeconds;
    if (maxBlockAgeSeconds !== undefined && age > maxBlockAgeSeconds) {
      throw new RpcStaleError(node, `its latest block ${number} is ${age} s old`);
    }
    highest = Math.max(highest, number);
  };
}

function blockCalls(checkFresh: CheckFresh): (tag: 'latest' | 'safe' | 'finalized' | number) => TypedCall<RawBlock> {
  return (tag) => ({
    method: 'eth_getBlockByNumber',
    params: [blockTag(tag), false],
    schema: blockSchema,
    missing: (node) => new RpcStaleError(node, `it does not know block ${tag}`),
    check: (block, node) => {
      if (tag === 'latest') checkFresh({ number: block.number, timeSeconds: block.timestamp }, node);
      else if (typeof tag === 'number' && block.number !== tag) {
        throw new RpcGarbageError(node, `block ${block.number} instead of block ${tag}`);
      }
    },
  });
}

function toBlock({ number, hash, parentHash, timestamp, baseFeePerGas = 0n }: RawBlock): Block {
  return Object.freeze({ number, hash, parentHash, timeSeconds: timestamp, baseFeeWei: baseFeePerGas });
}

/** Blocks and the percentile of their tips that stand in where the node has no opinion of its own. */
const FEE_HISTORY = ['0x5', 'latest', [50]] as const;

async function readFees(
  client: RpcClient,
  signal: AbortSignal | undefined,
): Promise<{ readonly baseFeeWei: bigint; readonly priorityFeeWei: bigint }> {
  const [history, tip] = await Promise.all([
    client.read({ method: 'eth_feeHistory', params: FEE_HISTORY, schema: feeHistorySchema }, signal),
    client
      .read({ method: 'eth_maxPriorityFeePerGas', params: [], schema: bigintSchema }, signal)
      .catch((error: unknown) => {
        if (error instanceof RpcUnsupportedError) return undefined;
        throw error;
      }),
  ]);
  const tips = (history.reward ?? []).flat().sort((a, b) => (a < b ? -1 : Number(a > b)));
  return Object.freeze({
    baseFeeWei: history.baseFeePerGas.at(-1)!,
    priorityFeeWei: tip ?? tips[Math.floor(tips.length / 2)] ?? 0n,
  });
}

async function readReceipt(client: RpcClient, txHash: Hex, signal: AbortSignal | undefined): Promise<Receipt | null> {
  const check = (receipt: RawReceipt | null, node: string): void => {
    if (receipt !== null && receipt.transactionHash.toLowerCase() !== txHash.toLowerCase()) {
      throw new RpcGarbageError(node, `the receipt of ${receipt.transactionHash} instead of ${txHash}`);
    }
  };
  const raw = await client.read(
    { method: 'eth_getTransactionReceipt', params: [txHash], schema: receiptSchema, check },
    signal,
  );
  if (raw === null) return null;
  return Object.freeze({
    txHash: raw.transactionHash,
    blockNumber: raw.blockNumber,
    blockHash: raw.blockHash,
    success: raw.status === 1,
    gasUsed: raw.gasUsed,
    effectiveGasPriceWei: raw.effectiveGasPrice,
    l1FeeWei: raw.l1Fee ?? 0n,
    logs: Object.freeze(raw.logs.map(toLog)),
  });
}

function toLog({ address, topics, data }: RawLog): LogEntry {
  return Object.freeze({ address, topics: Object.freeze(topics), data });
}

const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  sleep: (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal));
        return;
      }
      const timer = setTimeout(() => {
        ignoreAbort();
        resolve();
      }, milliseconds);
      const ignoreAbort = whenAborted(signal, () => {
        ignoreAbort();
        clearTimeout(timer);
        reject(abortError(signal!));
      });
    }),
});
