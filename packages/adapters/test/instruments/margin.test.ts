import {
  aaveMarginAfter,
  aaveMarginReader,
  aaveMarginVenue,
  aaveV3Account,
  type AaveMarginPlace,
} from '@evenkeel/adapters/aave-v3';
import { perpV2Margin, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import type { InstrumentAdapter, LendingPosition } from '@evenkeel/core';
import {
  lendingMargin,
  lendingMarginOf,
  lendingReduction,
  marginBreaches,
  type MarginLimits,
  type MarginState,
  marginState,
  perpetualMargin,
  perpetualReduction,
  planReduction,
  planTopUp,
} from '@evenkeel/core/margin';
import { Interface } from 'ethers';
import { never } from '../support/bridge-world.js';
import { E6, encode, type InstrumentBench, openInstrumentBench } from './bench.js';

jest.setTimeout(60_000);

let bench: InstrumentBench;

beforeAll(async () => {
  bench = await openInstrumentBench();
}, 180_000);
beforeEach(() => bench.reset());
afterAll(() => bench?.world.close());

const VAULT = new Interface(['function deposit(address,uint256)', 'function withdraw(address,uint256)']);
const POOL = new Interface([
  'function supply(address,uint256,address,uint16)',
  'function getUserAccountData(address) view returns (uint256,uint256,uint256,uint256,uint256,uint256)',
]);
const ERC20 = new Interface(['function approve(address,uint256)']);

async function trade(adapter: InstrumentAdapter, instrument: string, units: string): Promise<void> {
  const { chain, nowSeconds, send, trader } = bench;
  const deadline = (await nowSeconds()) + 600;
  const request = { chainId: chain.id, instrument, units, owner: trader, spot: 3_000, slippageBps: 100, deadline };
  const quote = await adapter.quote(request, never);
  await send(trader, adapter.build({ quote, owner: trader, deadline }));
}

describe('Perp v2', () => {
  const read = () => readPerpV2Account(bench.perp, bench.trader, never);
  const account = async () => perpetualMargin(perpV2Margin(await read()));
  const limits: MarginLimits = { maxLeverage: 4, minDistance: 0.2 };

  beforeEach(async () => {
    const { local, send, trader } = bench;
    await trade(bench.adapters.perp, 'vETH', '-60');
    await send(trader, [
      encode(local.parts.perpV2!.vault, VAULT, 'withdraw', [local.tokens.USDC.address, 20_000n * E6]),
    ]);
  });

  test('surplus, liquidation and equity are the venue’s own', async () => {
    const state = await read();
    const margin = await account();
    const { liquidationSpot } = marginState(margin);
    expect(liquidationSpot).toBeCloseTo(Number(state.liquidationPrice), 6);
    expect(margin.equity).toBeCloseTo(Number(state.accountValue), 4);
    const surplus = Number(state.accountValue) - Number(state.maintenanceMargin);
    expect(margin.surplusAtZero + margin.surplusPerUnit * margin.spot).toBeCloseTo(surplus, 4);
  });

  test('the top-up that was planned brings the account to its limits, by the venue’s own liquidation price', async () => {
    const { local, send, trader } = bench;
    const before = await account();
    expect(marginBreaches(before, limits)).not.toEqual([]);
    const amount = planTopUp(before, limits, 1);
    const atoms = BigInt(Math.ceil(amount * 1e6));
    const { vault } = local.parts.perpV2!;
    await send(trader, [
      encode(local.tokens.USDC.address, ERC20, 'approve', [vault, atoms]),
      encode(vault, VAULT, 'deposit', [local.tokens.USDC.address, atoms]),
    ]);
    const state = await read();
    const venue = Number(state.liquidationPrice) / Number(state.markPrice) - 1;
    const { leverage } = marginState(await account());
    // Seconds have passed, and funding with them.
    expect(Math.min(venue - limits.minDistance, limits.maxLeverage - leverage)).toBeGreaterThan(-1e-4);
    expect(Math.min(venue - limits.minDistance, limits.maxLeverage - leverage)).toBeLessThan(1e-3);
  });

  test('so does the reduction', async () => {
    const state = perpV2Margin(await read());
    const before = perpetualMargin(state);
    const quote = await bench.adapters.perp.quote(
      {
        chainId: bench.chain.id,
        instrument: 'vETH',
        units: '10',
        owner: bench.trader,
        spot: state.spot,
        slippageBps: 100,
        deadline: (await bench.nowSeconds()) + 600,
      },
      never,
    );
    // What closing really costs, price impact included: twice that of the sample, as a reserve for a larger size.
    const costShare = (2 * Math.max(0, quote.cost)) / (10 * state.spot);
    const share = planReduction(before, perpetualReduction(state, costShare), limits);
    await trade(bench.adapters.perp, 'vETH', (share * Math.abs(state.sizeUnits)).toFixed(9));
    expect(marginBreaches(await account(), { ...limits, minDistance: limits.minDistance - 1e-3 })).toEqual([]);
    expect(marginState(await account()).distance).toBeLessThan(limits.minDistance + 0.03);
  });

  test('a maker’s margin is not known', async () => {
    const { liquidityProvider } = bench.world.accounts;
    const maker = await readPerpV2Account(bench.perp, liquidityProvider.address, never);
    expect(() => perpV2Margin(maker)).toThrow(expect.objectContaining({ code: 'PERP_MARGIN_UNKNOWN' }));
  });
});

describe('Aave v3', () => {
  const limits: MarginLimits = { maxLeverage: 10, minDistance: 0.6 };
  const THRESHOLD = 0.78;

  async function state(): Promise<LendingPosition> {
    const { chain, local, trader } = bench;
    const { USDC, WETH } = local.tokens;
    const source = aaveV3Account({
      chain,
      addressesProvider: local.parts.aaveV3!.addressesProvider,
      assets: [
        { token: WETH, deltaPerUnit: '1', valuePerUnit: '0' },
        { token: USDC, deltaPerUnit: '0', valuePerUnit: '1' },
      ],
    });
    const [reading] = await source.read(trader, never);
    if (reading?.status !== 'known' || reading.position.kind !== 'lending') throw new Error('no account');
    return reading.position;
  }
  const account = async () => lendingMargin(lendingMarginOf(await state(), 3_000));

  /** Collateral at its threshold over debt, in the pool's own words. */
  async function healthFactor(): Promise<number> {
    const { local, trader } = bench;
    const { data, to } = encode(local.parts.aaveV3!.pool, POOL, 'getUserAccountData', [trader]);
    const answer = await local.rpc('eth_call', [{ to, data }, 'latest']);
    return Number(POOL.decodeFunctionResult('getUserAccountData', answer as string)[5]) / 1e18;
  }

  /** A short without other collateral is liquidated when the spot has risen by its health factor. */
  const distanceOf = ({ distance }: MarginState): number => 1 + distance;

  beforeEach(() => trade(bench.adapters.loan, 'WETH', '-10'));

  test('the distance is the pool’s own health factor', async () => {
    expect(distanceOf(marginState(await account()))).toBeCloseTo(await healthFactor(), 6);
    expect(await healthFactor()).toBeCloseTo(1.5, 3);
  });

  test('the top-up that was planned brings the account to its limits', async () => {
    const { local, send, trader } = bench;
    const amount = planTopUp(await account(), limits, THRESHOLD);
    const atoms = BigInt(Math.ceil(amount * 1e6));
    const { pool } = local.parts.aaveV3!;
    await send(trader, [
      encode(local.tokens.USDC.address, ERC20, 'approve', [pool, atoms]),
      encode(pool, POOL, 'supply', [local.tokens.USDC.address, atoms, trader, 0]),
    ]);
    expect(await healthFactor()).toBeCloseTo(1.6, 5);
  });

  test('a plan to repay out of collateral ends within them, what buying costs included', async () => {
    const before = lendingMarginOf(await state(), 3_000);
    const share = planReduction(lendingMargin(before), lendingReduction(before, THRESHOLD, 0.003), limits);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    const after = {
      ...before,
      debt: { units: before.debt.units * (1 - share), dollars: 0 },
      weighted: { units: 0, dollars: before.weighted.dollars - THRESHOLD * share * before.debt.units * 3_000 * 1.003 },
      collateral: { units: 0, dollars: before.collateral.dollars - share * before.debt.units * 3_000 * 1.003 },
    };
    expect(marginBreaches(lendingMargin(after), limits)).toEqual([]);
  });
});

describe('a margin on Aave that is kept', () => {
  const ADMIN = new Interface([
    'function setSupplyCap(address,uint256)',
    'function setReservePause(address,bool)',
    'function setReserveFreeze(address,bool)',
  ]);
  const place = (): AaveMarginPlace => {
    const { chain, local } = bench;
    const { USDC, WETH } = local.tokens;
    const assets = [
      { token: WETH, deltaPerUnit: '1', valuePerUnit: '0' },
      { token: USDC, deltaPerUnit: '0', valuePerUnit: '1' },
    ];
    const { addressesProvider, pool } = local.parts.aaveV3!;
    return { chain, addressesProvider, pool, assets, underlying: WETH, numeraire: USDC };
  };
  const venue = () => aaveMarginVenue(place(), 'loan-margin', { adapter: 'aave-short', instrument: 'WETH' });
  const read = () => venue().read(bench.trader, never);
  const admin = (name: string, args: readonly unknown[]) =>
    bench.send(bench.world.accounts.deployer.address, [
      encode(bench.local.parts.aaveV3!.poolConfigurator, ADMIN, name, args),
    ]);
  const pay = (id: string, atoms: bigint) =>
    bench.send(
      bench.trader,
      venue()
        .payments.find((each) => each.id === id)!
        .calls(atoms, bench.trader),
    );

  beforeEach(() => trade(bench.adapters.loan, 'WETH', '-10'));

  test('each payment does to the account what it says, by the account read anew', async () => {
    for (const [id, atoms, units] of [
      ['supply', 2_000n * E6, 2_000],
      ['repay-WETH', 2n * 10n ** 18n, 2],
    ] as const) {
      const { account, payments } = await read();
      await pay(id, atoms);
      const after = (await read()).account;
      const { change } = payments[id]!;
      for (const field of ['surplusAtZero', 'surplusPerUnit', 'equity', 'gross'] as const) {
        // Interest of a second or two.
        expect(Math.abs(after[field] - account[field] - units * change[field])).toBeLessThan(0.01);
      }
    }
    expect((await read()).position).toMatchObject({ heldUnits: expect.closeTo(-8, 4) as number });
  });

  test('the steps of a trade end where the account is after it', async () => {
    const margin = aaveMarginReader(place());
    for (const units of ['-5', '7']) {
      const deadline = (await bench.nowSeconds()) + 600;
      const request = { chainId: bench.chain.id, instrument: 'WETH', units, owner: bench.trader };
      const quote = await bench.adapters.loan.quote({ ...request, spot: 3_000, slippageBps: 100, deadline }, never);
      const steps = aaveMarginAfter(place(), await margin(bench.trader, never), quote);
      expect(steps.map(({ step }) => step)).toEqual(
        units === '-5' ? ['now', 'supply', 'borrow'] : ['now', 'repay', 'withdraw'],
      );
      await bench.send(bench.trader, bench.adapters.loan.build({ quote, owner: bench.trader, deadline }));
      const after = lendingMargin((await margin(bench.trader, never)).margin);
      const said = steps.at(-1)!.account;
      expect(marginState(after).distance).toBeCloseTo(marginState(said).distance, 6);
      expect(marginState(after).leverage).toBeCloseTo(marginState(said).leverage, 6);
    }
  });

  test('a cap leaves its room, a reserve that is frozen or paused takes nothing', async () => {
    const { USDC } = bench.local.tokens;
    expect((await read()).payments['supply']).not.toHaveProperty('roomAtoms');
    await admin('setSupplyCap', [USDC.address, 1]);
    expect((await read()).payments['supply']).toMatchObject({ roomAtoms: 0n });
    await admin('setSupplyCap', [USDC.address, 0]);
    await admin('setReserveFreeze', [USDC.address, true]);
    expect(Object.keys((await read()).payments)).toEqual(['repay-WETH']);
    await admin('setReserveFreeze', [USDC.address, false]);
    await admin('setReservePause', [bench.local.tokens.WETH.address, true]);
    expect(Object.keys((await read()).payments)).toEqual(['supply']);
  });

  test('an account with something that nobody has described is not known', async () => {
    const { USDT } = bench.local.tokens;
    const atoms = 100n * E6;
    await bench.world.fund(USDT, bench.trader, atoms);
    const { pool } = bench.local.parts.aaveV3!;
    await bench.send(bench.trader, [
      encode(USDT.address, ERC20, 'approve', [pool, atoms]),
      encode(pool, POOL, 'supply', [USDT.address, atoms, bench.trader, 0]),
    ]);
    await expect(read()).rejects.toMatchObject({ code: 'AAVE_MARGIN_UNKNOWN' });
    const moved = aaveMarginVenue({ ...place(), pool: bench.trader }, 'loan-margin');
    await expect(moved.read(bench.trader, never)).rejects.toMatchObject({ code: 'AAVE_MARGIN_UNKNOWN' });
  });
});

describe('aave-short refuses', () => {
  const ask = async (units: string) =>
    bench.adapters.loan.quote(
      {
        chainId: bench.chain.id,
        instrument: 'WETH',
        units,
        owner: bench.trader,
        spot: 3_000,
        slippageBps: 100,
        deadline: (await bench.nowSeconds()) + 600,
      },
      never,
    );

  test('more than the market can lend', async () => {
    await expect(ask('-2500')).rejects.toMatchObject({ code: 'AAVE_CAPACITY_SHORT' });
  });

  test('repaying what is not owed', async () => {
    await expect(ask('1')).rejects.toMatchObject({ code: 'AAVE_NOTHING_OWED' });
  });

  test('a reserve that is frozen', async () => {
    const { local, send, world } = bench;
    const configurator = new Interface(['function setReserveFreeze(address,bool)']);
    const freeze = encode(local.parts.aaveV3!.poolConfigurator, configurator, 'setReserveFreeze', [
      local.tokens.WETH.address,
      true,
    ]);
    await send(world.accounts.deployer.address, [freeze]);
    await expect(ask('-1')).rejects.toMatchObject({ code: 'AAVE_RESERVE_CLOSED' });
  });
});
