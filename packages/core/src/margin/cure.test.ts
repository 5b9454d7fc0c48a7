import fc from 'fast-check';
import { type CureChoices, planMarginCure } from './cure.js';
import type { CureSource } from './cure-source.js';
import { marginBreaches, type MarginLimits } from './limits.js';
import { type MarginAccount, marginState, perpetualMargin } from './margin-account.js';
import { isMarginNear } from './near.js';
import { moneyPaidIn, perpetualReduction } from './plans.js';

const limits: MarginLimits = { maxLeverage: 10, minDistance: 0.1 };
const SPOT = 3_000;
const short = (margin: number): MarginAccount =>
  perpetualMargin({
    spot: SPOT,
    sizeUnits: -10,
    openNotional: 30_000,
    margin,
    weightedUnits: 0,
    weightedDollars: 0,
    collateralValue: 0,
    maintenanceRatio: 0.0625,
  });
const source = (id: string, costBps: number, seconds: number, available = 1e6): CureSource => {
  return { id, change: moneyPaidIn(1), available, seconds, cost: (amount) => 1 + (amount * costBps) / 10_000 };
};
const wallet = source('wallet', 0, 0);
const bridge = source('bridge', 5, 600);
const reduction: CureSource = {
  id: 'reduce',
  available: 1,
  change: perpetualReduction({ spot: SPOT, sizeUnits: -10, maintenanceRatio: 0.0625 }, 0.002),
  cost: (share) => 200 * share,
  seconds: 12,
};
const choices = (change: Partial<CureChoices>): CureChoices => {
  return { annualVolatility: 0.8, sources: [], ...change };
};
/** Margin at which the account is so far from liquidation. */
const marginAt = (distance: number): number => 30_000 * ((1 + distance) * 1.0625 - 1);

test('the cheapest of those that come in time', () => {
  const plan = planMarginCure(short(marginAt(0.09)), limits, choices({ sources: [bridge, wallet, reduction] }));
  expect(plan).toMatchObject({ status: 'cure', cure: { parts: [{ id: 'wallet' }] } });
  const noWallet = planMarginCure(short(marginAt(0.09)), limits, choices({ sources: [bridge, reduction] }));
  expect(noWallet).toMatchObject({
    status: 'cure',
    cure: { parts: [{ id: 'bridge' }] },
    rejected: [{ id: 'reduce', reason: 'DEARER' }],
  });
});

test('a bridge is begun before the limit is hit, the earlier the slower it is', () => {
  const at = (distance: number, seconds: number) =>
    planMarginCure(short(marginAt(distance)), limits, choices({ sources: [source('bridge', 5, seconds)] }));
  expect(at(0.12, 600)).toMatchObject({ status: 'fine' });
  // 4 · 0.8 · √(600 s) = 1.4 %.
  expect(at(0.113, 600)).toMatchObject({ status: 'cure' });
  expect(at(0.12, 2_400)).toMatchObject({ status: 'cure' });
});

test('what liquidation may outrun is not taken', () => {
  const slow = source('bridge', 1, 86_400);
  const plan = planMarginCure(short(marginAt(0.05)), limits, choices({ sources: [slow, reduction] }));
  expect(plan).toMatchObject({
    status: 'cure',
    cure: { parts: [{ id: 'reduce' }] },
    rejected: [{ id: 'bridge', reason: 'TOO_LATE' }],
  });
});

test('too little money is rejected', () => {
  const poor = { ...wallet, available: 1 };
  const plan = planMarginCure(short(marginAt(0.05)), limits, choices({ sources: [poor, bridge] }));
  expect(plan).toMatchObject({
    cure: { parts: [{ id: 'bridge' }] },
    rejected: [{ id: 'wallet', reason: 'TOO_LITTLE' }],
  });
});

test('nothing that helps is an error only where something has to be done', () => {
  const none = choices({ sources: [{ ...wallet, available: 0 }] });
  expect(planMarginCure(short(marginAt(0.2)), limits, none)).toMatchObject({ status: 'fine' });
  expect(() => planMarginCure(short(marginAt(0.05)), limits, none)).toThrow(
    expect.objectContaining({ code: 'MARGIN_UNREACHABLE' }),
  );
});

test('after the cure arrives, and any move that was provided for, the account is within its limits', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.03, max: 0.2, noNaN: true }),
      fc.double({ min: 0, max: 3_600, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      (distance, seconds, move) => {
        const account = short(marginAt(distance));
        const sources = [source('bridge', 5, seconds)];
        const within = 4 * 0.8 * Math.sqrt(seconds / (365 * 86_400));
        if (distance <= within) return;
        const plan = planMarginCure(account, { ...limits, maxLeverage: 50 }, choices({ sources }));
        if (plan.status === 'fine') {
          expect(marginState(account).distance).toBeGreaterThanOrEqual(limits.minDistance);
          return;
        }
        const { amount } = plan.cure.parts[0]!;
        // The way to liquidation from a spot that has moved by what was provided for.
        const cured = { ...account, surplusAtZero: account.surplusAtZero + amount, equity: account.equity + amount };
        const at = SPOT * (1 + move * within);
        const liquidation = marginState(cured).liquidationSpot!;
        expect((liquidation - at) / SPOT).toBeGreaterThanOrEqual(limits.minDistance - 1e-9);
        expect(marginBreaches(cured, { ...limits, maxLeverage: 50 })).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

test.each([{ annualVolatility: Number.NaN }, { deviations: -1 }, { restoreDistance: 0.05 }, { restoreDistance: 1 }])(
  'refuses %j',
  (change) => {
    const wrong = (): unknown => planMarginCure(short(5_000), limits, choices({ sources: [wallet], ...change }));
    expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  },
);

test('an account is near as soon as any cure in time might be due, and never without a position', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 0.25, noNaN: true }),
      fc.double({ min: 0, max: 7_200, noNaN: true }),
      (distance, seconds) => {
        const account = short(marginAt(distance));
        const isNear = isMarginNear(account, { ...limits, maxLeverage: 50 }, { annualVolatility: 0.8, seconds });
        const sources = [source('bridge', 5, seconds)];
        const isLate = distance <= 3.2 * Math.sqrt(seconds / (365 * 86_400));
        if (isLate) expect(isNear).toBe(true);
        else
          expect(planMarginCure(account, { ...limits, maxLeverage: 50 }, choices({ sources })).status === 'cure').toBe(
            isNear,
          );
      },
    ),
  );
  expect(isMarginNear(short(marginAt(0.2)), { ...limits, maxLeverage: 3 }, { annualVolatility: 0.8, seconds: 0 })).toBe(
    true,
  );
  const empty: MarginAccount = { ...short(0), gross: 0, surplusAtZero: 0, surplusPerUnit: 0, equity: 0 };
  expect(isMarginNear(empty, limits, { annualVolatility: 0.8, seconds: 60 })).toBe(false);
});
