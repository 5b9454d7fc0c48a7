import { Interface } from 'ethers';

/** Perp v2 (Curie 2.8.4): the functions and the event that are used here. */
export const clearingHouseAbi: Interface = new Interface([
  'function openPosition((address baseToken, bool isBaseToQuote, bool isExactInput, uint256 amount, uint256 oppositeAmountBound, uint256 deadline, uint160 sqrtPriceLimitX96, bytes32 referralCode)) returns (uint256 base, uint256 quote)',
  'function closePosition((address baseToken, uint160 sqrtPriceLimitX96, uint256 oppositeAmountBound, uint256 deadline, bytes32 referralCode)) returns (uint256 base, uint256 quote)',
  'event PositionChanged(address indexed trader, address indexed baseToken, int256 exchangedPositionSize, int256 exchangedPositionNotional, uint256 fee, int256 openNotional, int256 realizedPnl, uint256 sqrtPriceAfterX96)',
  'event FundingPaymentSettled(address indexed trader, address indexed baseToken, int256 fundingPayment)',
]);

export const accountBalanceAbi: Interface = new Interface([
  'function getTakerPositionSize(address trader, address baseToken) view returns (int256)',
  'function getTakerOpenNotional(address trader, address baseToken) view returns (int256)',
  'function getPnlAndPendingFee(address trader) view returns (int256 owedRealizedPnl, int256 unrealizedPnl, uint256 pendingFee)',
  'function getMarginRequirementForLiquidation(address trader) view returns (int256)',
  'function getMarkPrice(address baseToken) view returns (uint256)',
  'function getBaseTokens(address trader) view returns (address[])',
  'function hasOrder(address trader) view returns (bool)',
]);

export const exchangeAbi: Interface = new Interface([
  'function getSqrtMarketTwapX96(address baseToken, uint32 twapInterval) view returns (uint160)',
  'function getPendingFundingPayment(address trader, address baseToken) view returns (int256)',
]);

export const vaultAbi: Interface = new Interface([
  'function getBalance(address trader) view returns (int256)',
  'function getAccountValue(address trader) view returns (int256)',
  'function getFreeCollateral(address trader) view returns (uint256)',
  'function getCollateralTokens(address trader) view returns (address[])',
  'function getBalanceByToken(address trader, address token) view returns (int256)',
]);

export const clearingHouseConfigAbi: Interface = new Interface([
  'function getMmRatio() view returns (uint24)',
  'function getImRatio() view returns (uint24)',
  'function getTwapInterval() view returns (uint32)',
  'function getMaxFundingRate() view returns (uint24)',
  'function getSettlementTokenBalanceCap() view returns (uint256)',
]);

export const baseTokenAbi: Interface = new Interface([
  'function getIndexPrice(uint256 interval) view returns (uint256)',
]);

export const collateralManagerAbi: Interface = new Interface([
  'function getCollateralConfig(address token) view returns ((address priceFeed, uint24 collateralRatio, uint24 discountRatio, uint256 depositCap))',
]);
