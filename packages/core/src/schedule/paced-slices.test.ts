import fc from 'fast-check';
import type { CostCurve } from '../model/cost-curve.js';
import { type PacedKind, pacedSlices, type PacingQuestion } from './paced-slices.js';

const NOW = 1_700_000_000;
const curve: CostCurve = {
  side: 'sell',
  referencePrice: 2000,
  fixedCost: 1,
  points: [1, 5, 20, 50].map((q) => ({ sizeUnits: q, cost: 1 + q + 0.4 * q * q, marginalCost: 1 + 0.8 * q })),
};
const question = (kind: PacedKind, more: Partial<PacingQuestion> = {}): PacingQuestion => ({
  schedule: { kind, totalDeltaUnits: '-20', startSeconds: NOW, endSeconds: NOW + 600, seed: `0x${'ab'.repeat(32)}` },
  neededDeltaUnits: '-20',
  fills: [],
  nowSeconds: NOW,
  maxParts: 6,
  recoverySeconds: 120,
  jitterShare: 0.5,
  volumeUnits: [40, 60, 50, 60, 40, 30],
  participation: 0.1,
  lotUnits: '0.001',
  curve,
  riskPerSquaredUnitYear: 5000,
  nextIndex: 0,
  ...more,
});
const KINDS: readonly PacedKind[] = ['vwap', 'pov', 'almgren-chriss', 'obizhaeva-wang', 'optimal'];
const sum = ({ slices }: ReturnType<typeof pacedSlices>): number =>
  slices.reduce((total, { deltaUnits }) => total + Number(deltaUnits), 0);

test.each(KINDS)('%s: the whole in whole seconds, numbered on, the same for the same seed', (kind) => {
  const planned = pacedSlices(question(kind));
  expect(planned.kind).toBe(kind);
  expect(planned.slices.length).toBeGreaterThan(1);
  expect(sum(planned)).toBeCloseTo(-20, 9);
  expect(planned.slices.map(({ index }) => index)).toEqual(planned.slices.map((_, i) => i));
  expect(planned.slices.every(({ atSeconds }) => Number.isInteger(atSeconds) && atSeconds >= NOW)).toBe(true);
  expect(pacedSlices(question(kind))).toEqual(planned);
  const other = question(kind);
  const drawn = pacedSlices({ ...other, schedule: { ...other.schedule, seed: `0x${'cd'.repeat(32)}` } });
  expect(drawn.slices.map(({ atSeconds }) => atSeconds)).not.toEqual(planned.slices.map(({ atSeconds }) => atSeconds));
});

test.each(KINDS)(
  '%s: the rest never turns round, never exceeds what is needed or signed, and ends with the need',
  (kind) => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 10, noNaN: true }), fc.integer({ min: 0, max: 19 }), (needed, filled) => {
        const rest = pacedSlices(
          question(kind, {
            neededDeltaUnits: needed.toFixed(6),
            fills: filled === 0 ? [] : [{ atSeconds: NOW, deltaUnits: String(-filled) }],
            nowSeconds: NOW + 60,
            nextIndex: 2,
          }),
        );
        expect(rest.slices.every(({ deltaUnits }) => deltaUnits.startsWith('-'))).toBe(true);
        expect(-sum(rest)).toBeLessThanOrEqual(Math.min(Math.max(0, -needed), 20 - filled) + 1e-6);
        expect(rest.slices.every(({ index }) => index >= 2)).toBe(true);
      }),
      { numRuns: 25 },
    );
    expect(pacedSlices(question(kind, { neededDeltaUnits: '0.5' })).slices).toEqual([]);
  },
);
