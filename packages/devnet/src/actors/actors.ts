import type { UniswapV2Pool, UniswapV3Pool, UniswapV4Pool } from '../pools.js';
import type { SignedLimitOrder, WorldPart } from '../parts.js';
import type { Address, Hex } from '../world.js';

/** What an actor did, or did not do, and why. */
export type ActorEvent =
  | {
      readonly kind: 'across-filled';
      readonly originChainId: number;
      readonly destinationChainId: number;
      readonly depositId: string;
      readonly txHash: Hex;
    }
  | {
      readonly kind: 'across-skipped';
      readonly originChainId: number;
      readonly destinationChainId: number;
      readonly depositId: string;
      readonly reason: AcrossSkipReason;
    }
  | { readonly kind: 'across-bundle-proposed'; readonly bundle: number; readonly txHash: Hex }
  | { readonly kind: 'across-bundle-executed'; readonly bundle: number; readonly refunds: readonly AcrossRefund[] }
  | { readonly kind: 'hyperlane-signed'; readonly originChainId: number; readonly messageId: Hex }
  | {
      readonly kind: 'hyperlane-delivered';
      readonly destinationChainId: number;
      readonly messageId: Hex;
      readonly txHash: Hex;
    }
  | {
      readonly kind: 'hyperlane-failed';
      readonly destinationChainId: number;
      readonly messageId: Hex;
      readonly reason: string;
    }
  | {
      readonly kind: 'arbitraged';
      readonly chainId: number;
      readonly venue: ArbitragedVenue;
      /** Address of the pool, or its id on V4. */
      readonly pool: Hex;
      readonly tokenIn: Address;
      readonly tokenOut: Address;
      /** Atoms that the pool took, fee included. */
      readonly amountIn: bigint;
      /** Atoms that the pool gave. */
      readonly amountOut: bigint;
      readonly txHash: Hex;
    }
  | {
      readonly kind: 'arbitrage-failed';
      readonly chainId: number;
      readonly venue: ArbitragedVenue;
      readonly pool: Hex;
      /** `no-inventory`, or what the chain said. */
      readonly reason: string;
    }
  | {
      readonly kind: 'feed-updated';
      readonly chainId: number;
      readonly feed: FeedName;
      /** USDC for one ETH, in atoms of USDC. */
      readonly usdcAtomsPerEth: bigint;
      /** Absent for a feed that takes no transactions: its answer is written into the chain's state. */
      readonly txHash?: Hex;
    }
  | {
      readonly kind: 'feed-failed';
      readonly chainId: number;
      readonly feed: FeedName;
      /** What the chain said. */
      readonly reason: string;
    }
  | {
      readonly kind: 'orders-renewed';
      readonly chainId: number;
      /** Of the maker's series, in which the earlier orders are void. */
      readonly epoch: bigint;
      /** USDC for one ETH, in atoms of USDC. */
      readonly usdcAtomsPerEth: bigint;
    }
  | { readonly kind: 'actor-error'; readonly actor: ActorName; readonly message: string };

/** A pool that the arbitrageur watches. */
export type ArbitragedPool = UniswapV2Pool | UniswapV3Pool | UniswapV4Pool;

/** Where the arbitrageur trades: on a perpetual, positions instead of tokens. */
export type ArbitragedVenue = ArbitragedPool['kind'] | 'perp-v2';

/** A price feed of a part of the world that is there only when asked for. */
export type FeedName = WorldPart;

/** Why the relayer let a deposit pass. */
export type AcrossSkipReason =
  | 'ignored'
  | 'fee-too-low'
  | 'expired'
  | 'not-yet'
  | 'exclusive-to-another'
  | 'unsupported-token'
  | 'no-inventory'
  | 'fill-reverts';

/** Money that a root bundle gave back or paid out. */
export interface AcrossRefund {
  readonly chainId: number;
  readonly to: string;
  readonly token: string;
  readonly atoms: bigint;
  readonly why: 'expired-deposit' | 'relayer-repayment';
}

export type ActorName =
  'acrossRelayer' | 'acrossDataworker' | 'hyperlane' | 'arbitrageur' | 'feedKeeper' | 'orderMaker';

/** A process of the world that acts by itself until it is stopped. */
export interface Actor {
  readonly name: ActorName;
  /** Stops acting; what happens meanwhile is seen at {@link resume}. */
  pause(): void;
  resume(): void;
  /** Acts once, now, whether paused or not; rejects with what went wrong. For tests that must not wait. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/** How the Across relayer behaves. May be changed while it runs. */
export interface AcrossRelayerBehaviour {
  /** Least share of the input that it wants to keep, in basis points. Default: 2. */
  readonly minFeeBps: number;
  /** Seconds of chain time that it waits after a deposit before it fills. Default: 0. */
  readonly delaySeconds: number;
  /** Deposits for which this holds are never filled. Default: none. */
  readonly ignore: (deposit: {
    readonly depositId: bigint;
    readonly originChainId: number;
    readonly destinationChainId: number;
    readonly depositor: string;
  }) => boolean;
}

export interface AcrossRelayer extends Actor {
  readonly name: 'acrossRelayer';
  behave(change: Partial<AcrossRelayerBehaviour>): void;
}

export interface HyperlaneActor extends Actor {
  readonly name: 'hyperlane';
  /** Seconds of chain time between dispatch and delivery. Default: 0. */
  setDelaySeconds(seconds: number): void;
}

export interface Arbitrageur extends Actor {
  readonly name: 'arbitrageur';
  /**
   * Changes the outside price; the pools follow in the next pass, the feeds in the next one of the feed keeper, and
   * resting orders in that of the order maker. Does not go back with `World.revert`.
   *
   * @param usdcPerEth USDC for one ETH, rounded to the atom of USDC. At first it is the 3,000 that the pools open around.
   * @throws {DevnetError} `INVALID_INPUT`
   * @example
   * ```ts
   * actors.arbitrageur.setPrice(2_700)
   * await actors.arbitrageur.tick()
   * ```
   */
  setPrice(usdcPerEth: number): void;
}

export interface OrderMaker extends Actor {
  readonly name: 'orderMaker';
  /** The orders that rest on a chain at present, filled ones among them; none where there is no order book. */
  orders(chainId: number): Promise<readonly SignedLimitOrder[]>;
}

export interface ActorsOptions {
  /**
   * Which act by themselves; the others are paused and act on `tick` only. Default: all but the arbitrageur, the feed
   * keeper and the order maker.
   */
  readonly only?: readonly ActorName[];
  readonly acrossRelayer?: Partial<AcrossRelayerBehaviour>;
  /** Whether the arbitrageur, the feed keeper and the order maker act by themselves. Default: each does when `only` names it. */
  readonly arbitrageur?: boolean;
  /** Milliseconds between two looks at the chains. Default: 100. */
  readonly pollMs?: number;
  /** Hears every event at once; whatever it throws is ignored. */
  readonly onEvent?: (event: ActorEvent) => void;
}

export interface Actors {
  readonly acrossRelayer: AcrossRelayer;
  readonly acrossDataworker: Actor;
  readonly hyperlane: HyperlaneActor;
  readonly arbitrageur: Arbitrageur;
  /** Takes the outside price into the feeds of the world's parts, and repeats it before a feed counts as stale. */
  readonly feedKeeper: Actor;
  /** Renews the resting orders of the order book around the outside price. */
  readonly orderMaker: OrderMaker;
  /** Everything that the actors did so far, oldest first. */
  events(): readonly ActorEvent[];
  stop(): Promise<void>;
}
