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
      readonly kind: 'uniswapx-filled';
      readonly chainId: number;
      readonly orderHash: Hex;
      readonly txHash: Hex;
    }
  | {
      readonly kind: 'uniswapx-skipped';
      readonly chainId: number;
      readonly orderHash: Hex;
      readonly reason: UniswapXSkipReason;
    }
  | {
      readonly kind: 'cow-settled';
      readonly chainId: number;
      readonly uid: Hex;
      /** Atoms taken from the order's owner, and paid to its receiver. */
      readonly sold: bigint;
      readonly paid: bigint;
      readonly txHash: Hex;
    }
  | { readonly kind: 'cow-skipped'; readonly chainId: number; readonly uid: Hex; readonly reason: CowSkipReason }
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

/** Why the filler let an order of UniswapX pass. */
export type UniswapXSkipReason =
  | 'ignored'
  | 'not-yet'
  | 'exclusive-to-another'
  | 'unsupported-token'
  | 'price-too-high'
  | 'no-inventory'
  | 'expired'
  | 'fill-reverts';

/** Why the solver let an order of CoW Protocol pass. */
export type CowSkipReason = 'ignored' | 'not-yet' | 'price-too-low' | 'expired' | 'settle-reverts';

/** Money that a root bundle gave back or paid out. */
export interface AcrossRefund {
  readonly chainId: number;
  readonly to: string;
  readonly token: string;
  readonly atoms: bigint;
  readonly why: 'expired-deposit' | 'relayer-repayment';
}

export type ActorName =
  | 'acrossRelayer'
  | 'acrossDataworker'
  | 'hyperlane'
  | 'arbitrageur'
  | 'feedKeeper'
  | 'orderMaker'
  | 'uniswapXFiller'
  | 'cowSolver';

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

/** How the filler of UniswapX behaves. May be changed while it runs. */
export interface UniswapXFillerBehaviour {
  /** What it keeps of the outside price, in basis points. Default: 5. */
  readonly spreadBps: number;
  /** Seconds of chain time that it waits after it was offered an order. Default: 0. */
  readonly delaySeconds: number;
  /** For how long an order that it quoted for, or cosigned, is for one filler alone. Seconds; default: 0. */
  readonly exclusiveSeconds: number;
  /** By how much others have to pay more meanwhile; 0: they cannot. Basis points; default: 0. */
  readonly overrideBps: number;
  /** Whose exclusivity that is. Default: its own. */
  readonly exclusiveFiller: Address | undefined;
  /** Orders for which this holds are never filled. Default: none. */
  readonly ignore: (order: { readonly orderHash: Hex; readonly swapper: string }) => boolean;
}

/** A swap that the filler is asked about; atoms. */
export interface FillerAsk {
  readonly chainId: number;
  readonly tokenIn: Address;
  readonly tokenOut: Address;
  readonly amountIn: bigint;
}

export interface FillerAnswer {
  readonly amountOut: bigint;
  /** Unix seconds. */
  readonly validUntil: number;
  readonly exclusivity?: { readonly filler: Address; readonly until: number; readonly overrideBps: number };
}

/** A signed order of UniswapX with one output. */
export interface DutchOrderOffer {
  readonly chainId: number;
  readonly kind: 'exclusive-dutch' | 'v2-dutch';
  readonly reactor: Address;
  readonly orderHash: Hex;
  /** A V2 order still without its cosigner's part. */
  readonly encodedOrder: Hex;
  readonly signature: Hex;
}

export interface UniswapXFiller extends Actor {
  readonly name: 'uniswapXFiller';
  behave(change: Partial<UniswapXFillerBehaviour>): void;
  /** What it would pay at the outside price; undefined for a pair that it does not trade. */
  quote(ask: FillerAsk): Promise<FillerAnswer | undefined>;
  /**
   * Takes an order into its book, and cosigns it with the maker's key where its kind wants that.
   *
   * @throws {DevnetError} `INVALID_INPUT` for what is no order
   */
  take(offer: DutchOrderOffer): Promise<{ readonly cosignedOrder?: Hex }>;
}

/** How the solver of CoW Protocol behaves. May be changed while it runs. */
export interface CowSolverBehaviour {
  /** What it keeps of what the market gives, in basis points. Default: 2. */
  readonly keepBps: number;
  /** Seconds of chain time that it waits after it was told of an order. Default: 0. */
  readonly delaySeconds: number;
  /** The most that it sells of a partially fillable order at once, in thousandths; 0: nothing. Default: 1000. */
  readonly mostPermille: number;
  /** Orders for which this holds are never settled. Default: none. */
  readonly ignore: (order: { readonly uid: Hex; readonly owner: string }) => boolean;
}

/** A swap that the solver is asked about; atoms. */
export interface CowAsk {
  readonly chainId: number;
  readonly sellToken: Address;
  readonly buyToken: Address;
  readonly sellAmount: bigint;
}

/** A signed sell order of CoW Protocol. */
export interface CowOrder {
  readonly chainId: number;
  /** 56 bytes. */
  readonly uid: Hex;
  readonly owner: Address;
  readonly sellToken: Address;
  readonly buyToken: Address;
  readonly receiver: Address;
  readonly sellAmount: bigint;
  readonly buyAmount: bigint;
  /** Unix seconds. */
  readonly validTo: number;
  readonly appData: Hex;
  readonly feeAmount: bigint;
  readonly partiallyFillable: boolean;
  readonly scheme: 'eip712' | 'eip1271';
  readonly signature: Hex;
}

export interface CowSolver extends Actor {
  readonly name: 'cowSolver';
  behave(change: Partial<CowSolverBehaviour>): void;
  /** Atoms of the bought token that it would pay now; undefined where there is no market. */
  quote(ask: CowAsk): Promise<bigint | undefined>;
  /** Takes an order into its auction. */
  add(order: CowOrder): Promise<void>;
  /** Forgets an order, as it does when the order book no longer shows it. */
  drop(uid: Hex): void;
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
  /**
   * How much it does in one pass: the share of a pool's way back to where its fee stops the trade, in logarithms of the price.
   * At first all of it. A pass every d seconds with 1 − 2^(−d / h) lets half of a gap be left after h seconds.
   *
   * @param share above 0 up to 1
   * @throws {DevnetError} `INVALID_INPUT`
   */
  setShare(share: number): void;
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
  readonly uniswapXFiller?: Partial<UniswapXFillerBehaviour>;
  readonly cowSolver?: Partial<CowSolverBehaviour>;
  /** Whether the arbitrageur, the feed keeper and the order maker act by themselves. Default: each does when `only` names it. */
  readonly arbitrageur?: boolean;
  /** Milliseconds between two looks at the chains. Default: 100. */
  readonly pollMs?: number;
  /** Hears every event at once; whatever it throws is ignored. */
  readonly onEvent?: (event: ActorEvent) => void;
}

/** A point of the path of the outside price. */
export interface PathPoint {
  /** Unix seconds; what has passed already is now. */
  readonly seconds: number;
  /** USDC for one ETH. */
  readonly price: number;
}

export interface Actors {
  readonly acrossRelayer: AcrossRelayer;
  readonly acrossDataworker: Actor;
  readonly hyperlane: HyperlaneActor;
  readonly arbitrageur: Arbitrageur;
  /** Takes the outside price into the feeds of the world's parts, and repeats it before a feed counts as stale. */
  readonly feedKeeper: Actor;
  /** Fills orders of UniswapX that it is offered, from the maker's stock. */
  readonly uniswapXFiller: UniswapXFiller;
  /** Settles orders of CoW Protocol that it is given, through Uniswap V2. */
  readonly cowSolver: CowSolver;
  /** Renews the resting orders of the order book around the outside price. */
  readonly orderMaker: OrderMaker;
  /** Everything that the actors did so far, oldest first. */
  events(): readonly ActorEvent[];
  /** Takes all chains to a time and every feed, pool, perpetual and resting order to a price, whoever acts by himself. */
  moveTo(point: PathPoint): Promise<void>;
  stop(): Promise<void>;
}
