import { Interface } from 'ethers';
import type { Address, WorldChain } from '../world.js';
import type { FeedName } from './actors.js';
import { read } from './contract.js';
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
  const { lyra, perpV2 } = chain.parts;
  return [
    ...(perpV2 === undefined ? [] : [chainlinkFeed(chain, 'perp-v2', perpV2.aggregator)]),
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
    encode: (price) => AGGREGATOR.encodeFunctionData('updateAnswer', [price * AGGREGATOR_SCALE]),
  };
}
