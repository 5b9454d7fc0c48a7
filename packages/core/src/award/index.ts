// Ours or theirs: outside bids asked and checked, one scale for all, batched bids filtered, an order followed to its end
export * from './award.js';
export { type Book, type GreekChange, riskCost, type TokenInBook } from './book.js';
export type { Improvement } from './improvement.js';
export { fillProbability, type FillRecord } from './outcomes.js';
