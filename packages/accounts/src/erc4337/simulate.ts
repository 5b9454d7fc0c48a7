import { type Address, type Chain, type Hex, sameAddress, type StateOverride } from '@evenkeel/core';
import { toUtf8String } from 'ethers/utils';
import { type EntryPoint, entryPointAbi } from './entry-point.js';
import { OperationInvalidError, OperationRevertsError } from './errors.js';
import { packUserOperation, type UserOperation } from './user-operation.js';
import { refusalError } from './refusal.js';

/** Nobody's; sends bundles in simulations only. Low twenty bytes of keccak256("evenkeel.bundle-simulator"). */
const SIMULATED_BUNDLER: Address = '0x4241ae908c041b0C5F7728268A5624d5Efd05106';

/**
 * Has the entry point itself validate and execute a signed operation on the latest state of our own node.
 *
 * @throws OPERATION_*, PAYMASTER_* or ACCOUNT_NOT_DEPLOYED by what the entry point says; OPERATION_REVERTS when only its
 * calls fail
 */
export async function simulateOperation(
  chain: Chain,
  entryPoint: EntryPoint,
  operation: UserOperation,
  hash: Hex,
  signal?: AbortSignal,
): Promise<void> {
  const data = entryPointAbi.encodeFunctionData('handleOps', [
    [packUserOperation(operation)],
    SIMULATED_BUNDLER,
  ]) as Hex;
  const [result] = await chain.simulate(
    {
      from: SIMULATED_BUNDLER,
      calls: [{ to: entryPoint.address, data, valueWei: 0n }],
      overrides: delegationOverride(operation),
    },
    signal,
  );
  if (result?.success !== true) throw refusalOf(result?.data ?? '0x', result?.error);
  const events = result.logs
    .filter(({ address }) => sameAddress(address, entryPoint.address))
    .map((log) => entryPointAbi.parseLog({ ...log, topics: [...log.topics] }));
  const ended = events.find((event) => event?.name === 'UserOperationEvent' && event.args['userOpHash'] === hash);
  // A node whose simulations have no logs tells nothing here; the calls themselves have been simulated by the guard.
  if (ended?.args['success'] !== false) return;
  const revert = events.find((event) => event?.name === 'UserOperationRevertReason');
  throw new OperationRevertsError({ message: readable(String(revert?.args['revertReason'] ?? '0x')) });
}

/** A simulation carries no authorization list: the delegation is pretended. */
function delegationOverride({ deployment, sender }: UserOperation): Readonly<Record<Address, StateOverride>> {
  if (deployment?.kind !== 'delegation') return {};
  return { [sender]: { code: `0xef0100${deployment.delegation.delegate.slice(2)}` } };
}

function refusalOf(data: Hex, error: string | undefined): Error {
  const failed = data.length >= 10 ? parse(data) : undefined;
  const message = failed ?? error ?? 'no reason given';
  return refusalError({ message }) ?? new OperationInvalidError({ message });
}

function parse(data: Hex): string | undefined {
  try {
    const failure = entryPointAbi.parseError(data);
    return failure === null ? undefined : String(failure.args['reason']);
  } catch {
    return undefined;
  }
}

/** `Error(string)` in words, all else by its selector. */
function readable(revert: string): string {
  if (!revert.startsWith('0x08c379a0')) return revert === '0x' ? 'no reason given' : `error ${revert.slice(0, 10)}`;
  try {
    const length = Number(BigInt(`0x${revert.slice(74, 138)}`));
    return toUtf8String(`0x${revert.slice(138, 138 + 2 * length)}`);
  } catch {
    return 'an unreadable reason';
  }
}
