import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { Decimal } from '../model/decimal.js';
import { ScheduleInvalidError } from './errors.js';
import { planSchedule, type ScheduleInput, type ScheduleRequest } from './plan-schedule.js';
import { replan, type ReplanInput } from './replan.js';
import { bestSliceCount, costOfSlices } from './slice-count.js';

const NOW = 1_700_000_000;

/** C(q) = gas + impact·q². */
function curve(gas: number, impact: number, max = 1000): CostCurve {
  const points = Array.from({ length: 50 }, (_, i) => max * 1.3 ** (i - 49)).map((q) => ({
    sizeUnits: q,
    cost: gas + impact * q * q,
    marginalCost: 2 * impact * q,
  }));
  return { side: 'sell', referencePrice: 2000, fixedCost: gas, points };
}

function plan(request: ScheduleRequest, more: Partial<ScheduleInput> = {}) {
  return planSchedule({
    request,
    deltaChangeUnits: '-20',
    lotUnits: '0.001',
    curve: curve(0.01, 0.5),
    startSeconds: NOW,
    nowSeconds: NOW,
    deadlineSeconds: NOW + 7200,
    recoverySeconds: 60,
    riskPerSquaredUnitYear: 0,
    ...more,
  });
}

const sumOf = (slices: readonly { deltaUnits: string }[]): string =>
  slices.reduce((sum, { deltaUnits }) => sum.plus(deltaUnits), new Decimal(0)).toFixed();

describe('how many slices', () => {
  test('where one more would cost more gas than the impact it saves: √(impact/gas)·q', () => {
    const schedule = plan({ kind: 'twap', parts: 100, spanSeconds: 6000 }, { curve: curve(8, 0.5) });
    expect(schedule.slices).toHaveLength(5);
    expect(schedule.sentence).toContain('one more would not pay for its gas');
  });

  test('one, when gas is dear', () => {
    const schedule = plan({ kind: 'twap', parts: 100, spanSeconds: 6000 }, { curve: curve(500, 0.5) });
    expect(schedule.slices).toEqual([{ index: 0, atSeconds: NOW, deltaUnits: '-20' }]);
    expect(schedule.sentence).toContain('splitting it would save less');
  });

  test('no more than allowed, than there are lots, than pools recover in between', () => {
    expect(plan({ kind: 'twap', parts: 4, spanSeconds: 6000 }).slices).toHaveLength(4);
    expect(plan({ kind: 'twap', parts: 100, spanSeconds: 6000 }, { lotUnits: '10' }).slices).toHaveLength(2);
    expect(plan({ kind: 'twap', parts: 100, spanSeconds: 200 }).slices).toHaveLength(3);
  });

  test('fewer, when waiting is risky', () => {
    const patient = plan({ kind: 'twap', parts: 100, spanSeconds: 6000 }, { curve: curve(1, 0.5) });
    const hurried = plan(
      { kind: 'twap', parts: 100, spanSeconds: 6000 },
      { curve: curve(1, 0.5), riskPerSquaredUnitYear: 5000 },
    );
    expect(hurried.slices.length).toBeLessThan(patient.slices.length);
  });

  test('enough to fit a market that is too shallow for one piece', () => {
    const schedule = plan({ kind: 'twap', parts: 10, spanSeconds: 6000 }, { curve: curve(50, 0.0001, 6) });
    expect(schedule.slices).toHaveLength(4);
    expect(schedule.sentence).toContain('depth');
  });

  test('a market that is too shallow for all of them is an error', () => {
    const shallow = { curve: curve(50, 0.0001, 6) };
    expect(() => plan({ kind: 'twap', parts: 3, spanSeconds: 6000 }, shallow)).toThrow(ScheduleInvalidError);
  });

  test('the cheapest of all that are allowed, by trying them all', () => {
    const cost = fc.double({ min: 0.001, max: 10, noNaN: true });
    fc.assert(
      fc.property(cost, cost, fc.integer({ min: 1, max: 60 }), (gas, impact, most) => {
        const input = { sizeUnits: 20, curve: curve(gas, impact), most, spanSeconds: 600, riskPerSquaredUnitYear: 1 };
        const { count } = bestSliceCount(input);
        for (let n = 1; n <= most; n++) {
          expect(costOfSlices(input, count)).toBeLessThanOrEqual(costOfSlices(input, n));
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('planSchedule', () => {
  test('a TWAP has equal slices at equal distances', () => {
    expect(plan({ kind: 'twap', parts: 4, spanSeconds: 4000 }).slices).toEqual(
      [0, 1, 2, 3].map((index) => ({ index, atSeconds: NOW + index * 1000, deltaUnits: '-5' })),
    );
  });

  test('a VWAP follows the volume, also over other bins than its own', () => {
    const request = { kind: 'vwap', parts: 4, spanSeconds: 4000, volumeProfile: [1, 2, 3, 4] } as const;
    expect(plan(request).slices.map(({ deltaUnits }) => deltaUnits)).toEqual(['-2', '-4', '-6', '-8']);
    const halves = plan({ ...request, parts: 2 }).slices.map(({ deltaUnits }) => deltaUnits);
    expect(halves).toEqual(['-6', '-14']);
  });

  test('a bin without volume gets no slice', () => {
    const schedule = plan({ kind: 'vwap', parts: 3, spanSeconds: 3000, volumeProfile: [1, 0, 1] });
    expect(schedule.slices).toMatchObject([
      { index: 0, atSeconds: NOW, deltaUnits: '-10' },
      { index: 1, atSeconds: NOW + 2000, deltaUnits: '-10' },
    ]);
  });

  test('jitter moves slices within their intervals, the same way for the same seed', () => {
    const request = (seed: string): ScheduleRequest => {
      return { kind: 'twap', parts: 8, spanSeconds: 4000, jitter: { seed, shareOfInterval: 1 } };
    };
    const times = (seed: string): number[] => plan(request(seed)).slices.map(({ atSeconds }) => atSeconds - NOW);
    expect(times('a')).toEqual(times('a'));
    expect(times('a')).not.toEqual(times('b'));
    expect(times('a').every((time, i) => time >= i * 500 && time < (i + 1) * 500)).toBe(true);
  });

  const request = fc.oneof(
    fc.record({ kind: fc.constant('twap' as const), parts: fc.integer({ min: 1, max: 30 }) }),
    fc.record({
      kind: fc.constant('vwap' as const),
      parts: fc.integer({ min: 1, max: 30 }),
      volumeProfile: fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 48 }),
    }),
  );

  test('slices sum to the total exactly, have its sign, are in order and in time', () => {
    fc.assert(
      fc.property(request, fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (some, millionths) => {
        fc.pre(millionths !== 0);
        const deltaChangeUnits = new Decimal(millionths).shiftedBy(-6).toFixed();
        const { slices } = plan({ ...some, spanSeconds: 6000 }, { deltaChangeUnits });
        expect(sumOf(slices)).toBe(deltaChangeUnits);
        slices.forEach(({ atSeconds, deltaUnits, index }, i) => {
          expect(index).toBe(i);
          expect(Math.sign(Number(deltaUnits))).toBe(Math.sign(millionths));
          expect(atSeconds).toBeGreaterThanOrEqual(slices[i - 1]?.atSeconds ?? NOW);
          expect(atSeconds).toBeLessThan(NOW + 6000);
        });
      }),
    );
  });
});

describe('replan', () => {
  const schedule = plan({ kind: 'twap', parts: 10, spanSeconds: 6000 });
  const again = (more: Partial<ReplanInput>) =>
    replan({
      schedule,
      filledDeltaUnits: '-6',
      neededDeltaUnits: '-14',
      nextIndex: 3,
      lotUnits: '0.001',
      nowSeconds: NOW + 1500,
      ...more,
    });

  test('on course, the rest stays as it was', () => {
    expect(again({}).slices).toEqual(schedule.slices.slice(3));
  });

  test('a slice that filled in part is made up for by those to come', () => {
    const { slices } = again({
      filledDeltaUnits: '-6.7',
      neededDeltaUnits: '-13.3',
      nextIndex: 4,
      nowSeconds: NOW + 1801,
    });
    expect(slices).toHaveLength(6);
    expect(sumOf(slices)).toBe('-13.3');
  });

  test('a price that came back leaves less, or nothing', () => {
    expect(sumOf(again({ neededDeltaUnits: '-3.5' }).slices)).toBe('-3.5');
    expect(again({ neededDeltaUnits: '0' }).slices).toEqual([]);
    expect(again({ neededDeltaUnits: '2' }).slices).toEqual([]);
  });

  test('never more than was planned, however much is needed', () => {
    expect(sumOf(again({ neededDeltaUnits: '-50' }).slices)).toBe('-14');
    expect(again({ filledDeltaUnits: '-20', neededDeltaUnits: '-50' }).slices).toEqual([]);
  });

  test('with every time passed it is one slice now, and after the end none', () => {
    const late = again({ nextIndex: 10, nowSeconds: NOW + 5900 });
    expect(late.slices).toEqual([{ index: 10, atSeconds: NOW + 5900, deltaUnits: '-14' }]);
    expect(again({ nowSeconds: NOW + 6001 }).slices).toEqual([]);
  });

  test('never crosses zero and never adds up to more than is needed', () => {
    const units = fc.integer({ min: -30_000, max: 30_000 }).map((n) => new Decimal(n).div(1000).toFixed());
    fc.assert(
      fc.property(units, units, fc.nat(12), fc.nat(7000), (filledDeltaUnits, neededDeltaUnits, nextIndex, later) => {
        const { slices } = again({ filledDeltaUnits, neededDeltaUnits, nextIndex, nowSeconds: NOW + later });
        for (const { deltaUnits } of slices) expect(Number(deltaUnits)).toBeLessThan(0);
        const sum = new Decimal(sumOf(slices));
        expect(sum.gte(Decimal.min(0, neededDeltaUnits))).toBe(true);
        expect(sum.plus(filledDeltaUnits).gte(Decimal.min(-20, filledDeltaUnits))).toBe(true);
      }),
    );
  });
});

describe('bad input', () => {
  const twap: ScheduleRequest = { kind: 'twap', parts: 4, spanSeconds: 600 };

  test.each<[string, ScheduleRequest, Partial<ScheduleInput>]>([
    ['parts', { ...twap, parts: 0 }, {}],
    ['parts', { ...twap, parts: 1.5 }, {}],
    ['spanSeconds', { ...twap, spanSeconds: 0 }, {}],
    ['spanSeconds', { ...twap, spanSeconds: 7201 }, {}],
    ['startSeconds', twap, { startSeconds: NOW - 1 }],
    ['deadlineSeconds', { kind: 'single' }, { deadlineSeconds: NOW }],
    ['deltaChangeUnits', { kind: 'single' }, { deltaChangeUnits: '0' }],
    ['lotUnits', twap, { lotUnits: '0' }],
    ['recoverySeconds', twap, { recoverySeconds: 0 }],
    ['riskPerSquaredUnitYear', twap, { riskPerSquaredUnitYear: Number.NaN }],
    ['jitter.shareOfInterval', { ...twap, jitter: { seed: '', shareOfInterval: 2 } }, {}],
    ['volumeProfile', { ...twap, kind: 'vwap', volumeProfile: [0, 0] }, {}],
    ['volumeProfile', { ...twap, kind: 'vwap', volumeProfile: [1, Number.NaN] }, {}],
  ])('%s is refused by name', (field, request, more) => {
    expect(() => plan(request, more)).toThrow(ScheduleInvalidError);
    expect(() => plan(request, more)).toThrow(expect.objectContaining({ field }));
  });
});
