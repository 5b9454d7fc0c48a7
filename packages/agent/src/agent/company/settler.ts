import type { SignedFill } from '@evenkeel/adapters/batch';
import type { CowOrderBook, CowOrderPost } from '@evenkeel/adapters/cow';
import { orderUid } from '@evenkeel/adapters/gpv2';
import type { Address, Chain } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import type { ClearedBatch } from './room.js';
import { type SettleParts, settleSigned } from './settle-signed.js';

export interface SettlerParts extends SettleParts {
  /** How long signed orders may be settled. */
  readonly settleSeconds: number;
}

/** Collects what the members of a batch sign, and settles it once all have, or without those who have not. */
export interface Settler {
  readonly address: Address;
  /** A batch whose members will hand their orders over. */
  expect(batch: ClearedBatch): void;
  /** How members hand their orders over. Orders of no batch of this process are left to end by themselves. */
  readonly book: (chain: Chain, settlement: Address) => CowOrderBook;
}

interface Table {
  readonly batch: ClearedBatch;
  readonly signed: Map<string, SignedFill>;
  begun: boolean;
}

export function openSettler(parts: SettlerParts): Settler {
  const { clock, key, settleSeconds, signal } = parts;
  const tables = new Map<string, Table>();
  /** One settlement after another on each chain: whoever settles has one counter of nonces. */
  const lanes = new Map<number, Promise<void>>();
  const address = key.address as Address;

  const begin = (table: Table): void => {
    if (table.begun) return;
    table.begun = true;
    const { batch } = table;
    for (const { order } of batch.cleared.fills) tables.delete(order.id);
    const { id } = batch.read.place.chain;
    const before = lanes.get(id) ?? Promise.resolve();
    const own = before.then(() => settleSigned(parts, address, table.batch, [...table.signed.values()]));
    lanes.set(
      id,
      own.catch((error: unknown) => {
        const code = error instanceof EvenkeelError ? error.code : 'UNEXPECTED';
        const sentence = `The batch is not settled: ${error instanceof Error ? error.message : String(error)}`;
        parts.tell(batch, 'BATCH_FAILED', sentence, { cause: code });
      }),
    );
  };

  return Object.freeze({
    address,
    expect: (batch) => {
      const table: Table = { batch, signed: new Map(), begun: false };
      for (const { order } of batch.cleared.fills) tables.set(order.id.toLowerCase(), table);
      // Half of the orders' life is for signing, the other half for the chain.
      clock.sleep(settleSeconds * 500, signal).then(
        () => begin(table),
        () => undefined,
      );
    },
    book: (chain, settlement) =>
      Object.freeze({
        quote: () => Promise.resolve(undefined),
        post: (post) => {
          const id = post.order.appData.toLowerCase();
          const table = tables.get(id);
          if (table !== undefined) {
            table.signed.set(id, signedFill(table.batch, id, post));
            if (table.signed.size === table.batch.cleared.fills.length) begin(table);
          }
          return Promise.resolve(orderUid({ chainId: chain.id, settlement }, post.order, post.from));
        },
        cancel: () => Promise.resolve(),
      } satisfies CowOrderBook),
  } satisfies Settler);
}

function signedFill(
  { cleared }: ClearedBatch,
  id: string,
  { from, order, scheme, signature }: CowOrderPost,
): SignedFill {
  const fill = cleared.fills.find((each) => each.order.id.toLowerCase() === id)!;
  return { fill, order, signature: { scheme, owner: from, signature } };
}
