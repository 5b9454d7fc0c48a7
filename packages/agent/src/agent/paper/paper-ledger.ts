import type { Address, TokenAmount } from '@evenkeel/core';
import * as v from 'valibot';
import type { AgentState } from '../state/open-state.js';

/** What paper trades have added to and taken from accounts, beside what the chains say. Atoms, signed. */
export interface PaperLedger {
  /** All of them, or none. */
  book(owner: Address, changes: readonly TokenAmount[]): void;
  /** Zero for what was never traded. */
  atomsOf(chainId: number, owner: string, token: string): bigint;
  /** What differs from the chain for an owner there. */
  changesOf(chainId: number, owner: string): readonly { readonly token: Address; readonly atoms: bigint }[];
}

const rowSchema = v.object({ chain: v.number(), owner: v.string(), token: v.string(), atoms: v.string() });

export function paperLedger(state: AgentState): PaperLedger {
  const known = new Map<string, Map<string, bigint>>();
  const accountOf = (chainId: number, owner: string): Map<string, bigint> => {
    const key = `${chainId} ${owner.toLowerCase()}`;
    const account = known.get(key) ?? new Map<string, bigint>();
    known.set(key, account);
    return account;
  };
  for (const row of state.all('SELECT * FROM paper', [])) {
    const { atoms, chain, owner, token } = v.parse(rowSchema, row);
    accountOf(chain, owner).set(token, BigInt(atoms));
  }
  const atomsOf: PaperLedger['atomsOf'] = (chainId, owner, token) =>
    known.get(`${chainId} ${owner.toLowerCase()}`)?.get(token.toLowerCase()) ?? 0n;
  return Object.freeze({
    book: (owner, changes) =>
      state.transaction(() => {
        for (const { atoms, token } of changes) {
          const address = token.address.toLowerCase();
          const after = atomsOf(token.chainId, owner, address) + atoms;
          state.run(
            'INSERT INTO paper (chain, owner, token, atoms) VALUES (?, ?, ?, ?) ON CONFLICT (chain, owner, token) DO UPDATE SET atoms = excluded.atoms',
            [token.chainId, owner.toLowerCase(), address, after.toString()],
          );
          accountOf(token.chainId, owner).set(address, after);
        }
      }),
    atomsOf,
    changesOf: (chainId, owner) =>
      [...(known.get(`${chainId} ${owner.toLowerCase()}`) ?? [])].map(([token, atoms]) => ({
        token: token as Address,
        atoms,
      })),
  } satisfies PaperLedger);
}
