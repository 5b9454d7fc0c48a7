import { type BridgeStatus, type LogEntry, type Receipt, sameAddress, type TokenAmount } from '@evenkeel/core';
import { toBeHex } from 'ethers';
import * as v from 'valibot';
import { netReceived } from '../common/erc20.js';
import { LogMissingError } from '../common/errors.js';
import { firstLog, type FoundLog } from '../common/logs.js';
import { decodeEvent } from '../common/read.js';
import { wordSchema } from '../common/schemas.js';
import { addressToWord, wordToAddress } from '../common/word.js';
import { multicallHandlerAbi, spokePoolAbi } from './abi.js';
import type { AcrossChain } from './config.js';
import type { AcrossDeposit } from './deposit-event.js';
import type { AcrossPayload } from './payload.js';

const fillSchema = v.object({
  originChainId: v.bigint(),
  depositId: v.bigint(),
  depositor: wordSchema,
  inputAmount: v.bigint(),
  fillDeadline: v.bigint(),
  relayExecutionInfo: v.object({ updatedRecipient: wordSchema, updatedOutputAmount: v.bigint() }),
});

type Fill = v.InferOutput<typeof fillSchema>;

/** How a deposit that the destination counts as filled was filled. */
export async function fillStatus(
  destination: AcrossChain,
  deposit: AcrossDeposit,
  payload: AcrossPayload,
  toBlock: number,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const { chain, spokePool } = destination;
  const log = await findFillLog(destination, deposit, payload, toBlock, signal);
  const receipt = log === undefined ? null : await chain.receipt(log.txHash, signal);
  const mine = receipt === null ? undefined : fillLogs(receipt, spokePool, deposit);
  if (log === undefined || mine === undefined) throw new LogMissingError(chain.id, spokePool, 'FilledRelay');
  return payload.message === '0x' ? plainFill(log, mine.fill, payload) : handledFill(log, mine.logs, payload);
}

function findFillLog(
  { chain, spokePool }: AcrossChain,
  deposit: AcrossDeposit,
  payload: AcrossPayload,
  toBlock: number,
  signal: AbortSignal,
): Promise<FoundLog | undefined> {
  const topics = [
    spokePoolAbi.getEvent('FilledRelay')!.topicHash as `0x${string}`,
    toBeHex(payload.inputToken.chainId, 32) as `0x${string}`,
    toBeHex(deposit.depositId, 32) as `0x${string}`,
  ];
  const filter = { address: spokePool, topics, fromBlock: payload.destinationBlock, toBlock };
  return firstLog(chain, filter, (log) => isFillOf(log, deposit), signal);
}

function isFillOf(log: LogEntry, deposit: AcrossDeposit): boolean {
  const fill = decodeEvent(spokePoolAbi, 'FilledRelay', log, fillSchema);
  return fill !== undefined && matches(fill, deposit);
}

function matches(fill: Fill, deposit: AcrossDeposit): boolean {
  return (
    fill.depositId === deposit.depositId &&
    fill.depositor === deposit.depositor &&
    fill.inputAmount === deposit.inputAmount &&
    fill.fillDeadline === deposit.fillDeadline
  );
}

/** Our fill and the logs that belong to it: the SpokePool announces a fill before it pays and calls. */
function fillLogs(
  receipt: Receipt,
  spokePool: string,
  deposit: AcrossDeposit,
): { readonly fill: Fill; readonly logs: readonly LogEntry[] } | undefined {
  let fill: Fill | undefined;
  const logs: LogEntry[] = [];
  for (const log of receipt.logs) {
    const next = sameAddress(log.address, spokePool)
      ? decodeEvent(spokePoolAbi, 'FilledRelay', log, fillSchema)
      : undefined;
    if (next !== undefined && fill !== undefined) break;
    if (next !== undefined && matches(next, deposit)) fill = next;
    else if (fill !== undefined) logs.push(log);
  }
  return fill === undefined ? undefined : { fill, logs };
}

/** Without a message the SpokePool itself says whom it paid and how much; the depositor may have changed both since. */
function plainFill(log: FoundLog, { relayExecutionInfo: info }: Fill, payload: AcrossPayload): BridgeStatus {
  const received = { token: payload.bridgedToken, atoms: info.updatedOutputAmount };
  if (info.updatedRecipient !== addressToWord(payload.recipient)) {
    const reason = `the depositor sent it to ${wordToAddress(info.updatedRecipient)} instead`;
    return { state: 'filled-otherwise', received: [received], txHash: log.txHash, reason };
  }
  if (info.updatedOutputAmount < payload.minReceived) {
    const reason = `the relayer paid less than ${payload.minReceived} atoms, as the depositor allowed it later`;
    return { state: 'filled-otherwise', received: [received], txHash: log.txHash, reason };
  }
  return { state: 'filled', received, txHash: log.txHash };
}

/** With a message, what counts is what reached the recipient in the end. */
function handledFill(log: FoundLog, logs: readonly LogEntry[], payload: AcrossPayload): BridgeStatus {
  const received = receivedAmounts(logs, payload);
  const wanted = received.find(({ token }) => sameAddress(token.address, payload.outputToken.address));
  if (wanted !== undefined && wanted.atoms >= payload.minReceived) {
    return { state: 'filled', received: wanted, txHash: log.txHash };
  }
  const failed = logs.some((each) => decodeEvent(multicallHandlerAbi, 'CallsFailed', each, v.unknown()) !== undefined);
  const reason = failed
    ? 'the calls on arrival failed, and the bridged token itself was delivered'
    : `the calls on arrival yielded less than ${payload.minReceived} atoms of ${payload.outputToken.symbol}`;
  return { state: 'filled-otherwise', received, txHash: log.txHash, reason };
}

function receivedAmounts(logs: readonly LogEntry[], payload: AcrossPayload): readonly TokenAmount[] {
  const net = netReceived(logs, payload.recipient);
  return [...net].map(([address, atoms]) => {
    const known = [payload.outputToken, payload.bridgedToken].find((token) => sameAddress(token.address, address));
    return { token: known ?? { chainId: payload.bridgedToken.chainId, address, symbol: '?', decimals: 0 }, atoms };
  });
}
