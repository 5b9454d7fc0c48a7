import type { Address, Hex } from '@evenkeel/core';
import * as v from 'valibot';
import { endpoint, type Fetch } from '../rpc/endpoint.js';
import { RelayRejectedError } from '../rpc/errors.js';
import { addressSchema, hexSchema, quantitySchema, toQuantity } from '../rpc/schemas.js';
import type { EntryPoint } from './entry-point.js';
import { PaymasterRefusedError } from './errors.js';
import { toRpcOperation } from './rpc-form.js';
import type { PaymasterData, UserOperation } from './user-operation.js';

/** What stands in for the final paymaster data while gas is estimated. */
export interface PaymasterStub extends PaymasterData {
  /** The stub is good to be sent as it is. */
  readonly isFinal: boolean;
}

/** Who pays for operations on one chain. */
export interface Paymaster {
  /** Of the same length as the final data, so that an estimate with it holds. */
  stub(operation: UserOperation, entryPoint: EntryPoint, chainId: number, signal?: AbortSignal): Promise<PaymasterStub>;
  /** For an operation whose gas and fees are final. `limits` are kept. */
  data(
    operation: UserOperation & { readonly paymaster: PaymasterData },
    entryPoint: EntryPoint,
    chainId: number,
    signal?: AbortSignal,
  ): Promise<PaymasterData>;
}

export interface PaymasterServiceOptions {
  readonly url: string;
  /** What the service wants to know: a policy id, the token to be paid in. Passed on as it is. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
  readonly fetch?: Fetch;
}

/** Where neither service nor bundler say how much gas a paymaster needs. Units. */
const DEFAULT_VERIFICATION_GAS = 150_000n;
const DEFAULT_POST_OP_GAS = 100_000n;

const dataFields = { paymaster: addressSchema, paymasterData: hexSchema };
const stubSchema: v.GenericSchema<unknown, RawStub> = v.object({
  ...dataFields,
  paymasterVerificationGasLimit: v.optional(quantitySchema),
  paymasterPostOpGasLimit: v.optional(quantitySchema),
  isFinal: v.optional(v.boolean(), false),
});
const dataSchema: v.GenericSchema<unknown, { readonly paymaster: Address; readonly paymasterData: Hex }> =
  v.object(dataFields);

interface RawStub {
  readonly paymaster: Address;
  readonly paymasterData: Hex;
  readonly paymasterVerificationGasLimit?: bigint | undefined;
  readonly paymasterPostOpGasLimit?: bigint | undefined;
  readonly isFinal: boolean;
}

/**
 * A paymaster web service (ERC-7677). Its answer is checked by shape here and by simulation before anything is signed
 * for delivery.
 *
 * @throws INVALID_INPUT for a bad URL. Its methods throw RELAY_* and PAYMASTER_REFUSED.
 *
 * @example
 * ```ts
 * const paymaster = paymasterService({ url: 'https://paymaster.example/rpc', context: { policyId: 'p1' } })
 * ```
 */
export function paymasterService({ url, context = {}, ...options }: PaymasterServiceOptions): Paymaster {
  const service = endpoint({ kind: 'paymaster service', url, ...options });
  const ask = async <T>(
    method: string,
    schema: v.GenericSchema<unknown, T>,
    operation: UserOperation,
    { address }: EntryPoint,
    chainId: number,
    signal?: AbortSignal,
  ): Promise<T> => {
    const params = [toRpcOperation(operation), address, toQuantity(chainId), context];
    try {
      return await service.request(method, params, schema, signal);
    } catch (error) {
      if (!(error instanceof RelayRejectedError)) throw error;
      throw new PaymasterRefusedError({ message: error.rpcMessage, rpcCode: error.rpcCode });
    }
  };
  return Object.freeze<Paymaster>({
    stub: async (operation, entryPoint, chainId, signal) => {
      const raw = await ask('pm_getPaymasterStubData', stubSchema, operation, entryPoint, chainId, signal);
      return Object.freeze({
        address: raw.paymaster,
        data: raw.paymasterData,
        verificationGasLimit: raw.paymasterVerificationGasLimit ?? DEFAULT_VERIFICATION_GAS,
        postOpGasLimit: raw.paymasterPostOpGasLimit ?? DEFAULT_POST_OP_GAS,
        isFinal: raw.isFinal,
      });
    },
    data: async (operation, entryPoint, chainId, signal) => {
      const raw = await ask('pm_getPaymasterData', dataSchema, operation, entryPoint, chainId, signal);
      const { postOpGasLimit, verificationGasLimit } = operation.paymaster;
      return Object.freeze({
        address: raw.paymaster,
        data: raw.paymasterData,
        verificationGasLimit,
        postOpGasLimit,
      });
    },
  });
}
