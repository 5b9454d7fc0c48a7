import type { DecimalString } from './decimal.js';
import type { AsOf } from './as-of.js';
import type { Interval } from './interval.js';
import type { TokenAmount } from './token.js';

/** A European option, priced by Black-76 on the forward. Short positions have a negative size. */
export interface OptionPosition {
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
export interface HoldingPosition {
  readonly kind: 'holding';
  readonly amount: TokenAmount;
  /** Delta of one unit of the token: "1" for WETH, "0" for USDC, the rate for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** Value of one unit in numeraire that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
}

/** A concentrated-liquidity position (Uniswap V3 or V4). */
export interface ConcentratedLiquidityPosition {
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
}

/** A constant-product position (Uniswap V2): a share of the pool's reserves. */
export interface ConstantProductPosition {
  readonly kind: 'constant-product-liquidity';
  /** The owner's part of the reserves, atoms of token 0 and 1. */
  readonly amounts: readonly [bigint, bigint];
  readonly decimals: readonly [number, number];
  readonly underlyingIndex: 0 | 1;
}

/** So much of an asset, with what one unit of it is worth: `deltaPerUnit` × spot + `valuePerUnit`, in numeraire. */
export interface AssetUnits {
  readonly amountUnits: DecimalString;
  /** "1" for WETH, "0" for USDC, the rate for a staked token. */
  readonly deltaPerUnit: DecimalString;
  /** The part that does not move with the spot: "1" for USDC, "0" for WETH. */
  readonly valuePerUnit: DecimalString;
}

/** A linear perpetual future, margined in any asset. */
export interface PerpetualPosition {
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
export interface InversePerpetualPosition {
  readonly kind: 'inverse-perpetual';
  /** Contracts × contract size, numeraire; shorts are negative. */
  readonly notional: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly entryPrice: DecimalString;
  /** Margin in units of the underlying. */
  readonly marginUnits: DecimalString;
}

/** A perpetual future on the square of the spot (squeeth), with the vault's collateral. */
export interface PowerPerpetualPosition {
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

/** A lending account: what was supplied and what is owed. */
export interface LendingPosition {
  readonly kind: 'lending';
  /** With the share of each asset's value that backs debt: "0.83". */
  readonly collateral: readonly (AssetUnits & { readonly liquidationThreshold: DecimalString })[];
  readonly debt: readonly AssetUnits[];
}

export type Position =
  | OptionPosition
  | HoldingPosition
  | ConcentratedLiquidityPosition
  | ConstantProductPosition
  | PerpetualPosition
  | InversePerpetualPosition
  | PowerPerpetualPosition
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
      readonly asOf: AsOf;
    };
