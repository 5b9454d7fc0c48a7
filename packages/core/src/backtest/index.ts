// Backtest: the same stations over a price path
export * from './errors.js';
export * from './seeded-numbers.js';
export * from './price-path.js';
export * from './simulate-path.js';
export * from './gas-path.js';
export * from './trading-costs.js';
export * from './volatility-table.js';
export * from './trend-table.js';
export * from './trailing-volatility.js';
export * from './leg.js';
export * from './books.js';
export * from './episode.js';
export { runEpisode } from './run-episode.js';
export * from './bootstrap.js';
export * from './compare.js';
