import type { World, WorldChain } from '../world.js';
import type { ActorEvent } from './actors.js';
import { chainSeconds, reasonOf } from './contract.js';
import type { Feed } from './feed.js';
import { feedsOf } from './feeds.js';
import type { OutsidePrice } from './outside-price.js';

/** A price that does not move is repeated so often, as Chainlink's feeds for ETH do on rollups. */
const HEARTBEAT_SECONDS = 1_200;

export interface FeedKeeperCore {
  readonly pass: () => Promise<void>;
}

/** Tells every feed of the world's parts the outside price when it says another one, or has said it for long. */
export function createFeedKeeper(
  world: World,
  outside: OutsidePrice,
  emit: (event: ActorEvent) => void,
): FeedKeeperCore {
  const account = world.accounts.feedKeeper;
  const failures = new Map<string, string>();

  const keep = async (chain: WorldChain, feed: Feed, usdcAtomsPerEth: bigint): Promise<void> => {
    const key = `${chain.id}:${feed.address}`;
    const seen = await feed.look();
    const age = (await chainSeconds(chain)) - seen.sinceSeconds;
    if (seen.usdcAtomsPerEth === usdcAtomsPerEth && age < HEARTBEAT_SECONDS) return;
    const subject = { chainId: chain.id, feed: feed.name } as const;
    try {
      const told = await feed.tell(usdcAtomsPerEth, account);
      failures.delete(key);
      emit({ kind: 'feed-updated', ...subject, usdcAtomsPerEth, ...told });
    } catch (error) {
      const reason = reasonOf(error);
      if (failures.get(key) === reason) return;
      failures.set(key, reason);
      emit({ kind: 'feed-failed', ...subject, reason });
    }
  };

  const passChain = async (chain: WorldChain): Promise<void> => {
    const price = outside.usdcAtomsPerEth();
    // One after another: they share an account, and so its nonces.
    for (const feed of feedsOf(chain)) await keep(chain, feed, price);
  };

  return {
    async pass() {
      const results = await Promise.allSettled(world.chains.map(passChain));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
