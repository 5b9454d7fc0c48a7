import type { Pool } from '../model/curve.js';
import type { DecimalString } from '../model/decimal.js';
import type { Quote } from '../model/quote.js';
import type { Token, TokenAmount } from '../model/token.js';
import type { Inconsistency } from './consistency.js';
import type { CostKind } from './costs.js';

/** A lane between chains that may carry funds, from a bridge's quote and its limits. */
export interface HedgeBridge {
  readonly adapter: string;
  readonly from: Token;
  readonly to: Token;
  /** Kept on the way, in basis points of the amount; may be fractional. */
  readonly feeBps: number;
  /** Numeraire, once for a transfer, paid beside the amount. */
  readonly fixedCostNumeraire: DecimalString;
  /** Gas of the origin transaction, in units. */
  readonly gasUnits: bigint;
  readonly minAtoms: bigint;
  readonly maxAtoms: bigint;
  readonly timeSeconds: number;
  /** Id of the stock that pays its amounts out, shared with other lanes; absent: one of its own, without limit. */
  readonly stock?: string;
  /** The quote it was derived from, handed on with the hop. */
  readonly quote?: Quote;
}

/** What it costs that a part of the hedge waits on a bridge. */
export type TimeAtRisk =
  | {
      readonly kind: 'volatility';
      /** Per √year: "0.7" is 70 %. */
      readonly annualVolatility: DecimalString;
      /** Absolute risk aversion γ, per unit of numeraire. */
      readonly riskAversion: DecimalString;
    }
  | { readonly kind: 'price'; readonly bpsPerHour: DecimalString };

export interface HedgeConstraints {
  /** Ids of the adapters that may be used; absent: all. */
  readonly adapters?: readonly string[];
  /** The most that may be given of a token on its chain; a token without an entry is limited by the inventory alone. */
  readonly maxSpend?: readonly TokenAmount[];
}

/** What a unit of a token is worth where it lies, beyond its price: it will be needed there, and is dear to bring. */
export interface InventoryValue {
  readonly token: Token;
  /** Numeraire per unit, 0 or more, below the price of the token. */
  readonly perUnit: DecimalString;
}

/** What lanes that name it pay out from, and together no more than there is: a relayer's funds, a pool at the far side. */
export interface BridgeStock {
  readonly id: string;
  readonly token: Token;
  readonly atoms: bigint;
}

/** A change of delta that is wanted, and all that may serve it. */
export interface HedgeRequest {
  readonly side: 'buy' | 'sell';
  /** Units of the underlying, positive; the side says the sign. */
  readonly deltaUnits: DecimalString;
  /** Tokens of delta 1, one or more a chain. */
  readonly baseTokens: readonly Token[];
  /** Tokens worth one numeraire each. */
  readonly quoteTokens: readonly Token[];
  readonly pools: readonly Pool[];
  readonly bridges: readonly HedgeBridge[];
  /** Stocks that lanes of `bridges` share. */
  readonly bridgeStocks?: readonly BridgeStock[];
  readonly inventories: readonly TokenAmount[];
  /**
   * Forward prices of inventories: what is spent costs so much more, what arrives is worth so much more. Absent: none. See
   * `inventoryValues`.
   */
  readonly inventoryValues?: readonly InventoryValue[];
  /** Wei per unit of gas, by chain. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  /** Numeraire per unit of the underlying. */
  readonly referencePrice: DecimalString;
  readonly timeAtRisk: TimeAtRisk;
  /** Tolerance of each hop against its quoted output. */
  readonly slippageBps: number;
  /** The most swaps and transfers of one route; absent: 16. */
  readonly maxHops?: number;
  /** The price beyond which the rest had better stay undone, as a distance from the reference; absent: no such price. */
  readonly limitBps?: number;
  /** What to do when not all can be served. Absent: `error`. */
  readonly onShortfall?: 'error' | 'partial';
  readonly constraints?: HedgeConstraints;
  /** Convex problems that may be solved for the route; absent: 1500. */
  readonly nodeBudget?: number;
}

interface HopBase {
  readonly adapter: string;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Atoms of `tokenOut`. */
  readonly minReceived: bigint;
  readonly gasUnits: bigint;
  /** Numeraire, by kind. */
  readonly costs: Readonly<Record<CostKind, DecimalString>>;
}

export interface HedgeSwap extends HopBase {
  readonly kind: 'swap';
  readonly chainId: number;
  readonly poolId: string;
  readonly pool: Pool;
}

export interface HedgeTransfer extends HopBase {
  readonly kind: 'bridge';
  /** The origin chain. */
  readonly chainId: number;
  readonly toChainId: number;
  readonly bridgeId: string;
  readonly bridge: HedgeBridge;
  readonly timeSeconds: number;
}

export type HedgeHop = HedgeSwap | HedgeTransfer;

/** Another way to do the same, priced for comparison. */
export type HedgeAlternative =
  | {
      readonly status: 'feasible';
      readonly costBps: number;
      readonly cost: DecimalString;
      /** The chain or the pool that it would use. */
      readonly chainId?: number;
      readonly poolId?: string;
      readonly adapter?: string;
    }
  | { readonly status: 'infeasible'; readonly code: string; readonly reason: string };

/** The cheapest way found, exact to the atom, and how far from the best it can be at most. Frozen. */
export interface HedgeRoute {
  readonly status: 'complete' | 'partial';
  readonly side: 'buy' | 'sell';
  /** What the route changes the delta by, without sign. */
  readonly servedUnits: DecimalString;
  /** What remains of the demand. */
  readonly remainderUnits: DecimalString;
  /** In executable order: a hop's inputs are inventories or outputs of hops before it. */
  readonly hops: readonly HedgeHop[];
  readonly spent: readonly TokenAmount[];
  readonly received: readonly TokenAmount[];
  /** Left between hops by rounding; stays with the owner. */
  readonly dust: readonly TokenAmount[];
  readonly gas: readonly { readonly chainId: number; readonly units: bigint; readonly wei: bigint }[];
  /** Longest time that a part of it waits on bridges. */
  readonly timeSeconds: number;
  /** Numeraire by kind; the kinds sum to `cost`. */
  readonly costs: Readonly<Record<CostKind, DecimalString>>;
  readonly cost: DecimalString;
  /** `cost` against the notional at the reference price. */
  readonly costBps: number;
  /** Numeraire per further unit. */
  readonly marginalPrice: DecimalString;
  /** What one more unit of each inventory would save, in numeraire, where it is what limits the route. */
  readonly inventoryPrices: readonly { readonly token: Token; readonly premium: DecimalString }[];
  /** No route over the same offers is better by more than this share of the notional. */
  readonly optimalityGapBps: number;
  readonly alternatives: {
    readonly bestSingleChain: HedgeAlternative;
    readonly bestWithoutBridging: HedgeAlternative;
    readonly bestSinglePool: HedgeAlternative;
  };
  /** Offers that contradict each other beyond their fees: at least one of them is stale. */
  readonly inconsistencies: readonly Inconsistency[];
  readonly nodesUsed: number;
}
