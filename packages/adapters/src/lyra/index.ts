export type { LyraVolatility } from './as-position.js';
export { compareLyraGreeks, type LyraGreekComparison, type LyraGreeks } from './compare-greeks.js';
export * from './errors.js';
export { lyraForceClose, type LyraForceCloseTerms, type LyraForceClosing } from './force-close.js';
export type { LyraKind, LyraMarket, LyraTrading } from './market.js';
export { lyraOptions, type LyraOptionsOptions } from './options.js';
export { lyraPositions, type LyraPositionsOptions } from './positions.js';
export { lyraSettlement, type LyraSettlement, type LyraSettling } from './settle.js';
export { lyraWatch, type LyraWatched } from './watch.js';
