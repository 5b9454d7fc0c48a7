import { aaveV3Watch } from '@evenkeel/adapters/aave-v3';
import { lyraForceClose, lyraSettlement, lyraWatch } from '@evenkeel/adapters/lyra';
import { perpV2Deposit, perpV2Margin, perpV2Watch, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import type { InstrumentAdapter } from '@evenkeel/core';
import { type MarginLimits, marginBreaches, perpetualMargin, planTopUp } from '@evenkeel/core/margin';
import { pollVenues, type VenueMemory, type VenueWatch } from '@evenkeel/core/watch';
import { lyraOptions } from '@evenkeel/adapters/lyra';
import { Interface } from 'ethers';
import { clock, never } from '../support/bridge-world.js';
import { E6, encode, type InstrumentBench, openInstrumentBench } from './bench.js';

jest.setTimeout(120_000);

const LIMITS: MarginLimits = { maxLeverage: 8, minDistance: 0.08 };
const ADMIN = new Interface([
  'function setBoardFrozen(uint256 boardId, bool frozen)',
  'function pause()',
  'function unpause()',
  'function setSettlementTokenBalanceCap(uint256 cap)',
  'function liquidatePosition(uint256 positionId, address rewardBeneficiary)',
  'function liquidate(address trader, address baseToken)',
  'function setReserveFreeze(address asset, bool freeze)',
  'function setReservePause(address asset, bool paused)',
  'function setSupplyCap(address asset, uint256 cap)',
  'function setBorrowCap(address asset, uint256 cap)',
  'function approve(address spender, uint256 amount)',
  'function liquidationCall(address collateral, address debt, address user, uint256 debtToCover, bool receiveAToken)',
]);

let bench: InstrumentBench;
let expirySeconds: number;

beforeAll(async () => {
  bench = await openInstrumentBench();
  const listed = await bench.adapters.lyra.list(never);
  expirySeconds = Math.min(...listed.map((each) => each.expirySeconds ?? Infinity));
}, 180_000);
afterAll(() => bench?.world.close());
beforeEach(async () => {
  await bench.reset();
  bench.actors.arbitrageur.setPrice(3_000);
});

async function trade(adapter: InstrumentAdapter, instrument: string, units: string): Promise<void> {
  const deadline = (await bench.nowSeconds()) + 600;
  const request = {
    chainId: bench.chain.id,
    instrument,
    units,
    owner: bench.trader,
    spot: 3_000,
    slippageBps: 200,
    deadline,
  };
  const quote = await adapter.quote(request, never);
  await bench.send(bench.trader, adapter.build({ quote, owner: bench.trader, deadline }));
}

/** Polls with the memory of the poll before, and tells in few words what was new. */
function poller(watch: VenueWatch): () => Promise<readonly string[]> {
  let memory: VenueMemory = new Map();
  return async () => {
    const poll = await pollVenues([watch], bench.trader, memory, never);
    memory = poll.memory;
    return poll.changes.map(({ answer, change, code }) => `${change} ${code}: ${answer}`);
  };
}

const admin = (to: `0x${string}`, name: string, args: readonly unknown[] = []): Promise<void> =>
  bench.send(bench.world.accounts.deployer.address, [encode(to, ADMIN, name, args)]);

async function feedsSay(dollars: number): Promise<void> {
  bench.actors.arbitrageur.setPrice(dollars);
  // The perpetual's feed takes no two prices in one second.
  await bench.pass(2);
  await bench.actors.feedKeeper.tick();
}

const watched = () => {
  const { optionMarketPricer } = bench.local.parts.lyra!;
  return lyraWatch({ ...bench.lyra, optionMarketPricer });
};

describe('options', () => {
  test('a board that freezes, and thaws', async () => {
    const poll = poller(watched());
    expect(await poll()).toEqual([]);
    await trade(bench.adapters.lyra, '3-call', '-1');
    expect(await poll()).toEqual([]);
    await admin(bench.lyra.optionMarket, 'setBoardFrozen', [1, true]);
    expect(await poll()).toEqual(['began BOARD_FROZEN: hedge-elsewhere']);
    expect(await poll()).toEqual([]);
    await admin(bench.lyra.optionMarket, 'setBoardFrozen', [1, false]);
    expect(await poll()).toEqual(['ended BOARD_FROZEN: hedge-elsewhere']);
  });

  test('greeks that nobody keeps, and a delta that leaves the range', async () => {
    const poll = poller(watched());
    await trade(bench.adapters.lyra, '3-call', '1');
    await poll();
    await bench.pass(4 * 3_600);
    expect(await poll()).toEqual(['began FEED_STALE: wait']);
    await feedsSay(3_900);
    expect(await poll()).toEqual(['began DELTA_OUT_OF_RANGE: force-close', 'ended FEED_STALE: wait']);
  });

  test('the emergency way out of what cannot be traded any more, of a held option and of a written one', async () => {
    const poll = poller(watched());
    await trade(bench.adapters.lyra, '3-call', '2');
    await trade(bench.adapters.lyra, '3-put', '-1');
    const close = (positionId: bigint) =>
      lyraForceClose(bench.lyra, { owner: bench.trader, positionId, slippageBps: 100 }, never);
    await expect(close(1n)).rejects.toMatchObject({ code: 'LYRA_FORCE_CLOSE_REFUSED' });
    await expect(close(99n)).rejects.toMatchObject({ code: 'LYRA_POSITION_UNKNOWN' });
    await feedsSay(4_300);
    expect(await poll()).toContain('began DELTA_OUT_OF_RANGE: force-close');
    const money: number[] = [await moneyOf()];
    for (const positionId of [1n, 2n]) {
      const { calls, costAtoms } = await close(positionId);
      await bench.send(bench.trader, calls);
      money.push(await moneyOf());
      const change = money.at(-1)! - money.at(-2)!;
      // The held one brings what was said; of the written one the collateral comes back less what was said.
      if (positionId === 1n) expect(change).toBeCloseTo(Number(costAtoms) / 1e18, 0);
      else expect(change).toBeGreaterThan(0);
    }
    // Both were of one strike.
    expect(await poll()).toEqual(['ended DELTA_OUT_OF_RANGE: force-close']);
    expect(await bench.sources[2]!.read(bench.trader, never)).toEqual([]);
  });

  test('the last hours, the expiry, and the settlement that answers it', async () => {
    const poll = poller(watched());
    await trade(bench.adapters.lyra, '3-call', '2');
    await trade(bench.adapters.lyra, '3-put', '-1');
    await poll();
    await bench.pass(expirySeconds - 3_600 - (await bench.nowSeconds()));
    await feedsSay(3_000);
    expect(await poll()).toContain('began BOARD_CLOSING: hedge-elsewhere');
    expect((await lyraSettlement(settling(), bench.trader, never)).calls).toEqual([]);
    await bench.pass(2 * 3_600);
    await feedsSay(3_100);
    expect(await poll()).toContain('began BOARD_EXPIRED: settle');

    const { boardIds, calls, positionIds } = await lyraSettlement(settling(), bench.trader, never);
    expect([boardIds.length, positionIds.length, calls.length]).toEqual([1, 2, 2]);
    const before = await moneyOf();
    await bench.send(bench.trader, calls);
    // Two calls are 100 in the money each; the collateral of the put comes back whole.
    expect((await moneyOf()) - before).toBeGreaterThan(200);
    const after = await poll();
    expect(after.filter((each) => each === 'happened OPTION_SETTLED: rehedge')).toHaveLength(2);
    expect(after).toContain('ended BOARD_EXPIRED: settle');
    expect((await lyraSettlement(settling(), bench.trader, never)).calls).toEqual([]);
  });

  test('a board that somebody else has settled leaves the payout', async () => {
    await trade(bench.adapters.lyra, '3-call', '1');
    await bench.pass(expirySeconds + 60 - (await bench.nowSeconds()));
    await feedsSay(3_100);
    const [board] = (await lyraSettlement(settling(), bench.trader, never)).calls;
    await bench.send(bench.world.accounts.stranger.address, [board!]);
    const { boardIds, calls } = await lyraSettlement(settling(), bench.trader, never);
    expect([boardIds.length, calls.length]).toEqual([0, 1]);
  });

  test('a liquidation', async () => {
    const tight = lyraOptions({ chains: { [bench.chain.id]: bench.lyra }, clock, collateralFactor: 1 });
    const poll = poller(watched());
    await trade(tight, '3-call', '-10');
    await poll();
    await feedsSay(3_300);
    const positions = await bench.sources[2]!.read(bench.trader, never);
    const [id] = positions.map((each) => each.id.split(':').at(-1)!);
    await bench.send(bench.world.accounts.stranger.address, [
      encode(bench.lyra.optionMarket, ADMIN, 'liquidatePosition', [BigInt(id!), bench.world.accounts.stranger.address]),
    ]);
    expect(await poll()).toContain('happened LIQUIDATED: rehedge');
  });
});

const settling = () => ({ ...bench.lyra, shortCollateral: bench.local.parts.lyra!.shortCollateral });

async function moneyOf(): Promise<number> {
  const balances = new Interface(['function balanceOf(address) view returns (uint256)']);
  const { data } = encode(bench.lyra.quoteAsset.address, balances, 'balanceOf', [bench.trader]);
  const { results } = await bench.chain.read([{ to: bench.lyra.quoteAsset.address, data }], never);
  return Number(BigInt(results[0]!.data)) / 1e18;
}

describe('a perpetual', () => {
  test('funding that flips', async () => {
    const poll = poller(perpV2Watch(bench.perp));
    await trade(bench.adapters.perp, 'vETH', '-1');
    // The pool is above the feed: shorts receive.
    expect(await poll()).toEqual([]);
    await feedsSay(3_060);
    await bench.pass(1_200);
    expect(await poll()).toEqual(['began FUNDING_AGAINST: compare']);
    await feedsSay(2_950);
    await bench.pass(1_200);
    expect(await poll()).toEqual(['ended FUNDING_AGAINST: compare']);
  });

  test('a vault that is full, a market that is paused, a price at the edge of its band', async () => {
    const poll = poller(perpV2Watch(bench.perp));
    const { clearingHouseConfig } = bench.local.parts.perpV2!;
    await poll();
    await admin(clearingHouseConfig, 'setSettlementTokenBalanceCap', [E6]);
    expect(await poll()).toEqual(['began DEPOSIT_CAP: hedge-elsewhere']);
    await feedsSay(3_400);
    expect(await poll()).toEqual(['began PRICE_BAND: hedge-elsewhere']);
    await admin(bench.perp.baseToken.address, 'pause');
    expect(await poll()).toContain('began MARKET_PAUSED: hedge-elsewhere');
  });

  test('a margin that comes near, and the top-up that answers it', async () => {
    const poll = poller(perpV2Watch(bench.perp, { marginLimits: LIMITS }));
    await trade(bench.adapters.perp, 'vETH', '-60');
    expect(await poll()).toEqual([]);
    await marketTo(3_550);
    expect(await poll()).toContain('began MARGIN_NEAR: add-margin');
    const account = perpetualMargin(perpV2Margin(await readPerpV2Account(bench.perp, bench.trader, never)));
    const dollars = Math.ceil(planTopUp(account, LIMITS, 1));
    await bench.send(bench.trader, perpV2Deposit(bench.perp, BigInt(dollars) * E6));
    expect(await poll()).toContain('ended MARGIN_NEAR: add-margin');
    const after = perpetualMargin(perpV2Margin(await readPerpV2Account(bench.perp, bench.trader, never)));
    expect(marginBreaches(after, LIMITS)).toEqual([]);
  });

  test('a liquidation', async () => {
    const poll = poller(perpV2Watch(bench.perp));
    await trade(bench.adapters.perp, 'vETH', '-80');
    await poll();
    await marketTo(3_650);
    await bench.send(bench.world.accounts.arbitrageur.address, [
      encode(bench.local.parts.perpV2!.clearingHouse, ADMIN, 'liquidate', [bench.trader, bench.perp.baseToken.address]),
    ]);
    expect(await poll()).toContain('happened LIQUIDATED: rehedge');
    expect(await poll()).not.toContain('happened LIQUIDATED: rehedge');
  });
});

describe('a loan', () => {
  const watching = () => {
    const { USDC, WETH } = bench.local.tokens;
    const { addressesProvider } = bench.local.parts.aaveV3!;
    return aaveV3Watch({ chain: bench.chain, addressesProvider, reserves: [WETH, USDC], minHealthFactor: 1.25 });
  };
  const configure = (name: string, args: readonly unknown[]) =>
    admin(bench.local.parts.aaveV3!.poolConfigurator, name, args);

  test('reserves that freeze, pause, and fill up', async () => {
    const { USDC, WETH } = bench.local.tokens;
    const poll = poller(watching());
    expect(await poll()).toEqual([]);
    await configure('setReserveFreeze', [WETH.address, true]);
    expect(await poll()).toEqual(['began RESERVE_FROZEN: hedge-elsewhere']);
    await configure('setReservePause', [USDC.address, true]);
    expect(await poll()).toEqual(['began MARKET_PAUSED: hedge-elsewhere']);
    await configure('setReserveFreeze', [WETH.address, false]);
    await configure('setReservePause', [USDC.address, false]);
    // Two thousand ETH and three million dollars are lent to the market.
    await configure('setSupplyCap', [WETH.address, 2_010]);
    expect(await poll()).toEqual([
      'began DEPOSIT_CAP: hedge-elsewhere',
      'ended RESERVE_FROZEN: hedge-elsewhere',
      'ended MARKET_PAUSED: hedge-elsewhere',
    ]);
    await configure('setSupplyCap', [WETH.address, 3_000]);
    await trade(bench.adapters.loan, 'WETH', '-3');
    await configure('setBorrowCap', [WETH.address, 3]);
    expect(await poll()).toEqual(['began BORROW_CAP: hedge-elsewhere', 'ended DEPOSIT_CAP: hedge-elsewhere']);
  });

  test('a feed that gives no price', async () => {
    const poll = poller(watching());
    await poll();
    const { feeds } = bench.local.parts.aaveV3!;
    await bench.local.rpc('anvil_setStorageAt', [feeds.USDC, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(64)}`]);
    expect(await poll()).toEqual(['began FEED_HALTED: hedge-elsewhere']);
  });

  test('a margin that comes near, and a liquidation', async () => {
    const { USDC, WETH } = bench.local.tokens;
    const { pool } = bench.local.parts.aaveV3!;
    const poll = poller(watching());
    await trade(bench.adapters.loan, 'WETH', '-10');
    expect(await poll()).toEqual([]);
    await feedsSay(3_700);
    expect(await poll()).toEqual(['began MARGIN_NEAR: add-margin']);
    await feedsSay(4_700);
    const { maker } = bench.world.accounts;
    await bench.send(maker.address, [
      encode(WETH.address, ADMIN, 'approve', [pool, 5n * 10n ** 18n]),
      encode(pool, ADMIN, 'liquidationCall', [USDC.address, WETH.address, bench.trader, 5n * 10n ** 18n, false]),
    ]);
    expect(await poll()).toEqual(['happened LIQUIDATED: rehedge']);
    expect(await poll()).toEqual([]);
  });
});

test('a venue that cannot be read is told, and what was known of it stays', async () => {
  const watch = watched();
  let isDown = false;
  const poll = poller({
    ...watch,
    look: (owner, since, signal) =>
      isDown
        ? perpV2Watch({ ...bench.perp, vault: bench.trader, clearingHouseConfig: bench.trader }).look(
            owner,
            since,
            signal,
          )
        : watch.look(owner, since, signal),
  });
  await trade(bench.adapters.lyra, '3-call', '-1');
  await admin(bench.lyra.optionMarket, 'setBoardFrozen', [1, true]);
  expect(await poll()).toEqual(['began BOARD_FROZEN: hedge-elsewhere']);
  isDown = true;
  expect(await poll()).toEqual(['began VENUE_UNREADABLE: wait']);
  isDown = false;
  expect(await poll()).toEqual(['ended VENUE_UNREADABLE: wait']);
});

/** Feeds and the perpetual together, and the half hour in which its mark price follows. */
async function marketTo(dollars: number): Promise<void> {
  await feedsSay(dollars);
  for (let pass = 0; pass < 4; pass += 1) {
    await bench.pass(60);
    await bench.actors.arbitrageur.tick();
  }
  await bench.pass(3_600);
  await bench.actors.feedKeeper.tick();
}
