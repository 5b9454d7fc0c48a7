export { assemble, type Assembled, type Surroundings } from './assemble/portfolio.js';
export { seededRandom, systemClock, systemRandom } from './assemble/ambient.js';
export { checkTokens, TokenDecimalsMismatchError, TokenUnreadableError } from './assemble/check-tokens.js';
export type { ChainConfig, PortfolioConfig } from './config/complete.js';
export * from './config/errors.js';
export { loadConfig, parseConfig } from './config/load.js';
export type { PortfolioConfigInput } from './config/schema.js';
export type { StatedVolatility, VolatilityStatement } from './volatility/stated-volatility.js';
export { VolatilityStaleError } from './volatility/errors.js';
