import type { WorldChain } from '@evenkeel/devnet';

/** Unix time of a chain's latest block. */
export async function latestSeconds(chain: WorldChain): Promise<number> {
  const block = (await chain.rpc('eth_getBlockByNumber', ['latest', false])) as { readonly timestamp: string };
  return Number(block.timestamp);
}
