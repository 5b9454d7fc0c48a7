import { Interface } from 'ethers';
import type { LogDescription } from 'ethers';
import type { Address, Hex, WorldChain } from '../world.js';

/** One event of one contract. */
export interface SeenEvent {
  readonly chain: WorldChain;
  readonly args: LogDescription['args'];
  readonly blockNumber: number;
  readonly txHash: Hex;
}

/** Reads a contract's events from a block on, each once. */
export interface LogReader {
  /** Events that were not read before, oldest first. */
  next(): Promise<readonly SeenEvent[]>;
  /** Forgets what was read. */
  rewind(fromBlock: number): void;
}

interface RawLog {
  readonly topics: string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly transactionHash: Hex;
}

/** @param event in Solidity's words: `event Transfer(address indexed from, address indexed to, uint256 value)` */
export function createLogReader(chain: WorldChain, address: Address, event: string, fromBlock: number): LogReader {
  const coder = new Interface([event]);
  const topic =
    coder.fragments[0]?.type === 'event' ? coder.getEvent(event.slice(6, event.indexOf('(')))?.topicHash : '';
  let nextBlock = fromBlock;
  return {
    async next() {
      const head = Number(await chain.rpc('eth_blockNumber'));
      if (head < nextBlock) return [];
      const range = { fromBlock: `0x${nextBlock.toString(16)}`, toBlock: `0x${head.toString(16)}` };
      const logs = (await chain.rpc('eth_getLogs', [{ address, topics: [topic], ...range }])) as readonly RawLog[];
      nextBlock = head + 1;
      return logs.flatMap((log) => {
        const parsed = coder.parseLog(log);
        const { transactionHash: txHash } = log;
        return parsed === null ? [] : [{ chain, args: parsed.args, blockNumber: Number(log.blockNumber), txHash }];
      });
    },
    rewind(block) {
      nextBlock = block;
    },
  };
}

/** Unix time of the block that a chain would mine now. */
export async function chainClock(chain: WorldChain): Promise<number> {
  return blockTime(chain, 'pending');
}

export async function blockTime(chain: WorldChain, block: number | 'pending'): Promise<number> {
  const tag = typeof block === 'number' ? `0x${block.toString(16)}` : block;
  const answer = (await chain.rpc('eth_getBlockByNumber', [tag, false])) as { readonly timestamp: string };
  return Number(answer.timestamp);
}
