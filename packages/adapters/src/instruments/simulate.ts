import {
  type Address,
  type Call,
  type Chain,
  type SimulatedCall,
  type SimulatedResult,
  type Token,
} from '@evenkeel/core';
import { balanceRead } from '../common/erc20.js';
import type { ContractRead } from '../common/read.js';

/** What a simulated sequence did, and what was read after it. */
export interface Rehearsal {
  readonly results: readonly SimulatedResult[];
  /** The first call that fails. */
  readonly failed?: { readonly call: Call; readonly result: SimulatedResult };
  /** What a read gave after the calls; nothing that a failed sequence left is worth reading. */
  after<T>(read: ContractRead<T>): T;
  /** By how much the owner's balance of a token changed. */
  flow(token: Token): bigint;
  readonly gasUsed: bigint;
}

/** What is read around the calls. */
export interface Watched {
  readonly reads?: readonly ContractRead<unknown>[];
  /** Whose balances of the owner are compared. */
  readonly tokens?: readonly Token[];
}

/** Runs calls one after another from an account on the latest state, and reads what they left. Nothing is sent. */
export async function rehearse(
  chain: Chain,
  owner: Address,
  calls: readonly Call[],
  { reads = [], tokens = [] }: Watched,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const balances = tokens.map((token) => balanceRead(token, owner));
  const asRead = ({ data, to }: ContractRead<unknown>): SimulatedCall => ({ to, data, valueWei: 0n });
  const own = calls.map(({ data, to, valueWei }) => ({ to, data, valueWei }));
  const asked = [...balances.map(asRead), ...own, ...balances.map(asRead), ...reads.map(asRead)];
  const all = await chain.simulate({ from: owner, calls: asked }, signal);
  const after = balances.length + calls.length;
  const results = all.slice(balances.length, after);
  const index = results.findIndex(({ success }) => !success);
  return {
    results,
    ...(index !== -1 && { failed: { call: calls[index]!, result: results[index]! } }),
    after: (read) => read.decode(all[after + balances.length + reads.indexOf(read)]!, chain.id),
    flow: (token) => {
      const at = tokens.indexOf(token);
      const read = balances[at]!;
      return read.decode(all[after + at]!, chain.id) - read.decode(all[at]!, chain.id);
    },
    gasUsed: results.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
  };
}
