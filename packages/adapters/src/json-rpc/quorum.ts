import type { Block, Chain, Hex } from '@evenkeel/core';
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { RpcDisagreementError } from './errors.js';

/**
 * One chain through several nodes that are all asked: what so many of them say alike is believed, and nothing else. A node
 * that lies, lags or fails is outvoted; where too few agree the answer is an error, never a guess.
 *
 * Fees are the middle of what is said, for no two nodes say the same. Transactions go to all nodes, and one that takes them
 * is enough. The latest block is the newest that enough nodes have reached.
 *
 * @param nodes connections to the same chain, one a node, from different providers
 * @param quorum how many have to agree; more than half of them, so that two answers cannot both be believed
 * @throws {InvalidInputError} for a quorum that does not fit; the methods throw {@link RpcDisagreementError}
 * `RPC_DISAGREES`, and what the nodes throw where too few of them answer
 * @example
 * ```ts
 * const nodes = urls.map((url) => jsonRpcChain({ id: 1, name: 'Ethereum', url }))
 * const chain = quorumChain(nodes, 2)
 * ```
 */
export function quorumChain(nodes: readonly Chain[], quorum: number): Chain {
  const [first] = nodes;
  const isMajority = Number.isSafeInteger(quorum) && quorum <= nodes.length && 2 * quorum > nodes.length;
  if (first === undefined || !isMajority) {
    const hint = `Use a whole number above ${nodes.length / 2}, at most ${nodes.length}.`;
    throw new InvalidInputError('quorum', quorum, `is no majority of ${nodes.length} nodes`, hint);
  }
  const { id, name } = first;

  const all = async <T>(ask: (node: Chain) => Promise<T>): Promise<readonly T[]> => {
    const answers = await Promise.allSettled(nodes.map(ask));
    const given = answers.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
    if (given.length >= quorum) return given;
    const failures = answers.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown);
    // What a contract or a node rejects is an answer, too: where enough of them reject, that is what is said.
    throw failures.find((error) => error instanceof EvenkeelError && error.retryable) ?? failures[0];
  };

  const agreed = async <T>(what: string, ask: (node: Chain) => Promise<T>): Promise<T> => {
    const answers = await all(ask);
    const votes = new Map<string, T[]>();
    for (const answer of answers) {
      const key = JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
      votes.set(key, [...(votes.get(key) ?? []), answer]);
    }
    const believed = [...votes.values()].find((same) => same.length >= quorum);
    if (believed === undefined) throw new RpcDisagreementError(name, what, votes.size, quorum);
    return believed[0]!;
  };

  const latest = async (signal?: AbortSignal): Promise<Block> => {
    const heights = (await all((node) => node.block('latest', signal))).map(({ number }) => number);
    const reached = [...heights].sort((a, b) => b - a)[quorum - 1]!;
    return agreed(`block ${reached}`, (node) => node.block(reached, signal));
  };

  const middle = (values: readonly bigint[]): bigint =>
    [...values].sort((a, b) => (a < b ? -1 : Number(a > b)))[Math.floor(values.length / 2)]!;

  return Object.freeze({
    id,
    name,
    block: (tag, signal) =>
      tag === 'latest' ? latest(signal) : agreed(`block ${tag}`, (node) => node.block(tag, signal)),
    read: (calls, signal) => agreed('a read', (node) => node.read(calls, signal)),
    simulate: (request, signal) => agreed('a simulation', (node) => node.simulate(request, signal)),
    code: (address, signal) => agreed('code', (node) => node.code(address, signal)),
    balanceWei: (address, signal) => agreed('a balance', (node) => node.balanceWei(address, signal)),
    fees: async (signal) => {
      const said = await all((node) => node.fees(signal));
      return Object.freeze({
        baseFeeWei: middle(said.map(({ baseFeeWei }) => baseFeeWei)),
        priorityFeeWei: middle(said.map(({ priorityFeeWei }) => priorityFeeWei)),
      });
    },
    transactionCount: (address, tag, signal) =>
      agreed('a nonce', (node) => node.transactionCount(address, tag, signal)),
    sendRawTransaction: (raw, signal) => anyOf(nodes.map((node) => node.sendRawTransaction(raw, signal))),
    receipt: (txHash, signal) => agreed('a receipt', (node) => node.receipt(txHash, signal)),
    logs: (filter, signal) => agreed('logs', (node) => node.logs(filter, signal)),
    requestCount: () => nodes.reduce((sum, node) => sum + node.requestCount(), 0),
  } satisfies Chain);
}

/** The first that succeeds; where none does, the first one's error. */
async function anyOf(attempts: readonly Promise<Hex>[]): Promise<Hex> {
  const ends = await Promise.allSettled(attempts);
  const taken = ends.find((each) => each.status === 'fulfilled');
  if (taken !== undefined) return taken.value;
  throw (ends[0] as PromiseRejectedResult).reason;
}
