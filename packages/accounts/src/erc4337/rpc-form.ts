import { toQuantity } from '../rpc/schemas.js';
import type { UserOperation } from './user-operation.js';

/** An operation as bundlers and paymaster services take it (ERC-7769). */
export function toRpcOperation(operation: UserOperation): Readonly<Record<string, unknown>> {
  const { deployment, paymaster } = operation;
  return Object.freeze({
    sender: operation.sender,
    nonce: toQuantity(operation.nonce),
    ...(deployment?.kind === 'factory' && { factory: deployment.factory, factoryData: deployment.data }),
    ...(deployment?.kind === 'delegation' && {
      factory: '0x7702',
      factoryData: deployment.data,
      eip7702Auth: rpcDelegation(deployment.delegation),
    }),
    callData: operation.callData,
    callGasLimit: toQuantity(operation.callGasLimit),
    verificationGasLimit: toQuantity(operation.verificationGasLimit),
    preVerificationGas: toQuantity(operation.preVerificationGas),
    maxFeePerGas: toQuantity(operation.maxFeePerGasWei),
    maxPriorityFeePerGas: toQuantity(operation.maxPriorityFeePerGasWei),
    ...(paymaster && {
      paymaster: paymaster.address,
      paymasterVerificationGasLimit: toQuantity(paymaster.verificationGasLimit),
      paymasterPostOpGasLimit: toQuantity(paymaster.postOpGasLimit),
      paymasterData: paymaster.data,
    }),
    signature: operation.signature,
  });
}

function rpcDelegation({
  chainId,
  delegate,
  nonce,
  r,
  s,
  yParity,
}: Extract<UserOperation['deployment'], { kind: 'delegation' }>['delegation']): Readonly<Record<string, string>> {
  return {
    chainId: toQuantity(chainId),
    address: delegate,
    nonce: toQuantity(nonce),
    yParity: toQuantity(yParity),
    r,
    s,
  };
}
