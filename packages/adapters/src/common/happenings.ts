import type { Address, Chain, Hex } from '@evenkeel/core';
import type { VenueHappening } from '@evenkeel/core/watch';
import { type Interface, type Result, zeroPadValue } from 'ethers';
import { allLogs } from './logs.js';

/** An event of a contract that tells what happened to an account. */
export interface WatchedEvent {
  readonly abi: Interface;
  readonly event: string;
  readonly address: Address;
  /** What its indexed fields have to be, in their order: an address, or null for any. */
  readonly indexed: readonly (Address | null)[];
}

/** From the block after the look before to that of this one; `sinceBlock` is absent at the first look. */
export interface WatchedBlocks {
  readonly sinceBlock: number | undefined;
  readonly toBlock: number;
}

/**
 * What a contract has told of an account since the look before, each event with a name that is unique for ever. The first
 * look asks for nothing.
 *
 * @param tell what is to be known of one event; undefined where it is nothing that matters
 */
export async function happeningsOf(
  chain: Chain,
  { abi, address, event, indexed }: WatchedEvent,
  { sinceBlock, toBlock }: WatchedBlocks,
  tell: (args: Result) => Omit<VenueHappening, 'id'> | undefined,
  signal: AbortSignal,
): Promise<readonly VenueHappening[]> {
  if (sinceBlock === undefined || sinceBlock > toBlock) return [];
  const topics = [
    abi.getEvent(event)!.topicHash as Hex,
    ...indexed.map((each) => (each === null ? null : (zeroPadValue(each, 32) as Hex))),
  ];
  const logs = await allLogs(chain, { address, topics, fromBlock: sinceBlock, toBlock }, signal);
  return logs.flatMap(({ data, topics: found, txHash }, at) => {
    const told = tell(abi.decodeEventLog(event, data, [...found]));
    return told === undefined ? [] : [{ id: `${txHash}/${at}`, ...told }];
  });
}
