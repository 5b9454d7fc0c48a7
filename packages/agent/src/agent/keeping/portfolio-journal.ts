import { type Address, type Hex, type Journal, sameAddress } from '@evenkeel/core';

/** Whose part of a journal. */
export interface JournalOwner {
  readonly owner: Address;
  readonly underlying: string;
}

/**
 * What one portfolio sees of a journal that it shares: its own programmes and transfers. Nonces stay in common, as they
 * must, for two portfolios may have one account. Closing it closes nothing.
 */
export function portfolioJournal(journal: Journal, { owner, underlying }: JournalOwner): Journal {
  const owned = new Map<Hex, boolean>();
  const isOwn = async (intentId: Hex): Promise<boolean> => {
    const known = owned.get(intentId);
    if (known !== undefined) return known;
    const signed = await journal.intent(intentId);
    // One whose intent is missing belongs to all: somebody has to complain about it.
    if (signed === undefined) return true;
    const own = signed.intent.underlying === underlying && sameAddress(signed.intent.signer, owner);
    owned.set(intentId, own);
    return own;
  };
  const only = async <T>(records: readonly T[], intentOf: (record: T) => Hex): Promise<readonly T[]> => {
    const own = await Promise.all(records.map((record) => isOwn(intentOf(record))));
    return records.filter((_, i) => own[i]);
  };
  return Object.freeze({
    ...journal,
    programmes: async (filter) => only(await journal.programmes(filter), ({ programme }) => programme.intentId),
    transfers: async (filter) => only(await journal.transfers(filter), ({ key }) => key.intentId),
    close: () => Promise.resolve(),
  } satisfies Journal);
}
