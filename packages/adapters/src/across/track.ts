import type { BridgeStatus, Call, Hex, Transfer } from '@evenkeel/core';
import { TransferNotStartedError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { readContracts } from '../common/read.js';
import { addressToWord } from '../common/word.js';
import { spokePoolAbi } from './abi.js';
import { acrossChain, type AcrossOptions } from './config.js';
import { findDeposit } from './deposit-event.js';
import { fillStatus } from './fill-status.js';
import { acrossPayload } from './payload.js';
import { FILLED, fillStatusRead, refundStatus } from './refund-status.js';

/** Where a deposit is, from the two chains alone. Expiry is judged on the destination's clock, as the contract does. */
export async function trackDeposit(
  options: AcrossOptions,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const payload = acrossPayload(transfer.quote.payload);
  const origin = acrossChain(options, payload.inputToken.chainId);
  const destination = acrossChain(options, payload.bridgedToken.chainId);
  const receipt = await origin.chain.receipt(transfer.originTxHash, signal);
  if (receipt === null) return { state: 'pending', reason: 'the deposit is not in a block' };
  if (!receipt.success) throw new TransferNotStartedError('across', transfer.originTxHash, 'failed');
  const deposit = findDeposit(receipt, origin.spokePool, payload);
  if (deposit === undefined) {
    throw new TransferNotStartedError('across', transfer.originTxHash, 'does not hold the quoted deposit');
  }
  const { block, values } = await readContracts(
    destination.chain,
    [fillStatusRead(destination, deposit, origin.chain.id)],
    signal,
  );
  if (values[0] === FILLED) return fillStatus(destination, deposit, payload, block.number, signal);
  if (BigInt(block.timeSeconds) > deposit.fillDeadline) {
    return refundStatus(options, deposit, payload, receipt, signal);
  }
  const left = deposit.fillDeadline - BigInt(block.timeSeconds);
  return { state: 'pending', reason: `waiting for a relayer; ${left} s are left on the destination's clock` };
}

/** A refund that the token refused has to be claimed by the depositor; everything else only takes time. */
export function recoverDeposit(options: AcrossOptions, transfer: Transfer, status: BridgeStatus): readonly Call[] {
  if (status.state !== 'refund-pending' || !status.needsClaim) return [];
  const { depositor, inputToken } = acrossPayload(transfer.quote.payload);
  const args = [addressToWord(inputToken.address), addressToWord(depositor)];
  return deepFreeze([
    {
      chainId: inputToken.chainId,
      to: acrossChain(options, inputToken.chainId).spokePool,
      data: spokePoolAbi.encodeFunctionData('claimRelayerRefund', args) as Hex,
      valueWei: 0n,
      purpose: 'action',
      description: `claim the refund of ${inputToken.symbol} from Across`,
    },
  ] satisfies Call[]);
}
