import { InvalidInputError } from '@evenkeel/intents';
import type { Address, Call, Hex, TypedData } from '@evenkeel/core';
import * as v from 'valibot';
import { askWallet, type Eip1193Provider } from '../eip5792/provider.js';
import { WalletWrongChainError } from '../eip5792/errors.js';
import { type EntryPoint, entryPointAbi } from '../erc4337/entry-point.js';
import { AccountNotDeployedError, EntryPointMissingError } from '../erc4337/errors.js';
import { userOperationHash, userOperationTypedData } from '../erc4337/hash.js';
import type { SmartAccountKind } from '../erc4337/kinds.js';
import { joinNonce } from '../erc4337/nonce.js';
import type { PaymasterData, UnsignedUserOperation } from '../erc4337/user-operation.js';
import { chainIdSchema, hexSchema, quantitySchema } from '../rpc/schemas.js';

/** How the wallet's own contract account wants its operations. */
export interface WalletOperationOptions {
  readonly kind: SmartAccountKind;
  readonly entryPoint: EntryPoint;
  readonly paymaster?: PaymasterData;
  /** Default: 0. */
  readonly lane?: bigint;
  /** Units. Default: 250,000; 60,000; and for the calls what the node estimates, and a quarter more. */
  readonly gas?: {
    readonly verificationGasLimit?: bigint;
    readonly preVerificationGas?: bigint;
    readonly callGasLimit?: bigint;
  };
}

/** An operation that only lacks its signature. */
export interface UnsignedOperationOffer {
  readonly operation: UnsignedUserOperation;
  readonly entryPoint: EntryPoint;
  readonly chainId: number;
  /** What the entry point knows it by; what is signed, in one form or another. */
  readonly hash: Hex;
  /** For `eth_signTypedData_v4`; entry points from 0.8 on hash in this way. */
  readonly typedData: TypedData;
}

interface Facts {
  readonly account: Address;
  readonly calls: readonly Call[];
  readonly chainId: number;
  readonly provider: Eip1193Provider;
}

/** @throws WALLET_WRONG_CHAIN */
export async function assertOnChain(provider: Eip1193Provider, chainId: number, signal?: AbortSignal): Promise<void> {
  const actual = await askWallet(provider, 'eth_chainId', [], chainIdSchema, signal);
  if (actual !== chainId) throw new WalletWrongChainError(chainId, actual);
}

/**
 * The operation of a wallet's contract account that makes these calls.
 *
 * @throws INVALID_INPUT for an entry point that the account does not obey; WALLET_WRONG_CHAIN, ENTRY_POINT_MISSING, ACCOUNT_NOT_DEPLOYED, ACCOUNT_WALLET_*, WALLET_GARBAGE
 */
export async function prepareUnsigned(
  { account, calls, chainId, provider }: Facts,
  options: WalletOperationOptions,
  signal?: AbortSignal,
): Promise<UnsignedOperationOffer> {
  const ask = <T>(method: string, params: readonly unknown[], schema: v.GenericSchema<unknown, T>): Promise<T> =>
    askWallet(provider, method, params, schema, signal);
  const { entryPoint, gas, kind, paymaster } = options;
  if (!kind.entryPoints.includes(entryPoint.version)) {
    const hint = `Accounts of kind ${kind.name} obey ${kind.entryPoints.join(', ')}.`;
    throw new InvalidInputError('entryPoint', entryPoint.version, 'does not fit the account', hint);
  }
  await assertOnChain(provider, chainId, signal);
  const [entryPointCode, code] = await Promise.all(
    [entryPoint.address, account].map((address) => ask('eth_getCode', [address, 'latest'], hexSchema)),
  );
  if (entryPointCode === '0x') throw new EntryPointMissingError(chainId, entryPoint.address);
  if (code === '0x') throw new AccountNotDeployedError(account, chainId);
  const key = kind.nonceKey.keyOf(options.lane ?? 0n);
  const callData = kind.encodeCalls(calls);
  const nonceCall = { to: entryPoint.address, data: entryPointAbi.encodeFunctionData('getNonce', [account, key]) };
  const nonce = BigInt(await ask('eth_call', [nonceCall, 'latest'], hexSchema));
  const block = await ask('eth_getBlockByNumber', ['latest', false], v.object({ baseFeePerGas: quantitySchema }));
  const priority = await ask('eth_maxPriorityFeePerGas', [], quantitySchema);
  const estimate = { from: entryPoint.address, to: account, data: callData };
  const callGas = gas?.callGasLimit ?? ((await ask('eth_estimateGas', [estimate], quantitySchema)) * 5n) / 4n;
  const operation: UnsignedUserOperation = Object.freeze({
    sender: account,
    nonce: joinNonce(key, nonce & ((1n << 64n) - 1n)),
    callData,
    callGasLimit: callGas,
    verificationGasLimit: gas?.verificationGasLimit ?? 250_000n,
    preVerificationGas: gas?.preVerificationGas ?? 60_000n,
    maxFeePerGasWei: 2n * block.baseFeePerGas + priority,
    maxPriorityFeePerGasWei: priority,
    ...(paymaster && { paymaster }),
  });
  return Object.freeze({
    operation,
    entryPoint,
    chainId,
    hash: userOperationHash(operation, entryPoint, chainId),
    typedData: userOperationTypedData(operation, entryPoint, chainId),
  });
}
