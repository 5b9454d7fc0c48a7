import type { Address, Hex, ReadBatch, ReadCall, ReadResult } from '@evenkeel/core';
import type { RpcClient, TypedCall } from './client.js';
import { RpcGarbageError, RpcRejectedError, RpcWrongChainError, abortError } from './errors.js';
import { decodeAggregate, encodeAggregate } from './multicall.js';
import { hexSchema, type RawBlock } from './schemas.js';
import { whenAborted } from './when-aborted.js';

export interface ReaderOptions {
  readonly chainId: number;
  readonly client: RpcClient;
  /** `null`: the chain has no Multicall3. */
  readonly multicall3: Address | null;
  readonly maxCalls: number;
  readonly maxBytes: number;
  /** The block as `eth_getBlockByNumber` has it. */
  readonly blockCall: (tag: 'latest' | number) => TypedCall<RawBlock>;
  /** Throws when the block is older than it may be. */
  readonly checkFresh: (block: { number: number; timeSeconds: number }, node: string) => void;
}

export type Read = (calls: readonly ReadCall[], signal?: AbortSignal) => Promise<ReadBatch>;

interface Waiter {
  readonly calls: readonly ReadCall[];
  readonly resolve: (batch: ReadBatch) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  gone: boolean;
}

/** Joins all reads of one turn of the event loop into one batch at one block. */
export function batchedReads(options: ReaderOptions): Read {
  const readTogether = reader(options);
  let waiting: Waiter[] = [];

  const flush = async (): Promise<void> => {
    const waiters = waiting.filter((waiter) => !waiter.gone);
    waiting = [];
    if (waiters.length === 0) return;
    // The shared request goes on as long as anybody still wants its answer.
    const controller = new AbortController();
    const onAbort = (): void => {
      if (waiters.every((waiter) => waiter.gone)) controller.abort();
    };
    const stops = waiters.map(({ signal }) => whenAborted(signal, onAbort));
    try {
      const calls = waiters.flatMap((waiter) => waiter.calls);
      const { block, results } = await readTogether(calls, controller.signal);
      let start = 0;
      for (const { calls: own, resolve } of waiters) {
        resolve(Object.freeze({ block, results: Object.freeze(results.slice(start, start + own.length)) }));
        start += own.length;
      }
    } catch (error) {
      for (const waiter of waiters) waiter.reject(error as Error);
    } finally {
      for (const stop of stops) stop();
    }
  };

  return (calls, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal));
        return;
      }
      const stop = whenAborted(signal, () => {
        waiter.gone = true;
        waiter.reject(abortError(signal!));
      });
      const waiter: Waiter = {
        calls: [...calls],
        resolve: (batch) => {
          stop();
          resolve(batch);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
        signal,
        gone: false,
      };
      waiting.push(waiter);
      if (waiting.length === 1) nextTurn(() => void flush());
    });
}

/** Runs once the current turn is over, all its microtasks included. */
function nextTurn(task: () => void): void {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  if (immediate === undefined) setTimeout(task, 0);
  else immediate(task);
}

function reader(options: ReaderOptions): (calls: readonly ReadCall[], signal: AbortSignal) => Promise<ReadBatch> {
  let multicall3 = options.multicall3;
  const baseFees = lastBaseFee(options);

  return async (calls, signal) => {
    if (multicall3 !== null) {
      const batch = await throughMulticall(options, multicall3, calls, baseFees, signal);
      if (batch !== undefined) return batch;
      multicall3 = null;
    }
    return throughBatches(options, calls, signal);
  };
}

/** `undefined` when there is no code at the address of Multicall3. */
async function throughMulticall(
  options: ReaderOptions,
  multicall3: Address,
  calls: readonly ReadCall[],
  baseFee: (number: number, signal: AbortSignal) => Promise<bigint>,
  signal: AbortSignal,
): Promise<ReadBatch | undefined> {
  const [first = [], ...rest] = chunks(calls, options.maxCalls, options.maxBytes);
  const head = await aggregate(options, multicall3, first, 'latest', signal);
  if (head === undefined) return undefined;
  const number = Number(head.block.number);
  // What does not fit is read at the number of the first part, so that all of it saw one block.
  const tails = await Promise.all(rest.map((part) => aggregate(options, multicall3, part, number, signal)));
  const results = [head, ...tails].flatMap((part) => part?.results ?? []);
  const { baseFeeWei, timeSeconds } = head.block;
  return {
    results,
    block: Object.freeze({
      number,
      timeSeconds: Number(timeSeconds),
      baseFeeWei: baseFeeWei > 0n ? baseFeeWei : await baseFee(number, signal),
    }),
  };
}

type Aggregate = NonNullable<ReturnType<typeof decodeAggregate>>;

async function aggregate(
  options: ReaderOptions,
  multicall3: Address,
  calls: readonly ReadCall[],
  tag: 'latest' | number,
  signal: AbortSignal,
): Promise<Aggregate | undefined> {
  const decode = (data: Hex, node: string): Aggregate => {
    const decoded = decodeAggregate(data, calls.length);
    if (decoded === undefined) throw new RpcGarbageError(node, 'Multicall3 returned something that it cannot return');
    return decoded;
  };
  const check = (data: Hex, node: string): void => {
    if (data === '0x') return;
    const { block } = decode(data, node);
    const { chainId, number, timeSeconds } = block;
    if (chainId !== BigInt(options.chainId)) throw new RpcWrongChainError(node, options.chainId, Number(chainId));
    if (tag === 'latest') options.checkFresh({ number: Number(number), timeSeconds: Number(timeSeconds) }, node);
    else if (number !== BigInt(tag)) throw new RpcGarbageError(node, `block ${number} instead of block ${tag}`);
  };
  const call = ethCall({ to: multicall3, data: encodeAggregate(multicall3, options.chainId, calls) }, blockTag(tag));
  try {
    const data = await options.client.read({ ...call, check }, signal);
    return data === '0x' ? undefined : decode(data, 'of the last answer');
  } catch (error) {
    if (calls.length < 2 || !isTooMuch(error)) throw error;
  }
  // The node finds it too much to do at once: halve it, at the block that the first half saw.
  const middle = Math.ceil(calls.length / 2);
  const left = await aggregate(options, multicall3, calls.slice(0, middle), tag, signal);
  if (left === undefined) return undefined;
  const right = await aggregate(options, multicall3, calls.slice(middle), Number(left.block.number), signal);
  return right && { block: left.block, results: [...left.results, ...right.results] };
}

function isTooMuch(error: unknown): boolean {
  return error instanceof RpcRejectedError && /gas|too large|too big|limit|size|timeout/i.test(error.rpcMessage);
}

/** Most nodes take at least this many calls in one JSON-RPC batch. */
const RPC_BATCH = 100;

/** Without Multicall3: the block first, then JSON-RPC batches of calls at its hash (EIP-1898). */
async function throughBatches(
  options: ReaderOptions,
  calls: readonly ReadCall[],
  signal: AbortSignal,
): Promise<ReadBatch> {
  const block = await options.client.read(options.blockCall('latest'), signal);
  const at = { blockHash: block.hash };
  const parts = chunks(calls, Math.min(options.maxCalls, RPC_BATCH), options.maxBytes);
  const outcomes = await Promise.all(
    parts.map((part) =>
      options.client.readAll(
        part.map((call) => ethCall(call, at)),
        signal,
      ),
    ),
  );
  const results = outcomes.flat().map((outcome): ReadResult => {
    if (outcome.ok) return Object.freeze({ success: true, data: outcome.result });
    if (!isRevert(outcome.error)) throw outcome.error;
    return Object.freeze({ success: false, data: outcome.error.data ?? '0x' });
  });
  return {
    results,
    block: Object.freeze({
      number: block.number,
      timeSeconds: block.timestamp,
      baseFeeWei: block.baseFeePerGas ?? 0n,
    }),
  };
}

/** A call that the EVM ended, in contrast to one that the node did not want to run. */
function isRevert(error: RpcRejectedError): boolean {
  return error.rpcCode === 3 || /revert|invalid opcode|out of gas|stack|invalid jump/i.test(error.rpcMessage);
}

function ethCall(call: ReadCall, block: string | { readonly blockHash: Hex }): TypedCall<Hex> {
  return { method: 'eth_call', params: [{ to: call.to, data: call.data }, block], schema: hexSchema };
}

export function blockTag(tag: string | number): string {
  return typeof tag === 'number' ? `0x${tag.toString(16)}` : tag;
}

/** Asks for the block itself where the batch could not see its base fee; one question a block. */
function lastBaseFee(options: ReaderOptions): (number: number, signal: AbortSignal) => Promise<bigint> {
  let known: { readonly number: number; readonly baseFeeWei: bigint } | undefined;
  return async (number, signal) => {
    if (known?.number !== number) {
      const block = await options.client.read(options.blockCall(number), signal);
      known = { number, baseFeeWei: block.baseFeePerGas ?? 0n };
    }
    return known.baseFeeWei;
  };
}

/** Consecutive parts, each within both limits; a single call above `maxBytes` still makes a part of its own. */
function chunks(calls: readonly ReadCall[], maxCalls: number, maxBytes: number): readonly ReadCall[][] {
  const parts: ReadCall[][] = [];
  let bytes = 0;
  for (const call of calls) {
    const size = (call.data.length - 2) / 2;
    const last = parts.at(-1);
    if (last === undefined || last.length >= maxCalls || bytes + size > maxBytes) {
      parts.push([call]);
      bytes = size;
    } else {
      last.push(call);
      bytes += size;
    }
  }
  return parts;
}
