import { Interface } from 'ethers';
import type { Address, Hex, World, WorldChain } from '../world.js';
import type { ActorEvent, FeedName } from './actors.js';
import { read, reasonOf, submit } from './contract.js';
import type { OutsidePrice } from './outside-price.js';

const AGGREGATOR = new Interface([
  'function latestAnswer() view returns (int256)',
  'function latestTimestamp() view returns (uint256)',
  'function updateAnswer(int256)',
]);
/** From atoms of USDC, which has 6 decimals, to the 8 of a Chainlink feed. */
const AGGREGATOR_SCALE = 100n;
/** A price that does not move is repeated so often, as Chainlink's feeds for ETH do on rollups. */
const HEARTBEAT_SECONDS = 1_200;

/** A contract that says what ETH is worth, and how it is told. */
interface Feed {
  readonly name: FeedName;
  readonly address: Address;
  /** What it says now, in atoms of USDC, and since when. */
  look(): Promise<{ readonly usdcAtomsPerEth: bigint; readonly sinceSeconds: number }>;
  encode(usdcAtomsPerEth: bigint): string;
}

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
      const { hash } = await submit(chain, account, feed.address, feed.encode(usdcAtomsPerEth));
      failures.delete(key);
      emit({ kind: 'feed-updated', ...subject, usdcAtomsPerEth, txHash: hash as Hex });
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

function feedsOf(chain: WorldChain): readonly Feed[] {
  const { perpV2 } = chain.parts;
  return perpV2 === undefined ? [] : [chainlinkFeed(chain, 'perp-v2', perpV2.aggregator)];
}

function chainlinkFeed(chain: WorldChain, name: FeedName, address: Address): Feed {
  const ask = async (what: string): Promise<bigint> => (await read(chain, address, AGGREGATOR, what))[0] as bigint;
  return {
    name,
    address,
    look: async () => ({
      usdcAtomsPerEth: (await ask('latestAnswer')) / AGGREGATOR_SCALE,
      sinceSeconds: Number(await ask('latestTimestamp')),
    }),
    encode: (price) => AGGREGATOR.encodeFunctionData('updateAnswer', [price * AGGREGATOR_SCALE]),
  };
}

async function chainSeconds(chain: WorldChain): Promise<number> {
  const block = (await chain.rpc('eth_getBlockByNumber', ['pending', false])) as { readonly timestamp: Hex };
  return Number(block.timestamp);
}
