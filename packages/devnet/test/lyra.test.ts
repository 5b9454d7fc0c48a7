import { encodeBytes32String } from 'ethers';
import { startWorld } from '../src/index.js';
import type { Actors, LyraContracts, World, WorldChain, WorldSnapshot } from '../src/index.js';
import { send, view } from './support.js';

const E18 = 10n ** 18n;
const LONG_CALL = 0;
const SHORT_PUT = 4;
const TRADE =
  'openPosition((uint256,uint256,uint256,uint8,uint256,uint256,uint256,uint256)) returns ((uint256,uint256,uint256))';
const POSITIONS = 'getOwnerPositions(address) view returns ((uint256,uint256,uint8,uint256,uint256,uint8)[])';
const BOARD = 'getOptionBoard(uint256) view returns ((uint256,uint256,uint256,bool,uint256[]))';
const CACHE =
  'getStrikeCache(uint256) view returns ((uint256,uint256,uint256,uint256,(int256 callDelta,int256 putDelta,uint256 stdVega,uint256 callPrice,uint256 putPrice) greeks,int256,int256,uint256))';
/** The third board's strike at 3,000. */
const AT_THE_MONEY = 13n;

let world: World;
let chain: WorldChain;
let lyra: LyraContracts;
let actors: Actors;
let opening: WorldSnapshot;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['lyra'] });
  [chain] = world.chains as [WorldChain];
  lyra = chain.parts.lyra!;
  actors = await world.startActors({ only: [] });
  for (const synth of [lyra.sUSD, lyra.sETH]) {
    const all = [lyra.optionMarket, 2n ** 256n - 1n];
    await send(chain, world.accounts.trader, synth, 'approve(address,uint256)', all);
  }
  opening = await world.snapshot();
}, 120_000);
beforeEach(async () => {
  actors.arbitrageur.setPrice(3_000);
  await world.revert(opening);
});
afterAll(() => world?.close());

function open(strikeId: bigint, optionType: number, amount: bigint, collateral: bigint) {
  const order = [strikeId, 0n, 1n, optionType, amount, collateral, 0n, 2n ** 255n];
  return send(chain, world.accounts.trader, lyra.optionMarket, TRADE, [order], { gasLimit: 5_000_000n });
}

const deltaOf = async (strikeId: bigint): Promise<number> => {
  const { greeks } = await view(chain, lyra.optionGreekCache, CACHE, [strikeId]);
  return Number(greeks.callDelta) / 1e18;
};

test('has code at every address that it names', async () => {
  const codes = await Promise.all(Object.values(lyra).map((address) => chain.provider.getCode(address)));
  expect(codes.filter((code) => code === '0x')).toEqual([]);
});

test('opens with three boards that expire 7, 28 and 84 days from now', async () => {
  const ids: readonly bigint[] = await view(chain, lyra.optionMarket, 'getLiveBoards() view returns (uint256[])', []);
  const now = await world.clockSeconds();
  const days = await Promise.all(
    ids.map(async (id) => Math.round((Number((await view(chain, lyra.optionMarket, BOARD, [id]))[1]) - now) / 86_400)),
  );
  expect(days).toEqual([7, 28, 84]);
});

test('sells options and buys them, and keeps count of who holds what', async () => {
  await open(AT_THE_MONEY, LONG_CALL, 2n * E18, 0n);
  await open(AT_THE_MONEY, SHORT_PUT, E18, 3_000n * E18);
  const positions = await view(chain, lyra.optionToken, POSITIONS, [world.accounts.trader.address]);
  expect(positions.map((each: readonly unknown[]) => [each[2], each[3], each[4]])).toEqual([
    [BigInt(LONG_CALL), 2n * E18, 0n],
    [BigInt(SHORT_PUT), E18, 3_000n * E18],
  ]);
});

test('refuses a delta outside its range', async () => {
  await expect(open(1n, LONG_CALL, E18, 0n)).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
});

test('the feed keeper takes a new price into the greeks', async () => {
  const before = await deltaOf(AT_THE_MONEY);
  actors.arbitrageur.setPrice(3_300);
  await actors.feedKeeper.tick();
  expect(await deltaOf(AT_THE_MONEY)).toBeGreaterThan(before + 0.05);
  const rates = 'rates(bytes32) view returns (uint256)';
  expect(await view(chain, lyra.exchangeRates, rates, [encodeBytes32String('sETH')])).toBe(3_300n * E18);
});

test('the feed keeper keeps the market open for trading', async () => {
  const stale = (): Promise<boolean> =>
    view(chain, lyra.optionGreekCache, 'isGlobalCacheStale(uint256) view returns (bool)', [3_000n * E18]);
  await world.advance(4 * 3_600);
  expect(await stale()).toBe(true);
  await actors.feedKeeper.tick();
  expect(await stale()).toBe(false);
  // Also when a board has expired that nobody has settled.
  await world.advance(8 * 86_400);
  await actors.feedKeeper.tick();
  const events = actors.events();
  await actors.feedKeeper.tick();
  expect(actors.events()).toEqual(events);
  expect(events.filter(({ kind }) => kind === 'feed-failed')).toEqual([]);
});

test('a board is settled at its expiry', async () => {
  await open(3n, LONG_CALL, E18, 0n);
  await world.advance(7 * 86_400 + 60);
  await send(chain, world.accounts.stranger, lyra.optionMarket, 'settleExpiredBoard(uint256)', [1n]);
  const settled = 'getSettlementParameters(uint256) view returns (uint256,uint256,uint256)';
  expect((await view(chain, lyra.optionMarket, settled, [3n]))[1]).toBe(3_000n * E18);
  const before = await view(chain, lyra.sUSD, 'balanceOf(address) view returns (uint256)', [
    world.accounts.trader.address,
  ]);
  await send(chain, world.accounts.stranger, lyra.shortCollateral, 'settleOptions(uint256[])', [[1n]]);
  const after = await view(chain, lyra.sUSD, 'balanceOf(address) view returns (uint256)', [
    world.accounts.trader.address,
  ]);
  // It expired at the money: worth nothing, and gone.
  expect(after).toBe(before);
  expect(await view(chain, lyra.optionToken, POSITIONS, [world.accounts.trader.address])).toHaveLength(0);
});
