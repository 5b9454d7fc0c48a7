import { Interface, toBeHex } from 'ethers';
import type { Address, Hex, WorldChain } from '../world.js';
import type { FeedName } from './actors.js';
import { read, submit } from './contract.js';
import type { Feed } from './feed.js';
import { lyraFeed } from './lyra-feed.js';

const AGGREGATOR = new Interface([
  'function latestAnswer() view returns (int256)',
  'function latestTimestamp() view returns (uint256)',
  'function updateAnswer(int256)',
]);
/** From atoms of USDC, which has 6 decimals, to the 8 of a Chainlink feed. */
const AGGREGATOR_SCALE = 100n;

/** The feeds of a chain's parts. */
export function feedsOf(chain: WorldChain): readonly Feed[] {
  const { aaveV3, lyra, perpV2, synthetixPerps } = chain.parts;
  return [
    ...(aaveV3 === undefined ? [] : [aaveFeed(chain, aaveV3.feeds.WETH)]),
    ...(perpV2 === undefined ? [] : [chainlinkFeed(chain, 'perp-v2', perpV2.aggregator)]),
    ...(synthetixPerps === undefined ? [] : [chainlinkFeed(chain, 'synthetix-perps', synthetixPerps.aggregator)]),
    ...(lyra === undefined ? [] : [lyraFeed(chain, lyra)]),
  ];
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
    tell: async (price, account) => {
      const data = AGGREGATOR.encodeFunctionData('updateAnswer', [price * AGGREGATOR_SCALE]);
      const { hash } = await submit(chain, account, address, data);
      return { txHash: hash as Hex };
    },
  };
}

/** Aave's `MockAggregator` has its answer in its first slot and no way to change it: the slot is written. It never ages. */
function aaveFeed(chain: WorldChain, address: Address): Feed {
  return {
    name: 'aave-v3',
    address,
    look: async () => {
      const [answer] = await read(chain, address, AGGREGATOR, 'latestAnswer');
      return { usdcAtomsPerEth: (answer as bigint) / AGGREGATOR_SCALE, sinceSeconds: Infinity };
    },
    tell: async (price) => {
      const word = toBeHex(price * AGGREGATOR_SCALE, 32);
      await chain.rpc('anvil_setStorageAt', [address, toBeHex(0n, 32), word]);
      return {};
    },
  };
}
