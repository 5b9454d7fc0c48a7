import fc from 'fast-check';
import type { Curve } from '../../model/curve.js';
import { buildNetwork, type EdgeSpec, type Network } from '../network.js';
import { evaluate } from './evaluate.js';
import { createWorkspace, type DualWorkspace, EDGE_ON, EDGE_RELAXED, setLive } from './workspace.js';

const SPACING = 60;
const UNIT = 10n ** 18n;

function edge(curve: Curve, costs: { fixedCost?: number; tickCost?: number }): EdgeSpec {
  const source = { kind: 'pool', poolIndex: 0, curve, tokenInIndex: 0, decimals: [18, 18] } as const;
  return { from: 0, to: 1, source, fixedCost: 0, tickCost: 0, unitCost: 0, ...costs };
}

/** Segments of one tick spacing each below a price of 1, with these liquidities in units. */
function segmented(liquidities: readonly number[]): Curve {
  const atoms = liquidities.map((units) => BigInt(units) * UNIT);
  const below = atoms.map((liquidity, k) => ({
    index: -SPACING * (k + 1),
    liquidityNet: liquidity - (atoms[k + 1] ?? 0n),
  }));
  return {
    kind: 'concentrated',
    feePpm: 500,
    liquidity: atoms[0]!,
    sqrtPriceX96: 2n ** 96n,
    tick: 0,
    tickSpacing: SPACING,
    ticks: [...below.reverse(), { index: SPACING, liquidityNet: -atoms[0]! }],
    tickRange: { low: -SPACING * (atoms.length + 1), high: SPACING * 2 },
  };
}

/** What one edge does at a price of its input; its output is the numeraire. `depth` is how many ticks it must cross. */
function at(network: Network, mode: number, price: number, depth?: number): DualWorkspace {
  const w = createWorkspace(network, 1);
  if (depth !== undefined) w.leastCrossed[0] = w.mostCrossed[0] = depth;
  setLive(w, [0], mode);
  w.q.set([Math.sqrt(price), 1]);
  evaluate(w);
  return w;
}

describe('the smoothing of what is paid once', () => {
  const pool: Curve = { kind: 'constant-product', reserves: [1000n * UNIT, 1000n * UNIT], feePpm: 3000 };
  const profitAt = (price: number): number => at(buildNetwork(2, [edge(pool, {})]), EDGE_ON, price).bound;
  const price = fc.double({ min: 0.5, max: 0.95, noNaN: true });

  it('uses half of an edge that earns just its cost, and all of one that earns a little more', () => {
    const profit = profitAt(0.8);
    const weightAt = (fixedCost: number): number =>
      at(buildNetwork(2, [edge(pool, { fixedCost })]), EDGE_RELAXED, 0.8).weight[0]!;
    expect(weightAt(profit)).toBeCloseTo(0.5, 9);
    expect(weightAt(profit / 1.0101)).toBe(1);
    expect(weightAt(profit / 0.9899)).toBe(0);
  });

  it('is never below what the edge earns, and above it by an eighth of its width at most', () => {
    fc.assert(
      fc.property(price, fc.double({ min: 0.97, max: 1.03, noNaN: true }), (drawn, share) => {
        const fixedCost = profitAt(drawn) * share;
        const w = at(buildNetwork(2, [edge(pool, { fixedCost })]), EDGE_RELAXED, drawn);
        const tiny = fixedCost * 1e-12;
        expect(w.bound).toBeCloseTo(Math.max(0, fixedCost / share - fixedCost), 9);
        expect(w.value).toBeGreaterThanOrEqual(w.bound - tiny);
        expect(w.value).toBeLessThanOrEqual(w.bound + (fixedCost * w.switchWidth) / 8 + tiny);
      }),
    );
  });
});

describe('the smoothing of ticks', () => {
  const liquidities = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1000, max: 9000 })), {
    minLength: 2,
    maxLength: 6,
  });

  it('crosses a thin segment together with the deep one behind it, or not at all', () => {
    // The thin segment never pays for its tick, the deep one for both as soon as it is worth more than two.
    const curve = segmented([1000, 1, 50_000]);
    const soldTo = Math.exp(-0.0001 * SPACING * 2.5);
    const free = at(buildNetwork(2, [edge(curve, {})]), EDGE_ON, soldTo);
    const shallow = at(buildNetwork(2, [edge(segmented([1000]), {})]), EDGE_ON, soldTo);
    const beyond = free.bound - shallow.bound;
    const crossing = (tickCost: number): DualWorkspace =>
      at(buildNetwork(2, [edge(curve, { tickCost })]), EDGE_ON, soldTo);
    const paid = crossing(beyond / 2.1);
    expect([paid.crossed[0], paid.tickDoubt[0]]).toEqual([2, 0]);
    expect(paid.value).toBeCloseTo(paid.bound, 12);
    const unpaid = crossing(beyond / 1.9);
    expect([unpaid.crossed[0], unpaid.tickDoubt[0]]).toEqual([0, 0]);
    expect(unpaid.flowIn[0]).toBeCloseTo(shallow.flowIn[0]!, 9);
    expect(unpaid.value).toBeCloseTo(shallow.bound, 12);
  });

  it('is never below the most that any depth earns, and above it by less than its width a segment', () => {
    fc.assert(
      fc.property(
        liquidities,
        fc.double({ min: 0.2, max: 8, noNaN: true }),
        fc.double({ min: 1e-6, max: 0.2, noNaN: true }),
        (drawn, reach, tickCost) => {
          const soldTo = Math.exp(-0.0001 * SPACING * reach);
          const network = buildNetwork(2, [edge(segmented(drawn), { tickCost })]);
          const w = at(network, EDGE_ON, soldTo);
          const earned = drawn.map((_, depth) => at(network, EDGE_ON, soldTo, depth).bound);
          const tiny = 1e-12 * (1 + w.bound);
          expect(Math.abs(w.bound - Math.max(0, ...earned))).toBeLessThanOrEqual(tiny);
          expect(w.value).toBeGreaterThanOrEqual(w.bound - tiny);
          // Half a width where a segment is in doubt and does not pay, and its share of the smoothing.
          expect(w.value).toBeLessThanOrEqual(w.bound + (5 / 8) * drawn.length * tickCost * w.switchWidth + tiny);
        },
      ),
    );
  });

  it('has flows that are its slope', () => {
    fc.assert(
      fc.property(
        liquidities,
        fc.double({ min: 0.2, max: 8, noNaN: true }),
        fc.double({ min: 1e-3, max: 0.2, noNaN: true }),
        (drawn, reach, tickCost) => {
          const network = buildNetwork(2, [edge(segmented(drawn), { tickCost })]);
          const soldTo = Math.exp(-0.0001 * SPACING * reach);
          const step = 1e-7;
          const [before, here, after] = [soldTo - step, soldTo, soldTo + step].map((p) => at(network, EDGE_ON, p));
          const [low, high] = [after!.flowIn[0]!, before!.flowIn[0]!];
          const slope = (before!.value - after!.value) / (2 * step);
          // Convex: the slope between two prices lies between those at both.
          const tiny = 1e-5 * (1 + here!.flowIn[0]!);
          expect(slope).toBeGreaterThanOrEqual(low - tiny);
          expect(slope).toBeLessThanOrEqual(high + tiny);
        },
      ),
    );
  });
});
