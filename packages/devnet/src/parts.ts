import type { Address, Hex } from './world.js';

/** Protocols that a world has only when it is asked for them. */
export const WORLD_PARTS = [
  'perp-v2',
  'lyra',
  'aave-v3',
  'oneinch-lop',
  'synthetix-perps',
  'erc4337',
  'safe',
  'delegation',
] as const;

export type WorldPart = (typeof WORLD_PARTS)[number];

/** Perpetual Protocol v2 (Curie) with one market, ETH against USD, over a pool of Uniswap V3. */
export interface PerpV2Contracts {
  readonly clearingHouse: Address;
  readonly clearingHouseConfig: Address;
  readonly vault: Address;
  readonly exchange: Address;
  readonly orderBook: Address;
  readonly accountBalance: Address;
  readonly marketRegistry: Address;
  readonly insuranceFund: Address;
  readonly collateralManager: Address;
  /** vETH: exists only inside the clearing house. Its address is below that of `quoteToken`. */
  readonly baseToken: Address;
  /** vUSD: exists only inside the clearing house. */
  readonly quoteToken: Address;
  /** The Uniswap V3 pool of vETH and vUSD. */
  readonly pool: Address;
  /** Perp's own price feed, which reads `aggregator`. */
  readonly priceFeed: Address;
  /** Chainlink's own `MockV3Aggregator`, 8 decimals: anybody may say what the price is, as the feed keeper does. */
  readonly aggregator: Address;
}

/** Aave v3 (release 3.0 of its core) with WETH, USDC and USDT. */
export interface AaveV3Contracts {
  readonly addressesProvider: Address;
  readonly pool: Address;
  readonly poolConfigurator: Address;
  readonly oracle: Address;
  readonly protocolDataProvider: Address;
  /** Aave's own `MockAggregator`, 8 decimals, each with its answer in storage slot 0. */
  readonly feeds: Readonly<Record<'WETH' | 'USDC' | 'USDT', Address>>;
}

/** An order of the 1inch Limit Order Protocol v4, in its own terms, with the signature of its maker. */
export interface SignedLimitOrder {
  readonly order: {
    readonly salt: bigint;
    readonly maker: Address;
    /** The zero address stands for the maker. */
    readonly receiver: Address;
    readonly makerAsset: Address;
    readonly takerAsset: Address;
    readonly makingAmount: bigint;
    readonly takingAmount: bigint;
    /** Flags, series, nonce or epoch, expiration and allowed sender, packed into a word as the protocol has them. */
    readonly makerTraits: bigint;
  };
  /** EIP-712, 65 bytes. */
  readonly signature: Hex;
}

/** 1inch's signed order book: WETH against USDC, bids and asks of the world's `maker`. */
export interface OneinchLopContracts {
  readonly limitOrderProtocol: Address;
  /** What rests as the world opens; how it goes on is said by the actor `orderMaker`. */
  readonly orders: readonly SignedLimitOrder[];
}

/** Lyra's options market for ETH. Real are its own contracts; the Synthetix below it is played by stand-ins. */
export interface LyraContracts {
  readonly optionMarket: Address;
  readonly optionMarketPricer: Address;
  readonly optionMarketViewer: Address;
  readonly optionGreekCache: Address;
  readonly optionToken: Address;
  readonly shortCollateral: Address;
  readonly liquidityPool: Address;
  readonly liquidityToken: Address;
  readonly poolHedger: Address;
  readonly gwavOracle: Address;
  readonly synthetixAdapter: Address;
  /** Libraries. */
  readonly gwav: Address;
  readonly blackScholes: Address;
  /** From here on: the stand-ins for Synthetix of Lyra's own package. The feed keeper sets the rates. */
  readonly exchangeRates: Address;
  readonly exchanger: Address;
  readonly synthetix: Address;
  readonly collateralShort: Address;
  readonly delegateApprovals: Address;
  readonly addressResolver: Address;
  /** The quote asset, 18 decimals; the deployer may mint it. */
  readonly sUSD: Address;
  /** The base asset, 18 decimals; the deployer may mint it. */
  readonly sETH: Address;
}

/** Account abstraction: the entry points at their canonical addresses, and the sample accounts of their own packages. */
export interface Erc4337Contracts {
  readonly entryPointV07: Address;
  readonly entryPointV08: Address;
  /** Release candidate 1, the only one on npm: not at the public address. */
  readonly entryPointV09: Address;
  /** What an EOA delegates to by EIP-7702; it knows entry point 0.8 only. */
  readonly simple7702Account: Address;
  readonly simpleAccountFactoryV07: Address;
  readonly simpleAccountFactoryV08: Address;
  /** Pays on entry point 0.7, from a deposit, for what the world's `owner` has signed. */
  readonly verifyingPaymasterV07: Address;
}

/** Synthetix PerpsV2 with one market, ETH, and on-chain orders at the feed's price. The debt pool below it is played. */
export interface SynthetixPerpsContracts {
  /** The market: a proxy that routes to the fragments that implement it. */
  readonly market: Address;
  readonly marketState: Address;
  readonly marketSettings: Address;
  readonly futuresMarketManager: Address;
  readonly exchangeRates: Address;
  readonly systemStatus: Address;
  readonly addressResolver: Address;
  /** The margin, 18 decimals: the real synth, which the deployer may issue in the place of Synthetix's own issuer. */
  readonly sUSD: Address;
  /** Chainlink's own `MockV3Aggregator`, 8 decimals. */
  readonly aggregator: Address;
  /**
   * Answers zero to whatever it is asked, and stands in for Exchanger (no dynamic fee, nothing to settle), FeePool, circuit
   * breaker, collateral manager and wrappers.
   */
  readonly standIn: Address;
}

/** Safe 1.4.1, not at the addresses of public chains. */
export interface SafeContracts {
  readonly singleton: Address;
  readonly proxyFactory: Address;
  readonly multiSendCallOnly: Address;
  /** `CompatibilityFallbackHandler`: lets a Safe answer for signatures (ERC-1271) and receive tokens. */
  readonly fallbackHandler: Address;
}

/** MetaMask's delegation framework 1.3 (ERC-7710). */
export interface DelegationContracts {
  readonly manager: Address;
  /** What an EOA delegates to by EIP-7702; it obeys the manager. */
  readonly statelessDelegator: Address;
}

/** What a chain has of the parts. */
export interface ChainParts {
  readonly aaveV3?: AaveV3Contracts;
  readonly erc4337?: Erc4337Contracts;
  readonly oneinchLop?: OneinchLopContracts;
  readonly perpV2?: PerpV2Contracts;
  readonly lyra?: LyraContracts;
  readonly synthetixPerps?: SynthetixPerpsContracts;
  readonly safe?: SafeContracts;
  readonly delegation?: DelegationContracts;
}
