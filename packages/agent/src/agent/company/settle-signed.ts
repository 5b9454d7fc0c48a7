import { chainSettlement, type SettledMarket, type SignedFill, trySettlement } from '@evenkeel/adapters/batch';
import { settleCall } from '@evenkeel/adapters/gpv2';
import type { Address, Clock } from '@evenkeel/core';
import { midFraction } from '@evenkeel/core/batch';
import { callsOf, quoteAtomsOf, readRouter } from '../../batch/market.js';
import { clearSigned } from './clear-signed.js';
import type { Need } from './need.js';
import type { ClearedBatch } from './room.js';
import { send, type Sent, type SettlerKey } from './send-settlement.js';

/** What a batch is settled with. */
export interface SettleParts {
  readonly key: SettlerKey;
  readonly clock: Clock;
  /** Told what becomes of a batch. */
  readonly tell: (
    batch: ClearedBatch,
    code: string,
    sentence: string,
    details: Readonly<Record<string, unknown>>,
  ) => void;
  /** Told who is taken out of a batch, and why. */
  readonly blame: (batch: ClearedBatch, culprit: Need, sentence: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A settlement that is found wanting only when it is mined is tried again so often: each try costs its gas. */
const MOST_SENDS = 3;

/**
 * Plays the settlement on the latest state and sends it. Whoever spoils it is taken out; those who are left are cleared
 * again, within what they have signed, and played again, until it holds. An order is in one settlement at a time, and the
 * contract fills it once, so that what was signed for the first price cannot be used beside the second.
 */
export async function settleSigned(
  parts: SettleParts,
  solver: Address,
  batch: ClearedBatch,
  signed: readonly SignedFill[],
): Promise<void> {
  const { place } = batch.read;
  const target = { ...place.settlement, solver };
  const removed: string[] = [];
  const remove = async (orderId: string, sentence: string): Promise<void> => {
    const need = batch.needs.find(({ order }) => order.id === orderId)!;
    removed.push(`${need.portfolio}: ${sentence}`);
    await parts.blame(batch, need, sentence);
  };
  const isSigned = new Set(signed.map(({ fill }) => fill.order.id));
  for (const { order } of batch.cleared.fills) {
    if (!isSigned.has(order.id)) await remove(order.id, 'It has not signed in time.');
  }
  let fills = signed;
  let isFirst = removed.length === 0;
  let sends = 0;
  while (fills.length > 0) {
    const again = isFirst ? undefined : await clearAgain(parts, batch, fills);
    for (const { fill } of again?.beyond ?? []) {
      await remove(fill.order.id, 'At the price that is left it would get less than it has signed.');
    }
    const market = again?.market ?? (await marketFor(parts, batch, fills));
    fills = market.fills;
    if (fills.length === 0) break;
    const verdict = await trySettlement(place.chain, target, [market], solver, parts.signal);
    if (verdict.sound) {
      sends += 1;
      const call = settleCall(target, chainSettlement([market], solver));
      const sent = await send(parts, place.chain, call, verdict.gasUsed, fills[0]!.order.validTo);
      // A settlement that reverts has moved nothing: who is to blame is seen by the next look.
      if (sent.state === 'reverted' && sends < MOST_SENDS) continue;
      tellSent(parts, batch, sent, fills.length, removed);
      return;
    }
    const culprits = new Set(verdict.culprits.map(({ orderId }) => orderId));
    for (const { orderId, sentence } of verdict.culprits) await remove(orderId, sentence);
    if (culprits.size === 0 && !isFirst) {
      parts.tell(batch, 'BATCH_FAILED', `Batch ${batch.id} does not hold: ${verdict.error}`, { removed });
      return;
    }
    isFirst = false;
    fills = fills.filter(({ fill }) => !culprits.has(fill.order.id));
  }
  parts.tell(batch, 'BATCH_FAILED', `Nobody is left of batch ${batch.id}. ${removed.join(' ')}`, { removed });
}

function tellSent(
  { tell }: SettleParts,
  batch: ClearedBatch,
  sent: Sent,
  orders: number,
  removed: readonly string[],
): void {
  const without = removed.length === 0 ? '' : ` Without some, at a price of their own: ${removed.join(' ')}`;
  switch (sent.state) {
    case 'settled': {
      const sentence = `Batch ${batch.id} is settled: ${orders} orders in one transaction.${without}`;
      tell(batch, 'BATCH_SETTLED', sentence, { txHash: sent.txHash, removed, orders });
      return;
    }
    case 'reverted': {
      const sentence = `The settlement of batch ${batch.id} was mined and failed, and moved nothing: its orders die by themselves.`;
      tell(batch, 'BATCH_FAILED', sentence, { txHash: sent.txHash, removed, orders });
      return;
    }
    case 'late': {
      const sentence = `The settlement of batch ${batch.id} was not mined in time: its orders are dead.`;
      tell(batch, 'BATCH_FAILED', sentence, { txHash: null, removed, orders });
      return;
    }
  }
}

/** Everybody, at the price that was cleared, with the rest routed as the market is now. */
async function marketFor(
  { signal }: SettleParts,
  { cleared, read }: ClearedBatch,
  fills: readonly SignedFill[],
): Promise<SettledMarket> {
  const { market, place } = read;
  if (cleared.remainder === undefined) return { market, cleared, fills, route: [] };
  const { baseAtoms, side } = cleared.remainder;
  const route = (await readRouter(place, signal)).route(side, baseAtoms);
  const calls = callsOf(route, place, place.settlement.settlement, fills[0]!.order.validTo);
  return { market, cleared, fills, route: calls };
}

/** Those who are left, at the price that they make now. */
async function clearAgain(
  { signal }: SettleParts,
  { cleared, read }: ClearedBatch,
  signed: readonly SignedFill[],
): Promise<{ readonly market: SettledMarket; readonly beyond: readonly SignedFill[] }> {
  const { market, place } = read;
  const router = await readRouter(place, signal);
  const mid = midFraction({ ...market, midPrice: router.midPrice });
  const again = clearSigned(signed, mid, (side, atoms) => quoteAtomsOf(router.route(side, atoms)));
  const { beyond, fills } = again;
  const { remainder } = again.cleared;
  const own = fills.map(({ fill }) => fill);
  const route =
    remainder === undefined || fills.length === 0
      ? []
      : callsOf(
          router.route(remainder.side, remainder.baseAtoms),
          place,
          place.settlement.settlement,
          fills[0]!.order.validTo,
        );
  return {
    market: { market, cleared: { ...cleared, ...again.cleared, fills: own, dustQuoteAtoms: 0n }, fills, route },
    beyond,
  };
}
