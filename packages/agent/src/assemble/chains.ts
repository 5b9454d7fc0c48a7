import type { Chain } from '@evenkeel/core';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { InvalidInputError } from '@evenkeel/intents';
import type { ChainConfig } from '../config/complete.js';

/**
 * The chain behind its configured endpoints. An endpoint may hold a key and then comes from the environment.
 *
 * @param field path of the chain in the configuration, for errors
 * @throws INVALID_INPUT, which never repeats an endpoint
 */
export function chainOf(config: ChainConfig, field: string, env: NodeJS.ProcessEnv): Chain {
  return jsonRpcChain({
    id: config.id,
    name: config.name,
    urls: urlsOf(config, field, env),
    ...(config.contracts.multicall3 === undefined ? {} : { multicall3: config.contracts.multicall3 }),
  });
}

function urlsOf({ rpcUrl, rpcUrlEnv }: ChainConfig, field: string, env: NodeJS.ProcessEnv): readonly string[] {
  const stated = rpcUrl === undefined ? [] : typeof rpcUrl === 'string' ? [rpcUrl] : rpcUrl;
  const secret = rpcUrlEnv === undefined ? undefined : env[rpcUrlEnv];
  for (const url of stated) checkUrl(url, `${field}.rpcUrl`);
  if (secret !== undefined) checkUrl(secret, `${field}.rpcUrlEnv`);
  const urls = secret === undefined ? stated : [secret, ...stated];
  if (urls.length > 0) return urls;
  const hint = 'Give rpcUrl, or rpcUrlEnv with the name of an environment variable that is set.';
  throw new InvalidInputError(`${field}.rpcUrl`, rpcUrlEnv, 'says no endpoint', hint);
}

/** What is no URL is not repeated: it may still hold a key. */
function checkUrl(text: string, field: string): void {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  throw new InvalidInputError(field, 'a text', 'is not an HTTP URL', 'Write http://host or https://host.');
}
