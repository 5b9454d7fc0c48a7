// Forecast: how uncertain is the market
export * from './forecast.js';
export * from './bars.js';
export * from './errors.js';
export * from './ewma.js';
export * from './har.js';
export * from './range-har.js';
export * from './garch.js';
export * from './range-estimators.js';
export * from './bipower.js';
export * from './walk-forward.js';
export * from './evaluate.js';
export * from './diebold-mariano.js';
export * from './scores.js';
export * from './gas-price.js';
export * from './evaluate-gas.js';
