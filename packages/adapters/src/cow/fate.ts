import type { Chain, Fills, Hex, SolverOrder } from '@evenkeel/core';
import { toBeHex } from 'ethers';
import * as v from 'valibot';
import { LogMissingError } from '../common/errors.js';
import { allLogs } from '../common/logs.js';
import { contractRead, decodeEvent, readContracts } from '../common/read.js';
import { hexSchema } from '../common/schemas.js';
import { settlementAbi } from '../gpv2/abi.js';
import { type Gpv2Domain, INVALIDATED_FILLED_ATOMS, settledTrades } from '../gpv2/index.js';
import type { CowPayload } from './payload.js';

/** What the chain says about an order at its latest block. */
export type Fate = {
  readonly fills: Fills;
  /** Of the last trade; undefined when there was none. */
  readonly lastFillBlock: number | undefined;
} & (
  { readonly kind: 'open' | 'expired' | 'filled' } | { readonly kind: 'invalidated'; readonly invalidatedBlock: number }
);

/**
 * `filledAmount` of the settlement contract counts what was sold of an order, and is the highest number there is once its
 * owner has cancelled it. The trades tell what was paid; they have to sum to it, so that a node that keeps logs back is
 * found out. Of a cancelled order the count is gone: there the logs are all there is.
 *
 * @throws {LogMissingError} when the logs do not sum to what was filled: it must not pass for less.
 */
export async function fateOf(
  chain: Chain,
  domain: Gpv2Domain,
  solverOrder: SolverOrder,
  { order, owner, sinceBlock }: CowPayload,
  signal: AbortSignal,
): Promise<Fate> {
  const uid = solverOrder.id as Hex;
  const read = contractRead(settlementAbi, domain.settlement, 'filledAmount', [uid], v.bigint());
  const { block, values } = await readContracts(chain, [read], signal);
  const [filled] = values;
  const over = block.timeSeconds > order.validTo;
  if (filled === 0n)
    return { kind: over ? 'expired' : 'open', fills: fillsOf(solverOrder, []), lastFillBlock: undefined };
  const range = { fromBlock: sinceBlock, toBlock: block.number };
  const trades = await tradesOf(chain, domain, uid, owner, range, signal);
  const found = { fills: fillsOf(solverOrder, trades), lastFillBlock: trades.at(-1)?.blockNumber };
  if (filled === INVALIDATED_FILLED_ATOMS) {
    return {
      kind: 'invalidated',
      invalidatedBlock: await invalidationOf(chain, domain, uid, owner, range, signal),
      ...found,
    };
  }
  const told = trades.reduce((sum, { feeAtoms, sellAtoms }) => sum + sellAtoms - feeAtoms, 0n);
  if (told !== filled) throw new LogMissingError(chain.id, domain.settlement, 'Trade');
  return { kind: filled === order.sellAmount ? 'filled' : over ? 'expired' : 'open', ...found };
}

interface Range {
  readonly fromBlock: number;
  readonly toBlock: number;
}

interface FoundTrade {
  readonly sellAtoms: bigint;
  readonly buyAtoms: bigint;
  readonly feeAtoms: bigint;
  readonly blockNumber: number;
  readonly txHash: Hex;
}

async function tradesOf(
  chain: Chain,
  domain: Gpv2Domain,
  uid: Hex,
  owner: Hex,
  range: Range,
  signal: AbortSignal,
): Promise<readonly FoundTrade[]> {
  const topics = [settlementAbi.getEvent('Trade')!.topicHash as Hex, toBeHex(owner, 32) as Hex];
  const logs = await allLogs(chain, { address: domain.settlement, topics, ...range }, signal);
  return logs.flatMap((log) =>
    settledTrades(domain, [log])
      .filter(({ orderUid }) => orderUid.toLowerCase() === uid.toLowerCase())
      .map((trade) => ({ ...trade, blockNumber: log.blockNumber, txHash: log.txHash })),
  );
}

const invalidated = v.object({ owner: v.string(), orderUid: hexSchema });

async function invalidationOf(
  chain: Chain,
  { settlement }: Gpv2Domain,
  uid: Hex,
  owner: Hex,
  range: Range,
  signal: AbortSignal,
): Promise<number> {
  const topics = [settlementAbi.getEvent('OrderInvalidated')!.topicHash as Hex, toBeHex(owner, 32) as Hex];
  const logs = await allLogs(chain, { address: settlement, topics, ...range }, signal);
  const ours = logs.find((log) => {
    const event = decodeEvent(settlementAbi, 'OrderInvalidated', log, invalidated);
    return event?.orderUid.toLowerCase() === uid.toLowerCase();
  });
  if (ours === undefined) throw new LogMissingError(chain.id, settlement, 'OrderInvalidated');
  return ours.blockNumber;
}

function fillsOf({ guaranteedOutput, input }: SolverOrder, trades: readonly FoundTrade[]): Fills {
  const drawn = trades.reduce((sum, { sellAtoms }) => sum + sellAtoms, 0n);
  const received = trades.reduce((sum, { buyAtoms }) => sum + buyAtoms, 0n);
  const owed = (guaranteedOutput.atoms * drawn) / input.atoms;
  return {
    drawn: { token: input.token, atoms: drawn },
    received: { token: guaranteedOutput.token, atoms: received },
    surplus: received > owed ? received - owed : 0n,
    txHashes: [...new Set(trades.map(({ txHash }) => txHash))],
  };
}
