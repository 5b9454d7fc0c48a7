import type { Address, Hex, Lane, LaneLimits } from '@evenkeel/core';

/** A deposit that a fee is wanted for. */
export interface AcrossFeeRequest {
  readonly lane: Lane;
  /** Atoms of `lane.from`. */
  readonly inputAtoms: bigint;
  /** Who the SpokePool will pay: the handler where a message is attached. */
  readonly recipient: Address;
  /** What runs on arrival; `0x` for nothing. */
  readonly message: Hex;
}

/** What relayers want for a deposit. All fees in atoms of the input token, taken from the input. */
export interface AcrossFees {
  /** For the relayer's capital. */
  readonly relayerCapitalAtoms: bigint;
  /** For the relayer's gas on the destination. */
  readonly relayerGasAtoms: bigint;
  /** For the liquidity providers of the hub. */
  readonly liquidityProviderAtoms: bigint;
  /** When the LP fee was computed, unix seconds; without it, the origin's latest block. */
  readonly quoteTimestamp?: number;
  /** Until when relayers are asked to fill, unix seconds; without it, the adapter's own window. */
  readonly fillDeadline?: number;
  /** Who may fill alone at first; the zero address for nobody. */
  readonly exclusiveRelayer: Address;
  /** Seconds from the deposit, or unix seconds when more than a year; 0 for none. */
  readonly exclusivityParameter: number;
  readonly expectedFillSeconds: number;
  /** SpokePool of the origin as the source knows it; has to be ours. */
  readonly originSpokePool?: Address;
  /** What the far side can pay now, in atoms of the input token. */
  readonly limits: LaneLimits;
}

/** Where the adapter learns what relayers charge and what they can pay. Off-chain in the protocol, so injected. */
export interface AcrossFeeSource {
  readonly name: string;
  fees(request: AcrossFeeRequest, signal: AbortSignal): Promise<AcrossFees>;
  limits(lane: Lane, signal: AbortSignal): Promise<LaneLimits>;
}
