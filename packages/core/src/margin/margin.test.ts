import fc from 'fast-check';
import { MarginLimitError, MarginUnreachableError } from './errors.js';
import { marginBreaches, type MarginLimits, requireMargin } from './limits.js';
import {
  lendingMargin,
  type MarginAccount,
  marginState,
  type PerpetualMargin,
  perpetualMargin,
  surplusOf,
} from './margin-account.js';
import { lendingReduction, perpetualReduction, planReduction, planTopUp } from './plans.js';

const short: PerpetualMargin = {
  spot: 3_000,
  sizeUnits: -10,
  openNotional: 30_000,
  margin: 4_000,
  weightedUnits: 0,
  weightedDollars: 0,
  collateralValue: 0,
  maintenanceRatio: 0.0625,
};

const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const perpetual = fc
  .record({
    spot: number(500, 6_000),
    sizeUnits: number(-50, 50).filter((size) => Math.abs(size) > 0.01),
    entry: number(0.8, 1.2),
    margin: number(0, 200_000),
    weightedUnits: number(0, 5),
  })
  .map(({ entry, ...rest }): PerpetualMargin => ({
    ...rest,
    openNotional: -rest.sizeUnits * entry * rest.spot,
    weightedDollars: 0,
    collateralValue: (rest.weightedUnits / 0.7) * rest.spot,
    maintenanceRatio: 0.0625,
  }));
const limitsOf = fc.record<MarginLimits>({ maxLeverage: number(1.5, 12), minDistance: number(0.001, 0.5) });

const withMore = (account: MarginAccount, amount: number, weight: number): MarginAccount => ({
  ...account,
  surplusAtZero: account.surplusAtZero + weight * amount,
  equity: account.equity + amount,
});

test('a short of 10 at 3,000 on 4,000 ends at 34,000 / 10.625, and has seven and a half times its equity', () => {
  const { distance, leverage, liquidationSpot } = marginState(perpetualMargin(short));
  expect(liquidationSpot).toBeCloseTo(3_200, 9);
  expect(distance).toBeCloseTo(200 / 3_000, 12);
  expect(leverage).toBeCloseTo(7.5, 12);
});

test('a loan of 2 ETH at 3,000 on 12,000 at 78 % ends at 4,680', () => {
  const account = lendingMargin({
    spot: 3_000,
    collateral: { units: 0, dollars: 12_000 },
    weighted: { units: 0, dollars: 9_360 },
    debt: { units: 2, dollars: 0 },
  });
  expect(marginState(account)).toMatchObject({ liquidationSpot: 4_680, leverage: 1 });
});

test('at the liquidation spot the surplus is zero, and beyond it is below', () => {
  fc.assert(
    fc.property(perpetual, (given) => {
      const account = perpetualMargin(given);
      const { distance, liquidationSpot } = marginState(account);
      if (liquidationSpot === undefined || distance === 0) return;
      const at = (spot: number): number => surplusOf({ ...account, spot });
      expect(Math.abs(at(liquidationSpot))).toBeLessThan(1e-6 * (1 + Math.abs(account.surplusAtZero)));
      expect(at(liquidationSpot + Math.sign(liquidationSpot - given.spot) * given.spot * 0.01)).toBeLessThan(0);
    }),
  );
});

test('a top-up brings the account within its limits, and a hair less does not', () => {
  fc.assert(
    fc.property(perpetual, limitsOf, number(0.4, 1), (given, limits, weight) => {
      const account = perpetualMargin(given);
      const amount = planTopUp(account, limits, weight);
      expect(marginBreaches(withMore(account, amount, weight), limits)).toEqual([]);
      if (amount < 1) return;
      expect(marginBreaches(withMore(account, amount * (1 - 1e-4), weight), limits)).not.toEqual([]);
    }),
  );
});

test('a reduction brings the account within its limits, and a hair less does not', () => {
  fc.assert(
    fc.property(perpetual, limitsOf, number(0, 0.01), (given, limits, costShare) => {
      const account = perpetualMargin(given);
      const share = tryReduction(account, given, limits, costShare);
      if (share === undefined) return;
      const after = reduced(given, share, costShare);
      expect(marginBreaches(perpetualMargin(after), limits)).toEqual([]);
      if (share < 1e-3) return;
      expect(marginBreaches(perpetualMargin(reduced(given, share * (1 - 1e-4), costShare)), limits)).not.toEqual([]);
    }),
  );
});

/** The same account with a part of its position bought or sold at the spot, in the account's own words. */
function reduced(given: PerpetualMargin, share: number, costShare: number): PerpetualMargin {
  const closed = share * given.sizeUnits;
  return {
    ...given,
    sizeUnits: given.sizeUnits - closed,
    openNotional: given.openNotional * (1 - share),
    margin: given.margin + share * given.openNotional + closed * given.spot - costShare * Math.abs(closed) * given.spot,
  };
}

function tryReduction(
  account: MarginAccount,
  given: PerpetualMargin,
  limits: MarginLimits,
  costShare: number,
): number | undefined {
  try {
    return planReduction(account, perpetualReduction(given, costShare), limits);
  } catch (error) {
    expect(error).toBeInstanceOf(MarginUnreachableError);
    expect(marginBreaches(perpetualMargin(reduced(given, 1, costShare)), limits)).not.toEqual([]);
    return undefined;
  }
}

test('repaying debt out of collateral does the same for a loan', () => {
  fc.assert(
    fc.property(number(1, 20), number(1.02, 2), limitsOf, number(0, 0.01), (owed, health, limits, costShare) => {
      const [spot, threshold] = [3_000, 0.78];
      const after = (share: number): MarginAccount => {
        const dollars = (owed * spot * health) / threshold - share * owed * spot * (1 + costShare);
        return lendingMargin({
          spot,
          collateral: { units: 0, dollars },
          weighted: { units: 0, dollars: threshold * dollars },
          debt: { units: owed * (1 - share), dollars: 0 },
        });
      };
      const reduction = lendingReduction({ spot, debt: { units: owed, dollars: 0 } }, threshold, costShare);
      const share = planReduction(after(0), reduction, limits);
      expect(marginBreaches(after(share), limits)).toEqual([]);
      if (share > 1e-3) expect(marginBreaches(after(share * (1 - 1e-4)), limits)).not.toEqual([]);
    }),
  );
});

describe('steps of a plan', () => {
  const limits = { maxLeverage: 5, minDistance: 0.1 };
  const at = (sizeUnits: number, margin: number): MarginAccount =>
    perpetualMargin({ ...short, sizeUnits, openNotional: -sizeUnits * 3_000, margin });

  test('the first one that breaks a limit is named', () => {
    const steps = [at(-2, 4_000), at(-5, 4_000), at(-9, 4_000), at(-5, 4_000)];
    const plan = steps.map((account, index) => ({ step: `trade ${index}`, account }));
    expect(() => requireMargin(plan, limits)).toThrow(MarginLimitError);
    expect(() => requireMargin(plan, limits)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ step: 'trade 2' }) as unknown }),
    );
    expect(() => requireMargin(plan.slice(0, 2), limits)).not.toThrow();
  });

  test('from outside the way back may take several steps, none of which goes further out', () => {
    const plan = (sizes: readonly number[]) =>
      sizes.map((size, index) => ({ step: `trade ${index}`, account: at(size, 4_000) }));
    expect(() => requireMargin(plan([-12, -10, -8, -5]), limits)).not.toThrow();
    expect(() => requireMargin(plan([-12, -10, -11, -5]), limits)).toThrow(MarginLimitError);
  });
});

test('an account that may be liquidated now has no distance, one without a position any', () => {
  expect(marginState(perpetualMargin({ ...short, margin: 1_000 })).distance).toBe(0);
  expect(marginState(perpetualMargin({ ...short, sizeUnits: 0, openNotional: 0 }))).toEqual({
    leverage: 0,
    distance: Infinity,
  });
});

test.each([
  () => marginState(perpetualMargin({ ...short, spot: 0 })),
  () => marginState(perpetualMargin({ ...short, margin: Number.NaN })),
  () => marginBreaches(perpetualMargin(short), { maxLeverage: 0, minDistance: 0.1 }),
  () => planTopUp(perpetualMargin(short), { maxLeverage: 5, minDistance: 1 }, 1),
  () => planTopUp(perpetualMargin(short), { maxLeverage: 5, minDistance: 0.1 }, 0),
])('refuses what cannot be', (act) => {
  expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});
