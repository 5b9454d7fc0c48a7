import type { Call } from '../model/call.js';
import type { Address, Token, TokenAmount } from '../model/token.js';
import type { MarginAccount } from './margin-account.js';
import type { MarginChange, Reduction } from './plans.js';

/** An account on margin as it stands now, and what could be done for it. */
export interface MarginReading {
  readonly account: MarginAccount;
  /** By the id of the payment. One that is not there is not taken now. */
  readonly payments: Readonly<Record<string, PaymentReading>>;
  /** The position that it carries; absent where none of it can be traded. */
  readonly position?: MarginPosition;
}

export interface PaymentReading {
  /** What one unit of the payment's token adds to the account. */
  readonly change: MarginChange;
  /** What such a unit is worth, in numeraire. */
  readonly price: number;
  /** Of that token, in the owner's wallet on that chain. */
  readonly walletAtoms: bigint;
  /** More than this is not taken now. Absent: any amount is. */
  readonly roomAtoms?: bigint;
}

export interface MarginPosition {
  /** Shorts are negative. */
  readonly heldUnits: number;
  /** What closing all of that does to the account, at a cost that is a share of the value closed. */
  readonly reduction: (costShare: number) => Reduction;
  /** What closing is paid with, as far as the wallet has it. Absent: nothing of the wallet. */
  readonly paidWith?: TokenAmount;
}

/** One way of paying into an account: a deposit, a supply of collateral, a debt that is repaid. */
export interface MarginPayment {
  /** `deposit`, `supply`, `repay-WETH`. */
  readonly id: string;
  readonly token: Token;
  /** Gas of it with its approval, about. */
  readonly gasUnits: bigint;
  /** Pure: an exact approval where one is needed, then the payment, by the owner and for the owner's account. */
  readonly calls: (atoms: bigint, owner: Address) => readonly Call[];
}

/**
 * Where the margin of an account is kept. Same rules as for any adapter: it holds no key, sends nothing, and throws nothing
 * but an EvenkeelError.
 */
export interface MarginVenue {
  /** Under which intents admit its payments: `perp-v2-10-margin`. */
  readonly id: string;
  readonly name: string;
  readonly chainId: number;
  /** The instrument whose position the margin carries: what is traded to make less margin necessary. Absent: none is. */
  readonly carries?: { readonly adapter: string; readonly instrument: string };
  readonly payments: readonly MarginPayment[];
  /** Contracts that a payment may call, besides the approval of its token: the guard's allow-list. */
  targets(chainId: number): readonly Address[];
  read(owner: Address, signal: AbortSignal): Promise<MarginReading>;
}
