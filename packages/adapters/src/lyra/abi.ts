import { Interface } from 'ethers';

/** Lyra Avalon (protocol 0.1.3): what is read here. Static records of several values are written as one tuple. */
export const optionTokenAbi: Interface = new Interface([
  'function nextId() view returns (uint256)',
  'function getOwnerPositions(address owner) view returns ((uint256 positionId, uint256 strikeId, uint8 optionType, uint256 amount, uint256 collateral, uint8 state)[])',
]);

const ORDER =
  '(uint256 strikeId, uint256 positionId, uint256 iterations, uint8 optionType, uint256 amount, uint256 setCollateralTo, uint256 minTotalCost, uint256 maxTotalCost)';
const RESULT = '(uint256 positionId, uint256 totalCost, uint256 totalFee)';

export const optionMarketAbi: Interface = new Interface([
  `function openPosition(${ORDER}) returns (${RESULT})`,
  `function closePosition(${ORDER}) returns (${RESULT})`,
  `function forceClosePosition(${ORDER}) returns (${RESULT})`,
  'function getLiveBoards() view returns (uint256[])',
  'function getStrike(uint256 strikeId) view returns ((uint256 id, uint256 strikePrice, uint256 skew, uint256 longCall, uint256 shortCallBase, uint256 shortCallQuote, uint256 longPut, uint256 shortPut, uint256 boardId))',
  'function getOptionBoard(uint256 boardId) view returns ((uint256 id, uint256 expiry, uint256 iv, bool frozen, uint256[] strikeIds))',
  'function getSettlementParameters(uint256 strikeId) view returns ((uint256 strikePrice, uint256 priceAtExpiry, uint256 strikeToBaseReturned))',
]);

export const greekCacheAbi: Interface = new Interface([
  'function getGreekCacheParams() view returns ((uint256 maxStrikesPerBoard, uint256 acceptableSpotPricePercentMove, uint256 staleUpdateDuration, uint256 varianceIvGWAVPeriod, uint256 varianceSkewGWAVPeriod, uint256 optionValueIvGWAVPeriod, uint256 optionValueSkewGWAVPeriod, uint256 gwavSkewFloor, uint256 gwavSkewCap, int256 rateAndCarry))',
  'function getIvGWAV(uint256 boardId, uint256 secondsAgo) view returns (uint256)',
  'function getSkewGWAV(uint256 strikeId, uint256 secondsAgo) view returns (uint256)',
  'function getOptionBoardCache(uint256 boardId) view returns ((uint256 id, uint256[] strikes, uint256 expiry, uint256 iv, (int256 netDelta, int256 netStdVega, int256 netOptionValue) netGreeks, uint256 updatedAt, uint256 updatedAtPrice, uint256 maxSkewVariance, uint256 ivVariance))',
  'function getStrikeCache(uint256 strikeId) view returns ((uint256 id, uint256 boardId, uint256 strikePrice, uint256 skew, (int256 callDelta, int256 putDelta, uint256 stdVega, uint256 callPrice, uint256 putPrice) greeks, int256 callExposure, int256 putExposure, uint256 skewVariance))',
  'function updateBoardCachedGreeks(uint256 boardId)',
  'function getMinCollateral(uint8 optionType, uint256 strikePrice, uint256 expiry, uint256 spotPrice, uint256 amount) view returns (uint256)',
]);

/** The adapter to Synthetix, from which the market takes its spot price. */
export const synthetixAdapterAbi: Interface = new Interface([
  'function getSpotPriceForMarket(address optionMarket) view returns (uint256)',
]);
