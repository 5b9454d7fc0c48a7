import { linearImpactCurve } from './instrument.js';
import type { InstrumentSide, ProfileInstrument, ProfileProblem } from './profile.js';
import { solveProfile } from './solve-profile.js';

const side = (direction: 'buy' | 'sell', maxUnits: number, more: Partial<InstrumentSide> = {}): InstrumentSide => ({
  curve: linearImpactCurve({
    side: direction,
    referencePrice: 2000,
    fixedCost: 0,
    costPerUnit: 1,
    impactPerUnit: 0,
    maxUnits,
  }),
  holdingCostPerDay: 0,
  marginPerUnit: 100,
  ...more,
});

const perp = (maxUnits: number): ProfileInstrument => ({
  id: 'perp',
  greeks: { delta: 1, gamma: 0, vega: 0 },
  buy: side('buy', maxUnits),
  sell: side('sell', maxUnits),
});
const call: ProfileInstrument = {
  id: 'call',
  greeks: { delta: 0.5, gamma: 0.01, vega: 2 },
  buy: side('buy', 10, { marginPerUnit: 0 }),
};

const flat = { low: 0, high: 0 };
const at = (value: number): { low: number; high: number } => ({ low: value, high: value });
const problem = (more: Partial<ProfileProblem>): ProfileProblem => ({
  exposure: { delta: at(-10), gamma: flat, vega: flat },
  target: { delta: { low: -1, high: 1, weight: 1 } },
  instruments: [perp(100)],
  marginAvailable: 1e6,
  holdingDays: 1,
  ...more,
});

describe('what can be reached', () => {
  it('is reached at the edge of the band, with its price', () => {
    const { binding, cost, gapBps, greeks, trades, unreached } = solveProfile(problem({}));
    expect(trades).toMatchObject([{ instrument: 'perp', side: 'buy' }]);
    expect(Number(trades[0]!.units)).toBeCloseTo(9, 6);
    expect(cost.total).toBeCloseTo(9, 6);
    expect(gapBps).toBeLessThan(1);
    expect(greeks.delta).toMatchObject({ inside: true, band: { low: -1, high: 1 } });
    expect(unreached).toEqual([]);
    expect(binding).toEqual([{ kind: 'band', greek: 'delta', end: 'low', shadowPrice: expect.closeTo(1, 6) }]);
  });

  it('costs nothing where everything is in its band', () => {
    const solution = solveProfile(problem({ exposure: { delta: at(0.5), gamma: flat, vega: flat } }));
    expect(solution).toMatchObject({ status: 'inside', trades: [], gapBps: 0, cost: { total: 0 } });
  });

  it('counts what holding costs and earns over the time', () => {
    const cheap: ProfileInstrument = { ...perp(100), buy: side('buy', 100, { holdingCostPerDay: 0.5 }), id: 'funded' };
    const paid: ProfileInstrument = {
      ...perp(5),
      id: 'paid',
      buy: side('buy', 5, { holdingCostPerDay: -0.05 }),
      sell: side('sell', 5, { holdingCostPerDay: 0.05 }),
    };
    const { cost, trades } = solveProfile(problem({ instruments: [cheap, paid], holdingDays: 10 }));
    const of = (id: string) => Number(trades.find(({ instrument }) => instrument === id)?.units);
    expect(of('paid')).toBeCloseTo(5, 6);
    expect(of('funded')).toBeCloseTo(4, 6);
    expect(cost).toMatchObject({ execution: expect.closeTo(9, 6), holding: expect.closeTo(4 * 5 - 5 * 0.5, 6) });
  });

  it('pays a fixed part once, and not where doing without is cheaper', () => {
    const gas = (id: string, fixedCost: number): ProfileInstrument => ({
      ...perp(6),
      id,
      buy: {
        ...side('buy', 6),
        curve: linearImpactCurve({
          side: 'buy',
          referencePrice: 2000,
          fixedCost,
          costPerUnit: 1,
          impactPerUnit: 0.1,
          maxUnits: 20,
        }),
        maxUnits: 20,
      },
    });
    const { cost, trades } = solveProfile(problem({ instruments: [gas('a', 2), gas('b', 5)] }));
    // One venue: 2 + 9 + 4.05; both: 7 + 9 + 2.025.
    expect(trades.map(({ instrument }) => instrument)).toEqual(['a']);
    expect(cost).toMatchObject({ fixed: 2, total: expect.closeTo(15.05, 6) });
  });
});

describe('what cannot be reached is said', () => {
  it('a size limit, with what a unit more would bring', () => {
    const { status, unreached } = solveProfile(problem({ instruments: [perp(4)] }));
    expect(status).toBe('nearest');
    expect(unreached).toEqual([
      {
        greek: 'delta',
        end: 'low',
        distance: expect.closeTo(5, 4),
        because: [{ kind: 'size', instrument: 'perp', side: 'buy', nearerPerUnit: expect.closeTo(1, 4) }],
      },
    ]);
  });

  it('the margin', () => {
    const { margin, unreached } = solveProfile(problem({ marginAvailable: 300 }));
    expect(margin.used).toBeCloseTo(300, 2);
    expect(unreached[0]).toMatchObject({
      distance: expect.closeTo(6, 4),
      because: [{ kind: 'margin', nearerPerUnit: expect.closeTo(0.01, 5) }],
    });
  });

  it('a greek that nothing moves', () => {
    const vega = { low: -1, high: 1, weight: 1 };
    const exposure = { delta: at(-10), gamma: flat, vega: at(-5) };
    const { trades, unreached } = solveProfile(problem({ exposure, target: { ...problem({}).target, vega } }));
    expect(trades).toHaveLength(1);
    expect(unreached).toEqual([
      { greek: 'vega', end: 'low', distance: expect.closeTo(4, 6), because: [{ kind: 'no-instrument' }] },
    ]);
  });

  it('greeks that one instrument moves together, by weight', () => {
    // Vega wants 3 calls, gamma none: w·(6 − 2q)² against (0.01q)².
    const solve = (weight: number) =>
      solveProfile(
        problem({
          exposure: { delta: flat, gamma: flat, vega: at(-6) },
          target: { gamma: { low: 0, high: 0, weight: 4e4 }, vega: { low: 0, high: 0, weight } },
          instruments: [call],
        }),
      );
    const { trades, unreached } = solve(1);
    // (6 − 2q)·2 = 4e4·1e-4·q: q = 1.5
    expect(Number(trades[0]!.units)).toBeCloseTo(1.5, 4);
    expect(unreached).toMatchObject([
      { greek: 'gamma', end: 'high', because: [{ kind: 'conflict' }] },
      { greek: 'vega', end: 'low', because: [{ kind: 'conflict' }] },
    ]);
    expect(Number(solve(100).trades[0]!.units)).toBeGreaterThan(2.9);
  });

  it('lots that do not fit into the band', () => {
    const { trades, unreached } = solveProfile(
      problem({
        exposure: { delta: at(-1.3), gamma: flat, vega: flat },
        target: { delta: { low: 0, high: 0.1, weight: 1 } },
        instruments: [{ ...perp(100), lotUnits: '0.25' }],
      }),
    );
    expect(trades[0]!.units).toBe('1.25');
    expect(unreached).toMatchObject([{ distance: expect.closeTo(0.05, 9), because: [{ kind: 'lot' }] }]);
  });
});

describe('a doubtful exposure', () => {
  const doubtful = (low: number, high: number, more: Partial<ProfileProblem> = {}) =>
    solveProfile(problem({ exposure: { delta: { low, high }, gamma: flat, vega: flat }, ...more }));

  it('that fits has to be in the band at both ends', () => {
    const { greeks, trades } = doubtful(-11, -10);
    expect(Number(trades[0]!.units)).toBeCloseTo(10, 6);
    expect(greeks.delta.after.low).toBeCloseTo(-1, 6);
  });

  it('that is wider than the band goes to where the near end is on its edge', () => {
    const { trades, unreached } = doubtful(-14, -10);
    expect(Number(trades[0]!.units)).toBeCloseTo(11, 6);
    expect(unreached).toMatchObject([
      { greek: 'delta', end: 'low', distance: expect.closeTo(2, 5), because: [{ kind: 'doubt', excess: 2 }] },
    ]);
  });

  it('on both sides of the band is left alone', () => {
    expect(doubtful(-3, 4)).toMatchObject({ status: 'nearest', trades: [] });
  });

  it('is not sacrificed to another greek', () => {
    const exposure = { delta: { low: -3, high: 4 }, gamma: flat, vega: at(-6) };
    const target = { delta: { low: -1, high: 1, weight: 1 }, vega: { low: 0, high: 0, weight: 100 } };
    const alone = solveProfile(problem({ exposure, target, instruments: [call] }));
    expect(alone.trades).toEqual([]);
    // With a perpetual beside it the calls can be had at no delta.
    const { greeks, trades } = solveProfile(problem({ exposure, target, instruments: [call, perp(100)] }));
    expect(trades.map(({ instrument, side: each }) => [instrument, each])).toEqual([
      ['call', 'buy'],
      ['perp', 'sell'],
    ]);
    expect(greeks.vega.inside).toBe(true);
    expect(greeks.delta.after.low).toBeCloseTo(-3, 6);
  });
});
