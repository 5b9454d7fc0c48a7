import { positionSourceConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { perpV2, perpV2Positions, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import { type Chain, type PositionReading, valuePosition } from '@evenkeel/core';
import type { Actors, WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import fc from 'fast-check';
import { RpcUnreachableError } from '../../src/json-rpc/index.js';
import { clock, never } from '../support/bridge-world.js';
import { ask, deposit, E18, execute, openPerpBench, type PerpBench } from './bench.js';

jest.setTimeout(60_000);

let bench: PerpBench;
let actors: Actors;
let opening: WorldSnapshot;

beforeAll(async () => {
  bench = await openPerpBench(10_000n);
  actors = await bench.world.startActors({ only: [] });
  opening = await bench.world.snapshot();
}, 120_000);
beforeEach(async () => {
  actors.arbitrageur.setPrice(3_000);
  await bench.world.revert(opening);
});
afterAll(() => bench?.world.close());

async function trade(isShort: boolean, atoms: bigint): Promise<void> {
  const { baseToken, quoteToken } = bench.market;
  const venue = perpV2({ chains: { [bench.local.id]: bench.market }, clock });
  const deadline = (await bench.world.clockSeconds()) + 3_600;
  const quote = await venue.quote(
    {
      input: { token: isShort ? baseToken : quoteToken, atoms },
      tokenOut: isShort ? quoteToken : baseToken,
      sender: bench.trader,
      recipient: bench.trader,
      slippageBps: 0,
      deadline,
    },
    never,
  );
  const fill = { kind: 'quote', quote, sender: bench.trader, recipient: bench.trader, deadline } as const;
  await execute(bench, venue.build(fill)[0]!);
}

const read = (): Promise<readonly PositionReading[]> => perpV2Positions(bench.market).read(bench.trader, never);
const account = () => readPerpV2Account(bench.market, bench.trader, never);

function greeks(readings: readonly PositionReading[], spot: number) {
  const each = readings.map((reading) => {
    if (reading.status !== 'known') throw new Error(`unknown: ${reading.reason}`);
    return valuePosition(reading.position, spot, reading.asOf.timeSeconds);
  });
  return {
    value: each.reduce((sum, { value }) => sum + value, 0),
    deltaUnits: each.reduce((sum, { deltaUnits }) => sum + deltaUnits, 0),
  };
}

test('delta is the size, and the value at the mark price is what the venue says, funding included', async () => {
  const step = fc.record({
    isShort: fc.boolean(),
    size: fc.bigInt({ min: 10n ** 15n, max: 8n * E18 }),
    wait: fc.integer({ min: 30, max: 40_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      await bench.world.revert(opening);
      for (const { isShort, size, wait } of steps) {
        await trade(isShort, isShort ? size : size * 3_000n);
        await bench.world.advance(wait);
      }
      const state = await account();
      const own = greeks(await read(), Number(state.markPrice));
      const { accountBalance } = bench.contracts;
      const signature = 'getTakerPositionSize(address,address) view returns (int256)';
      const size = await ask(bench, accountBalance, signature, [bench.trader, bench.market.baseToken.address]);
      expect(own.deltaUnits).toBeCloseTo(Number(size) / 1e18, 12);
      // The venue rounds to a millionth of a dollar.
      expect(own.value).toBeCloseTo(Number(state.accountValue), 5);
    }),
    { numRuns: 8 },
  );
});

test('pending funding has the sign that it will be booked with', async () => {
  await trade(false, 60_000n * E18);
  await bench.world.advance(86_400);
  const before = await account();
  expect(Number(before.pendingFunding)).toBeLessThan(-1);
  await trade(false, 3n * E18);
  const after = await account();
  const booked = Number(after.settledMargin) - Number(before.settledMargin);
  expect(booked).toBeCloseTo(Number(before.pendingFunding), 2);
});

test('margin in WETH has a delta of its own, beside the short that it carries', async () => {
  await deposit(bench, bench.local.tokens.WETH, 4n * E18);
  await trade(true, 3n * E18);
  const own = greeks(await read(), 3_000);
  expect(own.deltaUnits).toBeCloseTo(4 - 3, 12);
});

test('a collateral that the configuration does not list is unknown', async () => {
  await deposit(bench, bench.local.tokens.WETH, E18);
  const blind = perpV2Positions({ ...bench.market, collaterals: [] });
  const readings = await blind.read(bench.trader, never);
  expect(readings.map(({ status }) => status)).toEqual(['known', 'unknown']);
});

test('a maker is unknown: its size changes with the price', async () => {
  const source = perpV2Positions(bench.market);
  const [reading] = await source.read(bench.world.accounts.liquidityProvider.address, never);
  expect(reading).toMatchObject({ status: 'unknown' });
});

describe('the liquidation price', () => {
  /** The market, its feed and its averages at this price. */
  async function moveTo(price: number): Promise<void> {
    actors.arbitrageur.setPrice(price);
    await actors.feedKeeper.tick();
    for (let pass = 0; pass < 2; pass += 1) {
      await bench.world.advance(60);
      await actors.arbitrageur.tick();
    }
    await bench.world.advance(3_600);
  }

  async function isLiquidatable(): Promise<boolean> {
    const signer = new Wallet(bench.world.accounts.arbitrageur.privateKey, bench.local.provider);
    const house = new Contract(bench.contracts.clearingHouse, ['function liquidate(address,address)'], signer);
    return house
      .getFunction('liquidate')
      .staticCall(bench.trader, bench.market.baseToken.address)
      .then(
        () => true,
        () => false,
      );
  }

  test.each([
    ['short', true, 1],
    ['long', false, -1],
  ])('of a %s is where the venue begins to liquidate', async (_, isShort, worse) => {
    await trade(isShort, isShort ? 30n * E18 : 90_000n * E18);
    const { liquidationPrice } = await account();
    const price = Number(liquidationPrice);
    // The arbitrageur leaves the market within its fee of a tenth of a percent.
    await moveTo(price * (1 - worse * 0.004));
    expect(await isLiquidatable()).toBe(false);
    await moveTo(price * (1 + worse * 0.004));
    expect(await isLiquidatable()).toBe(true);
  });

  test('is absent while there is no position', async () => {
    expect(await account()).not.toHaveProperty('liquidationPrice');
  });
});

test('what was known is unknown while the chain does not answer', async () => {
  let broken = false;
  const chain: Chain = {
    ...bench.chain,
    read: (calls, signal) =>
      broken ? Promise.reject(new RpcUnreachableError('http://gone', 'refused')) : bench.chain.read(calls, signal),
  };
  const source = perpV2Positions({ ...bench.market, chain });
  const [known] = await source.read(bench.trader, never);
  broken = true;
  expect(await source.read(bench.trader, never)).toMatchObject([{ status: 'unknown', id: known!.id }]);
});

test('an account takes one request', async () => {
  const before = bench.chain.requestCount();
  await account();
  expect(bench.chain.requestCount()).toBe(before + 1);
});

describeConformance(
  'positions of perp-v2',
  positionSourceConformance(() => ({
    source: perpV2Positions(bench.market),
    owner: bench.trader,
    stranger: bench.world.accounts.stranger.address,
  })),
);
