import type { Address, Chain, Hex, ReadBatch, ReadCall, ReadResult } from '@evenkeel/core';
import type { Interface, Result } from 'ethers';
import * as v from 'valibot';
import { EvenkeelError } from '@evenkeel/intents';
import { ContractUnreadableError } from '../common/errors.js';
import { firstIssue } from '../common/schemas.js';

/** View calls that together make one value. Reads compose, so that all that is wanted at once travels at once. */
export interface Read<T> {
  readonly calls: readonly ReadCall[];
  /** @throws {ContractUnreadableError} */
  decode(results: readonly ReadResult[], chainId: number): T;
}

/**
 * One view call. All of its outputs, as an array, have to satisfy `schema`; the answer must be the canonical encoding of
 * what was decoded, so that words too large for their type are refused, not truncated.
 */
export function viewCall<T>(
  abi: Interface,
  name: string,
  to: Address,
  args: readonly unknown[],
  schema: v.GenericSchema<unknown, T>,
): Read<T> {
  return {
    calls: [{ to, data: abi.encodeFunctionData(name, args) as Hex }],
    decode: ([result], chainId) => {
      if (result?.success !== true) throw unreadable(chainId, to, name, 'the call reverted');
      const outputs = decodeCanonical(abi, name, result.data);
      if (outputs === undefined)
        throw unreadable(chainId, to, name, `${result.data.length / 2 - 1} bytes of something else`);
      const parsed = v.safeParse(schema, outputs.toArray(true));
      if (!parsed.success) throw unreadable(chainId, to, name, firstIssue(parsed.issues));
      return parsed.output;
    },
  };
}

/** Several reads as one, in order. */
export function allOf<T>(reads: readonly Read<T>[]): Read<readonly T[]> {
  return {
    calls: reads.flatMap((read) => read.calls),
    decode: (results, chainId) => {
      let start = 0;
      return reads.map((read) => {
        const own = results.slice(start, (start += read.calls.length));
        return read.decode(own, chainId);
      });
    },
  };
}

/** Several reads as one, by name. */
export function structOf<T extends Readonly<Record<string, unknown>>>(reads: {
  readonly [K in keyof T]: Read<T[K]>;
}): Read<T> {
  const names = Object.keys(reads);
  const all = allOf<unknown>(names.map((name) => reads[name]!));
  return {
    calls: all.calls,
    decode: (results, chainId) => {
      const values = all.decode(results, chainId);
      return Object.fromEntries(names.map((name, index) => [name, values[index]])) as T;
    },
  };
}

/** The same read with its value turned into another. */
export function mapRead<A, B>(read: Read<A>, turn: (value: A) => B): Read<B> {
  return { calls: read.calls, decode: (results, chainId) => turn(read.decode(results, chainId)) };
}

/** Asks in this turn of the event loop: whoever else reads the chain in it shares the request. */
export async function runRead<T>(
  chain: Chain,
  read: Read<T>,
  signal: AbortSignal,
): Promise<{ readonly value: T; readonly block: ReadBatch['block'] }> {
  const batch = await chain.read(read.calls, signal);
  return { value: read.decode(batch.results, chain.id), block: batch.block };
}

function decodeCanonical(abi: Interface, name: string, data: Hex): Result | undefined {
  try {
    const outputs = abi.decodeFunctionResult(name, data);
    return abi.encodeFunctionResult(name, outputs.toArray(true)) === data.toLowerCase() ? outputs : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(chainId: number, address: Address, what: string, problem: string): ContractUnreadableError {
  return new ContractUnreadableError(chainId, address, what, { details: { problem } });
}

/** The same read where the contract may revert, which gives `undefined`. For single calls. */
export function optionalRead<T>(read: Read<T>): Read<T | undefined> {
  return {
    calls: read.calls,
    decode: (results, chainId) => (results[0]?.success === false ? undefined : read.decode(results, chainId)),
  };
}

/** What a read came to: its value, or why there is none. */
export type Settled<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'unreadable'; readonly reason: string };

/** The same read where what cannot be read shall not take the rest of the batch with it. */
export function settledRead<T>(read: Read<T>): Read<Settled<T>> {
  return {
    calls: read.calls,
    decode: (results, chainId) => {
      try {
        return { kind: 'value', value: read.decode(results, chainId) };
      } catch (error) {
        if (error instanceof EvenkeelError) return { kind: 'unreadable', reason: error.message };
        throw error;
      }
    },
  };
}
