import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { checked, type FieldOf, itself } from './checked.js';
import { completeConfig, type PortfolioConfig } from './complete.js';
import { ConfigUnreadableError } from './errors.js';
import { portfolioConfigSchema } from './schema.js';

/**
 * Checks a configuration against its schema, and fills in what is known of its chains.
 *
 * @param fieldOf where the whole file says what is at a path, when the input is put together from several places
 * @throws InvalidInputError (INVALID_INPUT) that names the field, the value and the way out. A number whose key lacks its
 * unit is answered with the key that has one. UNKNOWN_CHAIN, UNKNOWN_TOKEN, NATIVE_PRICE_MISSING: see
 * {@link completeConfig}.
 *
 * @example
 * ```ts
 * const { chains } = parseConfig({ name: 'book', underlying: 'ETH', owner, annualVolatilityPercent: 65,
 *   chains: [{ id: 8453, rpcUrlEnv: 'BASE_RPC', base: 'WETH', quote: 'USDC' }] })
 * chains[0].contracts.uniswapV3Factory // '0x33128a8fC17869897dcE68Ed026d694621f6FDfD'
 * ```
 */
export function parseConfig(input: unknown, fieldOf: FieldOf = itself): PortfolioConfig {
  return completeConfig(checked(portfolioConfigSchema, input, 'docs/configuration.md', fieldOf), fieldOf);
}

/** Reads and checks a YAML file. @throws ConfigUnreadableError, InvalidInputError */
export function loadConfig(file: string): PortfolioConfig {
  return parseConfig(readYaml(file));
}

/** What a YAML file says, unchecked. @throws ConfigUnreadableError */
export function readYaml(file: string): unknown {
  try {
    return parseYaml(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new ConfigUnreadableError(file, error);
  }
}
