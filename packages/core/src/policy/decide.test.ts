import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { Decimal } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { parsePolicyConfig, type PolicyConfig, parsePolicyTerms } from './config.js';
import { decide, type PolicyInput } from './decide.js';
import { GuardAbsurdError, PolicyConfigInvalidError, PolicyInputInvalidError } from './errors.js';
import type { RuleConfig } from './rules/rule.js';

const NOW = 1_700_000_000;

function curve(side: 'buy' | 'sell', gas = 1, bps = 5, impact = 0.02, max = 500): CostCurve {
  const points = Array.from({ length: 40 }, (_, i) => max * 1.35 ** (i - 39)).map((sizeUnits) => ({
    sizeUnits,
    cost: gas + (bps / 1e4) * 2000 * sizeUnits + impact * sizeUnits ** 2,
    marginalCost: (bps / 1e4) * 2000 + 2 * impact * sizeUnits,
  }));
  return { side, referencePrice: 2000, fixedCost: gas, points };
}

function exposure(low: string, high = low, more: Partial<Exposure> = {}): Exposure {
  return {
    underlying: 'ETH',
    spot: '2000',
    positions: [],
    delta: { low, high },
    unbounded: [],
    gammaPerUnit: -0.05,
    vegaPerPoint: 0,
    thetaPerDay: 0,
    value: 0,
    widenings: [],
    asOf: { source: 'exposure', timeSeconds: NOW },
    ...more,
  };
}

const config: PolicyConfig = {
  rule: { kind: 'optimal' },
  riskAversion: { perNumeraire: 0.0005 },
  targetDeltaUnits: '0',
  monitoringSeconds: 3600,
  settlement: 'free',
  maxCostBps: 100,
  lotUnits: '0.0001',
};

function input(of: Exposure, more: Partial<PolicyInput> = {}, settings: Partial<PolicyConfig> = {}): PolicyInput {
  return {
    config: { ...config, ...settings },
    exposure: of,
    notional: 200_000,
    volatility: { annualVolatility: 0.7 },
    annualRate: 0,
    buyCurve: curve('buy'),
    sellCurve: curve('sell'),
    horizonSeconds: 30 * 86_400,
    latencySeconds: 12,
    nowSeconds: NOW,
    ...more,
  };
}

const rules: readonly RuleConfig[] = [
  { kind: 'optimal' },
  { kind: 'whalley-wilmott-1997' },
  { kind: 'whalley-wilmott-1999', corrected: true },
  { kind: 'whalley-wilmott-1999', corrected: false },
  { kind: 'zakamouline-2006' },
  { kind: 'constant-band', halfWidthUnits: 2, tradeTo: 'middle' },
  { kind: 'constant-band', halfWidthUnits: 2, tradeTo: 'edge' },
  { kind: 'fixed-interval', intervalSeconds: 3600 },
  { kind: 'hold' },
];

describe('a certain exposure', () => {
  test('beyond the band is traded back inside, at the point where marginal cost meets marginal risk', () => {
    const decision = decide(input(exposure('12')));
    if (decision.action !== 'trade') throw new Error(decision.sentence);
    const after = 12 + Number(decision.deltaChangeUnits);
    expect(decision).toMatchObject({ reason: 'OUTSIDE_BAND', programme: { action: 'open' } });
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(Number(decision.band.high));
    expect(decision.postTradeDelta.low).toBe(new Decimal(12).plus(decision.deltaChangeUnits).toFixed());
    expect(decision.marginalRisk! / decision.marginalCost!).toBeCloseTo(1, 3);
    expect(decision.expectedCost).toBeGreaterThan(1);
    expect(decision.sentence).toMatch(/^Sell \d/);
  });

  test('within the band is held, and says why', () => {
    const decision = decide(input(exposure('0.01')));
    expect(decision).toMatchObject({ action: 'hold', reason: 'INSIDE_BAND', programme: { action: 'none' } });
    expect(decision.sentence).toContain('0.01');
    expect(decision.marginalCost).toBeGreaterThan(decision.marginalRisk!);
  });

  test('below its target it buys', () => {
    expect(Number((decide(input(exposure('-12'))) as { deltaChangeUnits: string }).deltaChangeUnits)).toBeGreaterThan(
      0,
    );
  });

  test('a trade that ends at none, beyond the middle of its band, is not cut short', () => {
    const bands: PolicyInput['bands'] = () => ({
      kind: 'band',
      ...{ buy: { outer: 1, inner: 0.5 }, sell: { outer: 1, inner: 0.5 } },
      centreShiftUnits: 0,
      land: () => -3,
    });
    const decision = decide(input(exposure('12'), { bands }));
    expect(decision).toMatchObject({ reason: 'OUTSIDE_BAND', deltaChangeUnits: '-15' });
    const doubtful = decide(input(exposure('11', '13'), { bands }));
    expect(doubtful).toMatchObject({ reason: 'OUTSIDE_BAND', deltaChangeUnits: '-14' });
  });

  test('risk aversion is shown both ways', () => {
    const byGamma = decide(input(exposure('12')));
    const { budgetBpsPerMonth } = byGamma.inputs.riskAversion;
    const byBudget = decide(input(exposure('12'), {}, { riskAversion: { budgetBpsPerMonth } }));
    expect(byBudget.inputs.riskAversion.perNumeraire).toBeCloseTo(0.0005, 8);
    expect(byBudget.inputs.riskAversion.budgetBpsPerMonth).toBeCloseTo(budgetBpsPerMonth, 6);
  });

  test('is decided the same way twice, and the decision survives JSON', () => {
    const once = decide(input(exposure('12')));
    expect(decide(input(exposure('12')))).toEqual(once);
    expect(JSON.parse(JSON.stringify(once))).toEqual(once);
    expect(Object.isFrozen(once)).toBe(true);
  });
});

describe('doubt', () => {
  test('an unbounded exposure is not traded', () => {
    const decision = decide(input(exposure('12', '12', { unbounded: ['perp'] })));
    expect(decision).toMatchObject({ action: 'hold', reason: 'EXPOSURE_UNBOUNDED', band: undefined });
    expect(decision.sentence).toContain('perp');
  });

  test('an interval that holds the target is not traded', () => {
    expect(decide(input(exposure('-1', '40')))).toMatchObject({ action: 'hold', reason: 'EXPOSURE_STRADDLES_TARGET' });
  });

  test('an exit is made as far as doubt allows, not blocked', () => {
    const decision = decide(input(exposure('4', '40')));
    expect(decision).toMatchObject({ action: 'trade', deltaChangeUnits: '-4' });
    expect(decision.sentence).toContain('cut by doubt');
  });

  test('what doubt leaves has to be worth its gas', () => {
    const costly = { sellCurve: curve('sell', 5000), buyCurve: curve('buy', 5000) };
    const settings = {
      rule: { kind: 'constant-band', halfWidthUnits: 1, tradeTo: 'middle' },
      maxCostBps: 1000,
    } as const;
    const decision = decide(input(exposure('30', '80'), costly, { ...settings, riskAversion: { perNumeraire: 1e-9 } }));
    expect(decision).toMatchObject({ action: 'hold', reason: 'DOUBT_NOT_WORTH_COST' });
  });
});

describe('an open programme', () => {
  const open = (remainingDeltaUnits: string) => ({ openProgramme: { id: 'p1', remainingDeltaUnits } });

  test('that ends within the band is kept', () => {
    expect(decide(input(exposure('12'), open('-11')))).toMatchObject({
      reason: 'PROGRAMME_ON_TRACK',
      programme: { action: 'keep', id: 'p1' },
    });
  });

  test('that falls short is amended, not stacked', () => {
    const alone = decide(input(exposure('30')));
    const amended = decide(input(exposure('30'), open('-5')));
    expect(amended).toMatchObject({ reason: 'PROGRAMME_AMENDED', programme: { action: 'amend', id: 'p1' } });
    expect(amended).toMatchObject({ deltaChangeUnits: (alone as { deltaChangeUnits: string }).deltaChangeUnits });
  });

  test.each([
    ['would pass the target', '0.001', '-11'],
    ['trades the wrong way', '-0.001', '-1'],
  ])('that %s is cancelled', (_, delta, remaining) => {
    expect(decide(input(exposure(delta), open(remaining)))).toMatchObject({
      action: 'hold',
      programme: { action: 'cancel', id: 'p1' },
    });
  });
});

describe('what stands in the way', () => {
  const none = (side: 'buy' | 'sell'): CostCurve => ({ side, referencePrice: 2000, fixedCost: 0, points: [] });

  test('no way to sell', () => {
    expect(decide(input(exposure('12'), { sellCurve: none('sell') }))).toMatchObject({ reason: 'NO_ROUTE' });
    expect(decide(input(exposure('-12'), { sellCurve: none('sell') }))).toMatchObject({ action: 'trade' });
    const neither = { sellCurve: none('sell'), buyCurve: none('buy') };
    const settings = { riskAversion: { budgetBpsPerMonth: 5 } };
    expect(decide(input(exposure('12'), neither, settings))).toMatchObject({ reason: 'NO_ROUTE', band: undefined });
  });

  test('a cost above the limit', () => {
    expect(decide(input(exposure('12'), {}, { maxCostBps: 1 }))).toMatchObject({ reason: 'COST_ABOVE_LIMIT' });
    const { maxCostBps, ...unlimited } = config;
    expect(maxCostBps).toBe(100);
    expect(decide(input(exposure('12'), { config: unlimited }))).toMatchObject({ action: 'trade' });
    expect(parsePolicyTerms(unlimited)).toEqual(unlimited);
    expect(() => parsePolicyConfig(unlimited)).toThrow(PolicyConfigInvalidError);
    expect(() => parsePolicyTerms({ ...config, maxCostBps: 20_000 })).toThrow(GuardAbsurdError);
  });

  test('less than a lot', () => {
    expect(decide(input(exposure('12'), {}, { lotUnits: '50' }))).toMatchObject({ reason: 'BELOW_LOT' });
  });

  test('the shallow end of the curve', () => {
    const shallow = decide(input(exposure('12'), { sellCurve: curve('sell', 1, 5, 0.02, 3) }));
    expect(shallow).toMatchObject({ action: 'trade', deltaChangeUnits: '-3' });
  });
});

describe('the other rules', () => {
  test('hold never trades, the fixed interval not before its time', () => {
    expect(decide(input(exposure('99'), {}, { rule: { kind: 'hold' } }))).toMatchObject({ reason: 'HOLD_RULE' });
    const rule: RuleConfig = { kind: 'fixed-interval', intervalSeconds: 3600 };
    const early = decide(input(exposure('9'), { lastTradeSeconds: NOW - 3599 }, { rule }));
    expect(early).toMatchObject({ reason: 'NOT_DUE' });
    const due = decide(input(exposure('9'), { lastTradeSeconds: NOW - 3600 }, { rule }));
    expect(due).toMatchObject({ action: 'trade', deltaChangeUnits: '-9' });
  });

  test('Zakamouline hedges at its own volatility where that can be priced, and says so where not', () => {
    const rule: RuleConfig = { kind: 'zakamouline-2006' };
    const plain = decide(input(exposure('12'), {}, { rule }));
    const shifted = decide(input(exposure('12'), { deltaAtVolatility: (sigma) => -10 * sigma }, { rule }));
    expect(plain.sentence).toContain('plain delta');
    expect(Number(shifted.band!.target)).toBeGreaterThan(0);
  });
});

describe('invariants', () => {
  const units = fc.integer({ min: -500_000, max: 500_000 }).map((n) => n / 1000);
  const situation = fc.record({
    low: units,
    width: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 50_000 }).map((n) => n / 1000),
    ),
    target: fc.integer({ min: -20, max: 20 }),
    rule: fc.constantFrom(...rules),
    gas: fc.double({ min: 0, max: 50, noNaN: true }),
    gammaPerUnit: fc.oneof(fc.constant(0), fc.double({ min: -0.5, max: 0.5, noNaN: true })),
    remaining: fc.option(units, { nil: undefined }),
    settlement: fc.constantFrom('free' as const, 'none' as const, 'unwind' as const),
    lotUnits: fc.constantFrom('0.0001', '0.1', '1'),
  });

  test('a trade lowers the risk at both ends, passes the target at neither, and is whole lots', () => {
    let trades = 0;
    fc.assert(
      fc.property(situation, ({ gammaPerUnit, gas, lotUnits, low, remaining, rule, settlement, target, width }) => {
        const decision = decide(
          input(
            exposure(String(low), String(low + width), { gammaPerUnit }),
            {
              sellCurve: curve('sell', gas),
              buyCurve: curve('buy', gas),
              holdingUnits: 3,
              ...(remaining === undefined
                ? {}
                : { openProgramme: { id: 'p', remainingDeltaUnits: new Decimal(String(remaining)).toFixed() } }),
            },
            { rule, settlement, lotUnits, targetDeltaUnits: String(target), maxCostBps: 1000 },
          ),
        );
        if (decision.action === 'hold') return;
        trades += 1;
        const change = new Decimal(decision.deltaChangeUnits);
        expect(change.isZero()).toBe(false);
        expect(change.mod(lotUnits).isZero()).toBe(true);
        for (const end of [decision.inputs.delta.low, decision.inputs.delta.high]) {
          const before = new Decimal(end).minus(target);
          const after = before.plus(change);
          expect(after.abs().lt(before.abs())).toBe(true);
          expect(after.isZero() || after.isPositive() === before.isPositive()).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(trades).toBeGreaterThan(50);
  });
});

describe('bad input', () => {
  test.each([
    ['a volatility of zero', { volatility: { annualVolatility: 0 } }],
    ['a NaN rate', { annualRate: Number.NaN }],
    ['a horizon in the past', { horizonSeconds: -1 }],
    ['a negative latency', { latencySeconds: -1 }],
    ['swapped curves', { buyCurve: curve('sell'), sellCurve: curve('buy') }],
  ])('%s is refused', (_, more) => {
    expect(() => decide(input(exposure('1'), more))).toThrow(PolicyInputInvalidError);
  });

  test('unwinding needs to know what is held', () => {
    expect(() => decide(input(exposure('1'), {}, { settlement: 'unwind' }))).toThrow(PolicyInputInvalidError);
  });

  test.each([20_000, 1001, 0, Number.NaN])(
    'a guard of %s bp is refused, by decision and configuration',
    (maxCostBps) => {
      expect(() => decide(input(exposure('1'), {}, { maxCostBps }))).toThrow(GuardAbsurdError);
      expect(() => parsePolicyConfig({ ...config, maxCostBps })).toThrow(
        maxCostBps > 0 ? GuardAbsurdError : PolicyConfigInvalidError,
      );
    },
  );

  test.each([
    ['rule.kind', { rule: { kind: 'magic' } }],
    ['rule.halfWidthUnits', { rule: { kind: 'constant-band', halfWidthUnits: -1, tradeTo: 'edge' } }],
    ['riskAversion', { riskAversion: { gamma: 1 } }],
    ['monitoringSeconds', { monitoringSeconds: '3600' }],
    ['targetDeltaUnits', { targetDeltaUnits: 0 }],
    ['lotUnits', { lotUnits: '0' }],
    ['latency', { latency: 5 }],
  ])('a configuration with a bad %s is refused by name', (field, change) => {
    const refused = expect.objectContaining({ code: 'POLICY_CONFIG_INVALID', field });
    expect(() => parsePolicyConfig({ ...config, ...change })).toThrow(refused);
  });

  test('a good configuration passes as it is', () => {
    expect(parsePolicyConfig(config)).toEqual(config);
  });
});

describe('a trend', () => {
  const up = { annualDrift: 2, halfLifeSeconds: 5 * 86_400, annualDriftPerReturn: 5 };

  test('moves the band of a short book the way the price is expected to go, and stands in the inputs', () => {
    const still = decide(input(exposure('0')));
    const leaning = decide(input(exposure('0'), { trend: up }));
    expect(leaning.inputs.trend).toEqual(up);
    expect(still.inputs).not.toHaveProperty('trend');
    expect(Number(leaning.band!.low)).toBeGreaterThan(Number(still.band!.low));
    expect(Number(leaning.band!.innerLow)).toBeLessThanOrEqual(0);
    const down = decide(input(exposure('0'), { trend: { ...up, annualDrift: -2 } }));
    expect(Number(down.band!.high)).toBeLessThan(Number(still.band!.high));
  });

  test('that is none of numbers is refused', () => {
    for (const bad of [{ annualDrift: Number.NaN }, { halfLifeSeconds: 0 }, { annualDriftPerReturn: Infinity }]) {
      expect(() => decide(input(exposure('0'), { trend: { ...up, ...bad } }))).toThrow(PolicyInputInvalidError);
    }
  });
});
