import * as v from 'valibot';
import { EvenkeelError } from '@evenkeel/intents';
import type { Clock } from '@evenkeel/core';
import { withDeadline } from './deadline.js';
import {
  abortError,
  RpcGarbageError,
  RpcRateLimitedError,
  RpcRejectedError,
  RpcTimeoutError,
  RpcUnsupportedError,
  RpcWrongChainError,
} from './errors.js';
import { numberSchema } from './schemas.js';
import type { RpcAnswer, RpcCall, Transport } from './transport.js';

/** A JSON-RPC call together with what its result has to look like. */
export interface TypedCall<T> extends RpcCall {
  readonly schema: v.GenericSchema<unknown, T>;
  /** Looks at a result that has the right shape; throws when it cannot be true. `node` is for the message. */
  readonly check?: (result: T, node: string) => void;
  /** What null means where it has a meaning of its own. */
  readonly missing?: (node: string) => EvenkeelError;
}

export type Outcome<T> =
  { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: RpcRejectedError };

/** Calls to one chain over several nodes. */
export interface RpcClient {
  /** A read: it may be repeated, on this node and on others. */
  read<T>(call: TypedCall<T>, signal?: AbortSignal): Promise<T>;
  /** Reads that travel together to one node. What the node rejects is an outcome, all else is thrown. */
  readAll<T>(calls: readonly TypedCall<T>[], signal?: AbortSignal): Promise<readonly Outcome<T>[]>;
  /** An idempotent write: offered once to each node until one takes or rejects it, never repeated by a timer. */
  write<T>(call: TypedCall<T>, signal?: AbortSignal): Promise<T>;
  /** JSON-RPC calls made so far; each member of a batch counts, and so does each repetition. */
  callCount(): number;
}

export interface ClientOptions {
  readonly chainId: number;
  readonly transports: readonly Transport[];
  readonly timeoutMs: number;
  /** Further rounds over all nodes after the first has failed; reads only. */
  readonly retries: number;
  /** First pause between rounds; doubles each time. */
  readonly backoffMs: number;
  /** A pause longer than this is not made: the error goes to the caller, who knows better what to do meanwhile. */
  readonly maxBackoffMs: number;
  readonly clock: Clock;
}

interface Node {
  readonly transport: Transport;
  /** A node that turned out to serve another chain when it was first asked is never asked again. */
  chain: 'unknown' | 'right' | RpcWrongChainError;
  /** Unix milliseconds until which its chain id need not be asked again; a failure ends that at once. */
  provenUntil: number;
  failures: number;
  /** Unix milliseconds until which other nodes go first. */
  restsUntil: number;
}

/** How long a node that failed goes behind the others, times the number of failures in a row. */
const REST_MS = 5_000;
const LONGEST_REST_MS = 60_000;
/** A node that never fails is asked for its chain id so often all the same. */
const PROOF_MS = 300_000;

type Kind = 'read' | 'write';

const chainIdCall: TypedCall<number> = { method: 'eth_chainId', params: [], schema: numberSchema };

/** Fallback over nodes in their given order, with a memory of who failed. */
export function rpcClient(options: ClientOptions): RpcClient {
  const { chainId, clock, timeoutMs } = options;
  const nodes: readonly Node[] = options.transports.map((transport) => ({
    transport,
    chain: 'unknown',
    provenUntil: 0,
    failures: 0,
    restsUntil: 0,
  }));
  let count = 0;

  const exchange = async (
    node: Node,
    calls: readonly RpcCall[],
    signal?: AbortSignal,
  ): Promise<readonly RpcAnswer[]> => {
    count += calls.length;
    const { label } = node.transport;
    const timedOut = (): EvenkeelError => new RpcTimeoutError(label, calls[0]!.method, timeoutMs);
    return withDeadline((inner) => node.transport.exchange(calls, inner), timeoutMs, timedOut, signal);
  };

  const isProven = (node: Node): boolean => node.chain === 'right' && clock.now() < node.provenUntil;

  const acceptProof = (node: Node, answer: RpcAnswer): void => {
    const { label } = node.transport;
    const outcome = settle(chainIdCall, answer, label);
    if (!outcome.ok) throw outcome.error;
    if (outcome.result === chainId) {
      node.chain = 'right';
      node.provenUntil = clock.now() + PROOF_MS;
      return;
    }
    const error = new RpcWrongChainError(label, chainId, outcome.result);
    if (node.chain === 'unknown') node.chain = error;
    throw error;
  };

  /**
   * Asks a node, and for its chain id where that is not proven: whoever has failed may come back as somebody else. The first
   * time, and before a write, the question goes ahead; later it travels along, and where the answer is wrong none of the
   * others is believed.
   */
  const askProven = async (
    node: Node,
    calls: readonly RpcCall[],
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<readonly RpcAnswer[]> => {
    if (isProven(node)) return exchange(node, calls, signal);
    if (node.chain === 'right' && kind === 'read') {
      const [proof, ...answers] = await exchange(node, [chainIdCall, ...calls], signal);
      acceptProof(node, proof!);
      return answers;
    }
    const [proof] = await exchange(node, [chainIdCall], signal);
    acceptProof(node, proof!);
    return exchange(node, calls, signal);
  };

  const askOne = async <T>(
    node: Node,
    calls: readonly TypedCall<T>[],
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<readonly Outcome<T>[]> => {
    if (node.chain instanceof RpcWrongChainError) throw node.chain;
    try {
      const answers = await askProven(node, calls, kind, signal);
      const outcomes = calls.map((call, index) => settle(call, answers[index]!, node.transport.label));
      node.failures = 0;
      node.restsUntil = 0;
      return outcomes;
    } catch (error) {
      // A missing method is no sickness of the node, and neither is a caller who gave up.
      if (!(error instanceof RpcUnsupportedError) && signal?.aborted !== true) {
        node.failures += 1;
        // Whoever says that it is too much is still the same.
        if (!(error instanceof RpcRateLimitedError)) node.provenUntil = 0;
        node.restsUntil = clock.now() + Math.min(REST_MS * node.failures, LONGEST_REST_MS);
      }
      throw error;
    }
  };

  /** Every node once, the rested ones first. Throws the first node's error: it is the one that the user prefers. */
  const round = async <T>(
    calls: readonly TypedCall<T>[],
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<readonly Outcome<T>[]> => {
    const now = clock.now();
    const order = [...nodes].sort((a, b) => Number(a.restsUntil > now) - Number(b.restsUntil > now));
    const errors: EvenkeelError[] = [];
    for (const node of order) {
      try {
        return await askOne(node, calls, kind, signal);
      } catch (error) {
        if (signal?.aborted) throw abortError(signal);
        if (!(error instanceof EvenkeelError)) throw error;
        errors.push(error);
      }
    }
    throw errors.find((error) => error.retryable) ?? errors[0]!;
  };

  const pauseMs = (error: EvenkeelError, attempt: number): number => {
    const asked = error instanceof RpcRateLimitedError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(asked, options.backoffMs * 2 ** attempt);
  };

  const readAll = async <T>(calls: readonly TypedCall<T>[], signal?: AbortSignal): Promise<readonly Outcome<T>[]> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await round(calls, 'read', signal);
      } catch (error) {
        if (!(error instanceof EvenkeelError) || !error.retryable || signal?.aborted) throw error;
        const pause = pauseMs(error, attempt);
        if (attempt >= options.retries || pause > options.maxBackoffMs) throw error;
        await clock.sleep(pause, signal).catch((reason: unknown) => {
          throw signal?.aborted ? abortError(signal) : reason;
        });
      }
    }
  };

  return {
    readAll,
    read: async (call, signal) => only(await readAll([call], signal)),
    write: async (call, signal) => only(await round([call], 'write', signal)),
    callCount: () => count,
  };
}

function only<T>(outcomes: readonly Outcome<T>[]): T {
  const outcome = outcomes[0]!;
  if (!outcome.ok) throw outcome.error;
  return outcome.result;
}

function settle<T>(call: TypedCall<T>, answer: RpcAnswer, node: string): Outcome<T> {
  if (!answer.ok) {
    if (answer.error instanceof RpcRejectedError) return { ok: false, error: answer.error };
    throw answer.error;
  }
  if (answer.result === null && call.missing !== undefined) throw call.missing(node);
  const parsed = v.safeParse(call.schema, answer.result);
  if (!parsed.success) throw new RpcGarbageError(node, shapeProblem(call, parsed.issues[0], answer.result));
  call.check?.(parsed.output, node);
  return { ok: true, result: parsed.output };
}

function shapeProblem(call: RpcCall, issue: v.BaseIssue<unknown>, result: unknown): string {
  if (result === null) return `null as the result of ${call.method}`;
  const path = v.getDotPath(issue);
  return `the result of ${call.method}${path === null ? '' : ` at ${path}`}: ${issue.message}`;
}
