import type { FillRecord } from '../award/outcomes.js';
import { allDelegations } from '../delegate/book.js';
import type { Delegation } from '../delegate/delegation.js';
import type { Journal } from '../ports/journal.js';

/** How networks kept their word so far, by all orders of the journal that left the process and are over. */
export async function fillRecords(journal: Journal): Promise<readonly FillRecord[]> {
  const ended = (await allDelegations(journal)).filter(({ state }) => state === 'ended');
  const adapters = [...new Set(ended.map(({ order }) => order.adapter))].sort();
  return adapters.map((adapter) => {
    const shares = ended.filter(({ order }) => order.adapter === adapter).map(shareOf);
    const parts = shares.filter((share) => share < 1);
    const partialShare = parts.length === 0 ? 0 : parts.reduce((sum, share) => sum + share, 0) / parts.length;
    return Object.freeze({ adapter, asked: shares.length, filled: shares.length - parts.length, partialShare });
  });
}

function shareOf({ order, proof }: Delegation): number {
  return Number(proof!.drawn.atoms) / Number(order.input.atoms);
}
