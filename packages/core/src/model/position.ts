import type { DecimalString } from './decimal.js';
import type { AsOf } from './as-of.js';
import type { Interval } from './interval.js';
import type { TokenAmount } from './token.js';

/** What every kind of position may say of itself. */
interface OnUnderlying {
  /** Whose spot it follows: "BTC". Where it is left out, the book's own underlying. */
  readonly underlying?: string;
}

/** A European option, priced by Black-76 on the forward. Short positions have a negative size. */
export interface OptionPosition extends OnUnderlying {
  readonly kind: 'option';
  readonly optionType: 'call' | 'put';
  /** Options on one unit of the underlying each. */
  readonly sizeUnits: DecimalString;
  readonly strike: DecimalString;
  /** Unix seconds. */
  readonly expirySeconds: number;
  /** Per √year: "0.7" is 70 %. */
  readonly annualVolatility: DecimalString;
  /** Forward price for the expiry as a ratio to spot: "1.01". */
  readonly forwardRatio: DecimalString;
  /** Continuously compounded, per year. */
  readonly annualRate: DecimalString;
}

/** A token held. */
export interface HoldingPosition extends OnUnderlying {
  readonly kind: 'holding';
  readonly amount: TokenAmount;
  /** Delta of one unit of the token: "1" for WETH, "0" for USDC, the rate for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** Value of one unit in numeraire that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
}

/** A concentrated-liquidity position (Uniswap V3 or V4). */
export interface ConcentratedLiquidityPosition extends OnUnderlying {
  readonly kind: 'concentrated-liquidity';
  readonly liquidity: bigint;
  readonly tickLower: number;
  readonly tickUpper: number;
  /** The pool's price when it was read; greeks are taken at the market's spot. */
  readonly sqrtPriceX96: bigint;
  readonly decimals: readonly [number, number];
  /** Which of the pool's two tokens is the underlying. */
  readonly underlyingIndex: 0 | 1;
  /** Fees and withdrawn principal that wait to be collected, atoms of token 0 and 1. */
  readonly owed: readonly [bigint, bigint];
  /** Where the other token is no numeraire: whose spot that one follows. */
  readonly quoteUnderlying?: string;
}

/** A constant-product position (Uniswap V2): a share of the pool's reserves. */
export interface ConstantProductPosition extends OnUnderlying {
  readonly kind: 'constant-product-liquidity';
  /** The owner's part of the reserves, atoms of token 0 and 1. */
  readonly amounts: readonly [bigint, bigint];
  readonly decimals: readonly [number, number];
  readonly underlyingIndex: 0 | 1;
  /** Where the other token is no numeraire: whose spot that one follows. */
  readonly quoteUnderlying?: string;
}

/** So much of an asset, with what one unit of it is worth: `deltaPerUnit` × spot + `valuePerUnit`, in numeraire. */
export interface AssetUnits extends OnUnderlying {
  readonly amountUnits: DecimalString;
  /** "1" for WETH, "0" for USDC, the rate for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** The part that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
  /** Name of an asset whose market price may leave what `deltaPerUnit` says of it: "wstETH". */
  readonly basisAsset?: string;
}

/** A linear perpetual future, margined in any asset. */
export interface PerpetualPosition extends OnUnderlying {
  readonly kind: 'perpetual';
  /** Signed: shorts are negative. */
  readonly sizeUnits: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly entryPrice: DecimalString;
  /** Funding already accrued and not yet settled, numeraire; positive is owed to the holder. */
  readonly accruedFunding: DecimalString;
  readonly collateral: AssetUnits;
}

/** A perpetual future that is quoted in numeraire and pays in the underlying. */
export interface InversePerpetualPosition extends OnUnderlying {
  readonly kind: 'inverse-perpetual';
  /** Contracts × contract size, numeraire; shorts are negative. */
  readonly notional: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly entryPrice: DecimalString;
  /** Margin in units of the underlying. */
  readonly marginUnits: DecimalString;
}

/** A perpetual future on the square of the spot (squeeth), with the vault's collateral. */
export interface PowerPerpetualPosition extends OnUnderlying {
  readonly kind: 'power-perpetual';
  /** Tokens of the power perpetual; minted and sold ones are negative. */
  readonly sizeTokens: DecimalString;
  /** The controller's normalisation factor: "0.42". */
  readonly normalisationFactor: DecimalString;
  /** Per √year: "0.7" is 70 %. */
  readonly annualVolatility: DecimalString;
  /** Period over which funding is paid: "17.5" for squeeth. */
  readonly fundingPeriodDays: DecimalString;
  readonly collateral: AssetUnits;
}

/** An asset that backs debt. */
export interface LendingCollateral extends AssetUnits {
  /** The share of its value that backs debt: "0.83". "0" for what was supplied but is no collateral. */
  readonly liquidationThreshold: DecimalString;
  /** What a liquidator gets on top, as a share of the debt repaid: "0.05". Default: "0". */
  readonly liquidationBonus?: DecimalString;
}

/** A lending account: what was supplied and what is owed. */
export interface LendingPosition extends OnUnderlying {
  readonly kind: 'lending';
  readonly collateral: readonly LendingCollateral[];
  readonly debt: readonly AssetUnits[];
}

/** A token that grows against the underlying by a rate of its own contract, and trades at a basis to it: staked ETH. */
export interface RateBearingPosition extends OnUnderlying {
  readonly kind: 'rate-bearing';
  /** The symbol of its token names the basis. */
  readonly amount: TokenAmount;
  /** Units of the underlying that one unit stands for by its contract: "1.19" for wstETH. */
  readonly rate: DecimalString;
  /** Market price of a unit over rate × spot: "1" at par, "0.92" eight percent below. */
  readonly basisRatio: DecimalString;
}

/**
 * A perpetual future on one underlying that is margined and paid in another: it pays size · (S − entry) · multiplier
 * units of the settlement asset.
 */
export interface QuantoPerpetualPosition extends OnUnderlying {
  readonly kind: 'quanto-perpetual';
  /** Signed: shorts are negative. */
  readonly sizeUnits: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly entryPrice: DecimalString;
  /** Units of the settlement asset per unit of size and numeraire of price. */
  readonly multiplier: DecimalString;
  readonly marginUnits: DecimalString;
  /** Whose spot the settlement asset follows. */
  readonly settlementUnderlying: string;
}

/** Shares of something that holds positions of its own (an ERC-4626 vault): looked through to what is inside. */
export interface VaultPosition extends OnUnderlying {
  readonly kind: 'vault';
  /** How many times `inside` the shares stand for: the assets of the owner, where `inside` is one unit of the asset. */
  readonly scale: DecimalString;
  readonly inside: readonly Position[];
}

/** What bumping the price and asking again has shown of a view whose formula is not known: good near `spot` only. */
export interface MeasuredPosition extends OnUnderlying {
  readonly kind: 'measured';
  /** Numeraire per unit of the underlying, at which it was measured. */
  readonly spot: DecimalString;
  readonly value: DecimalString;
  readonly deltaUnits: DecimalString;
  readonly gammaPerUnit: DecimalString;
  /** How far the spot may have moved since, as a share, before the measurement is worth nothing: "0.05". */
  readonly validWithinShare: DecimalString;
}

export type Position =
  | OptionPosition
  | HoldingPosition
  | ConcentratedLiquidityPosition
  | ConstantProductPosition
  | PerpetualPosition
  | InversePerpetualPosition
  | PowerPerpetualPosition
  | QuantoPerpetualPosition
  | RateBearingPosition
  | VaultPosition
  | MeasuredPosition
  | LendingPosition;

/** One answer of a position source. What could not be read is said so; it is never left out and never zero. */
export type PositionReading =
  | {
      readonly status: 'known';
      readonly id: string;
      readonly label: string;
      readonly position: Position;
      readonly asOf: AsOf;
    }
  | {
      readonly status: 'unknown';
      readonly id: string;
      readonly label: string;
      readonly reason: string;
      /** All that its delta may be, from what was last known; without it nothing can be traded that depends on it. */
      readonly deltaBounds?: Interval;
      /** The only underlyings that it can move with; `deltaBounds` hold where it is one. Where left out: any. */
      readonly underlyings?: readonly string[];
      readonly asOf: AsOf;
    };
