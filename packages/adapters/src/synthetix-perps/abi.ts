import { Interface } from 'ethers';

/** The market's proxy, as far as it is used. Static outputs of several values are written as one tuple: they are encoded alike. */
export const marketAbi: Interface = new Interface([
  'function positions(address) view returns ((uint64 id, uint64 lastFundingIndex, uint128 margin, uint128 lastPrice, int128 size))',
  'function remainingMargin(address) view returns ((uint256 margin, bool invalid))',
  'function accessibleMargin(address) view returns ((uint256 margin, bool invalid))',
  'function accruedFunding(address) view returns ((int256 funding, bool invalid))',
  'function liquidationPrice(address) view returns ((uint256 price, bool invalid))',
  'function assetPrice() view returns ((uint256 price, bool invalid))',
  'function fillPrice(int256 sizeDelta) view returns ((uint256 price, bool invalid))',
  'function currentFundingRate() view returns (int256)',
  'function isFlagged(address) view returns (bool)',
  'function marketKey() view returns (bytes32)',
  'function marketSizes() view returns ((uint256 long, uint256 short))',
  'function postTradeDetails(int256 sizeDelta, uint256 tradePrice, uint8 orderType, address sender) view returns ((uint256 margin, int256 size, uint256 price, uint256 liqPrice, uint256 fee, uint8 status))',
  'function transferMargin(int256 marginDelta)',
  'function withdrawAllMargin()',
  'function modifyPosition(int256 sizeDelta, uint256 desiredFillPrice)',
  'function closePosition(uint256 desiredFillPrice)',
  'event PositionModified(uint256 indexed id, address indexed account, uint256 margin, int256 size, int256 tradeSize, uint256 lastPrice, uint256 fundingIndex, uint256 fee, int256 skew)',
]);
