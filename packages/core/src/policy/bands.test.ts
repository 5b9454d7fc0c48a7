import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { type CostFunction, costFunction } from './cost-function.js';
import { impulseBand, impulseLanding, valueGradient } from './impulse-band.js';
import { curvature, deltaVolatility, latencyCostPerYear, type Market } from './market.js';
import { hedgingCostBpsPerMonth, riskAversionOf } from './risk-aversion.js';
import { optimalLanding, optimalSide } from './rules/optimal.js';
import { whalleyWilmott1997Band } from './rules/whalley-wilmott-1997.js';
import { correctedWhalleyWilmott1999Band, whalleyWilmott1999Band } from './rules/whalley-wilmott-1999.js';
import { zakamouline2006Band, zakamouline2006Volatility } from './rules/zakamouline-2006.js';
import { settlementBand } from './settlement-band.js';

const HOUR = 1 / (365 * 24);

/** A short at-the-money call of 30 days on 100 at 70 %: Γ = φ(d1)/(Sσ√τ). */
const call: Market = {
  spot: 100,
  annualVolatility: 0.7,
  gammaPerUnit: -0.01978,
  riskAversion: 0.02,
  years: 30 / 365,
  annualRate: 0,
  monitoringYears: HOUR,
  latencyYears: 0,
  settlement: 'free',
  holdingUnits: 0,
};

/** C(q) = k + λS·q + impact·q². */
function cost(k: number, lambda: number, impact = 0, max = 1000): CostFunction {
  const sizes = Array.from({ length: 60 }, (_, i) => max * 1.3 ** (i - 59));
  const curve: CostCurve = {
    side: 'sell',
    referencePrice: 100,
    fixedCost: k,
    points: sizes.map((q) => ({
      sizeUnits: q,
      cost: k + lambda * 100 * q + impact * q * q,
      marginalCost: lambda * 100 + 2 * impact * q,
    })),
  };
  return costFunction(curve);
}

const market = fc
  .record({
    annualVolatility: fc.double({ min: 0.2, max: 1.5, noNaN: true }),
    gammaPerUnit: fc.double({ min: -1, max: -0.001, noNaN: true }),
    riskAversion: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
    years: fc.double({ min: 0.02, max: 1, noNaN: true }),
    annualRate: fc.double({ min: 0, max: 0.1, noNaN: true }),
  })
  .map((some): Market => ({ ...call, ...some }));
const fixed = fc.double({ min: 1e-4, max: 0.1, noNaN: true });
const lambda = fc.double({ min: 1e-4, max: 0.01, noNaN: true });
const impact = fc.double({ min: 0, max: 1, noNaN: true });

const close = (a: number, b: number, relative = 1e-6): void => {
  expect(Math.abs(a - b)).toBeLessThanOrEqual(relative * Math.max(Math.abs(a), Math.abs(b), 1e-9));
};

describe('Whalley and Wilmott 1999', () => {
  test('its two equations hold', () => {
    fc.assert(
      fc.property(market, fixed, lambda, (m, k, l) => {
        const { inner: h, outer: H } = whalleyWilmott1999Band(m, cost(k, l));
        const discounted = (Math.exp(-m.annualRate * m.years) * m.gammaPerUnit ** 2) / m.riskAversion;
        close(h * H * (H + h), 3 * l * 100 * discounted);
        close((H + h) * (H - h) ** 3, 12 * k * discounted);
      }),
    );
  });

  test('without gas it is the rule of 1997, without proportional cost h = 0 and H = B^¼', () => {
    fc.assert(
      fc.property(market, fixed, lambda, (m, k, l) => {
        const { inner, outer } = whalleyWilmott1999Band(m, cost(0, l));
        const edge = whalleyWilmott1997Band(m, cost(0, l));
        close(outer, edge.outer, 1e-9);
        close(inner, edge.inner, 1e-9);
        const lump = whalleyWilmott1999Band(m, cost(k, 0));
        expect(lump.inner).toBeLessThan(1e-6 * lump.outer);
        close(lump.outer ** 4, (4 * k) / curvature(m), 1e-6);
      }),
    );
  });

  test('1997: H = (3/2·e^{−rτ}λSΓ²/γ)^⅓, on the public case', () => {
    const { outer } = whalleyWilmott1997Band(call, cost(0.0025, 0.0005));
    expect(outer).toBeCloseTo(Math.cbrt((1.5 * 0.05 * 0.01978 ** 2) / 0.02), 9);
  });
});

describe('impulseBand', () => {
  test('solves V′(h) = C′(q), V′(H) = C′(q), V(H) − V(h) = C(q) for convex costs', () => {
    fc.assert(
      fc.property(market, fixed, lambda, impact, (m, k, l, i) => {
        const c = cost(k, l, i);
        const band = impulseBand(m, c);
        const { inner: h, outer: H } = band;
        const q = H - h;
        const b = curvature(m);
        const a = b * (H * H + H * h + h * h);
        close(valueGradient(m, band, h), c.marginalCost(q), 1e-5);
        close(valueGradient(m, band, H), c.marginalCost(q), 1e-5);
        close((a * (H * H - h * h)) / 2 - (b * (H ** 4 - h ** 4)) / 4, k + c.variableCost(q), 1e-5);
      }),
    );
  });

  test('on a linear curve it is Whalley and Wilmott 1999', () => {
    fc.assert(
      fc.property(market, fixed, lambda, (m, k, l) => {
        const ours = impulseBand(m, cost(k, l));
        const theirs = whalleyWilmott1999Band(m, cost(k, l));
        close(ours.outer, theirs.outer, 1e-5);
        close(ours.inner, theirs.inner, 1e-4);
      }),
    );
  });

  test('without a fixed part there is no gap', () => {
    const { inner, outer } = impulseBand(call, cost(0, 0.0005, 0.3));
    expect(inner).toBe(outer);
  });

  test('the trigger widens with gas and narrows with risk aversion', () => {
    fc.assert(
      fc.property(market, fixed, lambda, impact, fc.double({ min: 1.01, max: 10, noNaN: true }), (m, k, l, i, more) => {
        const { outer } = impulseBand(m, cost(k, l, i));
        expect(impulseBand(m, cost(k * more, l, i)).outer).toBeGreaterThan(outer);
        expect(impulseBand({ ...m, riskAversion: m.riskAversion * more }, cost(k, l, i)).outer).toBeLessThan(outer);
      }),
    );
  });

  test('a linear cost lands on the inner edge from anywhere, a convex one the earlier, the further it comes from', () => {
    const linear = cost(0.0025, 0.0005);
    const band = impulseBand(call, linear);
    close(impulseLanding(call, linear, band, 5 * band.outer), band.inner, 1e-6);
    const convex = cost(0.0025, 0.0005, 0.05);
    const bent = impulseBand(call, convex);
    const near = impulseLanding(call, convex, bent, bent.outer);
    const far = impulseLanding(call, convex, bent, 1.2 * bent.outer);
    close(near, bent.inner, 1e-6);
    expect(far).toBeGreaterThan(near);
    close(valueGradient(call, bent, far), convex.marginalCost(1.2 * bent.outer - far), 1e-6);
  });

  test('a curve that ends early caps the lot', () => {
    const { inner, outer } = impulseBand(call, cost(0.05, 0.0005, 0, 0.01));
    expect(outer - inner).toBeCloseTo(0.01, 9);
  });
});

describe('the settlement floor', () => {
  test('on a linear curve: h = λ/(γSσ²τ), H = h + √(2k/(γσ²τ))/S', () => {
    fc.assert(
      fc.property(market, fixed, lambda, (m, k, l) => {
        const { inner, outer } = settlementBand(m, cost(k, l, 0, 1e5), 'sell');
        const variance = m.riskAversion * m.annualVolatility ** 2 * m.years;
        close(inner, l / (variance * 100));
        close(outer - inner, Math.sqrt((2 * k) / variance) / 100, 1e-5);
      }),
    );
  });

  test('unwinding doubles it on the side that raises the holding, and lifts it from the other', () => {
    const once = settlementBand(call, cost(0, 0.0005), 'buy');
    const unwind: Market = { ...call, settlement: 'unwind', holdingUnits: 0.5 };
    close(settlementBand(unwind, cost(0, 0.0005), 'buy').inner, 2 * once.inner);
    expect(settlementBand(unwind, cost(0, 0.0005), 'sell').outer).toBe(0);
  });
});

test('the optimal rule on a linear curve is the corrected Whalley–Wilmott 1999', () => {
  fc.assert(
    fc.property(market, fixed, lambda, fc.constantFrom('buy' as const, 'sell' as const), (m, k, l, side) => {
      const ours = optimalSide(m, cost(k, l, 0, 1e5), side).band;
      const theirs = correctedWhalleyWilmott1999Band(m, cost(k, l, 0, 1e5), side);
      close(ours.outer, theirs.outer, 1e-4);
      close(ours.inner, theirs.inner, 1e-4);
    }),
  );
});

test('its landing lies between the target and the deviation', () => {
  fc.assert(
    fc.property(market, fixed, lambda, impact, fc.double({ min: 1, max: 50, noNaN: true }), (m, k, l, i, times) => {
      const c = cost(k, l, i);
      const side = optimalSide(m, c, 'sell');
      const deviation = side.band.outer * times;
      const landing = optimalLanding(m, c, 'sell', side, deviation);
      expect(landing).toBeGreaterThanOrEqual(0);
      expect(landing).toBeLessThanOrEqual(deviation);
    }),
  );
});

test('Zakamouline 2006: the formula, and a higher volatility for a short book', () => {
  const { outer } = zakamouline2006Band(call, cost(0, 0.01));
  const tau = 30 / 365;
  const settled = 0.01 / (0.02 * 100 * 0.49 * tau);
  const fitted = 1.12 * 0.01 ** 0.31 * tau ** 0.05 * (1 / 0.7) ** 0.25 * Math.sqrt(0.01978 / 0.02);
  expect(outer).toBeCloseTo(settled + fitted, 9);
  expect(zakamouline2006Volatility(call, 0.01)).toBeGreaterThan(0.7);
  expect(zakamouline2006Volatility({ ...call, gammaPerUnit: 0.01978 }, 0.01)).toBeLessThan(0.7);
});

test('latency costs the running risk of what the delta drifts in the meantime', () => {
  const late: Market = { ...call, latencyYears: HOUR };
  const drift = deltaVolatility(late) ** 2 * HOUR;
  expect(latencyCostPerYear(late)).toBeCloseTo(0.01 * (0.7 * 100) ** 2 * drift, 12);
  expect(latencyCostPerYear(call)).toBe(0);
});

test('a budget becomes the risk aversion that spends it, and comes back', () => {
  const c = cost(0.0025, 0.0005);
  fc.assert(
    fc.property(fc.double({ min: 1e-4, max: 1, noNaN: true }), (riskAversion) => {
      const budgetBpsPerMonth = hedgingCostBpsPerMonth({ ...call, riskAversion }, c, c, 100);
      close(riskAversionOf({ budgetBpsPerMonth }, call, c, c, 100), riskAversion, 1e-5);
    }),
  );
});

test('a book without gamma cannot spend a budget: it is hedged in full', () => {
  const c = cost(0.0025, 0.0005);
  expect(riskAversionOf({ budgetBpsPerMonth: 5 }, { ...call, gammaPerUnit: 0 }, c, c, 100)).toBeCloseTo(1e6, -1);
});
