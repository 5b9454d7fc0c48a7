import fc from 'fast-check';
import { assembledCure } from './assembled-cure.js';
import { planMarginCure } from './cure.js';
import type { CureSource } from './cure-source.js';
import { marginBreaches, type MarginLimits } from './limits.js';
import { type MarginAccount, marginState, perpetualMargin } from './margin-account.js';
import { changed, moneyPaidIn, perpetualReduction } from './plans.js';

const SPOT = 3_000;
const limits: MarginLimits = { maxLeverage: 50, minDistance: 0.1 };
/** A short of ten, so far from liquidation. */
const short = (distance: number): MarginAccount =>
  perpetualMargin({
    spot: SPOT,
    sizeUnits: -10,
    openNotional: 30_000,
    margin: 30_000 * ((1 + distance) * 1.0625 - 1),
    weightedUnits: 0,
    weightedDollars: 0,
    collateralValue: 0,
    maintenanceRatio: 0.0625,
  });
const money = (id: string, available: number, more: Partial<CureSource> = {}): CureSource => {
  return { id, change: moneyPaidIn(1), available, seconds: 0, cost: (amount) => 1 + amount / 1_000, ...more };
};
const reduction = (available = 1): CureSource => ({
  id: 'reduce',
  change: perpetualReduction({ spot: SPOT, sizeUnits: -10, maintenanceRatio: 0.0625 }, 0.002),
  available,
  seconds: 12,
  cost: (share) => 1 + 200 * share,
});
const plan = (account: MarginAccount, sources: readonly CureSource[], annualVolatility = 0) =>
  planMarginCure(account, limits, { annualVolatility, sources });
/** Money that takes the account from one distance to another. */
const between = (from: number, to: number): number => 30_000 * 1.0625 * (to - from);

test('where no single source is enough the cheapest are taken, and of the last no more than is missing', () => {
  const needed = between(0.05, 0.15);
  const sources = [
    money('wallet', 1_000),
    money('dear', 5_000, { cost: (amount) => 1 + amount / 10 }),
    money('cheap', 2_500, { cost: (amount) => 2 + amount / 5_000 }),
  ];
  const found = plan(short(0.05), sources);
  expect(found).toMatchObject({
    status: 'cure',
    // 5,000 is enough alone, and nothing is put together then.
    cure: { parts: [{ id: 'dear' }] },
    rejected: [
      { id: 'wallet', reason: 'TOO_LITTLE' },
      { id: 'cheap', reason: 'TOO_LITTLE' },
    ],
  });
  const without = plan(short(0.05), [sources[0]!, { ...sources[1]!, available: 3_000 }, sources[2]!]);
  if (without.status !== 'cure') throw new Error('nothing was due');
  expect(without.cure.parts).toMatchObject([
    { id: 'cheap', amount: 2_500 },
    { id: 'wallet', amount: expect.closeTo(needed - 2_500, 6) as number },
  ]);
  expect(without.rejected).toEqual([{ id: 'dear', reason: 'TOO_LITTLE' }]);
});

test('money and a smaller position together', () => {
  const found = plan(short(0.04), [money('wallet', 2_000), reduction(0.45)]);
  if (found.status !== 'cure') throw new Error('nothing was due');
  expect(found.cure.parts.map(({ id }) => id)).toEqual(['wallet', 'reduce']);
  const cured = found.cure.parts.reduce(
    (now, { amount, id }) => changed(now, id === 'reduce' ? reduction().change : moneyPaidIn(1), amount),
    short(0.04),
  );
  expect(marginState(cured).distance).toBeGreaterThanOrEqual(0.15 - 1e-9);
});

test('a slow one that liquidation would outrun comes in time once a fast one has been there', () => {
  // 4 · 0.8 · √(1 h) is 3.4 %.
  const slow = money('bridge', 5_000, { seconds: 3_600 });
  expect(() => plan(short(0.02), [slow], 0.8)).toThrow(expect.objectContaining({ code: 'MARGIN_UNREACHABLE' }));
  const found = plan(short(0.02), [slow, money('wallet', 1_500)], 0.8);
  expect(found).toMatchObject({
    status: 'cure',
    cure: { parts: [{ id: 'wallet' }, { id: 'bridge' }], seconds: 3_600 },
  });
  // Too little to wait for it with.
  expect(() => plan(short(0.02), [slow, money('wallet', 300)], 0.8)).toThrow(
    expect.objectContaining({ code: 'MARGIN_UNREACHABLE' }),
  );
});

test('what one purse holds is not counted twice, nor the room of a vault', () => {
  const purse = '1:usdc';
  const twice = [money('across', 2_000, { purse }), money('hyperlane', 2_000, { purse })];
  expect(() => plan(short(0.05), twice)).toThrow(expect.objectContaining({ code: 'MARGIN_UNREACHABLE' }));
  const inlet = { id: 'vault', room: 2_500 };
  const capped = [money('wallet', 2_000, { inlet }), money('bridge', 2_000, { inlet })];
  expect(() => plan(short(0.05), capped)).toThrow(expect.objectContaining({ code: 'MARGIN_UNREACHABLE' }));
  expect(plan(short(0.05), [...capped, reduction(0.4)]).status).toBe('cure');
});

const someSource = fc
  .record({
    available: fc.double({ min: 200, max: 3_000, noNaN: true }),
    fixed: fc.double({ min: 0, max: 5, noNaN: true }),
    perDollar: fc.double({ min: 0, max: 0.05, noNaN: true }),
  })
  .map(({ available, fixed, perDollar }) => ({ available, cost: (amount: number) => fixed + amount * perDollar }));

test('no other mix is cheaper, and what it leaves is within the limits', () => {
  fc.assert(
    fc.property(
      fc.array(someSource, { minLength: 2, maxLength: 4 }),
      fc.double({ min: 0.01, max: 0.12, noNaN: true }),
      (given, distance) => {
        const sources = given.map((each, index) => money(`s${index}`, each.available, { cost: each.cost }));
        const account = short(distance);
        const restored = (): MarginLimits => ({ ...limits, minDistance: 0.15 });
        const cure = assembledCure(account, sources, { moveIn: () => 0, restored });
        const needed = between(distance, 0.15);
        const total = sources.reduce((sum, { available }) => sum + available, 0);
        if (cure === undefined) {
          // All together are not enough, or each pair of them needs one only.
          const pairs = sources.flatMap((a, i) => sources.slice(i + 1).map((b) => Math.max(a.available, b.available)));
          expect(total < needed || Math.min(...pairs) >= needed).toBe(true);
          return;
        }
        const paid = cure.parts.reduce((sum, { amount }) => sum + amount, 0);
        expect(paid).toBeCloseTo(needed, 6);
        expect(marginBreaches(changed(account, moneyPaidIn(1), paid), restored())).toEqual([]);
        // Every way to fill what is needed by fifths of each but one, which takes the rest, is as dear at the least.
        const fifths = (left: number): readonly (readonly number[])[] =>
          left === 0
            ? [[]]
            : fifths(left - 1).flatMap((mix) => Array.from({ length: 6 }, (_, fifth) => [...mix, fifth / 5]));
        for (const [rest, taker] of sources.entries()) {
          const others = sources.filter((_, index) => index !== rest);
          for (const mix of fifths(others.length)) {
            const given = others.map((each, index) => mix[index]! * each.available);
            const missing = needed - given.reduce((sum, amount) => sum + amount, 0);
            const used = given.filter((amount) => amount > 0).length;
            if (missing <= 0 || missing > taker.available || used === 0) continue;
            const cost =
              taker.cost(missing) +
              others.reduce((sum, each, index) => sum + (given[index]! > 0 ? each.cost(given[index]!) : 0), 0);
            expect(cure.cost).toBeLessThanOrEqual(cost + 1e-9);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
