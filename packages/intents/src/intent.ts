/** `0x` and hexadecimal digits. */
export type Hex = `0x${string}`;
/** A 20-byte EVM address. */
export type Address = `0x${string}`;

/** What an intent lets its executor spend on one chain, and where everything bought has to arrive. */
export interface SpendingLimit {
  readonly chainId: number;
  readonly token: Address;
  /** Atoms of the token, over the whole life of the intent. */
  readonly maxSpend: bigint;
  readonly recipient: Address;
}

/** How the trade may be spread over time. `hidden` commits to a schedule by hash that is revealed slice by slice. */
export type ScheduleConstraint =
  | { readonly kind: 'single' }
  | { readonly kind: 'twap' | 'vwap'; readonly parts: number; readonly spanSeconds: number }
  | { readonly kind: 'hidden'; readonly hash: Hex };

/**
 * The declarative goal: which change of delta is wanted, within which bounds, until when. Says nothing about how.
 * Decimals are plain decimal strings, times unix seconds, token amounts atoms.
 */
export interface RebalanceIntent {
  readonly version: 1;
  /** `ETH` */
  readonly underlying: string;
  /** Signed change of delta in units of the underlying: `"-1.25"` sells. */
  readonly deltaChangeUnits: string;
  /** Where the delta has to lie after the trade, in units. */
  readonly postTradeDelta: { readonly low: string; readonly high: string };
  /** keccak256 of the exposure that the intent corrects. */
  readonly exposureHash: Hex;
  readonly spending: readonly SpendingLimit[];
  /** The most that the trade may cost, all in, against `referencePrice`; hundredths of a percent of the notional. */
  readonly maxCostBps: number;
  readonly referencePrice: { readonly source: string; readonly price: string };
  /** Ids of the adapters that may be used. */
  readonly adapters: readonly string[];
  readonly schedule: ScheduleConstraint;
  readonly partialFill: 'allowed' | 'all-or-nothing';
  readonly deadline: number;
  /** Unique per signer; 256 bits. */
  readonly nonce: bigint;
  readonly signer: Address;
}

export interface SignedIntent {
  readonly intent: RebalanceIntent;
  /** EIP-712 hash: the intent's identity. */
  readonly id: Hex;
  readonly signature: Hex;
}
