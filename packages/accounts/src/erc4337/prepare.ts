import { type Address, type Chain, type Hex, type OperationRequest, sameAddress } from '@evenkeel/core';
import { Interface } from 'ethers/abi';
import { getAddress } from 'ethers/address';
import type { Erc4337Network, Erc4337Options } from './account.js';
import type { EntryPoint } from './entry-point.js';
import { AccountEntryPointMismatchError, EntryPointMissingError } from './errors.js';
import { operationGas } from './gas.js';
import { joinNonce } from './nonce.js';
import type { UserOperation } from './user-operation.js';

const accountAbi = new Interface(['function entryPoint() view returns (address)']);

/** The operation with all its final figures, and a dummy for a signature. */
export async function prepareOperation(
  { gas, kind, signer }: Erc4337Options,
  { bundler, chain, entryPoint, paymaster }: Erc4337Network,
  self: Address,
  request: OperationRequest,
  signal?: AbortSignal,
): Promise<UserOperation> {
  const code = await assertEntryPoint(chain, entryPoint, self, signal);
  const deployment = await kind.deployment({ chain, account: self, code, signer, signal });
  const draft: UserOperation = {
    sender: self,
    nonce: joinNonce(kind.nonceKey.keyOf(request.nonceKey), request.nonce),
    ...(deployment && { deployment }),
    callData: kind.encodeCalls(request.calls),
    callGasLimit: 0n,
    verificationGasLimit: 0n,
    preVerificationGas: 0n,
    maxFeePerGasWei: request.maxFeePerGasWei,
    maxPriorityFeePerGasWei: request.maxPriorityFeePerGasWei,
    signature: kind.dummySignature,
  };
  const stub = await paymaster?.stub(draft, entryPoint, chain.id, signal);
  const stubbed = stub === undefined ? draft : { ...draft, paymaster: withoutFinal(stub) };
  const estimate = kind.gas ?? (await bundler.estimate(stubbed, entryPoint, signal));
  const limits = operationGas(estimate, request.calls.length === 0 ? 0n : request.gasLimit, gas);
  const sized: UserOperation = {
    ...draft,
    callGasLimit: limits.callGasLimit,
    verificationGasLimit: limits.verificationGasLimit,
    preVerificationGas: limits.preVerificationGas,
  };
  if (paymaster === undefined || stub === undefined) return sized;
  const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  const paid = {
    ...sized,
    paymaster: {
      ...withoutFinal(stub),
      verificationGasLimit: larger(limits.paymasterVerificationGasLimit, stub.verificationGasLimit),
      postOpGasLimit: larger(limits.paymasterPostOpGasLimit, stub.postOpGasLimit),
    },
  };
  return stub.isFinal ? paid : { ...paid, paymaster: await paymaster.data(paid, entryPoint, chain.id, signal) };
}

function withoutFinal({
  address,
  data,
  postOpGasLimit,
  verificationGasLimit,
}: NonNullable<UserOperation['paymaster']>): NonNullable<UserOperation['paymaster']> {
  return { address, data, postOpGasLimit, verificationGasLimit };
}

/** The account's code. @throws ENTRY_POINT_MISSING, ACCOUNT_ENTRY_POINT_MISMATCH */
async function assertEntryPoint(
  chain: Chain,
  { address }: EntryPoint,
  self: Address,
  signal?: AbortSignal,
): Promise<Hex> {
  const [code, entryPointCode, answer] = await Promise.all([
    chain.code(self, signal),
    chain.code(address, signal),
    chain.read([{ to: self, data: accountAbi.encodeFunctionData('entryPoint') as Hex }], signal),
  ]);
  if (entryPointCode === '0x') throw new EntryPointMissingError(chain.id, address);
  const [result] = answer.results;
  // Accounts that keep it to themselves are found out by the simulation.
  if (code !== '0x' && result?.success === true && result.data.length === 66) {
    const actual = getAddress(`0x${result.data.slice(26)}`) as Address;
    if (!sameAddress(actual, address)) throw new AccountEntryPointMismatchError(self, chain.id, address, actual);
  }
  return code;
}
