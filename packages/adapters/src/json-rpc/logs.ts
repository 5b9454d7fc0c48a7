import type { Hex, LogEntry, LogFilter } from '@evenkeel/core';
import type { RpcClient } from './client.js';
import { RpcGarbageError, RpcRejectedError } from './errors.js';
import { blockTag } from './reads.js';
import { minedLogsSchema, type RawMinedLog } from './schemas.js';

export type MinedLog = LogEntry & { blockNumber: number; txHash: Hex };

/** Reads logs; a range that the node finds too wide is halved until it does not. */
export async function readLogs(
  client: RpcClient,
  filter: LogFilter,
  latest: (signal?: AbortSignal) => Promise<number>,
  signal?: AbortSignal,
): Promise<readonly MinedLog[]> {
  const { address, topics, fromBlock, toBlock } = filter;
  const check = (logs: RawMinedLog[], node: string): void => {
    const stranger = logs.find((log) => log.address.toLowerCase() !== address.toLowerCase());
    if (stranger) throw new RpcGarbageError(node, `logs of ${stranger.address} instead of ${address}`);
  };
  const params = [{ address, topics, fromBlock: blockTag(fromBlock), toBlock: blockTag(toBlock ?? 'latest') }];
  try {
    const logs = await client.read({ method: 'eth_getLogs', params, schema: minedLogsSchema, check }, signal);
    return Object.freeze(logs.filter((log) => log.removed !== true).map(toMinedLog));
  } catch (error) {
    if (!isTooWide(error)) throw error;
    const end = toBlock ?? (await latest(signal));
    if (end <= fromBlock) throw error;
    const middle = fromBlock + Math.floor((end - fromBlock) / 2);
    const left = await readLogs(client, { ...filter, toBlock: middle }, latest, signal);
    const right = await readLogs(client, { ...filter, fromBlock: middle + 1, toBlock: end }, latest, signal);
    return Object.freeze([...left, ...right]);
  }
}

function isTooWide(error: unknown): boolean {
  return (
    error instanceof RpcRejectedError && /range|limit|too (many|large|wide)|more than|exceed/i.test(error.rpcMessage)
  );
}

function toMinedLog({ address, topics, data, blockNumber, transactionHash }: RawMinedLog): MinedLog {
  return Object.freeze({ address, topics: Object.freeze(topics), data, blockNumber, txHash: transactionHash });
}
