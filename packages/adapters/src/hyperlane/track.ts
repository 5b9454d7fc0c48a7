import { type BridgeStatus, type Call, fromAtoms, type Hex, sameAddress, type Transfer } from '@evenkeel/core';
import * as v from 'valibot';
import { balanceRead, receivedOf } from '../common/erc20.js';
import { LogMissingError, TransferNotStartedError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { firstLog } from '../common/logs.js';
import { contractRead, readContracts } from '../common/read.js';
import { mailboxAbi } from './abi.js';
import { hyperlaneChain, type HyperlaneOptions } from './config.js';
import { findMessage, type HyperlaneMessage, transferBody } from './message.js';
import { type HyperlanePayload, hyperlanePayload } from './payload.js';

/** Where a transfer is, from the two chains alone. */
export async function trackTransfer(
  options: HyperlaneOptions,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const payload = hyperlanePayload(transfer.quote.payload);
  const message = await dispatched(options, transfer, payload, signal);
  if (message === undefined) return { state: 'pending', reason: 'the dispatch is not in a block' };
  const far = await readFar(options, payload, message, signal);
  return far.delivered
    ? deliveryStatus(options, payload, message, far.block, signal)
    : { state: 'pending', reason: waitingReason(payload, far.collateral) };
}

/**
 * Delivers a stuck message ourselves, where its proof is to be had and the far side can pay; anybody may. Otherwise only
 * time, or new collateral, helps.
 */
export async function recoverTransfer(
  options: HyperlaneOptions,
  transfer: Transfer,
  status: BridgeStatus,
  signal: AbortSignal,
): Promise<readonly Call[]> {
  if (status.state !== 'pending' || options.proofs === undefined) return [];
  const payload = hyperlanePayload(transfer.quote.payload);
  const message = await dispatched(options, transfer, payload, signal);
  if (message === undefined) return [];
  const far = await readFar(options, payload, message, signal);
  if (far.delivered || far.collateral < payload.outputAtoms) return [];
  const metadata = await options.proofs.metadata({ id: message.id, packed: message.packed }, signal);
  return metadata === undefined ? [] : deepFreeze([processCall(options, payload, message, metadata)]);
}

/** The message of the origin transaction; `undefined` while that is not in a block. */
async function dispatched(
  options: HyperlaneOptions,
  { originTxHash }: Transfer,
  payload: HyperlanePayload,
  signal: AbortSignal,
): Promise<HyperlaneMessage | undefined> {
  const origin = hyperlaneChain(options, payload.inputToken.chainId);
  const receipt = await origin.chain.receipt(originTxHash, signal);
  if (receipt === null) return undefined;
  if (!receipt.success) throw new TransferNotStartedError('hyperlane', originTxHash, 'failed');
  const message = findMessage(receipt, origin.mailbox, {
    destination: hyperlaneChain(options, payload.outputToken.chainId).domain,
    sender: payload.originRouter,
    recipient: payload.destinationRouter,
    body: transferBody(payload.recipient, payload.messageAtoms),
  });
  if (message !== undefined) return message;
  throw new TransferNotStartedError('hyperlane', originTxHash, 'does not hold the quoted message');
}

interface FarState {
  readonly delivered: boolean;
  readonly block: number;
  readonly collateral: bigint;
}

async function readFar(
  options: HyperlaneOptions,
  payload: HyperlanePayload,
  message: HyperlaneMessage,
  signal: AbortSignal,
): Promise<FarState> {
  const { chain, mailbox } = hyperlaneChain(options, payload.outputToken.chainId);
  const { block, values } = await readContracts(
    chain,
    [
      contractRead(mailboxAbi, mailbox, 'delivered', [message.id], v.boolean()),
      balanceRead(payload.outputToken, payload.destinationRouter),
    ],
    signal,
  );
  const [delivered, collateral] = values;
  return { delivered, block: block.number, collateral };
}

/** What the delivering transaction really paid to the recipient. */
async function deliveryStatus(
  options: HyperlaneOptions,
  payload: HyperlanePayload,
  message: HyperlaneMessage,
  toBlock: number,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const { chain, mailbox } = hyperlaneChain(options, payload.outputToken.chainId);
  const topics = [mailboxAbi.getEvent('ProcessId')!.topicHash as Hex, message.id];
  const filter = { address: mailbox, topics, fromBlock: payload.destinationBlock, toBlock };
  const txHash = (await firstLog(chain, filter, () => true, signal))?.txHash;
  const receipt = txHash === undefined ? null : await chain.receipt(txHash, signal);
  if (txHash === undefined || receipt === null) throw new LogMissingError(chain.id, mailbox, 'ProcessId');
  const atoms = receivedOf(deliveryLogs(receipt.logs, mailbox, message.id), payload.outputToken, payload.recipient);
  const received = { token: payload.outputToken, atoms };
  if (atoms >= payload.outputAtoms) return { state: 'filled', received, txHash };
  const reason = `the far router paid ${atoms} of ${payload.outputAtoms} atoms`;
  return { state: 'filled-otherwise', received: [received], txHash, reason };
}

/** Logs between this delivery and the next one: a relayer may deliver several messages in one transaction. */
function deliveryLogs<T extends { readonly address: string; readonly topics: readonly Hex[] }>(
  logs: readonly T[],
  mailbox: string,
  messageId: Hex,
): readonly T[] {
  const processTopic = mailboxAbi.getEvent('ProcessId')!.topicHash;
  const isProcess = (log: T): boolean => sameAddress(log.address, mailbox) && log.topics[0] === processTopic;
  const start = logs.findIndex((log) => isProcess(log) && log.topics[1] === messageId);
  const next = logs.findIndex((log, index) => index > start && isProcess(log));
  return logs.slice(start + 1, next === -1 ? undefined : next);
}

function waitingReason({ outputAtoms, outputToken }: HyperlanePayload, collateral: bigint): string {
  return collateral < outputAtoms
    ? `missing liquidity: the far side holds ${fromAtoms(outputToken, collateral)} ${outputToken.symbol} of the ` +
        `${fromAtoms(outputToken, outputAtoms)} that it has to pay`
    : 'waiting for the validators to sign and a relayer to deliver';
}

function processCall(
  options: HyperlaneOptions,
  { outputToken }: HyperlanePayload,
  message: HyperlaneMessage,
  metadata: Hex,
): Call {
  return {
    chainId: outputToken.chainId,
    to: hyperlaneChain(options, outputToken.chainId).mailbox,
    data: mailboxAbi.encodeFunctionData('process', [metadata, message.packed]) as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: `deliver Hyperlane message ${message.id}`,
  };
}
