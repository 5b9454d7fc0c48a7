import type { Address, Chain, Hex, ReadBatch, ReadResult } from '@evenkeel/core';
import type { Interface, LogDescription, ParamType, Result } from 'ethers';
import * as v from 'valibot';
import { ContractUnreadableError } from './errors.js';

/** One typed view call. */
export interface ContractRead<T> {
  readonly to: Address;
  readonly data: Hex;
  decode(result: ReadResult, chainId: number): T;
}

/** A view function whose first output has to satisfy `schema`. Overloaded names need the full signature. */
export function contractRead<T>(
  abi: Interface,
  to: Address,
  signature: string,
  args: readonly unknown[],
  schema: v.GenericSchema<unknown, T>,
): ContractRead<T> {
  return {
    to,
    data: abi.encodeFunctionData(signature, args) as Hex,
    decode: (result, chainId) => {
      const value = result.success ? firstOutput(abi, signature, result.data) : undefined;
      const parsed = v.safeParse(schema, value);
      if (parsed.success) return parsed.output;
      throw new ContractUnreadableError(chainId, to, signature);
    },
  };
}

/** The same, for a function that not every deployed version has: `undefined` where it is missing. */
export function optionalRead<T>(read: ContractRead<T>): ContractRead<T | undefined> {
  return { ...read, decode: (result, chainId) => (hasAnswer(result) ? read.decode(result, chainId) : undefined) };
}

type Values<R extends readonly ContractRead<unknown>[]> = {
  readonly [K in keyof R]: R[K] extends ContractRead<infer T> ? T : never;
};

/**
 * Reads of one chain at one block, in one request.
 * @throws {ContractUnreadableError} when a contract reverts or answers something else than its ABI says.
 */
export async function readContracts<const R extends readonly ContractRead<unknown>[]>(
  chain: Chain,
  reads: R,
  signal: AbortSignal,
): Promise<{ readonly values: Values<R>; readonly block: ReadBatch['block'] }> {
  const batch = await chain.read(
    reads.map(({ to, data }) => ({ to, data })),
    signal,
  );
  const values = reads.map((read, index) => read.decode(batch.results[index]!, chain.id));
  return { values: values as Values<R>, block: batch.block };
}

/** The named arguments of a log when it is this event, checked by schema; else `undefined`. */
export function decodeEvent<T>(
  abi: Interface,
  event: string,
  log: { readonly topics: readonly Hex[]; readonly data: Hex },
  schema: v.GenericSchema<unknown, T>,
): T | undefined {
  const described = parseLog(abi, log);
  if (described?.name !== event) return undefined;
  const parsed = v.safeParse(schema, namedValues(described.fragment.inputs, described.args));
  return parsed.success ? parsed.output : undefined;
}

/** ethers' own `toObject` takes a list of one entry for a record. */
function namedValues(types: readonly ParamType[], values: Result): Record<string, unknown> {
  return Object.fromEntries(types.map((type, index) => [type.name, plainValue(type, values[index] as unknown)]));
}

function plainValue(type: ParamType, value: unknown): unknown {
  if (type.isTuple()) return namedValues(type.components, value as Result);
  return type.isArray() ? [...(value as Result)].map((item: unknown) => plainValue(type.arrayChildren, item)) : value;
}

/** A decoder that meets a foreign event of the same topic (other indexed fields) throws: that is not our event. */
function parseLog(abi: Interface, log: { readonly topics: readonly Hex[]; readonly data: Hex }): LogDescription | null {
  try {
    return abi.parseLog(log);
  } catch {
    return null;
  }
}

/** An account without code answers every call with success and nothing. */
function hasAnswer(result: ReadResult): boolean {
  return result.success && result.data !== '0x';
}

function firstOutput(abi: Interface, signature: string, data: Hex): unknown {
  try {
    return abi.decodeFunctionResult(signature, data)[0] as unknown;
  } catch {
    return undefined;
  }
}
