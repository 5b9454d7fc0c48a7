import type { Call } from '../model/call.js';
import type { Address, Token } from '../model/token.js';
import type { MarginAccount } from './margin-account.js';
import type { Reduction } from './plans.js';

/** An account on margin as it stands now, and what could be done for it. */
export interface MarginReading {
  readonly account: MarginAccount;
  /** What a unit of the venue's token counts as margin; see {@link planTopUp}. */
  readonly weight: number;
  /** Of the position that it carries; shorts are negative. */
  readonly heldUnits: number;
  /** What closing all of that does to the account, at a cost that is a share of the value closed. */
  readonly reduction: (costShare: number) => Reduction;
  /** Of the venue's token, in the owner's wallet on that chain. */
  readonly walletAtoms: bigint;
  /** More than this is not taken now. Absent: any amount is. */
  readonly roomAtoms?: bigint;
}

/**
 * Where margin of one instrument is kept. Same rules as for any adapter: it holds no key, sends nothing, and throws nothing
 * but an EvenkeelError.
 */
export interface MarginVenue {
  /** Under which intents admit its deposits: `perp-v2-10-margin`. */
  readonly id: string;
  readonly name: string;
  readonly chainId: number;
  /** The instrument whose position the margin carries: what is traded to make less margin necessary. */
  readonly carries: { readonly adapter: string; readonly instrument: string };
  /** What is paid in. */
  readonly token: Token;
  /** Gas of a deposit with its approval, about. */
  readonly gasUnits: bigint;
  /** Contracts that a deposit may call, besides the approval of its token: the guard's allow-list. */
  targets(chainId: number): readonly Address[];
  read(owner: Address, signal: AbortSignal): Promise<MarginReading>;
  /** Pure: an exact approval where one is needed, then the deposit. */
  deposit(atoms: bigint): readonly Call[];
}
