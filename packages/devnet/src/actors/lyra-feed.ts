import { encodeBytes32String, Interface } from 'ethers';
import type { LyraContracts } from '../parts.js';
import type { Hex, TestAccount, WorldChain } from '../world.js';
import { chainSeconds, read, submit } from './contract.js';
import type { Feed } from './feed.js';

const RATES = new Interface([
  'function rates(bytes32) view returns (uint256)',
  'function setRateAndInvalid(bytes32,uint256,bool)',
]);
const GREEKS = new Interface([
  'function getOptionBoardCache(uint256) view returns ((uint256 id, uint256[] strikes, uint256 expiry, uint256 iv, (int256,int256,int256) greeks, uint256 updatedAt, uint256, uint256, uint256) board)',
  'function updateBoardCachedGreeks(uint256)',
]);
const OPTIONS = new Interface(['function getLiveBoards() view returns (uint256[])']);
const SETH = encodeBytes32String('sETH');
/** From atoms of USDC to the 18 decimals of Synthetix. */
const RATE_SCALE = 10n ** 12n;

interface Board {
  readonly id: bigint;
  readonly expiry: bigint;
  readonly updatedAt: bigint;
}

/**
 * Synthetix's rate of sETH, from which Lyra takes its spot price. A new one goes into the greeks of all boards that have
 * not expired, and so does an old one before Lyra stops trading because they are three hours old.
 */
export function lyraFeed(chain: WorldChain, { exchangeRates, optionGreekCache, optionMarket }: LyraContracts): Feed {
  const boards = async (): Promise<readonly Board[]> => {
    const now = await chainSeconds(chain);
    const [ids] = await read(chain, optionMarket, OPTIONS, 'getLiveBoards');
    const reads = (ids as readonly bigint[]).map(async (id) => {
      const [board] = await read(chain, optionGreekCache, GREEKS, 'getOptionBoardCache', [id]);
      return board as Board;
    });
    return (await Promise.all(reads)).filter(({ expiry }) => Number(expiry) > now);
  };
  return {
    name: 'lyra',
    address: exchangeRates,
    look: async () => {
      const [rate] = await read(chain, exchangeRates, RATES, 'rates', [SETH]);
      const updates = (await boards()).map(({ updatedAt }) => Number(updatedAt));
      return { usdcAtomsPerEth: (rate as bigint) / RATE_SCALE, sinceSeconds: Math.min(...updates) };
    },
    tell: async (price: bigint, account: TestAccount) => {
      const rate = RATES.encodeFunctionData('setRateAndInvalid', [SETH, price * RATE_SCALE, false]);
      const { hash } = await submit(chain, account, exchangeRates, rate);
      for (const { id } of await boards()) {
        await submit(chain, account, optionGreekCache, GREEKS.encodeFunctionData('updateBoardCachedGreeks', [id]));
      }
      return { txHash: hash as Hex };
    },
  };
}
