import type { Chain } from '@evenkeel/core';
import { chainOf } from '../../assemble/chains.js';
import type { ChainConfig } from '../../config/complete.js';

/** One connection for all portfolios that are on a chain, so that what they read in one turn travels in one request. */
export interface SharedChains {
  readonly connect: (config: ChainConfig, field: string) => Chain;
  /** Every connection that is or was in use. */
  readonly all: () => readonly Chain[];
}

/**
 * @param wrap what a connection is seen through, for paper trading
 */
export function sharedChains(env: NodeJS.ProcessEnv, wrap: (chain: Chain) => Chain): SharedChains {
  const known = new Map<string, Chain>();
  return Object.freeze({
    connect: (config, field) => {
      const { contracts, id, name, quorum, rpcUrl, rpcUrlEnv, submitUrl, submitUrlEnv } = config;
      const key = JSON.stringify([
        id,
        name,
        quorum ?? null,
        rpcUrl,
        rpcUrlEnv,
        submitUrl,
        submitUrlEnv,
        contracts.multicall3,
      ]);
      const chain = known.get(key) ?? wrap(chainOf(config, field, env));
      known.set(key, chain);
      return chain;
    },
    all: () => [...known.values()],
  } satisfies SharedChains);
}
