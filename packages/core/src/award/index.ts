// Ours or theirs: outside bids asked and checked, one scale for all, batched bids filtered
export * from './award.js';
export { type Book, type GreekChange, riskCost, type TokenInBook } from './book.js';
export type { Improvement } from './improvement.js';
export { fillProbability, type FillRecord } from './outcomes.js';
export { type BidObjection, type BidRefusalCode, type Bidder, checkBid, contradictionOf } from './check-bid.js';
export * from './solicit-bids.js';
export * from './fair-combination.js';
