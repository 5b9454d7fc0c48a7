export { assemble, type Assembled, type Surroundings } from './assemble/portfolio.js';
export { seededRandom, systemClock, systemRandom } from './assemble/ambient.js';
export { ConfigUnreadableError, loadConfig, parseConfig } from './config/load.js';
export type { PortfolioConfig, PortfolioConfigInput } from './config/schema.js';
