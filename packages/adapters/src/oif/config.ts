import type { Address, Block, Chain, Clock } from '@evenkeel/core';
import { InvalidInputError, PERMIT2_ADDRESS } from '@evenkeel/intents';
import type { ServicePatience } from '../common/service.js';

/** The contracts of the Open Intents Framework that are trusted on one chain. */
export interface OifChain {
  readonly chain: Chain;
  /** Draws inputs here and holds them until the output is proven. */
  readonly inputSettler: Address;
  /** Pays outputs here. */
  readonly outputSettler: Address;
  /** Proves to the input settler here what was filled elsewhere: whoever controls it can take what is escrowed. */
  readonly inputOracle: Address;
  /** What outputs here are proven by. */
  readonly outputOracle: Address;
  /** Default: its canonical address. */
  readonly permit2?: Address;
  /** Tokens that refuse to change an allowance that is not zero (USDT): it is reset first. */
  readonly resetAllowance?: readonly Address[];
  /** Blocks above a block after which it counts as final. Default: what the node calls `finalized`. */
  readonly finalAfterBlocks?: number;
}

export interface OifOptions {
  /** Of the service, without `/v1`. */
  readonly apiUrl: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  readonly chains: Readonly<Record<number, OifChain>>;
  readonly clock: Clock;
  /** Id of the adapter; several services need several. Default: `oif`. */
  readonly id?: string;
  /** For people. Default: `Open Intents`. */
  readonly name?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Partial<ServicePatience>;
  /** How long after the last fill the input may stay in escrow before it can be fetched back. Seconds; default 3,600. */
  readonly maxEscrowSeconds?: number;
}

const ADDRESS = /^0x[0-9a-f]{40}$/i;

/** @throws {InvalidInputError} naming the field. */
export function checkOptions({ apiUrl, chains }: OifOptions): void {
  if (!/^https?:\/\/\S+$/.test(apiUrl)) {
    throw new InvalidInputError('apiUrl', apiUrl, 'is not a URL', 'Write https:// and the host of the service.');
  }
  for (const [key, config] of Object.entries(chains)) {
    const field = `chains.${key}`;
    if (config.chain.id !== Number(key)) {
      throw new InvalidInputError(`${field}.chain`, config.chain.id, `is not chain ${key}`, 'Use its id as the key.');
    }
    for (const name of ['inputSettler', 'outputSettler', 'inputOracle', 'outputOracle'] as const) {
      if (ADDRESS.test(config[name])) continue;
      throw new InvalidInputError(`${field}.${name}`, config[name], 'is not an address', 'Write 0x and 40 hex digits.');
    }
  }
}

export function permit2Of({ permit2 }: OifChain): Address {
  return permit2 ?? PERMIT2_ADDRESS;
}

/** The last block that no reorganisation takes back, as the configuration sees it. */
export async function finalBlock({ chain, finalAfterBlocks }: OifChain, signal: AbortSignal): Promise<Block> {
  if (finalAfterBlocks === undefined) return chain.block('finalized', signal);
  const latest = await chain.block('latest', signal);
  return finalAfterBlocks === 0 ? latest : chain.block(Math.max(0, latest.number - finalAfterBlocks), signal);
}
