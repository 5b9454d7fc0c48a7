// Who offers: all adapters asked at once, their answers checked and compared
export * from './solicit.js';
export * from './compare.js';
export { checkQuote, type Objection, type RefusalCode } from './check-quote.js';
export { checkCurve, type CurveProblem } from './check-curve.js';
export * from './errors.js';

// Opaque offers: ladders of quotes, firm quotes for the size that was chosen, and what is remembered of broken words
export * from './ladder.js';
export * from './requote.js';
export * from './trust.js';
export * from './opaque-offers.js';
