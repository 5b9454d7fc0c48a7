import { startWorld } from '../src/index.js';
import type { Actors, SynthetixPerpsContracts, World, WorldChain } from '../src/index.js';
import { send, view } from './support.js';

const E18 = 10n ** 18n;
const POSITIONS =
  'positions(address) view returns ((uint64 id, uint64 fundingIndex, uint128 margin, uint128 price, int128 size))';
const TRADE = 'modifyPosition(int256,uint256)';

let world: World;
let chain: WorldChain;
let perps: SynthetixPerpsContracts;
let actors: Actors;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['synthetix-perps'] });
  [chain] = world.chains as [WorldChain];
  perps = chain.parts.synthetixPerps!;
  actors = await world.startActors({ only: [] });
  await actors.feedKeeper.tick();
}, 120_000);
afterAll(() => world?.close());

const dollars = (owner: string): Promise<bigint> =>
  view(chain, perps.sUSD, 'balanceOf(address) view returns (uint256)', [owner]);

test('a short is opened on margin, gains when the price falls, pays funding, and is closed and paid out', async () => {
  const { trader } = world.accounts;
  const before = await dollars(trader.address);
  await send(chain, trader, perps.market, 'transferMargin(int256)', [20_000n * E18]);
  expect(before - (await dollars(trader.address))).toBe(20_000n * E18);
  await send(chain, trader, perps.market, TRADE, [-10n * E18, 2_900n * E18], { gasLimit: 3_000_000n });
  const [, , , price, size] = await view(chain, perps.market, POSITIONS, [trader.address]);
  expect(size).toBe(-10n * E18);
  // Half of the premium that its own size makes, of a scale of a million.
  expect(price).toBe((2_999_985n * E18) / 1_000n);
  actors.arbitrageur.setPrice(2_800);
  await world.advance(43_200);
  await actors.feedKeeper.tick();
  const [gain] = await view(chain, perps.market, 'profitLoss(address) view returns (int256, bool)', [trader.address]);
  expect(gain).toBe((1_999_850n * E18) / 1_000n);
  const [funding] = await view(chain, perps.market, 'accruedFunding(address) view returns (int256, bool)', [
    trader.address,
  ]);
  expect(funding).toBeLessThan(0n);
  await send(chain, trader, perps.market, 'closePosition(uint256)', [2_900n * E18], { gasLimit: 3_000_000n });
  await send(chain, trader, perps.market, 'withdrawAllMargin()', [], { gasLimit: 3_000_000n });
  const after = await dollars(trader.address);
  expect(after - before).toBeGreaterThan(1_900n * E18);
  expect(after - before).toBeLessThan(2_000n * E18);
});

test('who has too little margin left is flagged and liquidated', async () => {
  const { liquidityProvider, stranger } = world.accounts;
  actors.arbitrageur.setPrice(3_000);
  await world.advance(60);
  await actors.feedKeeper.tick();
  await send(chain, liquidityProvider, perps.market, 'transferMargin(int256)', [2_000n * E18]);
  await send(chain, liquidityProvider, perps.market, TRADE, [10n * E18, 3_100n * E18], { gasLimit: 3_000_000n });
  await expect(
    send(chain, stranger, perps.market, 'flagPosition(address)', [liquidityProvider.address]),
  ).rejects.toThrow();
  actors.arbitrageur.setPrice(2_750);
  await world.advance(60);
  await actors.feedKeeper.tick();
  for (const step of ['flagPosition(address)', 'liquidatePosition(address)']) {
    await send(chain, stranger, perps.market, step, [liquidityProvider.address], { gasLimit: 3_000_000n });
  }
  const [, , margin, , size] = await view(chain, perps.market, POSITIONS, [liquidityProvider.address]);
  expect([margin, size]).toEqual([0n, 0n]);
  expect(await dollars(stranger.address)).toBeGreaterThan(0n);
});
