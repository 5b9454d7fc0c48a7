import { startWorld } from '../src/index.js';
import type { Actors, PerpV2Contracts, World, WorldChain, WorldSnapshot } from '../src/index.js';
import { approve, send, view } from './support.js';

const E6 = 10n ** 6n;
const E18 = 10n ** 18n;
const OPEN = 'openPosition((address,bool,bool,uint256,uint256,uint256,uint160,bytes32)) returns (uint256,uint256)';
const NO_REFERRAL = `0x${'00'.repeat(32)}`;

let world: World;
let chain: WorldChain;
let perp: PerpV2Contracts;
let actors: Actors;
let opening: WorldSnapshot;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['perp-v2'] });
  [chain] = world.chains as [WorldChain];
  perp = chain.parts.perpV2!;
  actors = await world.startActors({ only: [] });
  opening = await world.snapshot();
}, 120_000);
beforeEach(async () => {
  actors.arbitrageur.setPrice(3_000);
  await world.revert(opening);
});
afterAll(() => world?.close());

async function depositMargin(dollars: bigint): Promise<void> {
  await approve(chain, world.accounts.trader, chain.tokens.USDC, perp.vault, dollars * E6);
  const args = [chain.tokens.USDC.address, dollars * E6];
  await send(chain, world.accounts.trader, perp.vault, 'deposit(address,uint256)', args);
}

function open(isShort: boolean, amount: bigint) {
  const terms = [perp.baseToken, isShort, isShort, amount, 0n, 10n ** 12n, 0n, NO_REFERRAL];
  return send(chain, world.accounts.trader, perp.clearingHouse, OPEN, [terms], { gasLimit: 3_000_000n });
}

const sizeOf = (owner: string): Promise<bigint> =>
  view(chain, perp.accountBalance, 'getTakerPositionSize(address,address) view returns (int256)', [
    owner,
    perp.baseToken,
  ]);
const markPrice = (): Promise<bigint> =>
  view(chain, perp.accountBalance, 'getMarkPrice(address) view returns (uint256)', [perp.baseToken]);
const pending = (owner: string): Promise<bigint> =>
  view(chain, perp.exchange, 'getPendingFundingPayment(address,address) view returns (int256)', [
    owner,
    perp.baseToken,
  ]);
const poolPrice = async (): Promise<number> => {
  const slot0 = 'slot0() view returns (uint160,int24,uint16,uint16,uint16,uint8,bool)';
  const [root] = await view(chain, perp.pool, slot0, []);
  return (Number(root) / 2 ** 96) ** 2;
};

test('a world that does not ask for it has none of it', async () => {
  const plain = await startWorld({ chains: 1 });
  expect(plain.chains[0]!.parts).toEqual({});
  await plain.close();
});

test('a part that does not exist is refused', async () => {
  const wrong = startWorld({ parts: ['perp-v1' as 'perp-v2'] });
  await expect(wrong).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field: 'parts' } });
});

test('has code at every address that it names', async () => {
  const codes = await Promise.all(Object.values(perp).map((address) => chain.provider.getCode(address)));
  expect(codes.filter((code) => code === '0x')).toEqual([]);
});

test('opens at the feed, holds a short, and lets it go', async () => {
  // Averages of a Uniswap pool are whole ticks, a ten-thousandth each.
  expect(Math.abs(Number(await markPrice()) / 1e18 / 3_000 - 1)).toBeLessThan(1e-4);
  await depositMargin(10_000n);
  await open(true, 10n * E18);
  expect(await sizeOf(world.accounts.trader.address)).toBe(-10n * E18);
  const close = 'closePosition((address,uint160,uint256,uint256,bytes32)) returns (uint256,uint256)';
  const terms = [perp.baseToken, 0n, 0n, 10n ** 12n, NO_REFERRAL];
  await send(chain, world.accounts.trader, perp.clearingHouse, close, [terms], { gasLimit: 3_000_000n });
  expect(await sizeOf(world.accounts.trader.address)).toBe(0n);
});

test('longs pay shorts while the pool stands above the feed', async () => {
  await depositMargin(100_000n);
  await open(false, 100n * E18);
  await world.advance(86_400);
  // Positive is owed by the holder.
  expect(await pending(world.accounts.trader.address)).toBeGreaterThan(100n * E18);
});

test('the feed keeper and the arbitrageur take the perpetual to a new price', async () => {
  for (const price of [2_700, 3_400]) {
    actors.arbitrageur.setPrice(price);
    await actors.feedKeeper.tick();
    for (let pass = 0; pass < 4; pass += 1) {
      await world.advance(60);
      await actors.arbitrageur.tick();
    }
    await world.advance(3_600);
    expect(Math.abs((await poolPrice()) / price - 1)).toBeLessThan(0.0011);
    expect(Math.abs(Number(await markPrice()) / 1e18 / price - 1)).toBeLessThan(0.0011);
  }
  const failed = actors.events().filter(({ kind }) => kind === 'arbitrage-failed' || kind === 'feed-failed');
  expect(failed).toEqual([]);
});

test('the feed keeper repeats a price before it counts as stale, and not earlier', async () => {
  const heard = (): number => actors.events().filter(({ kind }) => kind === 'feed-updated').length;
  await actors.feedKeeper.tick();
  const before = heard();
  await actors.feedKeeper.tick();
  expect(heard()).toBe(before);
  await world.advance(1_300);
  await actors.feedKeeper.tick();
  expect(heard()).toBe(before + 1);
});

test('an account below its margin requirement is liquidated by anybody', async () => {
  await depositMargin(4_000n);
  await open(true, 10n * E18);
  const liquidate = ['liquidate(address,address)', [world.accounts.trader.address, perp.baseToken]] as const;
  const liquidator = world.accounts.arbitrageur;
  const attempt = () => send(chain, liquidator, perp.clearingHouse, ...liquidate, { gasLimit: 5_000_000n });
  await expect(attempt()).rejects.toThrow();
  actors.arbitrageur.setPrice(3_300);
  await actors.feedKeeper.tick();
  for (let pass = 0; pass < 3; pass += 1) {
    await world.advance(60);
    await actors.arbitrageur.tick();
  }
  await world.advance(3_600);
  await attempt();
  const size = await sizeOf(world.accounts.trader.address);
  expect(size).toBeGreaterThan(-10n * E18);
  expect(size).toBeLessThanOrEqual(0n);
});
