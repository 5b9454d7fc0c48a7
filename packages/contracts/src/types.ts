/** `0x` and hexadecimal digits. */
export type Hex = `0x${string}`;
export type Address = `0x${string}`;

/** An instrument that may be held: the underlying, or a hedge instrument. Amounts in atoms of `base`. */
export interface BandMarket {
  readonly base: Address;
  /** Uniswap V3 pool of base and quote whose mean price is the first source. */
  readonly twapPool: Address;
  readonly twapSeconds: number;
  /** Price feed with Chainlink's interface: the second source. */
  readonly feed: Address;
  readonly feedMaxAgeSeconds: number;
  /** quote atoms = base atoms · answer · 10^feedExponent. */
  readonly feedExponent: number;
  readonly low: bigint;
  readonly high: bigint;
  readonly outerLow: bigint;
  readonly outerHigh: bigint;
  /** At most four Uniswap V3 pools of base and quote. */
  readonly pools: readonly Address[];
}

/** What an owner grants to a session key on one chain; the contract's `Policy`. Times in Unix seconds. */
export interface BandPolicy {
  readonly chainId: number;
  readonly sessionKey: Address;
  /** May move intervals inside of their outer bounds. The zero address: nobody. */
  readonly policyKey: Address;
  /** The only one that may pay for gas. The zero address: the account pays. */
  readonly paymaster: Address;
  readonly quote: Address;
  readonly start: number;
  /** The first second in which nothing is allowed any more. */
  readonly expiry: number;
  /** A multiple of 4. */
  readonly windowSeconds: number;
  readonly lossBps: number;
  readonly maxDeviationBps: number;
  readonly paymasterOverheadGas: number;
  /** Atoms of quote that may be traded in any window. */
  readonly capAtoms: bigint;
  readonly gasBudgetWei: bigint;
  readonly markets: readonly BandMarket[];
}

/** One trade that a session key orders; the contract's `Order`. */
export interface BandOrder {
  /** True: base for quote. */
  readonly sell: boolean;
  /** Place in the market's `pools`. */
  readonly venue: number;
  /** Quarter of a window, counted from the policy's start. */
  readonly bucket: number;
  /** The last second in which it holds. */
  readonly deadline: number;
  readonly amountIn: bigint;
  readonly minOut: bigint;
  /**
   * Place of the last observation of the market's `twapPool` that is at least `twapSeconds` old: saves gas in a pool that is
   * traded in often (`observationPlace`). Only a hint. Default: the pool searches.
   */
  readonly observation?: number;
}

/** A move of the interval that the policy key has signed. */
export interface BandAttestation {
  readonly low: bigint;
  readonly high: bigint;
  readonly sequence: number;
  /** The last second in which it counts. */
  readonly validUntil: number;
  readonly signature: Hex;
}
