import { type BridgeStatus, NATIVE_ADDRESS, sameToken, type TokenAmount, type Transfer } from '@evenkeel/core';
import { receivedOf } from '../common/erc20.js';
import { TransferNotStartedError } from '../common/errors.js';
import type { LifiClient } from './client.js';
import { lifiChain, type LifiOptions } from './config.js';
import { type LifiOutcome, lifiOutcome } from './outcome.js';
import { lifiPayload, type LifiPayload } from './payload.js';
import type { LifiStatusAnswer } from './schemas.js';

/** Where a transfer is: LI.FI says so, and what it says to be final is believed once the chain shows the payment. */
export async function trackLifi(
  options: LifiOptions,
  client: LifiClient,
  adapter: string,
  { originTxHash, quote }: Transfer,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const payload = lifiPayload(quote.payload);
  const receipt = await lifiChain(options, payload.inputToken.chainId).chain.receipt(originTxHash, signal);
  if (receipt === null) return { state: 'pending', reason: 'the origin transaction is not in a block' };
  if (!receipt.success) throw new TransferNotStartedError(adapter, originTxHash, 'failed');
  const answer = await client.status(
    {
      txHash: originTxHash,
      bridge: payload.tool,
      fromChain: payload.inputToken.chainId,
      toChain: payload.outputToken.chainId,
    },
    signal,
  );
  return statusOf(options, payload, answer, signal);
}

async function statusOf(
  options: LifiOptions,
  payload: LifiPayload,
  answer: LifiStatusAnswer,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const outcome = lifiOutcome(answer);
  switch (outcome.kind) {
    case 'pending':
      return { state: 'pending', reason: outcome.reason };
    case 'refund-pending':
      return { state: 'refund-pending', reason: outcome.reason, needsClaim: false };
    case 'failed':
      // The origin transaction went through, so the bridge still has the money.
      return { state: 'refund-pending', reason: `LI.FI gave the transfer up: ${outcome.reason}`, needsClaim: true };
    case 'done':
      return doneStatus(options, payload, outcome, answer.receiving, signal);
  }
}

async function doneStatus(
  options: LifiOptions,
  payload: LifiPayload,
  { how, reason }: Extract<LifiOutcome, { kind: 'done' }>,
  claim: LifiStatusAnswer['receiving'],
  signal: AbortSignal,
): Promise<BridgeStatus> {
  if (claim?.txHash === undefined || claim.token === undefined) {
    return { state: 'pending', reason: 'LI.FI says done, but not in which transaction' };
  }
  const atOrigin = claim.chainId === payload.inputToken.chainId;
  const receiver = atOrigin ? payload.sender : payload.recipient;
  const receipt = await lifiChain(options, claim.chainId).chain.receipt(claim.txHash, signal);
  if (receipt === null || !receipt.success) {
    return { state: 'pending', reason: `LI.FI says done, but chain ${claim.chainId} does not show ${claim.txHash}` };
  }
  const atoms =
    claim.token.address === NATIVE_ADDRESS ? (claim.amount ?? 0n) : receivedOf(receipt.logs, claim.token, receiver);
  if (atoms === 0n) {
    return { state: 'pending', reason: `LI.FI says done, but ${claim.txHash} pays nothing to ${receiver}` };
  }
  const received: TokenAmount = { token: claim.token, atoms };
  if (how === 'REFUNDED' && sameToken(claim.token, payload.inputToken)) {
    return { state: 'refunded', received, txHash: claim.txHash };
  }
  return sameToken(claim.token, payload.outputToken) && atoms >= payload.minReceived && how !== 'REFUNDED'
    ? { state: 'filled', received, txHash: claim.txHash }
    : { state: 'filled-otherwise', received: [received], txHash: claim.txHash, reason };
}
