import type { Address, Chain, Token } from '@evenkeel/core';

/** One market of Synthetix PerpsV2. */
export interface SynthetixPerpsMarket {
  readonly chain: Chain;
  /** The market's proxy. */
  readonly market: Address;
  /** What it is called in `list`, such as `sETH`. */
  readonly symbol: string;
  /** The margin: sUSD, 18 decimals. */
  readonly marginToken: Token;
}
