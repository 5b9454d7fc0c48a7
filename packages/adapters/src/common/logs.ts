import type { Chain, LogEntry, LogFilter } from '@evenkeel/core';

export type FoundLog = LogEntry & { readonly blockNumber: number; readonly txHash: `0x${string}` };

/** Public nodes refuse wider ranges. */
const WINDOW_BLOCKS = 5_000;

/** All logs of a range, oldest first, asked for in windows that public nodes accept. */
export async function allLogs(
  chain: Chain,
  filter: Omit<LogFilter, 'toBlock'> & { readonly toBlock: number },
  signal: AbortSignal,
): Promise<readonly FoundLog[]> {
  const found: FoundLog[] = [];
  for await (const window of windows(chain, filter, signal)) found.push(...window);
  return found;
}

/** The first log of a range that satisfies `test`, where most searches end in their first window. */
export async function firstLog(
  chain: Chain,
  filter: Omit<LogFilter, 'toBlock'> & { readonly toBlock: number },
  test: (log: FoundLog) => boolean,
  signal: AbortSignal,
): Promise<FoundLog | undefined> {
  for await (const window of windows(chain, filter, signal)) {
    const log = window.find(test);
    if (log !== undefined) return log;
  }
  return undefined;
}

async function* windows(
  chain: Chain,
  filter: Omit<LogFilter, 'toBlock'> & { readonly toBlock: number },
  signal: AbortSignal,
): AsyncGenerator<readonly FoundLog[]> {
  for (let fromBlock = filter.fromBlock; fromBlock <= filter.toBlock; fromBlock += WINDOW_BLOCKS) {
    const toBlock = Math.min(fromBlock + WINDOW_BLOCKS - 1, filter.toBlock);
    yield await chain.logs({ ...filter, fromBlock, toBlock }, signal);
  }
}
