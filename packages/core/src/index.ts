// The nouns
export * from './model/token.js';
export * from './model/decimal.js';
export * from './model/interval.js';
export * from './model/as-of.js';
export * from './model/call.js';
export * from './model/curve.js';
export * from './model/quote.js';
export * from './model/transfer.js';
export * from './model/position.js';
export * from './model/exposure.js';
export * from './model/cost-curve.js';
export * from './model/programme.js';

// Exact replay of pool curves
export { swapExactIn, swapExactOut } from './model/curves/swap.js';
export type { SwapResult } from './model/curves/swap-result.js';
export { midPrice } from './model/curves/mid-price.js';
export { StableSwapDivergedError } from './model/curves/stable-swap.js';
export {
  MAX_SQRT_RATIO,
  MAX_TICK,
  MIN_SQRT_RATIO,
  MIN_TICK,
  sqrtRatioAtTick,
  tickAtSqrtRatio,
} from './model/curves/tick-math.js';

// What the core needs from outside
export * from './ports/venue.js';
export * from './ports/bridge.js';
export * from './ports/solver.js';
export * from './ports/chain.js';
export * from './ports/feeds.js';
export * from './ports/position-source.js';
export * from './ports/ambient.js';
export * from './ports/account.js';
export * from './ports/journal.js';

// Exposure: where am I
export * from './exposure/assemble-exposure.js';
export * from './exposure/exposure-digest.js';
export * from './exposure/errors.js';
export { valuePosition } from './exposure/value-position.js';
export { black76, type BlackInput } from './exposure/positions/option.js';
