export type { LyraVolatility } from './as-position.js';
export { compareLyraGreeks, type LyraGreekComparison, type LyraGreeks } from './compare-greeks.js';
export type { LyraKind, LyraMarket } from './market.js';
export { lyraPositions, type LyraPositionsOptions } from './positions.js';
