import { lyraWatch } from '@evenkeel/adapters/lyra';
import { planPerpV2Deposit } from '@evenkeel/adapters/perp-v2';
import { spotInstrument } from '@evenkeel/adapters/spot';
import { assembleExposure, type Exposure, type InstrumentAdapter } from '@evenkeel/core';
import { type HedgePart, type RiskGoals, tradeInParts } from '@evenkeel/core/choose';
import { EvenkeelError } from '@evenkeel/intents';
import { Contract, encodeBytes32String, Interface } from 'ethers';
import { clock, never } from '../support/bridge-world.js';
import { venuesOf } from '../uniswap/bench.js';
import { E6, encode, type InstrumentBench, openInstrumentBench } from './bench.js';

jest.setTimeout(120_000);

const ADMIN = new Interface([
  'function setSettlementTokenBalanceCap(uint256 cap)',
  'function withdrawAll(address token)',
  'function setRateAndInvalid(bytes32,uint256,bool)',
]);

const FACTORY = new Interface([
  'function createPool(address, address, uint24) returns (address)',
  'function getPool(address, address, uint24) view returns (address)',
  'function initialize(uint160)',
]);

let bench: InstrumentBench;

beforeAll(async () => {
  bench = await openInstrumentBench();
}, 180_000);
afterAll(() => bench?.world.close());
beforeEach(async () => {
  await bench.reset();
  bench.actors.arbitrageur.setPrice(3_000);
});

async function quote(adapter: InstrumentAdapter, instrument: string, units: string) {
  const deadline = (await bench.nowSeconds()) + 600;
  const who = { chainId: bench.chain.id, owner: bench.trader };
  return adapter.quote({ ...who, instrument, units, spot: 3_000, slippageBps: 200, deadline }, never);
}

async function trade(adapter: InstrumentAdapter, instrument: string, units: string): Promise<void> {
  const found = await quote(adapter, instrument, units);
  await bench.send(
    bench.trader,
    adapter.build({ quote: found, owner: bench.trader, deadline: (await bench.nowSeconds()) + 600 }),
  );
}

async function exposure(): Promise<Exposure> {
  const all = (await Promise.all(bench.sources.map((source) => source.read(bench.trader, never)))).flat();
  // Of the wallet, which is rich, the money alone.
  const readings = all.filter(
    (each) =>
      each.status === 'unknown' ||
      each.position.kind !== 'holding' ||
      each.position.deltaPerUnit === '0' ||
      each.id.includes('lyra'),
  );
  return assembleExposure({
    underlying: 'ETH',
    spot: '3000',
    nowSeconds: await bench.nowSeconds(),
    readings,
    inFlight: [],
    rules: { maxAgeSeconds: 600, staleSharePerHour: '0.25' },
  });
}

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error: unknown) => (error instanceof EvenkeelError ? error.code : String(error)),
  );
const admin = (to: `0x${string}`, name: string, args: readonly unknown[]): Promise<void> =>
  bench.send(bench.world.accounts.deployer.address, [encode(to, ADMIN, name, args)]);

test('a vault that is full', async () => {
  await admin(bench.local.parts.perpV2!.clearingHouseConfig, 'setSettlementTokenBalanceCap', [E6]);
  expect(await codeOf(planPerpV2Deposit(bench.perp, 100n * E6, never))).toBe('PERP_VAULT_FULL');
});

test('a feed that halts: options are refused until it speaks again, and a watch tells', async () => {
  await trade(bench.adapters.lyra, '8-call', '1');
  const { optionMarketPricer } = bench.local.parts.lyra!;
  const watch = lyraWatch({ ...bench.lyra, optionMarketPricer });
  const conditions = async () => (await watch.look(bench.trader, undefined, never)).conditions.map(({ code }) => code);
  await rateIs(true);
  expect(await codeOf(quote(bench.adapters.lyra, '8-call', '1'))).toBe('LYRA_FEED_HALTED');
  expect(await conditions()).toEqual(['FEED_HALTED']);
  await rateIs(false);
  expect(await codeOf(quote(bench.adapters.lyra, '8-call', '1'))).toBe('none');
  expect(await conditions()).toEqual([]);
});

async function rateIs(invalid: boolean): Promise<void> {
  const args = [encodeBytes32String('sETH'), 3_000n * 10n ** 18n, invalid];
  const { exchangeRates } = bench.local.parts.lyra!;
  await bench.send(bench.world.accounts.feedKeeper.address, [encode(exchangeRates, ADMIN, 'setRateAndInvalid', args)]);
}

test('a spot market without liquidity: one that is not there, and one that nobody has put anything into', async () => {
  const { chain, local, lyra } = bench;
  const venues = [venuesOf(local, chain).v3];
  // Nobody has made a market between these two.
  const market = { chain, underlying: local.tokens.WETH, numeraire: lyra.quoteAsset, venues };
  const dry = spotInstrument({ chains: { [chain.id]: market }, clock });
  expect(await codeOf(quote(dry, 'WETH', '1'))).toBe('TRADE_TOO_LARGE');
  const factory = new Contract(local.contracts.uniswapV3Factory, FACTORY, local.provider);
  const pair = [market.underlying.address, market.numeraire.address, 3_000];
  const { deployer } = bench.world.accounts;
  const create = encode(local.contracts.uniswapV3Factory, FACTORY, 'createPool', pair);
  await bench.send(deployer.address, [create]);
  const pool = (await factory.getFunction('getPool')(...pair)) as `0x${string}`;
  await bench.send(deployer.address, [encode(pool, FACTORY, 'initialize', [2n ** 96n])]);
  expect(await codeOf(quote(dry, 'WETH', '1'))).toBe('TRADE_TOO_LARGE');
});

test('dust on three venues is read, and closed to the last atom', async () => {
  await trade(bench.adapters.perp, 'vETH', '-0.00001');
  await trade(bench.adapters.loan, 'WETH', '-0.00001');
  await trade(bench.adapters.lyra, '8-call', '0.00001');
  const dust = await exposure();
  expect(dust.unbounded).toEqual([]);
  expect(Math.abs(Number(dust.delta.low))).toBeLessThan(0.0001);
  expect(Number(dust.delta.high)).toBeLessThan(0);
  await trade(bench.adapters.perp, 'vETH', '0.00001');
  await trade(bench.adapters.loan, 'WETH', '0.00001');
  await trade(bench.adapters.lyra, '8-call', '-0.00001');
  expect(Number((await exposure()).delta.low)).toBe(0);
});

describe('the second part of a hedge fails', () => {
  const GOALS: RiskGoals = {
    delta: { target: 0, weight: 1 },
    gamma: { target: 0, weight: 1e4 },
    vega: { target: 0, weight: 1e-4 },
  };
  const part = (name: string, adapter: InstrumentAdapter, instrument: string, units: string): HedgePart => ({
    name,
    make: () => trade(adapter, instrument, units),
    undo: () => trade(adapter, instrument, units.startsWith('-') ? units.slice(1) : `-${units}`),
  });
  const options = (units: string): HedgePart => part('options', bench.adapters.lyra, '8-call', units);
  const perpetual = (units: string): HedgePart => part('perpetual', bench.adapters.perp, 'vETH', units);
  const terms = { goals: GOALS, exposure };

  async function withoutMargin(): Promise<void> {
    const data = encode(bench.perp.vault, ADMIN, 'withdrawAll', [bench.local.tokens.USDC.address]);
    await bench.send(bench.trader, [data]);
  }

  test('both are made where both can be', async () => {
    const outcome = await tradeInParts([options('4'), perpetual('-2')], terms, never);
    expect(outcome).toEqual({ status: 'done', made: ['options', 'perpetual'] });
  });

  test('the first is undone where the book has more risk with it', async () => {
    await withoutMargin();
    const outcome = await tradeInParts([options('4'), perpetual('-2')], terms, never);
    expect(outcome).toMatchObject({ status: 'undone', made: [], failed: 'perpetual' });
    expect(outcome).toMatchObject({ error: { code: 'PERP_MARGIN_TOO_LOW' } });
    const after = await exposure();
    expect([Number(after.delta.low), after.gammaPerUnit, after.vegaPerPoint]).toEqual([0, 0, 0]);
  });

  test('the first is kept where the book has less', async () => {
    await trade(bench.adapters.lyra, '8-call', '-10');
    await withoutMargin();
    const before = await exposure();
    const outcome = await tradeInParts([options('6'), perpetual('2')], terms, never);
    expect(outcome).toMatchObject({ status: 'kept', made: ['options'], failed: 'perpetual' });
    const after = await exposure();
    expect(Math.abs(Number(after.delta.low))).toBeLessThan(Math.abs(Number(before.delta.low)));
    expect(Math.abs(after.gammaPerUnit)).toBeLessThan(Math.abs(before.gammaPerUnit));
  });

  test('nothing is done where the first fails', async () => {
    await withoutMargin();
    expect(await codeOf(tradeInParts([perpetual('-2'), options('4')], terms, never))).toBe('PERP_MARGIN_TOO_LOW');
    expect(Number((await exposure()).delta.low)).toBe(0);
  });

  test('what cannot be undone is an error that names it', async () => {
    await withoutMargin();
    const stuck: HedgePart = { ...options('4'), undo: perpetual('-2').make.bind(undefined, never) };
    expect(await codeOf(tradeInParts([stuck, perpetual('-2')], terms, never))).toBe('PARTS_STUCK');
  });
});
