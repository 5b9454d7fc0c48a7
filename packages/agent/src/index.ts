export { assemble, type Assembled, type Surroundings } from './assemble/portfolio.js';
export { seededRandom, systemClock, systemRandom } from './assemble/ambient.js';
export { checkTokens, TokenDecimalsMismatchError, TokenUnreadableError } from './assemble/check-tokens.js';
export type { ChainConfig, PortfolioConfig } from './config/complete.js';
export * from './config/errors.js';
export { loadConfig, parseConfig } from './config/load.js';
export type { PortfolioConfigInput } from './config/schema.js';
export type { StatedVolatility, VolatilityStatement } from './volatility/stated-volatility.js';
export { VolatilityStaleError } from './volatility/errors.js';
export { type OptimumOptions, preparedOptimum, type PreparedOptimum } from './optimum/optimum.js';
export type { Preparer, PrepareTable } from './optimum/preparer.js';
export type { TableRequest } from './optimum/table-request.js';
export { logVarianceStdDev } from './volatility/stated-volatility.js';
export { type Agent, type AgentParts, openAgent } from './agent/agent.js';
export type { AgentEvent, AgentEvents } from './agent/events.js';
export {
  type AgentConfig,
  type AgentPortfolio,
  loadAgentConfig,
  parseAgentConfig,
} from './agent/config/parse-agent.js';
export { restateEngine, type RestateEngineOptions } from './engines/restate/engine.js';
export * from './engines/errors.js';
export { dbosEngine, type DbosEngineOptions } from './engines/dbos/engine.js';
