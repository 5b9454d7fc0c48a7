import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { type Address, type Hex, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { type Endpoint, endpoint, type Fetch } from '../rpc/endpoint.js';
import { RelayRejectedError, RelayWrongChainError } from '../rpc/errors.js';
import { addressSchema, chainIdSchema, hashSchema, quantitySchema } from '../rpc/schemas.js';
import type { EntryPoint } from './entry-point.js';
import { RelayContradictsError, RelayEntryPointUnsupportedError } from './errors.js';
import { userOperationHash } from './hash.js';
import { toRpcOperation } from './rpc-form.js';
import type { UserOperation } from './user-operation.js';
import { refusalError } from './refusal.js';

export interface BundlerOptions {
  readonly chainId: number;
  /** In the order in which they are asked. */
  readonly urls: readonly string[];
  /** For one request to one of them. Default: 10,000. */
  readonly timeoutMs?: number;
  readonly fetch?: Fetch;
}

/** Units of gas; what a bundler claims that an operation needs. */
export interface OperationGas {
  readonly preVerificationGas: bigint;
  readonly verificationGasLimit: bigint;
  readonly callGasLimit: bigint;
  readonly paymasterVerificationGasLimit?: bigint | undefined;
  readonly paymasterPostOpGasLimit?: bigint | undefined;
}

/** Bundlers of one chain (ERC-7769). What they say is a claim; see `userOperationSubmission` for how it is checked. */
export interface Bundler {
  readonly chainId: number;
  /** Entry points that the first bundler that answers serves. */
  supportedEntryPoints(signal?: AbortSignal): Promise<readonly Address[]>;
  estimate(operation: UserOperation, entryPoint: EntryPoint, signal?: AbortSignal): Promise<OperationGas>;
  /** Offers an operation to one bundler after the other until one takes it. "Already known" is success. */
  send(operation: UserOperation, entryPoint: EntryPoint, signal?: AbortSignal): Promise<Hex>;
  /** The transaction that is said to hold the operation; null when no bundler names one. */
  inclusion(hash: Hex, signal?: AbortSignal): Promise<{ readonly txHash: Hex; readonly label: string } | null>;
}

const KNOWN = /already[ _]?(known|exists|in (the )?mempool|present)|known user ?op|duplicate/i;

const gasSchema: v.GenericSchema<unknown, OperationGas> = v.object({
  preVerificationGas: quantitySchema,
  verificationGasLimit: quantitySchema,
  callGasLimit: quantitySchema,
  paymasterVerificationGasLimit: v.optional(quantitySchema),
  paymasterPostOpGasLimit: v.optional(quantitySchema),
});

const receiptSchema = v.nullable(
  v.object({ userOpHash: hashSchema, receipt: v.object({ transactionHash: hashSchema }) }),
);

/**
 * A client of one or several bundlers of a chain. Each is first asked for its chain and for the entry point; one that
 * fails, hangs or refuses is passed over for the next.
 *
 * @throws INVALID_INPUT for no or bad URLs. Its methods throw RELAY_* errors, and for what an entry point or a bundler
 * refuses OPERATION_*, PAYMASTER_* and ACCOUNT_NOT_DEPLOYED.
 *
 * @example
 * ```ts
 * const bundler = bundlerClient({ chainId: 1, urls: ['https://bundler.example/rpc', 'https://other.example'] })
 * ```
 */
export function bundlerClient({ chainId, urls, ...options }: BundlerOptions): Bundler {
  if (urls.length === 0) {
    throw new InvalidInputError('urls', urls, 'is empty', 'Give the URL of at least one bundler.');
  }
  const nodes = urls.map((url) => node(endpoint({ kind: 'bundler', url, ...options }), chainId));
  return Object.freeze<Bundler>({
    chainId,
    supportedEntryPoints: (signal) => first(nodes, signal, (each) => each.entryPoints(signal)),
    estimate: (operation, point, signal) =>
      first(nodes, signal, async (each) => {
        await each.prove(point, signal);
        return each.ask('eth_estimateUserOperationGas', operation, point, gasSchema, signal);
      }),
    send: (operation, point, signal) => {
      const hash = userOperationHash(operation, point, chainId);
      return first(nodes, signal, async (each) => {
        await each.prove(point, signal);
        const answer = await each
          .ask('eth_sendUserOperation', operation, point, hashSchema, signal)
          .catch((error: unknown) => {
            if (error instanceof RelayRejectedError && KNOWN.test(error.rpcMessage)) return hash;
            throw error;
          });
        if (answer.toLowerCase() === hash) return hash;
        throw new RelayContradictsError(each.endpoint.label, `it names the operation ${answer} instead of ${hash}`);
      });
    },
    inclusion: async (hash, signal) => {
      // A bundler that does not know an operation may be one that never got it: only a word of inclusion ends the search.
      let silence: unknown;
      let isAnswered = false;
      for (const { endpoint: each } of nodes) {
        try {
          const found = await each.request('eth_getUserOperationReceipt', [hash], receiptSchema, signal);
          isAnswered = true;
          if (found !== null && found.userOpHash.toLowerCase() === hash.toLowerCase()) {
            return { txHash: found.receipt.transactionHash, label: each.label };
          }
        } catch (error) {
          if (signal?.aborted) throw error;
          silence ??= error;
        }
      }
      if (!isAnswered) throw silence;
      return null;
    },
  });
}

interface BundlerNode {
  readonly endpoint: Endpoint;
  entryPoints(signal?: AbortSignal): Promise<readonly Address[]>;
  /** @throws RELAY_WRONG_CHAIN, RELAY_ENTRY_POINT_UNSUPPORTED */
  prove(entryPoint: EntryPoint, signal?: AbortSignal): Promise<void>;
  ask<T>(
    method: string,
    operation: UserOperation,
    entryPoint: EntryPoint,
    schema: v.GenericSchema<unknown, T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

function node(own: Endpoint, chainId: number): BundlerNode {
  const proven = new Set<Address>();
  const entryPoints = (signal?: AbortSignal): Promise<readonly Address[]> =>
    own.request('eth_supportedEntryPoints', [], v.array(addressSchema), signal);
  return {
    endpoint: own,
    entryPoints,
    prove: async ({ address }, signal) => {
      if (proven.has(address)) return;
      const actual = await own.request('eth_chainId', [], chainIdSchema, signal);
      if (actual !== chainId) throw new RelayWrongChainError(own.kind, own.label, chainId, actual);
      const supported = await entryPoints(signal);
      if (!supported.some((each) => sameAddress(each, address))) {
        throw new RelayEntryPointUnsupportedError(own.label, address, supported);
      }
      proven.add(address);
    },
    ask: (method, operation, { address }, schema, signal) =>
      own.request(method, [toRpcOperation(operation), address], schema, signal),
  };
}

/**
 * The first that succeeds. Else the refusal of one that understood, in the terms of the entry point: it says most;
 * without any the first error.
 */
async function first<T>(
  nodes: readonly BundlerNode[],
  signal: AbortSignal | undefined,
  task: (node: BundlerNode) => Promise<T>,
): Promise<T> {
  const errors: EvenkeelError[] = [];
  for (const each of nodes) {
    try {
      return await task(each);
    } catch (error) {
      if (signal?.aborted || !(error instanceof EvenkeelError)) throw error;
      errors.push(error);
    }
  }
  const rejection = errors.find((error) => error instanceof RelayRejectedError);
  if (rejection === undefined) throw errors[0]!;
  throw refusalError({ message: rejection.rpcMessage, rpcCode: rejection.rpcCode }) ?? rejection;
}
