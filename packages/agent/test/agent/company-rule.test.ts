import fc from 'fast-check';
import { clearBatch } from '@evenkeel/core/batch';
import { type Absent, expectedNeeds } from '../../src/agent/company/expected.js';
import { opennessOf, type Outlook } from '../../src/agent/company/outlook.js';

const outdoors = { spot: 3_000, annualVolatility: 0.7, baseDecimals: 18, quoteDecimals: 6, markets: ['1'] };
const band = { low: -1, innerLow: -0.5, target: 0, innerHigh: 0.5, high: 1 };
const outlook = (change: Partial<Outlook> = {}): Outlook => ({
  atMs: 0,
  deltaUnits: 0,
  gammaPerUnit: 0,
  band,
  changeUnits: undefined,
  ...change,
});
const absent = (name: string, change: Partial<Outlook>, comesInSeconds = 0): Absent => ({
  name,
  owner: `0x${'11'.repeat(20)}`,
  outlook: outlook(change),
  comesInSeconds,
});
const sizes = (futures: ReturnType<typeof expectedNeeds>): readonly number[] =>
  futures.map((orders) =>
    orders.reduce((sum, { baseAtoms, side }) => sum + (side === 'buy' ? 1 : -1) * (Number(baseAtoms) / 1e18), 0),
  );

test('who wants to trade is expected in every future, who is looked at too late in none', () => {
  const wants = { changeUnits: -2 };
  expect(sizes(expectedNeeds([absent('a', wants, 10)], outdoors, 12))).toEqual(Array(9).fill(-2));
  expect(sizes(expectedNeeds([absent('a', wants, 13)], outdoors, 12))).toEqual(Array(9).fill(0));
});

test('whoever is carried out of its band by the price trades back to where the band says, those of opposite gamma the opposite way', () => {
  // A move of one standard deviation in an hour is 22.4; the band is 1 wide: only the outer futures reach its edges.
  const far = sizes(expectedNeeds([absent('short', { gammaPerUnit: -0.05 })], outdoors, 3_600));
  expect(far[0]).toBeLessThan(-1);
  expect(far[8]).toBeGreaterThan(1);
  expect(far[4]).toBe(0);
  const both = expectedNeeds(
    [absent('short', { gammaPerUnit: -0.05 }), absent('long', { gammaPerUnit: 0.05 })],
    outdoors,
    3_600,
  );
  expect(sizes(both).every((net) => Math.abs(net) < 1e-9)).toBe(true);
  expect(both[0]!.map(({ side }) => side)).toEqual(['sell', 'buy']);
});

test('nobody without a band or gamma is expected to need anything, and what is expected can be cleared', () => {
  expect(sizes(expectedNeeds([absent('a', { band: undefined }), absent('b', {})], outdoors, 3_600))).toEqual(
    Array(9).fill(0),
  );
  const orders = expectedNeeds([absent('a', { changeUnits: 1.23456789 })], outdoors, 5)[0]!;
  expect(clearBatch({ markets: [], orders, nowSeconds: 0 }).removed).toMatchObject([{ code: 'MARKET_UNKNOWN' }]);
});

test('a delta is as open as it is far from its target, against the half of the band on its side', () => {
  fc.assert(
    fc.property(fc.double({ min: -10, max: 10, noNaN: true }), (deltaUnits) => {
      const skewed = { low: -2, innerLow: -1.5, target: 1, innerHigh: 1.25, high: 3 };
      const open = opennessOf(outlook({ deltaUnits, band: skewed }));
      expect(open.deviationUnits).toBe(deltaUnits - 1);
      expect(open.band).toEqual(deltaUnits > 1 ? { outer: 2, inner: 0.25 } : { outer: 3, inner: 2.5 });
    }),
  );
  expect(opennessOf(outlook({ deltaUnits: 3, band: undefined }))).toEqual({
    band: { outer: 0, inner: 0 },
    deviationUnits: 3,
  });
});
