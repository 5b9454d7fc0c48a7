import { type Call, fromAtoms, type Hex, NATIVE_ADDRESS, type QuoteFill, sameAddress } from '@evenkeel/core';
import { approveCalls } from '../common/erc20.js';
import { FillMismatchError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { addressToWord } from '../common/word.js';
import { DEPOSIT, spokePoolAbi } from './abi.js';
import { acrossChain, type AcrossOptions } from './config.js';
import { acrossPayload, type AcrossPayload } from './payload.js';

/**
 * The exact approval and the deposit. The SpokePool takes exactly the input, so that no allowance is left over, and
 * enforces the deadline that was quoted, which is not after the request's.
 */
export function buildDeposit(options: AcrossOptions, fill: QuoteFill): readonly Call[] {
  const payload = acrossPayload(fill.quote.payload);
  checkFill(fill, payload);
  const { spokePool } = acrossChain(options, payload.inputToken.chainId);
  const { bridgedToken, inputAtoms, inputToken } = payload;
  return deepFreeze([
    ...approveCalls(inputToken, spokePool, inputAtoms, payload.resetAllowance),
    {
      chainId: inputToken.chainId,
      to: spokePool,
      data: depositData(payload),
      valueWei: 0n,
      purpose: 'action',
      description:
        `deposit ${fromAtoms(inputToken, inputAtoms)} ${inputToken.symbol} on Across ` +
        `for ${fromAtoms(bridgedToken, payload.bridgedAtoms)} ${bridgedToken.symbol} on chain ${bridgedToken.chainId}`,
    },
  ] satisfies Call[]);
}

function depositData(payload: AcrossPayload): Hex {
  return spokePoolAbi.encodeFunctionData(DEPOSIT, [
    addressToWord(payload.depositor),
    addressToWord(payload.payee),
    addressToWord(payload.inputToken.address),
    addressToWord(payload.bridgedToken.address),
    payload.inputAtoms,
    payload.bridgedAtoms,
    payload.bridgedToken.chainId,
    addressToWord(payload.exclusivityParameter === 0 ? NATIVE_ADDRESS : payload.exclusiveRelayer),
    payload.quoteTimestamp,
    payload.fillDeadline,
    payload.exclusivityParameter,
    payload.message,
  ]) as Hex;
}

function checkFill({ recipient, sender }: QuoteFill, payload: AcrossPayload): void {
  if (!sameAddress(sender, payload.depositor)) {
    throw new FillMismatchError('across', 'fill.sender', sender, `is not ${payload.depositor}, who was quoted`);
  }
  if (!sameAddress(recipient, payload.recipient)) {
    throw new FillMismatchError('across', 'fill.recipient', recipient, `is not ${payload.recipient}, who was quoted`);
  }
}
