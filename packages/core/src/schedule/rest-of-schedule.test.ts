import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { Decimal } from '../model/decimal.js';
import { costFunction } from '../policy/cost-function.js';
import * as schedule from './index.js';
import type { Pace } from './paces/pace.js';
import { restOfSchedule, type ScheduleProgress, type ScheduleTask } from './rest-of-schedule.js';

const curve = (gas: number): CostCurve => ({
  side: 'sell',
  referencePrice: 2000,
  fixedCost: gas,
  points: [{ sizeUnits: 1000, cost: gas + 10_000, marginalCost: 20 }],
});
const task: ScheduleTask = {
  totalDeltaUnits: '-100',
  startSeconds: 0,
  endSeconds: 1000,
  lotUnits: '0.01',
  curve: curve(0),
  riskPerSquaredUnitYear: 0,
};
const progress: ScheduleProgress = { neededDeltaUnits: '-100', fills: [], nowSeconds: 0 };
const expectedVolume = () => [3, 1, 4, 1, 5, 9, 2, 6];
const paces: readonly Pace[] = [
  schedule.twap({ parts: 8, jitter: { seed: 'a', shareOfInterval: 1 } }),
  schedule.vwap({ bins: 8, expectedVolume }),
  schedule.pov({ bins: 8, expectedVolume, participation: 0.9 }),
  schedule.almgrenChriss({ parts: 8, urgencyPerSecond: 0.003 }),
  schedule.obizhaevaWang({ parts: 8, resiliencePerSecond: 0.003 }),
  schedule.optimal({ parts: 5, resiliencePerSecond: 0.003 }),
];
const sum = (slices: readonly { readonly deltaUnits: string }[]): Decimal =>
  slices.reduce((total, { deltaUnits }) => total.plus(deltaUnits), new Decimal(0));
const decimal = (low: number, high: number): fc.Arbitrary<string> =>
  fc.integer({ min: low * 1000, max: high * 1000 }).map((n) => new Decimal(n).div(1000).toFixed());

describe.each(paces.map((pace) => [pace.kind, pace] as const))('whatever has happened, %s', (kind, pace) => {
  it('never turns round, exceeds what is needed or agreed, nor makes a slice that its gas is not worth', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('-100', '100'),
        decimal(-150, 150),
        fc.array(decimal(0, 60), { maxLength: 3 }),
        fc.integer({ min: 0, max: 1100 }),
        fc.constantFrom(0, 0.5, 20, 400),
        fc.option(decimal(1, 60), { nil: undefined }),
        (totalDeltaUnits, neededDeltaUnits, filled, nowSeconds, gas, maxSliceUnits) => {
          const sign = totalDeltaUnits === '100' ? 1 : -1;
          const fills = filled.map((units, i) => ({
            atSeconds: Math.min(nowSeconds, i * 10),
            deltaUnits: new Decimal(units).times(sign).toFixed(),
          }));
          const given = { ...task, totalDeltaUnits, curve: curve(gas), ...(maxSliceUnits && { maxSliceUnits }) };
          const rest = restOfSchedule(pace, given, { neededDeltaUnits, fills, nowSeconds });
          const sizes = rest.slices.map(({ deltaUnits }) => new Decimal(deltaUnits).times(sign));
          const allowed = Decimal.min(
            new Decimal(neededDeltaUnits).times(sign),
            new Decimal(100).minus(sum(fills).abs()),
          );
          expect(sizes.every((size) => size.gt(0))).toBe(true);
          expect(sum(rest.slices).abs().lte(Decimal.max(0, allowed))).toBe(true);
          const times = rest.slices.map(({ atSeconds }) => atSeconds);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          expect(times.every((time) => time >= nowSeconds && time <= task.endSeconds)).toBe(true);
          if (maxSliceUnits !== undefined) expect(sizes.every((size) => size.lte(maxSliceUnits))).toBe(true);
          if (rest.reason === 'WORKING') {
            expect(sum(rest.slices).plus(rest.undoneDeltaUnits).times(sign).eq(allowed)).toBe(true);
          }
          const { variableCost } = costFunction(given.curve);
          for (let i = 0; i + 1 < sizes.length; i++) {
            const [a, b] = [sizes[i]!.toNumber(), sizes[i + 1]!.toNumber()];
            if (maxSliceUnits !== undefined && a + b > Number(maxSliceUnits) * 0.99) continue;
            // Lots move a slice by up to two of them.
            expect(variableCost(a + b) - variableCost(a) - variableCost(b)).toBeGreaterThan(gas - 0.05);
          }
        },
      ),
      { numRuns: kind === 'optimal' ? 40 : 100 },
    );
  });

  it('ends when the market has done the work, when all is filled, and when time is over', () => {
    const reasonOf = (more: Partial<ScheduleProgress>) => restOfSchedule(pace, task, { ...progress, ...more });
    expect(reasonOf({ neededDeltaUnits: '0.5' })).toMatchObject({ reason: 'NOTHING_NEEDED', slices: [] });
    expect(reasonOf({ fills: [{ atSeconds: 0, deltaUnits: '-100' }] })).toMatchObject({
      reason: 'ALL_FILLED',
      slices: [],
    });
    expect(reasonOf({ nowSeconds: 1001 })).toMatchObject({ reason: 'TIME_IS_OVER', undoneDeltaUnits: '-100' });
  });
});

it('what was missed is caught up with, no faster than allowed, and what does not fit is said', () => {
  const [twap] = paces;
  const late = { ...progress, nowSeconds: 700 };
  expect(sum(restOfSchedule(twap!, task, late).slices).toFixed()).toBe('-100');
  const limited = restOfSchedule(schedule.twap({ parts: 8 }), { ...task, maxSliceUnits: '30' }, late);
  expect(limited.slices.map(({ deltaUnits }) => deltaUnits)).toEqual(['-30', '-30']);
  expect(limited.undoneDeltaUnits).toBe('-40');
});

it.each(paces.map((pace) => [pace.kind, pace] as const))(
  'followed slice by slice, %s does what it said at the beginning, also where slices were joined',
  (_, pace) => {
    const given = { ...task, curve: curve(6) };
    const said = restOfSchedule(pace, given, progress).slices;
    const done: { atSeconds: number; deltaUnits: string }[] = [];
    for (let nowSeconds = 0; ;) {
      const needed = new Decimal(-100).minus(sum(done)).toFixed();
      const [next] = restOfSchedule(pace, given, { neededDeltaUnits: needed, fills: done, nowSeconds }).slices;
      if (next === undefined) break;
      done.push({ atSeconds: next.atSeconds, deltaUnits: next.deltaUnits });
      nowSeconds = next.atSeconds + 1;
    }
    expect(done).toHaveLength(said.length);
    expect(sum(done).minus(sum(said)).abs().toNumber()).toBeLessThan(0.02);
    // Which of two neighbours takes in a third may turn out otherwise later on: one slot of 125 s.
    for (const [i, { atSeconds }] of done.entries()) {
      expect(Math.abs(atSeconds - said[i]!.atSeconds)).toBeLessThanOrEqual(125);
    }
  },
);

it('a rest whose risk is not worth the gas stays open', () => {
  const dear = { ...task, curve: curve(20), openRiskPerSquaredUnit: 2 };
  const [twap] = paces;
  const rest = restOfSchedule(twap!, dear, { ...progress, neededDeltaUnits: '-3' });
  expect(rest).toMatchObject({ reason: 'NOT_WORTH_GAS', slices: [], undoneDeltaUnits: '-3' });
  // 2·4² = 32 against 20 + 0.16
  expect(restOfSchedule(twap!, dear, { ...progress, neededDeltaUnits: '-4' }).slices).toHaveLength(1);
});

it.each([
  ['totalDeltaUnits', { totalDeltaUnits: '0' }, {}],
  ['lotUnits', { lotUnits: '0' }, {}],
  ['maxSliceUnits', { maxSliceUnits: '-1' }, {}],
  ['endSeconds', { endSeconds: 0 }, {}],
  ['riskPerSquaredUnitYear', { riskPerSquaredUnitYear: -1 }, {}],
  ['nowSeconds', {}, { nowSeconds: NaN }],
])('%s that makes no sense is refused', (field, more, now) => {
  const refused = expect.objectContaining({ code: 'SCHEDULE_INVALID', field });
  expect(() => restOfSchedule(paces[0]!, { ...task, ...more }, { ...progress, ...now })).toThrow(refused);
});

it('no slots are no schedule', () => {
  const refused = expect.objectContaining({ code: 'SCHEDULE_INVALID', field: 'parts' });
  expect(() => restOfSchedule(schedule.twap({ parts: 0 }), task, progress)).toThrow(refused);
});

describe('resilience from recoveries', () => {
  it('is found again, through noise', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.2, noNaN: true }), fc.integer({ min: 1, max: 1e9 }), (rho, seed) => {
        let state = seed;
        const recoveries = Array.from({ length: 60 }, (_, i) => {
          state = (state * 48_271) % 0x7fffffff;
          const elapsedSeconds = ((1 + (i % 12)) * 0.25) / rho;
          const blur = 0.04 * (state / 0x7fffffff - 0.5);
          return { elapsedSeconds, initial: -40, remaining: -40 * (Math.exp(-rho * elapsedSeconds) + blur) };
        });
        const found = schedule.estimateResilience(recoveries);
        expect(Math.abs(found.perSecond / rho - 1)).toBeLessThan(0.05);
        expect(Math.abs(found.perSecond - rho)).toBeLessThan(6 * found.standardError + 1e-9);
        expect(found.halfLifeSeconds).toBeCloseTo(Math.LN2 / found.perSecond, 9);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['recoveries', []],
    ['recoveries.1', [1, 0].map((initial) => ({ elapsedSeconds: 1, initial, remaining: 0.5 }))],
  ])('%s that say nothing are refused', (field, recoveries) => {
    expect(() => schedule.estimateResilience(recoveries)).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID', field }),
    );
  });
});

describe('volume of the day', () => {
  it('is the usual one plus what is left of the last deviation', () => {
    const model = { profile: [10, 20, 30], persistence: 0.5 };
    expect(schedule.forecastVolume(model, [])).toEqual([10, 20, 30]);
    expect(schedule.forecastVolume(model, [14])).toEqual([14, 22, 31]);
    expect(schedule.forecastVolume(model, [0, 0])).toEqual([0, 0, 20]);
  });

  it('is fitted to days, and forecasts better than the mean alone', () => {
    let state = 7;
    const uniform = (): number => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
    const days = Array.from({ length: 200 }, () => {
      let own = 0;
      return Array.from({ length: 24 }, (_, b) => {
        own = 0.7 * own + 8 * (uniform() - 0.5);
        return 40 + 20 * Math.cos((b * Math.PI) / 12) + own;
      });
    });
    const model = schedule.fitVolumeModel(days.slice(0, 100));
    expect(model.persistence).toBeCloseTo(0.7, 1);
    const errors = days.slice(100).map((day) => {
      const forecast = schedule.forecastVolume(model, day.slice(0, 12));
      return [forecast, model.profile].map((each) => (each[12]! - day[12]!) ** 2);
    });
    const [ours, mean] = [0, 1].map((i) => errors.reduce((total, each) => total + each[i]!, 0));
    expect(ours!).toBeLessThan(0.7 * mean!);
  });

  it.each([
    ['days', []],
    ['days.1', [[1, 2], [1]]],
    ['days.0', [[1, -2]]],
  ])('%s that are none are refused', (field, days) => {
    expect(() => schedule.fitVolumeModel(days)).toThrow(expect.objectContaining({ code: 'SCHEDULE_INVALID', field }));
  });
});
