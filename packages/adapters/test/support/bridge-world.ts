import { setMaxListeners } from 'node:events';
import { Wallet } from 'ethers';
import type { Address, Call, Chain, Clock, Hex, Quote, Token, Transfer } from '@evenkeel/core';
import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import type { TestAccount, World, WorldChain } from '@evenkeel/devnet';

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    }),
};

/** A signal that nobody aborts. Many requests listen to it at once. */
export const never: AbortSignal = new AbortController().signal;
setMaxListeners(0, never);

/** Our view of the world's chains, by chain id. */
export function chainsOf(world: World): Readonly<Record<number, Chain>> {
  return Object.fromEntries(
    world.chains.map(({ contracts, id, name, rpcUrl }) => [
      id,
      jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 }),
    ]),
  );
}

/** Sends calls one after another and waits for each; answers with the hash of the last one that is not a revocation. */
export async function sendCalls(world: World, account: TestAccount, calls: readonly Call[]): Promise<Hex> {
  let hash = '';
  for (const { chainId, data, minGasLimit, purpose, to, valueWei } of calls) {
    const wallet = new Wallet(account.privateKey, world.chain(chainId).provider);
    const gas = minGasLimit === undefined ? {} : { gasLimit: minGasLimit };
    const sent = await wallet.sendTransaction({ to, data, value: valueWei, ...gas });
    await sent.wait();
    if (purpose !== 'revoke') hash = sent.hash;
  }
  return hash as Hex;
}

export function transferOf(quote: Quote, originTxHash: Hex): Transfer {
  return { id: quote.id, adapter: quote.adapter, quote, originTxHash, sentAtSeconds: quote.asOf.timeSeconds };
}

/** What a journal does to a transfer: bigints become strings and stay so, which the adapters must not mind. */
export function throughJournal(transfer: Transfer): Transfer {
  const text = JSON.stringify(transfer, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
  return JSON.parse(text) as Transfer;
}

export async function balanceOf(chain: WorldChain, token: Token, owner: Address): Promise<bigint> {
  const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}`;
  return BigInt((await chain.rpc('eth_call', [{ to: token.address, data }, 'latest'])) as string);
}
