export { aaveV3Account, type AaveAsset, type AaveV3AccountOptions } from './aave-v3.js';
export * from './errors.js';
export { aaveV3Watch, type AaveV3WatchOptions } from './watch.js';
export { aaveShort, type AaveShortMarket, type AaveShortOptions } from './short.js';
export { type AaveMarginAssets, type AaveMarginMarket, aaveMarginReader, type AaveMarginReading } from './margin.js';
export { aaveMarginAfter } from './margin-after.js';
export { type AaveMarginPlace, aaveMarginVenue } from './margin-venue.js';
