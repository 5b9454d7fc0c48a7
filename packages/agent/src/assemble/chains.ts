import type { Chain } from '@evenkeel/core';
import { jsonRpcChain, quorumChain } from '@evenkeel/adapters/json-rpc';
import { InvalidInputError } from '@evenkeel/intents';
import type { ChainConfig } from '../config/complete.js';

/**
 * The chain behind its configured endpoints. An endpoint may hold a key and then comes from the environment.
 *
 * @param field path of the chain in the configuration, for errors
 * @throws INVALID_INPUT, which never repeats an endpoint
 */
export function chainOf(config: ChainConfig, field: string, env: NodeJS.ProcessEnv): Chain {
  const { contracts, id, name, quorum, rpcUrl, rpcUrlEnv, submitUrl, submitUrlEnv } = config;
  const urls = urlsOf({ stated: rpcUrl, variable: rpcUrlEnv, name: 'rpcUrl' }, field, env);
  const isPrivate = submitUrl !== undefined || submitUrlEnv !== undefined;
  const submitUrls = isPrivate
    ? urlsOf({ stated: submitUrl, variable: submitUrlEnv, name: 'submitUrl' }, field, env)
    : undefined;
  const connection = {
    id,
    name,
    ...(submitUrls === undefined ? {} : { submitUrls }),
    ...(contracts.multicall3 === undefined ? {} : { multicall3: contracts.multicall3 }),
  };
  if (quorum === undefined) return jsonRpcChain({ ...connection, urls });
  if (2 * quorum > urls.length && quorum <= urls.length) {
    return quorumChain(
      urls.map((url) => jsonRpcChain({ ...connection, url })),
      quorum,
    );
  }
  const hint = `Give ${quorum} endpoints or more, and less than ${2 * quorum}.`;
  throw new InvalidInputError(`${field}.quorum`, quorum, `is no majority of ${urls.length} endpoints`, hint);
}

/** One or more endpoints, and the name of a variable that holds one more; `name` is that of the key with the first. */
interface Endpoints {
  readonly name: 'rpcUrl' | 'submitUrl';
  readonly stated: string | readonly string[] | undefined;
  readonly variable: string | undefined;
}

function urlsOf({ name, stated, variable }: Endpoints, field: string, env: NodeJS.ProcessEnv): readonly string[] {
  const written = stated === undefined ? [] : typeof stated === 'string' ? [stated] : stated;
  const secret = variable === undefined ? undefined : env[variable];
  for (const url of written) checkUrl(url, `${field}.${name}`);
  if (secret !== undefined) checkUrl(secret, `${field}.${name}Env`);
  const urls = secret === undefined ? written : [secret, ...written];
  if (urls.length > 0) return urls;
  const hint = `Give ${name}, or ${name}Env with the name of an environment variable that is set.`;
  throw new InvalidInputError(`${field}.${name}`, variable, 'says no endpoint', hint);
}

/** What is no URL is not repeated: it may still hold a key. */
function checkUrl(text: string, field: string): void {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return;
  throw new InvalidInputError(field, 'a text', 'is not an HTTP URL', 'Write http://host or https://host.');
}
