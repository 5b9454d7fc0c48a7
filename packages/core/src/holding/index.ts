// Holding: what a position costs from before it is opened until after it is closed
export { type Estimate, type FadingRate, rateAfter, rateOver } from './fading-rate.js';
export * from './holding-cost.js';
export * from './compare-holding.js';
