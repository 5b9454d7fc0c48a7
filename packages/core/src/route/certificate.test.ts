import fc from 'fast-check';
import type { Curve } from '../model/curve.js';
import { sqrtRatioAtTick, tickAtSqrtRatio } from '../model/curves/tick-math.js';
import { dualBound, edgeProfit, provenBound } from './certificate.js';
import { evaluate } from './dual/evaluate.js';
import { solveDual } from './dual/newton.js';
import { createWorkspace, EDGE_ON, residualValue, setLive } from './dual/workspace.js';
import { initialPrices } from './initial-prices.js';
import { buildNetwork, edgeInput, edgeOutput, type EdgeSpec, spotRate } from './network.js';

const DECIMALS = [18, 18] as const;

const constantProduct = fc.record({
  depth: fc.double({ min: 10, max: 1e6, noNaN: true }),
  price: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
  feePpm: fc.constantFrom(0, 100, 3000, 10_000),
});

function constantProductCurve({ depth, feePpm, price }: { depth: number; price: number; feePpm: number }): Curve {
  const atoms = (units: number): bigint => BigInt(Math.round(units * 1e6)) * 10n ** 12n;
  return { kind: 'constant-product', reserves: [atoms(depth), atoms(depth * price)], feePpm };
}

const concentrated = fc.record({
  tick: fc.integer({ min: -800, max: 800 }),
  liquidity: fc.integer({ min: 1, max: 1_000_000 }),
  feePpm: fc.constantFrom(100, 500, 3000),
  within: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

function concentratedCurve(c: { tick: number; liquidity: number; feePpm: number; within: number }): Curve {
  const low = sqrtRatioAtTick(c.tick);
  const width = sqrtRatioAtTick(c.tick + 1) - low;
  const sqrtPriceX96 = low + (width * BigInt(Math.floor(c.within * 1e9))) / 1_000_000_000n;
  const unit = BigInt(c.liquidity) * 10n ** 18n;
  // Piles of liquidity at 60-tick steps, all of it in range around the price.
  const ticks = [-1920, -960, -60, 60, 960, 1920].map((index) => ({ index, liquidityNet: index < 0 ? unit : -unit }));
  const liquidity = ticks.reduce((sum, { index, liquidityNet }) => (index <= c.tick ? sum + liquidityNet : sum), 0n);
  return {
    kind: 'concentrated',
    sqrtPriceX96,
    tick: tickAtSqrtRatio(sqrtPriceX96),
    liquidity,
    tickSpacing: 60,
    feePpm: c.feePpm,
    ticks,
    tickRange: { low: -1980, high: 1980 },
  };
}

const anyCurve: fc.Arbitrary<Curve> = fc.oneof(
  constantProduct.map(constantProductCurve),
  concentrated.map(concentratedCurve),
  fc.integer({ min: 1, max: 2000 }).map((a): Curve => ({
    kind: 'stable-swap',
    balances: [10n ** 23n, 9n * 10n ** 22n],
    rates: [10n ** 18n, 10n ** 18n],
    amplification: BigInt(a) * 100n,
    feePpm: 400,
  })),
  fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 }).map((sizes): Curve => ({
    kind: 'levels',
    tokenInIndex: 0,
    levels: sizes.map((size, i) => ({
      amountIn: BigInt(size) * 10n ** 18n,
      amountOut: (BigInt(size) * 10n ** 18n * BigInt(1000 - i)) / 1000n,
    })),
  })),
);

function spec(from: number, to: number, curve: Curve, tokenInIndex: 0 | 1, fixedCost: number = 0): EdgeSpec {
  const source = { kind: 'pool', poolIndex: 0, curve, tokenInIndex, decimals: DECIMALS } as const;
  return { from, to, source, fixedCost, tickCost: 0, unitCost: 0 };
}

describe('segments', () => {
  it('gives back the input of any output it can pay', () => {
    fc.assert(
      fc.property(anyCurve, fc.double({ min: 1e-3, max: 5e3, noNaN: true }), (curve, amount) => {
        const network = buildNetwork(2, [spec(0, 1, curve, 0)]);
        const out = edgeOutput(network, 0, amount);
        const input = edgeInput(network, 0, out * (1 - 1e-12));
        // A straight piece is bent by a relative 10⁻⁷ of its price, over its whole room.
        expect(input).toBeLessThanOrEqual(amount * (1 + 1e-9) + 1e-6);
        expect(edgeOutput(network, 0, input)).toBeCloseTo(out, 5);
        expect(out).toBeLessThanOrEqual(amount * spotRate(network, 0) * (1 + 2e-7) + 1e-6);
      }),
      { numRuns: 150 },
    );
  });
});

describe('edgeProfit', () => {
  it('is never below what any trade earns, and is reached', () => {
    fc.assert(
      fc.property(anyCurve, fc.double({ min: 0.8, max: 1.2, noNaN: true }), (curve, priceOut) => {
        const edge = spec(0, 1, curve, 0);
        const network = buildNetwork(2, [edge]);
        const profit = edgeProfit(edge, 1, priceOut);
        let best = 0;
        for (let k = -40; k <= 60; k++) {
          const amount = 10 ** (k / 10);
          const earned = edgeOutput(network, 0, amount) * priceOut - amount;
          expect(earned).toBeLessThanOrEqual(profit + 1e-6 * Math.max(1, amount));
          best = Math.max(best, earned);
        }
        const w = createWorkspace(network, 0);
        w.q[1] = Math.sqrt(priceOut);
        evaluate(w);
        expect(Math.abs(w.profit[0]! - profit)).toBeLessThanOrEqual(1e-5 * Math.max(1, w.flowIn[0]!));
        expect(best).toBeLessThanOrEqual(profit + 1e-3);
      }),
      { numRuns: 150 },
    );
  });
});

describe('dual', () => {
  it('meets its certificate on random networks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyCurve, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), {
          minLength: 3,
          maxLength: 14,
        }),
        fc.double({ min: 0.1, max: 2000, noNaN: true }),
        (pools, amount) => {
          const edges = pools
            .filter(([, a, b]) => a !== b)
            .flatMap(([curve, a, b]) => [spec(a, b, curve, 0), spec(b, a, curve, 1)]);
          // No dead ends, which have no price of their own.
          const deep = constantProductCurve({ depth: 100, price: 1, feePpm: 10_000 });
          for (const n of [0, 1, 2]) edges.push(spec(n, n + 1, deep, 0), spec(n + 1, n, deep, 1));
          // A way out at a bad price, so that the demand can always be placed.
          edges.push({
            from: 0,
            to: 3,
            source: { kind: 'linear', price: 0.5, capacity: 2 * amount, role: { kind: 'slack' } },
            fixedCost: 0,
            tickCost: 0,
            unitCost: 0,
          });
          const network = buildNetwork(4, edges);
          const w = createWorkspace(network, 3);
          w.supply[0] = amount;
          const price = new Float64Array(4);
          initialPrices(network, 3, false, price, 1e-3);
          w.q.set(price.map(Math.sqrt));
          solveDual(w);
          const residual = residualValue(w);
          const supply = [amount, 0, 0, 0];
          const prices = w.q.map((q) => q * q);
          const bound = dualBound({ edges, supply, numeraire: 3, maxHops: Infinity }, prices);
          // Flows of the solution, cut by what they leave over, are a primal value below every bound.
          let primal = 0;
          for (let e = 0; e < edges.length; e++) {
            if (edges[e]!.to === 3) primal += w.flowOut[e]!;
            if (edges[e]!.from === 3) primal -= w.flowIn[e]!;
          }
          const size = w.flowOut.reduce((total, flow) => total + flow, amount);
          expect(residual).toBeLessThan(1e-3 * size);
          expect(primal - residual).toBeLessThanOrEqual(bound + 1e-6 * size);
          expect(bound - primal).toBeLessThanOrEqual(residual + 1e-5 * size);
        },
      ),
      { numRuns: 80, seed: 5 },
    );
  });
});

describe('provenBound', () => {
  const pools = [0.99, 1, 1.01, 1.02].map((price) => constantProductCurve({ depth: 1000, price, feePpm: 3000 }));
  const edges = pools.map((curve, i) => spec(0, 1, curve, 0, 0.1 * i));
  const problem = { edges, supply: [50, 0], numeraire: 1, maxHops: Infinity };

  it('bounds every support, whatever the prices', () => {
    const network = buildNetwork(2, edges);
    let best = -Infinity;
    for (let mask = 1; mask < 16; mask++) {
      const w = createWorkspace(network, 1);
      w.supply[0] = 50;
      const on = [...edges.keys()].filter((e) => (mask >> e) & 1);
      setLive(w, on, EDGE_ON);
      solveDual(w);
      best = Math.max(best, w.value - on.reduce((sum, e) => sum + edges[e]!.fixedCost, 0));
    }
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (price, hop) => {
          const leaf = { kind: 'leaf', prices: [price, 1], hopPrice: 0 } as const;
          expect(provenBound(problem, leaf)).toBeGreaterThanOrEqual(best - 1e-9);
          const fixed = { kind: 'fixed', prices: [price, 1], hopPrice: 0, edges: [0, 2], rest: leaf } as const;
          expect(provenBound(problem, fixed)).toBeGreaterThanOrEqual(best - 1e-9);
          const branch = { kind: 'branch', edge: 1, used: leaf, unused: leaf } as const;
          expect(provenBound(problem, branch)).toBeGreaterThanOrEqual(best - 1e-9);
          const scarce = { ...leaf, hopPrice: hop };
          expect(provenBound({ ...problem, maxHops: 4 }, scarce)).toBeGreaterThanOrEqual(best - 1e-9);
        },
      ),
    );
  });

  it('proves nothing with prices that are not usable', () => {
    for (const prices of [
      [0, 1],
      [Number.NaN, 1],
      [-1, 1],
      [1, 2],
    ]) {
      expect(provenBound(problem, { kind: 'leaf', prices, hopPrice: 0 })).toBe(Infinity);
    }
    expect(provenBound(problem, { kind: 'leaf', prices: [1, 1], hopPrice: Number.NaN })).toBe(Infinity);
  });
});
