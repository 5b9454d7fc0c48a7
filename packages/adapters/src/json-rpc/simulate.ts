import * as v from 'valibot';
import type { Address, Hex, SimulatedCall, SimulatedResult, SimulationRequest, StateOverride } from '@evenkeel/core';
import {
  BATCH_EXECUTOR_CODE,
  decodeExecutorResults,
  encodeExecutorCalls,
  MOVED_CODE_ADDRESS,
} from './batch-executor.js';
import type { RpcClient, TypedCall } from './client.js';
import { RpcGarbageError, RpcRejectedError, RpcUnsupportedError } from './errors.js';
import { decodeRevert } from './revert.js';
import { hexSchema, type RawSimulatedCall, simulatedBlocksSchema } from './schemas.js';

export type Simulate = (request: SimulationRequest, signal?: AbortSignal) => Promise<readonly SimulatedResult[]>;

/**
 * Simulates by `eth_simulateV1`, and on nodes without it by one `eth_call` that lends the sender a batch executor's
 * code. The substitute has the same sender, origin, state and return data; it differs in that it knows no logs, that
 * while it runs the sender has code, and that gas is approximate: a later call finds warm what an earlier one touched.
 */
export function simulator(client: RpcClient): Simulate {
  let supported = true;
  return async (request, signal) => {
    if (request.calls.length === 0) return [];
    if (supported) {
      try {
        return await bySimulateV1(client, request, signal);
      } catch (error) {
        if (error instanceof RpcUnsupportedError) supported = false;
        // The node refuses the whole sequence when one call sends more than there is; the executor says which.
        else if (!(error instanceof RpcRejectedError && /insufficient/i.test(error.rpcMessage))) throw error;
      }
    }
    return byExecutor(client, request, signal);
  };
}

async function bySimulateV1(
  client: RpcClient,
  request: SimulationRequest,
  signal: AbortSignal | undefined,
): Promise<readonly SimulatedResult[]> {
  const calls = request.calls.map((call) => ({
    from: request.from,
    to: call.to,
    input: call.data,
    value: quantity(call.valueWei),
    ...(call.gasLimit === undefined ? {} : { gas: quantity(call.gasLimit) }),
  }));
  const block = { calls, stateOverrides: rpcOverrides(request.overrides ?? {}) };
  const call: TypedCall<{ readonly calls: RawSimulatedCall[] }[]> = {
    method: 'eth_simulateV1',
    params: [{ blockStateCalls: [block], validation: false, traceTransfers: false }, 'latest'],
    schema: simulatedBlocksSchema,
    check: (blocks, node) => assertCount(blocks[0]!.calls.length, calls.length, node),
  };
  const [simulated] = await client.read(call, signal);
  return Object.freeze(simulated!.calls.map((raw, index) => fromSimulateV1(raw, request.calls[index]!)));
}

function fromSimulateV1(raw: RawSimulatedCall, call: SimulatedCall): SimulatedResult {
  const success = raw.status === 1;
  const told = v.safeParse(hexSchema, raw.error?.data);
  const data = !success && raw.returnData === '0x' && told.success ? told.output : raw.returnData;
  return Object.freeze({
    success,
    data,
    gasUsed: raw.gasUsed,
    logs: Object.freeze((success ? (raw.logs ?? []) : []).map((log) => Object.freeze(log))),
    ...(success ? {} : { error: failure(data, call, raw.error?.message) }),
  });
}

async function byExecutor(
  client: RpcClient,
  request: SimulationRequest,
  signal: AbortSignal | undefined,
): Promise<readonly SimulatedResult[]> {
  const { from, calls } = request;
  const own = overrideOf(request.overrides ?? {}, from);
  const code = own?.code ?? (await client.read(codeCall(from), signal));
  const others = Object.entries(request.overrides ?? {}).filter(([address]) => !same(address, from));
  const overrides = rpcOverrides({
    ...Object.fromEntries(others),
    [from]: { ...own, code: BATCH_EXECUTOR_CODE },
    ...(code === '0x' ? {} : { [MOVED_CODE_ADDRESS]: { code } }),
  });
  const data = await client.read(
    {
      method: 'eth_call',
      params: [{ from, to: from, data: encodeExecutorCalls(calls) }, 'latest', overrides],
      schema: hexSchema,
      check: (answer: Hex, node: string) =>
        assertCount(decodeExecutorResults(answer, calls.length)?.length ?? -1, calls.length, node),
    },
    signal,
  );
  const results = decodeExecutorResults(data, calls.length)!;
  return Object.freeze(
    results.map((result, index) => {
      const call = calls[index]!;
      return Object.freeze({
        success: result.success,
        data: result.data,
        gasUsed: result.gasUsed + intrinsicGas(call.data),
        logs: Object.freeze([]),
        ...(result.success ? {} : { error: failure(result.data, call, undefined) }),
      });
    }),
  );
}

function failure(data: Hex, call: SimulatedCall, told: string | undefined): string {
  if (data !== '0x') return decodeRevert(data);
  if (told !== undefined && !/^execution (failed|reverted)$/i.test(told)) return told;
  const unpaid = call.valueWei > 0n ? `, or the sender does not have the ${call.valueWei} wei that it sends` : '';
  return `${decodeRevert(data)}${unpaid}`;
}

/** What a transaction costs before its first instruction: 21,000 and 4 or 16 a byte (EIP-2028). */
function intrinsicGas(data: Hex): bigint {
  let gas = 21_000n;
  for (let at = 2; at < data.length; at += 2) gas += data.slice(at, at + 2) === '00' ? 4n : 16n;
  return gas;
}

function rpcOverrides(overrides: Readonly<Record<Address, StateOverride>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(overrides).map(([address, { balanceWei, code, storage }]) => [
      address,
      {
        ...(balanceWei === undefined ? {} : { balance: quantity(balanceWei) }),
        ...(code === undefined ? {} : { code }),
        ...(storage === undefined ? {} : { stateDiff: storage }),
      },
    ]),
  );
}

function overrideOf(overrides: Readonly<Record<Address, StateOverride>>, of: Address): StateOverride | undefined {
  return Object.entries(overrides).find(([address]) => same(address, of))?.[1];
}

function codeCall(address: Address): TypedCall<Hex> {
  return { method: 'eth_getCode', params: [address, 'latest'], schema: hexSchema };
}

function assertCount(got: number, expected: number, node: string): void {
  if (got !== expected) throw new RpcGarbageError(node, `not the results of the ${expected} simulated calls`);
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
