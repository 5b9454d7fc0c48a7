import type { Block, SolverOrder } from '@evenkeel/core';
import { standardOrderId, type Hex } from '@evenkeel/intents';
import * as v from 'valibot';
import { configuredOn } from '../common/configured-on.js';
import { allLogs, firstLog, type FoundLog } from '../common/logs.js';
import { contractRead, decodeEvent, readContracts } from '../common/read.js';
import { wordSchema } from '../common/schemas.js';
import { addressToWord } from '../common/word.js';
import { inputSettlerAbi, outputSettlerAbi, permit2Abi } from './abi.js';
import { finalBlock, type OifChain, type OifOptions, permit2Of } from './config.js';
import { oifPayload, outputOf } from './payload.js';

/** A fill as the output settler announced it. */
export interface Fill {
  readonly atoms: bigint;
  readonly txHash: Hex;
  readonly blockNumber: number;
}

/** An order by the two chains alone. */
export interface OrderState {
  readonly origin: OifChain;
  /** {@link ORDER_STATUS} at the latest block. */
  readonly status: number;
  /** The permit's nonce is used up, at the latest block: by the draw, or by its owner. */
  readonly nonceUsed: boolean;
  readonly fill: Fill | undefined;
  /** Latest blocks that were read, and the last that are final. */
  readonly originTime: number;
  readonly destinationTime: number;
  readonly originFinal: Block;
  readonly destinationFinal: Block;
}

/** The id under which the settlers keep the order. */
export function orderIdOf(order: Pick<SolverOrder, 'child'>, origin: OifChain): Hex {
  return standardOrderId(order.child.order, origin.inputSettler);
}

/** Reads both chains. @throws what the nodes throw */
export async function readOrder(options: OifOptions, order: SolverOrder, signal: AbortSignal): Promise<OrderState> {
  const { nonce, originChainId, user } = order.child.order;
  const origin = configuredOn(options.id ?? 'oif', options.chains, originChainId);
  const destination = configuredOn(options.id ?? 'oif', options.chains, outputOf(order).chainId);
  const id = orderIdOf(order, origin);
  const count = v.pipe(v.bigint(), v.transform(Number));
  // Final blocks first, and the fill after the draw: what is not seen later was not there before.
  const originFinal = await finalBlock(origin, signal);
  const { block, values } = await readContracts(
    origin.chain,
    [
      contractRead(inputSettlerAbi, origin.inputSettler, 'orderStatus', [id], count),
      contractRead(permit2Abi, permit2Of(origin), 'nonceBitmap', [user, nonce >> 8n], v.bigint()),
    ],
    signal,
  );
  const [latest, destinationFinal] = await Promise.all([
    destination.chain.block('latest', signal),
    finalBlock(destination, signal),
  ]);
  return {
    origin,
    status: values[0],
    nonceUsed: isSet(values[1], nonce),
    fill: await findFill(destination, order, id, latest.number, signal),
    originTime: block.timeSeconds,
    destinationTime: latest.timeSeconds,
    originFinal,
    destinationFinal,
  };
}

/** The owner's own invalidation of the order's nonce, in a final block. */
export async function findInvalidation(
  { origin, originFinal }: OrderState,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<FoundLog | undefined> {
  const { nonce, user } = order.child.order;
  const topic = permit2Abi.getEvent('UnorderedNonceInvalidation')!.topicHash as Hex;
  const range = { fromBlock: oifPayload(order).originBlock, toBlock: originFinal.number };
  const filter = { address: permit2Of(origin), topics: [topic, addressToWord(user)], ...range };
  return firstLog(
    origin.chain,
    filter,
    (log) => {
      const event = decodeEvent(permit2Abi, 'UnorderedNonceInvalidation', log, invalidation);
      return event !== undefined && event.word === nonce >> 8n && isSet(event.mask, nonce);
    },
    signal,
  );
}

/** That the escrow was given back, in a final block. */
export async function findRefund(
  { origin, originFinal }: OrderState,
  order: SolverOrder,
  signal: AbortSignal,
): Promise<FoundLog | undefined> {
  const topic = inputSettlerAbi.getEvent('Refunded')!.topicHash as Hex;
  const range = { fromBlock: oifPayload(order).originBlock, toBlock: originFinal.number };
  const filter = { address: origin.inputSettler, topics: [topic, orderIdOf(order, origin)], ...range };
  const [found] = await allLogs(origin.chain, filter, signal);
  return found;
}

const invalidation = v.object({ word: v.bigint(), mask: v.bigint() });
const filled = v.object({
  finalAmount: v.bigint(),
  output: v.object({ chainId: v.bigint(), token: wordSchema, recipient: wordSchema, amount: v.bigint() }),
});

async function findFill(
  { chain, outputSettler }: OifChain,
  order: SolverOrder,
  id: Hex,
  toBlock: number,
  signal: AbortSignal,
): Promise<Fill | undefined> {
  const wanted = outputOf(order);
  const topic = outputSettlerAbi.getEvent('OutputFilled')!.topicHash as Hex;
  const filter = {
    address: outputSettler,
    topics: [topic, id],
    fromBlock: oifPayload(order).destinationBlock,
    toBlock,
  };
  const logs = await allLogs(chain, filter, signal);
  for (const log of logs) {
    const event = decodeEvent(outputSettlerAbi, 'OutputFilled', log, filled);
    // Anybody may fill some other output under the same id: only ours counts.
    const ours =
      event?.output.token === wanted.token.toLowerCase() &&
      event.output.recipient === wanted.recipient.toLowerCase() &&
      event.output.amount === wanted.amount &&
      event.finalAmount >= wanted.amount;
    if (ours) return { atoms: event.finalAmount, txHash: log.txHash, blockNumber: log.blockNumber };
  }
  return undefined;
}

function isSet(bitmap: bigint, nonce: bigint): boolean {
  return ((bitmap >> (nonce & 0xffn)) & 1n) === 1n;
}
