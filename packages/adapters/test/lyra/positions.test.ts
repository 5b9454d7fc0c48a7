import { positionSourceConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { compareLyraGreeks, lyraPositions } from '@evenkeel/adapters/lyra';
import { type Chain, type PositionReading, valuePosition } from '@evenkeel/core';
import type { Actors, WorldSnapshot } from '@evenkeel/devnet';
import { Contract } from 'ethers';
import fc from 'fast-check';
import { RpcUnreachableError } from '../../src/json-rpc/index.js';
import { never } from '../support/bridge-world.js';
import {
  E18,
  KINDS,
  type LyraBench,
  openLyraBench,
  openPositions,
  type Opening,
  settleBoard,
  settleOptions,
} from './bench.js';

jest.setTimeout(120_000);

let bench: LyraBench;
let actors: Actors;
let opening: WorldSnapshot;

beforeAll(async () => {
  bench = await openLyraBench();
  actors = await bench.world.startActors({ only: [] });
  opening = await bench.world.snapshot();
}, 120_000);
beforeEach(async () => {
  actors.arbitrageur.setPrice(3_000);
  await bench.world.revert(opening);
});
afterAll(() => bench?.world.close());

const read = (): Promise<readonly PositionReading[]> => lyraPositions(bench.market).read(bench.trader, never);
/** The strike at 3,000 of the board that expires in four weeks, and of the one that expires in one. */
const AT_THE_MONEY = 8;
const NEXT_WEEK = 3;
const oneOfEach = KINDS.map((_, kind): Opening => ({ strikeId: AT_THE_MONEY, kind, amount: E18 / 2n }));

async function setPrice(price: number): Promise<void> {
  actors.arbitrageur.setPrice(price);
  await actors.feedKeeper.tick();
}

test('all five kinds, and the collateral of the three that are written', async () => {
  expect(await openPositions(bench, oneOfEach)).toBe(5);
  const readings = await read();
  const described = readings.map((reading) => {
    if (reading.status !== 'known') throw new Error(reading.reason);
    const { position } = reading;
    if (position.kind === 'option') return `${position.optionType} ${position.sizeUnits} at ${position.strike}`;
    return position.kind === 'holding' ? `${position.amount.token.symbol} ${position.deltaPerUnit}` : position.kind;
  });
  expect(described).toEqual([
    'call 0.5 at 3000',
    'put 0.5 at 3000',
    'call -0.5 at 3000',
    'sETH 1',
    'call -0.5 at 3000',
    'sUSD 0',
    'put -0.5 at 3000',
    'sUSD 0',
  ]);
});

/** Random books, each in several random markets, on which the venue's word is compared with ours. */
test('delta and vega are the venue’s own, to the last digit of a number, in more than a thousand random positions', async () => {
  const size = fc.bigInt({ min: E18 / 100n, max: E18 });
  const strikeId = fc.integer({ min: 1, max: 15 });
  const one = fc.record({ strikeId, kind: fc.integer({ min: 0, max: 4 }), amount: size });
  const state = fc.record({ price: fc.integer({ min: 2_400, max: 3_600 }), wait: fc.integer({ min: 1, max: 90_000 }) });
  const setting = fc.record({
    book: fc.array(one, { minLength: 130, maxLength: 130 }),
    states: fc.array(state, { minLength: 4, maxLength: 4 }),
  });
  let compared = 0;
  for (const { book, states } of fc.sample(setting, { numRuns: 3, seed: 20_260 })) {
    await bench.world.revert(opening);
    await openPositions(bench, book);
    for (const { price, wait } of states) {
      await bench.world.advance(wait);
      await setPrice(price);
      for (const { gap, ours, venue } of await compareLyraGreeks(bench.market, bench.trader, never)) {
        compared += 1;
        // Positions are of one unit at most, and vega of an option on 3,000 is some hundred times its delta.
        expect(Math.abs(gap.deltaUnits)).toBeLessThan(1e-14);
        expect(Math.abs(gap.standardVegaPerPoint)).toBeLessThan(1e-12);
        expect(Math.sign(ours.deltaUnits)).toBe(Math.sign(venue.deltaUnits));
        expect(Math.sign(ours.standardVegaPerPoint)).toBe(Math.sign(venue.standardVegaPerPoint));
      }
    }
  }
  expect(compared).toBeGreaterThan(1_000);
});

test('the deltas of all who trade sum to the venue’s own net delta', async () => {
  await openPositions(bench, [...oneOfEach, { strikeId: 12, kind: 0, amount: 2n * E18 }]);
  await bench.world.advance(3_600);
  await setPrice(3_050);
  const cache = new Contract(
    bench.contracts.optionGreekCache,
    ['function getGlobalNetDelta() view returns (int256)'],
    bench.local.provider,
  );
  const net = (await cache.getFunction('getGlobalNetDelta').staticCall()) as bigint;
  const own = (await compareLyraGreeks(bench.market, bench.trader, never)).reduce(
    (sum, { ours }) => sum + ours.deltaUnits,
    0,
  );
  // Seconds lie between its update and ours.
  expect(own).toBeCloseTo(Number(net) / 1e18, 5);
});

test('exposure of a reading is the position’s delta and vega with the venue’s averaged volatility', async () => {
  await openPositions(bench, oneOfEach.slice(0, 1));
  const [reading] = await read();
  const [compared] = await compareLyraGreeks(bench.market, bench.trader, never);
  if (reading?.status !== 'known') throw new Error('unknown');
  const greeks = valuePosition(reading.position, compared!.convention.spot, reading.asOf.timeSeconds);
  // The comparison looks a block ahead.
  expect(greeks.deltaUnits).toBeCloseTo(compared!.ours.deltaUnits, 5);
});

test('after a large trade the current volatility has moved further than the averaged one', async () => {
  await openPositions(bench, [{ strikeId: AT_THE_MONEY, kind: 0, amount: 30n * E18 }]);
  const volatilityBy = async (volatility: 'averaged' | 'current'): Promise<number> => {
    const [reading] = await lyraPositions({ ...bench.market, volatility }).read(bench.trader, never);
    if (reading?.status !== 'known' || reading.position.kind !== 'option') throw new Error('no option');
    return Number(reading.position.annualVolatility);
  };
  expect(await volatilityBy('current')).toBeGreaterThan((await volatilityBy('averaged')) + 0.005);
});

describe('at expiry', () => {
  const expiring = KINDS.map((_, kind): Opening => ({ strikeId: NEXT_WEEK, kind, amount: E18 / 2n }));

  test('options are unknown within the bounds of their size, and not compared', async () => {
    await openPositions(bench, expiring);
    await bench.world.advance(7 * 86_400 + 60);
    const unknown = (await read()).filter(({ status }) => status === 'unknown');
    expect(unknown.map((reading) => (reading.status === 'unknown' ? reading.deltaBounds : {}))).toEqual([
      { low: '0', high: '0.5' },
      { low: '-0.5', high: '0' },
      { low: '-0.5', high: '0' },
      { low: '-0.5', high: '0' },
      { low: '0', high: '0.5' },
    ]);
    expect(await compareLyraGreeks(bench.market, bench.trader, never)).toEqual([]);
  });

  test.each([2_800, 3_200])('once the board is settled at %s they are what they pay out', async (price) => {
    expect(await openPositions(bench, expiring)).toBe(5);
    await bench.world.advance(7 * 86_400 - 60);
    await setPrice(price);
    await bench.world.advance(120);
    await settleBoard(bench, 1);
    const readings = await read();
    expect(readings.map(({ status }) => status)).toEqual(readings.map(() => 'known'));
    const expected = (symbol: string): bigint =>
      readings.reduce((sum, reading) => {
        if (reading.status !== 'known' || reading.position.kind !== 'holding') return sum;
        const { atoms, token } = reading.position.amount;
        return token.symbol === symbol ? sum + atoms : sum;
      }, 0n);
    const before = await balances();
    await settleOptions(bench, [1, 2, 3, 4, 5]);
    const after = await balances();
    expect({ sUSD: after.sUSD - before.sUSD, sETH: after.sETH - before.sETH }).toEqual({
      sUSD: expected('sUSD'),
      sETH: expected('sETH'),
    });
    expect(await read()).toEqual([]);
  });

  async function balances(): Promise<{ readonly sUSD: bigint; readonly sETH: bigint }> {
    const of = async (token: string): Promise<bigint> => {
      const erc20 = new Contract(token, ['function balanceOf(address) view returns (uint256)'], bench.local.provider);
      return (await erc20.getFunction('balanceOf').staticCall(bench.trader)) as bigint;
    };
    return { sUSD: await of(bench.contracts.sUSD), sETH: await of(bench.contracts.sETH) };
  }
});

test('what was known is unknown while the chain does not answer', async () => {
  await openPositions(bench, oneOfEach.slice(0, 1));
  let broken = false;
  const chain: Chain = {
    ...bench.chain,
    read: (calls, signal) =>
      broken ? Promise.reject(new RpcUnreachableError('http://gone', 'refused')) : bench.chain.read(calls, signal),
  };
  const source = lyraPositions({ ...bench.market, chain });
  const [known] = await source.read(bench.trader, never);
  broken = true;
  expect(await source.read(bench.trader, never)).toMatchObject([{ status: 'unknown', id: known!.id }]);
});

test('a book takes three requests, however many positions it has', async () => {
  await openPositions(bench, oneOfEach);
  const before = bench.chain.requestCount();
  await read();
  expect(bench.chain.requestCount()).toBe(before + 3);
});

describe('positions of lyra', () => {
  beforeEach(async () => {
    await openPositions(bench, oneOfEach);
  });
  describeConformance(
    'the source',
    positionSourceConformance(() => ({
      source: lyraPositions(bench.market),
      owner: bench.trader,
      stranger: bench.world.accounts.stranger.address,
    })),
  );
});
