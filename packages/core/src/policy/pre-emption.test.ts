import fc from 'fast-check';
import type { Market, TrendView } from './market.js';
import { preempted } from './pre-emption.js';
import type { RuleOutcome } from './rules/rule.js';

/** A short at-the-money call of 30 days on 100 at 70 %. */
const call: Market = {
  spot: 100,
  annualVolatility: 0.7,
  gammaPerUnit: -0.02,
  riskAversion: 0.02,
  years: 30 / 365,
  annualRate: 0,
  monitoringYears: 1 / 8760,
  latencyYears: 0,
  settlement: 'free',
  holdingUnits: 0,
};
const band = {
  kind: 'band',
  buy: { outer: 0.15, inner: 0.07 },
  sell: { outer: 0.15, inner: 0.07 },
  centreShiftUnits: 0,
} as const satisfies RuleOutcome;

const up: TrendView = { annualDrift: 0.5, annualDriftPerReturn: 10, halfLifeSeconds: 5 * 86_400 };
const still: TrendView = { annualDrift: 0, annualDriftPerReturn: 0, halfLifeSeconds: 5 * 86_400 };

test('the lean is Γ times what the spot is expected to move by while a deviation lives', () => {
  const { centreShiftUnits } = preempted({ ...call, trend: { ...up, annualDriftPerReturn: 0 } }, band);
  // L = (H/ν)² with ν = σS|Γ| = 1.4; drift that halves in five days, summed over L.
  const life = (0.15 / 1.4) ** 2;
  const rate = (Math.LN2 * 365) / 5;
  expect(centreShiftUnits).toBeCloseTo(0.02 * 100 * 0.5 * ((1 - Math.exp(-rate * life)) / rate), 12);
});

test('the holding of least variance under a drift is delta + Γμ', () => {
  // Regression of a second-order book's change on the spot's, for symmetric moves around μ.
  const [delta, gamma, mu, sigma] = [-0.5, -0.02, 3, 8];
  const moves = [mu - sigma, mu + sigma];
  const changes = moves.map((move) => delta * move + (gamma / 2) * move * move);
  const slope = (changes[1]! - changes[0]!) / (moves[1]! - moves[0]!);
  expect(slope).toBeCloseTo(delta + gamma * mu, 12);
});

test('nothing is expected: nothing is changed; no more for a book that is long or has no gamma', () => {
  expect(preempted(call, band)).toBe(band);
  expect(preempted({ ...call, trend: still }, band)).toEqual(band);
  expect(preempted({ ...call, gammaPerUnit: 0.02, trend: up }, band)).toBe(band);
  expect(preempted({ ...call, gammaPerUnit: 0, trend: up }, band)).toBe(band);
  expect(preempted({ ...call, settlement: 'unwind', trend: up }, band)).toBe(band);
});

test('a trade that ends at no holding, beyond the middle, ends there on the leaning band as well', () => {
  const leaning = preempted({ ...call, trend: up }, { ...band, land: () => -0.2 });
  if (leaning.kind !== 'band') throw new Error(leaning.kind);
  expect(leaning.centreShiftUnits).not.toBe(0);
  expect(leaning.centreShiftUnits + leaning.land!('sell', 0.3)).toBeCloseTo(-0.2, 12);
  expect(leaning.centreShiftUnits - leaning.land!('buy', 0.3)).toBeCloseTo(0.2, 12);
});

test('no trade passes the middle of the unmoved band, up and down mirror each other', () => {
  fc.assert(
    fc.property(
      fc.record({
        annualDrift: fc.double({ min: -1000, max: 1000, noNaN: true }),
        annualDriftPerReturn: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        halfLifeSeconds: fc.double({ min: 1, max: 1e9, noNaN: true }),
      }),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      (trend, inner) => {
        const outcome = { ...band, buy: { outer: 0.2, inner }, sell: { outer: 0.2, inner } };
        const leaning = preempted({ ...call, trend }, outcome);
        const mirrored = preempted({ ...call, trend: { ...trend, annualDrift: -trend.annualDrift } }, outcome);
        expect(leaning.centreShiftUnits - leaning.buy.inner).toBeLessThanOrEqual(1e-15);
        expect(leaning.centreShiftUnits + leaning.sell.inner).toBeGreaterThanOrEqual(-1e-15);
        expect(leaning.centreShiftUnits + mirrored.centreShiftUnits).toBeCloseTo(0, 12);
        expect(leaning.buy.inner).toBeLessThanOrEqual(leaning.buy.outer);
        expect(Math.sign(leaning.centreShiftUnits) * Math.sign(trend.annualDrift)).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

test('moves that go on widen the band by (1 + ρ)^⅔, moves that turn narrow it, and landings go with it', () => {
  const land = (_side: 'buy' | 'sell', deviation: number): number => Math.min(deviation, 0.07);
  const wider = preempted({ ...call, trend: up }, { ...band, land });
  const life = (0.15 / 1.4) ** 2;
  const rate = (Math.LN2 * 365) / 5;
  const widening = (1 + (10 * (1 - Math.exp(-rate * life))) / rate) ** (2 / 3);
  expect(wider.buy.outer).toBeCloseTo(0.15 * widening, 12);
  expect(wider.land!('buy', 0.5)).toBeCloseTo(wider.buy.inner, 12);
  expect(preempted({ ...call, trend: { ...up, annualDriftPerReturn: -10 } }, band).sell.outer).toBeLessThan(0.15);
});
