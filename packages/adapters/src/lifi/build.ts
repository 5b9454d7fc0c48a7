import { type Call, fromAtoms, type QuoteFill, sameAddress } from '@evenkeel/core';
import { approveCalls, revokeCall } from '../common/erc20.js';
import { FillMismatchError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { lifiChain, type LifiOptions } from './config.js';
import { LifiForeignTargetError } from './errors.js';
import { lifiPayload, type LifiPayload } from './payload.js';

/**
 * The exact approval, the transaction that LI.FI offered, and the removal of what the contract, whose calldata nobody
 * here can read, left of the allowance.
 */
export function buildLifi(options: LifiOptions, adapter: string, fill: QuoteFill): readonly Call[] {
  const payload = lifiPayload(fill.quote.payload);
  checkFill(options, adapter, fill, payload);
  const { approvalAddress, inputAtoms, inputToken, outputToken } = payload;
  const action: Call = {
    chainId: inputToken.chainId,
    to: payload.to,
    data: payload.data,
    valueWei: payload.valueWei,
    purpose: 'action',
    description:
      `send ${fromAtoms(inputToken, inputAtoms)} ${inputToken.symbol} for ${outputToken.symbol} ` +
      `on chain ${outputToken.chainId} through LI.FI (${payload.tool})`,
  };
  return deepFreeze(
    approvalAddress === undefined
      ? [action]
      : [
          ...approveCalls(inputToken, approvalAddress, inputAtoms, payload.resetAllowance),
          action,
          revokeCall(inputToken, approvalAddress),
        ],
  );
}

/** The targets are checked again: the payload may have come a long way. */
function checkFill(options: LifiOptions, adapter: string, fill: QuoteFill, payload: LifiPayload): void {
  if (!sameAddress(fill.sender, payload.sender)) {
    throw new FillMismatchError(adapter, 'fill.sender', fill.sender, `is not ${payload.sender}, who was quoted`);
  }
  if (!sameAddress(fill.recipient, payload.recipient)) {
    const problem = `is not ${payload.recipient}, who was quoted`;
    throw new FillMismatchError(adapter, 'fill.recipient', fill.recipient, problem);
  }
  if (fill.deadline < fill.quote.validUntil) {
    const problem = `is before the quote ends at ${fill.quote.validUntil}, and the offered calldata takes no deadline`;
    throw new FillMismatchError(adapter, 'fill.deadline', fill.deadline, problem);
  }
  const { chainId } = payload.inputToken;
  const { targets } = lifiChain(options, chainId);
  for (const address of [payload.to, payload.approvalAddress ?? payload.to]) {
    if (targets.some((target) => sameAddress(target, address))) continue;
    throw new LifiForeignTargetError('quote.payload', address, chainId, targets);
  }
}
