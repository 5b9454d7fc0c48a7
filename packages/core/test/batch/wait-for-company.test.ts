import fc from 'fast-check';
import {
  BatchInputInvalidError,
  clearBatch,
  priceOfWaiting,
  prospectOf,
  savingOf,
  type Waiting,
  waitForCompany,
} from '@evenkeel/core/batch';
import type { Market } from '../../src/policy/market.js';
import { costFunction } from '../../src/policy/cost-function.js';
import { impulseBand } from '../../src/policy/impulse-band.js';
import { marketOf, NOW, orderOf } from './cases.js';

const YEAR = 365 * 86_400;
/** A short at-the-money call of 30 days on 3,000 at 70 %. */
const book: Market = {
  spot: 3_000,
  annualVolatility: 0.7,
  gammaPerUnit: -0.0066,
  riskAversion: 1e-3,
  years: 30 / 365,
  annualRate: 0,
  monitoringYears: 1 / 8_760,
  latencyYears: 0,
  settlement: 'free',
  holdingUnits: 0,
};
const batchMarket = marketOf({ id: 'm1', mid: 3_000, spreadBps: 5, impact: 0.01, power: 2, gas: 2 });
const band = impulseBand(book, costFunction(batchMarket.buy));
const waiting = (deviationUnits: number): Waiting => ({ orderId: '0x01', market: book, band, deviationUnits });

test('inside the band waiting is free, beyond it each second is dearer the further out', () => {
  expect(priceOfWaiting(waiting(band.inner / 2), 60)).toBe(0);
  fc.assert(
    fc.property(fc.double({ min: 1, max: 5, noNaN: true }), fc.integer({ min: 1, max: 3_600 }), (factor, seconds) => {
      const here = priceOfWaiting(waiting(band.outer * factor), seconds);
      expect(here).toBeGreaterThan(0);
      expect(priceOfWaiting(waiting(-band.outer * factor), seconds)).toBe(here);
      expect(priceOfWaiting(waiting(band.outer * factor * 1.1), seconds)).toBeGreaterThan(here);
      expect(priceOfWaiting(waiting(band.outer * factor), seconds + 1)).toBeGreaterThan(here);
    }),
  );
});

test('the price is the excess of the tracking error over what the band lives with, integrated along its drift', () => {
  // Euler steps of E[y²] = y² + ν²t against the closed form.
  const [y, seconds, steps] = [3 * band.outer, 600, 1_000];
  const nu = book.annualVolatility * book.spot * Math.abs(book.gammaPerUnit);
  const lived = (band.outer ** 2 + band.outer * band.inner + band.inner ** 2) / 3;
  let sum = 0;
  for (let i = 0; i < steps; i += 1) {
    const at = ((i + 0.5) / steps) * (seconds / YEAR);
    sum += (book.riskAversion / 2) * (book.annualVolatility * book.spot) ** 2 * (y * y + nu * nu * at - lived);
  }
  expect(priceOfWaiting(waiting(y), seconds)).toBeCloseTo((sum * seconds) / YEAR / steps, 9);
});

describe('the decision', () => {
  const order = (index: number, side: 'buy' | 'sell') =>
    orderOf(index, { side, size: 0.3, limitBps: 500, short: 0, free: false }, 3_000);
  const input = { markets: [batchMarket], orders: [order(0, 'buy'), order(1, 'buy')], nowSeconds: NOW };
  const savingNow = savingOf(clearBatch(input).markets.flatMap(({ fills }) => fills));
  const sellers = [order(2, 'sell'), order(3, 'sell')];

  test('waits where sellers are expected and the delta is hardly open, and says so', () => {
    const prospects = [prospectOf(input, 12, [sellers, sellers, []]), prospectOf(input, 24, [sellers])];
    const made = waitForCompany({ waiting: [waiting(band.outer)], savingNow, prospects, mostSeconds: 60 });
    expect(made).toMatchObject({ decision: 'wait', waitSeconds: 24, code: 'COMPANY_PAYS' });
    expect(made.sentence).toContain('24 s');
    expect(made.weighed).toHaveLength(2);
  });

  test.each([
    ['RISK_TOO_DEAR', 400, [sellers], 60],
    ['NO_COMPANY', 1, [[]], 60],
    ['NO_TIME', 1, [sellers], 5],
  ] as const)('settles now: %s', (code, far, futures, mostSeconds) => {
    const prospects = [prospectOf(input, 12, futures)];
    const made = waitForCompany({ waiting: [waiting(far * band.outer)], savingNow, prospects, mostSeconds });
    expect(made).toMatchObject({ decision: 'settle', waitSeconds: 0, code });
  });

  test('waits that cannot be weighed are refused', () => {
    const ask = (waitSeconds: number, savings: number[]) => () =>
      waitForCompany({ waiting: [], savingNow: 0, prospects: [{ waitSeconds, savings }], mostSeconds: 60 });
    expect(ask(0, [1])).toThrow(BatchInputInvalidError);
    expect(ask(1, [])).toThrow(BatchInputInvalidError);
  });
});
