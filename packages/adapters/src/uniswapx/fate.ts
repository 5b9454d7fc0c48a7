import { type Chain, type Fills, type Hex, type LogEntry, sameAddress, type SolverOrder } from '@evenkeel/core';
import { toBeHex } from 'ethers';
import * as v from 'valibot';
import { receivedOf } from '../common/erc20.js';
import { LogMissingError } from '../common/errors.js';
import { allLogs, firstLog, type FoundLog } from '../common/logs.js';
import { contractRead, decodeEvent, readContracts } from '../common/read.js';
import { permit2Abi, reactorAbi } from './abi.js';
import type { DutchOrder } from './dutch-order.js';

/** What the chain says about an order at its latest block. */
export type Fate =
  | { readonly kind: 'open' }
  /** Nobody can fill it any more, and nobody has. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalidated'; readonly blockNumber: number }
  | { readonly kind: 'filled'; readonly blockNumber: number; readonly fills: Fills };

/**
 * A nonce of Permit2 is used once: by the fill, or by its owner's invalidation. So as long as its bit is clear, nothing was
 * drawn, whatever logs say; once it is set, the logs tell by what.
 *
 * @throws {LogMissingError} when the bit is set and the node shows neither: it must not pass for "nothing was drawn".
 */
export async function fateOf(
  chain: Chain,
  solverOrder: SolverOrder,
  order: DutchOrder,
  signal: AbortSignal,
): Promise<Fate> {
  const read = contractRead(permit2Abi, order.permit2, 'nonceBitmap', [order.swapper, order.nonce >> 8n], v.bigint());
  const { block, values } = await readContracts(chain, [read], signal);
  if (((values[0] >> (order.nonce & 0xffn)) & 1n) === 0n) {
    return block.timeSeconds > order.deadline ? { kind: 'expired' } : { kind: 'open' };
  }
  const range = { fromBlock: solverOrder.sinceBlock, toBlock: block.number };
  const fill = await fillLog(chain, solverOrder, order, range, signal);
  if (fill !== undefined) {
    return {
      kind: 'filled',
      blockNumber: fill.blockNumber,
      fills: await fillsOf(chain, solverOrder, order, fill, signal),
    };
  }
  const blockNumber = await invalidationBlock(chain, order, range, signal);
  if (blockNumber !== undefined) return { kind: 'invalidated', blockNumber };
  throw new LogMissingError(chain.id, order.permit2, 'Fill or UnorderedNonceInvalidation');
}

interface Range {
  readonly fromBlock: number;
  readonly toBlock: number;
}

function fillLog(
  chain: Chain,
  { id }: SolverOrder,
  { reactor }: DutchOrder,
  range: Range,
  signal: AbortSignal,
): Promise<FoundLog | undefined> {
  const topics = [reactorAbi.getEvent('Fill')!.topicHash as Hex, id as Hex];
  return firstLog(
    chain,
    { address: reactor, topics, ...range },
    ({ address }) => sameAddress(address, reactor),
    signal,
  );
}

const invalidation = v.object({ owner: v.string(), word: v.bigint(), mask: v.bigint() });

async function invalidationBlock(
  chain: Chain,
  { nonce, permit2, swapper }: DutchOrder,
  range: Range,
  signal: AbortSignal,
): Promise<number | undefined> {
  const topics = [permit2Abi.getEvent('UnorderedNonceInvalidation')!.topicHash as Hex, toBeHex(swapper, 32) as Hex];
  const logs = await allLogs(chain, { address: permit2, topics, ...range }, signal);
  const ours = logs.find((log) => {
    const event = decodeEvent(permit2Abi, 'UnorderedNonceInvalidation', log, invalidation);
    return event !== undefined && event.word === nonce >> 8n && ((event.mask >> (nonce & 0xffn)) & 1n) === 1n;
  });
  return ours?.blockNumber;
}

/** The input is exact; what arrived is read from the transfers of the transaction that belong to this order. */
async function fillsOf(
  chain: Chain,
  { guaranteedOutput, id, input }: SolverOrder,
  order: DutchOrder,
  fill: FoundLog,
  signal: AbortSignal,
): Promise<Fills> {
  const receipt = await chain.receipt(fill.txHash, signal);
  if (receipt === null) throw new LogMissingError(chain.id, order.reactor, 'the receipt of its Fill');
  const atoms = receivedOf(logsOfOrder(receipt.logs, order, id as Hex), guaranteedOutput.token, order.output.recipient);
  return {
    drawn: input,
    received: { token: guaranteedOutput.token, atoms },
    surplus: atoms > guaranteedOutput.atoms ? atoms - guaranteedOutput.atoms : 0n,
    txHashes: [fill.txHash],
  };
}

/** A reactor pays the outputs of an order right before it reports its fill: what lies between two reports is one order's. */
function logsOfOrder(logs: readonly LogEntry[], { reactor }: DutchOrder, id: Hex): readonly LogEntry[] {
  const topic = reactorAbi.getEvent('Fill')!.topicHash;
  const isFill = ({ address, topics }: LogEntry): boolean => sameAddress(address, reactor) && topics[0] === topic;
  const end = logs.findIndex((log) => isFill(log) && log.topics[1] === id);
  const start = logs.slice(0, Math.max(0, end)).findLastIndex(isFill);
  return logs.slice(start + 1, Math.max(0, end));
}
