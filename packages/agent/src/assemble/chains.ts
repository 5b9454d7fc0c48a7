import type { Chain } from '@evenkeel/core';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { InvalidInputError } from '@evenkeel/intents';
import type { ChainConfig } from '../config/schema.js';

/** The chain behind its configured endpoints. An endpoint may hold a key and then comes from the environment. */
export function chainOf(config: ChainConfig, env: NodeJS.ProcessEnv): Chain {
  const urls = urlsOf(config, env);
  return jsonRpcChain({
    id: config.id,
    name: config.name ?? `chain ${config.id}`,
    urls,
    ...(config.contracts.multicall3 === undefined ? {} : { multicall3: config.contracts.multicall3 }),
  });
}

function urlsOf({ id, rpcUrl, rpcUrlEnv }: ChainConfig, env: NodeJS.ProcessEnv): readonly string[] {
  const stated = rpcUrl === undefined ? [] : typeof rpcUrl === 'string' ? [rpcUrl] : rpcUrl;
  const secret = rpcUrlEnv === undefined ? undefined : env[rpcUrlEnv];
  const urls = secret === undefined ? stated : [secret, ...stated];
  if (urls.length > 0) return urls;
  const hint = 'Give rpcUrl, or rpcUrlEnv with the name of an environment variable that is set.';
  throw new InvalidInputError(`chains.${id}.rpcUrl`, rpcUrlEnv, 'says no endpoint', hint);
}
