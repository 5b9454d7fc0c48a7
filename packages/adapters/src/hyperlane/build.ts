import { type Call, fromAtoms, type Hex, type QuoteFill, sameAddress } from '@evenkeel/core';
import { approveCalls } from '../common/erc20.js';
import { FillMismatchError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { addressToWord } from '../common/word.js';
import { TRANSFER_REMOTE, warpRouterAbi } from './abi.js';
import { hyperlaneChain, type HyperlaneOptions } from './config.js';
import { hyperlanePayload } from './payload.js';

/** The exact approval and the transfer. The router takes exactly the input, so that no allowance is left over. */
export function buildTransfer(options: HyperlaneOptions, fill: QuoteFill): readonly Call[] {
  const payload = hyperlanePayload(fill.quote.payload);
  const { inputAtoms, inputToken, originRouter, outputToken } = payload;
  if (!sameAddress(fill.sender, payload.sender)) {
    throw new FillMismatchError('hyperlane', 'fill.sender', fill.sender, `is not ${payload.sender}, who was quoted`);
  }
  if (!sameAddress(fill.recipient, payload.recipient)) {
    const problem = `is not ${payload.recipient}, who was quoted`;
    throw new FillMismatchError('hyperlane', 'fill.recipient', fill.recipient, problem);
  }
  const { domain } = hyperlaneChain(options, outputToken.chainId);
  const args = [domain, addressToWord(payload.recipient), inputAtoms];
  return deepFreeze([
    ...approveCalls(inputToken, originRouter, inputAtoms, payload.resetAllowance),
    {
      chainId: inputToken.chainId,
      to: originRouter,
      data: warpRouterAbi.encodeFunctionData(TRANSFER_REMOTE, args) as Hex,
      valueWei: payload.messageFeeWei,
      purpose: 'action',
      description:
        `send ${fromAtoms(inputToken, inputAtoms)} ${inputToken.symbol} over Hyperlane ` +
        `to chain ${outputToken.chainId}`,
    },
  ] satisfies Call[]);
}
