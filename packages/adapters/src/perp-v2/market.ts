import type { Address, Chain, DecimalString, Token } from '@evenkeel/core';

/** A token other than the settlement token that may lie in the vault as margin, and what one unit of it is worth. */
export interface PerpV2Collateral {
  readonly token: Token;
  /** Delta of one unit: "1" for WETH. */
  readonly deltaPerUnit: DecimalString;
  /** The part of its value that does not move with the spot: "0" for WETH. */
  readonly valuePerUnit: DecimalString;
}

/** One market of a deployment of Perp v2. */
export interface PerpV2Market {
  readonly chain: Chain;
  readonly clearingHouse: Address;
  readonly clearingHouseConfig: Address;
  readonly accountBalance: Address;
  readonly exchange: Address;
  readonly vault: Address;
  readonly collateralManager: Address;
  /** The virtual token of the underlying, such as vETH, 18 decimals. It exists inside the clearing house only. */
  readonly baseToken: Token;
  /** The virtual dollar, 18 decimals. */
  readonly quoteToken: Token;
  /** What margin is counted in, such as USDC. */
  readonly settlementToken: Token;
  /** Default: none. An account with a collateral that is not listed has an unknown part. */
  readonly collaterals?: readonly PerpV2Collateral[];
}
