import fc from 'fast-check';
import { assembleExposure } from '../exposure/assemble-exposure.js';
import type { OptionPosition, PositionReading } from '../model/position.js';
import * as profile from './index.js';
import { linearImpactCurve, profileProblem, solveProfile, unitGreeks } from './index.js';
import type { ProfileProblem } from './profile.js';
import { cut, envelope } from './side.js';

const NOW = 1_700_000_000;
const buy = {
  curve: linearImpactCurve({
    side: 'buy',
    referencePrice: 2000,
    fixedCost: 1,
    costPerUnit: 1,
    impactPerUnit: 0.5,
    maxUnits: 20,
  }),
  holdingCostPerDay: 0,
  marginPerUnit: 0,
};
const spot = { id: 'spot', greeks: { delta: 1, gamma: 0, vega: 0 }, buy };
const at = (value: number): { low: number; high: number } => ({ low: value, high: value });
const good: ProfileProblem = {
  exposure: { delta: at(-3), gamma: at(0), vega: at(0) },
  target: { delta: { low: -1, high: 1, weight: 1 } },
  instruments: [spot],
  marginAvailable: 0,
  holdingDays: 1,
};
const delta = good.target.delta!;
const points = (...costs: number[]) => ({
  ...buy,
  curve: {
    ...buy.curve,
    fixedCost: 0,
    points: costs.map((cost, i) => ({ sizeUnits: i + 1, cost, marginalCost: 1 })),
  },
});

describe('bad input is refused by code and field', () => {
  it.each<[string, string, unknown]>([
    ['PROFILE_INPUT_INVALID', 'exposure.gamma.low', { ...good, exposure: { ...good.exposure, gamma: at(NaN) } }],
    [
      'PROFILE_INPUT_INVALID',
      'instruments.0.greeks.vega',
      { ...good, instruments: [{ ...spot, greeks: { delta: 1, gamma: 0, vega: NaN } }] },
    ],
    ['PROFILE_INPUT_INVALID', 'instruments.0.sell.curve.side', { ...good, instruments: [{ ...spot, sell: buy }] }],
    ['PROFILE_INPUT_INVALID', 'instruments.0.lotUnits', { ...good, instruments: [{ ...spot, lotUnits: '0' }] }],
    ['PROFILE_INPUT_INVALID', 'marginAvailable', { ...good, marginAvailable: -1 }],
    ['PROFILE_INPUT_INVALID', 'holdingDays', { ...good, holdingDays: undefined }],
    ['PROFILE_INPUT_INVALID', 'target.theta', { ...good, target: { ...good.target, theta: delta } }],
    [
      'PROFILE_INPUT_INVALID',
      'instruments.0.sell.holdingCostPerDay',
      {
        ...good,
        instruments: [{ ...spot, sell: { ...buy, curve: { ...buy.curve, side: 'sell' }, holdingCostPerDay: -0.1 } }],
      },
    ],
    ['PROFILE_BAND_EMPTY', 'target.delta', { ...good, target: { delta: { ...delta, low: 2 } } }],
    ['PROFILE_BAND_EMPTY', 'exposure.delta', { ...good, exposure: { ...good.exposure, delta: { low: 1, high: 0 } } }],
    ['PROFILE_WEIGHT_NEGATIVE', 'target.delta.weight', { ...good, target: { delta: { ...delta, weight: -1 } } }],
    ['PROFILE_INSTRUMENT_DUPLICATE', 'instruments.1.id', { ...good, instruments: [spot, spot] }],
    [
      'PROFILE_CURVE_NOT_CONVEX',
      'instruments.0.buy.curve.points.0.cost',
      { ...good, instruments: [{ ...spot, buy: points(5, 6, 7) }] },
    ],
    [
      'POLICY_INPUT_INVALID',
      'buyCurve.points[1]',
      {
        ...good,
        instruments: [
          { ...spot, buy: { ...buy, curve: { ...buy.curve, points: [1, 1].map(() => buy.curve.points[0]) } } },
        ],
      },
    ],
  ])('%s %s', (code, field, problem) => {
    expect(() => solveProfile(problem as ProfileProblem)).toThrow(expect.objectContaining({ code, field }));
  });

  it.each([
    ['options.nodeBudget', { nodeBudget: 0 }],
    ['options.toleranceBps', { toleranceBps: NaN }],
  ])('%s', (field, options) => {
    expect(() => solveProfile(good, options)).toThrow(
      expect.objectContaining({ code: 'PROFILE_INPUT_INVALID', field }),
    );
  });

  it('a curve that is convex but for what a router leaves open is taken', () => {
    const problem = { ...good, instruments: [{ ...spot, buy: points(1.001, 2, 3.001) }] };
    expect(solveProfile(problem).cost.total).toBeCloseTo(2, 2);
  });
});

it('the entry exports what it means to', () => {
  expect(Object.keys(profile).sort()).toEqual([
    'ProfileBandEmptyError',
    'ProfileCurveNotConvexError',
    'ProfileExposureUnknownError',
    'ProfileInputInvalidError',
    'ProfileInstrumentDuplicateError',
    'ProfileWeightNegativeError',
    'linearImpactCurve',
    'parseProfileProblem',
    'profileProblem',
    'solveProfile',
    'unitGreeks',
  ]);
});

it('the same problem gives the same solution, frozen, and stays as it was', () => {
  const before = JSON.stringify(good);
  const solution = solveProfile(good);
  expect(solveProfile(good)).toEqual(solution);
  expect(JSON.stringify(good)).toBe(before);
  expect(Object.isFrozen(solution)).toBe(true);
  expect(Object.isFrozen(solution.trades[0]!.cost)).toBe(true);
});

/** Evenly spread, which fast-check's doubles are not. */
const number = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 1e6 }).map((n) => low + ((high - low) * n) / 1e6);

describe('the envelope of a cost with a fixed part', () => {
  const piece = fc.record({
    length: number(0.1, 5),
    rise: number(0, 3),
    jump: number(0, 2),
  });
  it('is convex, below the cost, and meets it at nothing and at the end', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        number(0.01, 20),
        number(0.05, 1),
        (made, fixed, share) => {
          let level = 0;
          const pieces = made.map(({ jump, length, rise }) => {
            const left = level + jump;
            level = left + rise;
            return { length, left, right: level };
          });
          const most = share * pieces.reduce((sum, { length }) => sum + length, 0);
          const cost = (parts: typeof pieces, size: number) =>
            cut(parts, 0, size).reduce((sum, { left, length, right }) => sum + (length * (left + right)) / 2, 0);
          const under = envelope(pieces, fixed, most);
          expect(under.reduce((sum, { length }) => sum + length, 0)).toBeCloseTo(most, 9);
          expect(cost(under, most)).toBeCloseTo(fixed + cost(pieces, most), 7);
          for (let i = 1; i <= 20; i++) {
            const size = (most * i) / 20;
            expect(cost(under, size)).toBeLessThanOrEqual(fixed + cost(pieces, size) + 1e-8);
          }
          const slopes = under.flatMap(({ left, right }) => [left, right]);
          for (const [i, slope] of slopes.slice(1).entries()) expect(slope).toBeGreaterThanOrEqual(slopes[i]! - 1e-9);
        },
      ),
    );
  });
});

describe('from what is known of a book', () => {
  const option: OptionPosition = {
    kind: 'option',
    optionType: 'call',
    sizeUnits: '-10',
    strike: '2000',
    expirySeconds: NOW + 30 * 86_400,
    annualVolatility: '0.7',
    forwardRatio: '1',
    annualRate: '0',
  };
  const asOf = { source: 'test', timeSeconds: NOW };
  const known: PositionReading = { status: 'known', id: 'calls', label: 'calls', position: option, asOf };
  const unknown: PositionReading = {
    status: 'unknown',
    id: 'pool',
    label: 'pool',
    reason: 'no answer',
    deltaBounds: { low: '0', high: '2' },
    asOf,
  };
  const exposureOf = (...readings: PositionReading[]) =>
    assembleExposure({
      underlying: 'ETH',
      spot: '2000',
      readings,
      inFlight: [],
      nowSeconds: NOW,
      rules: { maxAgeSeconds: 60, staleSharePerHour: '0.25' },
    });
  const greeks = unitGreeks({ ...option, sizeUnits: '1', strike: '2200' }, 2000, NOW);
  const call = { id: 'call', greeks, buy, lotUnits: '1' };
  const perp = {
    ...spot,
    id: 'perp',
    buy: points(1, 2, 3, 4),
    sell: { ...buy, curve: { ...buy.curve, side: 'sell' as const } },
  };
  const settings = {
    target: { delta, vega: { low: -2, high: 2, weight: 1 } },
    instruments: [perp, call],
    marginAvailable: 0,
    holdingDays: 3,
  };

  it('greeks of one unit are those of the exposure', () => {
    expect(greeks.delta).toBeGreaterThan(0);
    expect(greeks.delta).toBeLessThan(0.5);
    expect(greeks.vega).toBeGreaterThan(0);
  });

  it('a short book is brought to its profile with whole calls and a perpetual', () => {
    const problem = profileProblem(exposureOf(known), settings);
    expect(problem.exposure.delta.low).toBeCloseTo(-10 * unitGreeks({ ...option, sizeUnits: '1' }, 2000, NOW).delta, 9);
    const { status, trades } = solveProfile(problem);
    expect(status).toBe('inside');
    expect(trades.find(({ instrument }) => instrument === 'call')!.units).toMatch(/^\d+$/);
  });

  it('delta comes as an interval; gamma and vega of what was not read have to be bounded', () => {
    const exposure = exposureOf(known, unknown);
    const refused = { code: 'PROFILE_EXPOSURE_UNKNOWN', field: 'vega', value: ['pool'] };
    expect(() => profileProblem(exposure, settings)).toThrow(expect.objectContaining(refused));
    const problem = profileProblem(exposure, { ...settings, doubt: { vega: 0.5 } });
    expect(problem.exposure.delta.high - problem.exposure.delta.low).toBeCloseTo(2, 9);
    expect(problem.exposure.vega.high - problem.exposure.vega.low).toBeCloseTo(1, 9);
    expect('doubt' in problem).toBe(false);
  });

  it('a delta without bounds is no problem to solve', () => {
    const boundless: PositionReading = { status: 'unknown', id: 'pool', label: 'pool', reason: 'no answer', asOf };
    expect(() => profileProblem(exposureOf(known, boundless), settings)).toThrow(
      expect.objectContaining({ code: 'PROFILE_EXPOSURE_UNKNOWN', field: 'delta' }),
    );
  });

  it('a negative cost is no quote', () => {
    expect(() => linearImpactCurve({ ...buy.curve, costPerUnit: -1, impactPerUnit: 0, maxUnits: 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'costPerUnit' }),
    );
  });
});
