import fc from 'fast-check';
import type { Curve } from '../model/curve.js';
import { type BoundProof, type CertificateProblem, dualBound, prepareCertificate, provenBound } from './certificate.js';
import { prepareProofSearch } from './certificate-search.js';
import { type CompiledModel, compileModel } from './model.js';
import { edgeOutput, type EdgeSpec } from './network.js';
import { parseProblem, type RouteProblem } from './problem.js';
import { certificateProblem } from './solve-model.js';
import { solveRoute } from './solve-route.js';

const atoms = (units: number): bigint => BigInt(Math.round(units * 1e6)) * 10n ** 12n;

function pool(
  from: number,
  to: number,
  x: number,
  y: number,
  tokenInIndex: 0 | 1 = 0,
  fixedCost: number = 0,
): EdgeSpec {
  const curve: Curve = { kind: 'constant-product', reserves: [atoms(x), atoms(y)], feePpm: 3000 };
  const source = { kind: 'pool', poolIndex: 0, curve, tokenInIndex, decimals: [18, 18] } as const;
  return { from, to, source, fixedCost, tickCost: 0, unitCost: 0 };
}

/** What 50 units pay in the pool of 1,000 to 1,000. */
const DIRECT = (1000 * 50 * 0.997) / (1000 + 50 * 0.997);

describe('routes that a bound leaves out', () => {
  const ends = { source: 0, sink: 1 };
  const supply = [50, 0, 0];
  const fair: EdgeSpec[] = [pool(0, 1, 1000, 1000), pool(1, 0, 1000, 1000, 1)];

  it('does not come back to the source nor leave the sink', () => {
    // A second pool in which token 0 is worth twice as much: together they earn without end.
    const problem = { edges: [...fair, pool(1, 0, 1000, 2000)], supply, numeraire: 1, maxHops: Infinity };
    const prices = Array.from({ length: 200 }, (_, i) => [0.5 + i / 200, 1, 1]);
    const least = (p: CertificateProblem): number => Math.min(...prices.map((each) => dualBound(p, each)));
    expect(least(problem)).toBeGreaterThan(DIRECT + 30);
    const bound = least({ ...problem, ends });
    expect(bound).toBeGreaterThanOrEqual(DIRECT);
    expect(bound).toBeLessThan(DIRECT * 1.001);
  });

  it('does not run round a circle elsewhere, when every step of it is left out in turn', () => {
    // 0 → 2 → 1, with two pools between 2 and a further token 3 that contradict each other.
    const edges = [pool(0, 2, 1000, 1000), pool(2, 1, 1000, 1000), pool(2, 3, 1000, 2000), pool(3, 2, 1000, 1000)];
    const problem = { edges, supply: [50, 0, 0, 0], numeraire: 1, maxHops: Infinity, ends };
    const through = ((y) => (1000 * y * 0.997) / (1000 + y * 0.997))(DIRECT);
    const [a, b] = [1000 / (1000 + 50 * 0.997), 1000 / (1000 + DIRECT * 0.997)];
    // The marginal prices of the route itself; token 3 dear where nothing sells it, cheap where nothing brings it.
    const at = (price3: number): BoundProof => ({
      kind: 'leaf',
      prices: [0.997 * 0.997 * a * a * b * b, 1, 0.997 * b * b, price3],
      hopPrice: 0,
    });
    const proof: BoundProof = { kind: 'circle', nodes: [2, 3], cases: [at(10), at(0.1)] };
    const bound = provenBound(problem, proof);
    expect(bound).toBeGreaterThanOrEqual(through);
    expect(bound).toBeLessThan(through * (1 + 1e-9));
    expect(provenBound(problem, at(1))).toBeGreaterThan(through + 10);
    expect(provenBound(problem, { ...proof, cases: [at(10)] })).toBe(Infinity);
  });

  it('has no edge that only a longer way than allowed can use', () => {
    // Over token 2 there is far more to earn, in two hops.
    const edges = [...fair, pool(0, 2, 1000, 3000), pool(2, 1, 1000, 3000)];
    const prices = [DIRECT / 50, 1, 1];
    const problem = { edges, supply, numeraire: 1, ends };
    expect(dualBound({ ...problem, maxHops: 2 }, prices)).toBeGreaterThan(2 * DIRECT);
    const bound = dualBound({ ...problem, maxHops: 1 }, prices);
    expect(bound).toBeGreaterThanOrEqual(DIRECT);
    expect(bound).toBeLessThan(DIRECT * 1.02);
  });
});

describe('prepareCertificate', () => {
  it('bounds other supplies by what it has computed for one', () => {
    const edges = [
      pool(0, 1, 1000, 1000),
      pool(0, 1, 2000, 1900, 0, 0.5),
      pool(0, 2, 1000, 1000),
      pool(2, 1, 500, 500),
    ];
    const problem = { edges, numeraire: 1, maxHops: 3, ends: { source: 0, sink: 1 } };
    const leaf = (price: number): BoundProof => ({ kind: 'leaf', prices: [price, 1, 0.97], hopPrice: 0.01 });
    const branch: BoundProof = { kind: 'branch', edge: 1, used: leaf(0.93), unused: leaf(0.9) };
    const proof: BoundProof = { kind: 'fixed', prices: [0.94, 1, 0.97], hopPrice: 0, edges: [2, 3], rest: branch };
    const certificate = prepareCertificate(problem);
    certificate.prove(proof, [50, 0, 0]);
    for (const amount of [1, 30, 50, 400]) {
      const bound = certificate.prove(proof, [amount, 0, 0]);
      expect(bound).toBe(provenBound({ ...problem, supply: [amount, 0, 0] }, proof));
      // No case is above what its prices alone prove, and some case is as high as one of them.
      const alone = [0.93, 0.9, 0.94].map((price) =>
        dualBound({ ...problem, supply: [amount, 0, 0] }, [price, 1, 0.97]),
      );
      expect(bound).toBeLessThanOrEqual(Math.max(...alone) * (1 + 1e-9));
      expect(bound).toBeGreaterThanOrEqual((1000 * amount * 0.997) / (1000 + amount * 0.997));
    }
  });
});

const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
interface Drawn {
  readonly pools: readonly { readonly a: number; readonly b: number; readonly depth: number; readonly off: number }[];
  readonly amount: number;
  readonly gwei: number;
  readonly maxHops: number | undefined;
}

/** Token 0 into token 1, over pools whose prices need not agree. */
function problemOf({ amount, gwei, maxHops, pools }: Drawn): RouteProblem {
  return {
    tokens: [0, 1, 2, 3].map((n) => ({ chainId: 1, address: address(n + 1), symbol: `T${n}`, decimals: 18 })),
    pools: [{ a: 0, b: 1, depth: 500, off: 1 }, ...pools].map(({ a, b, depth, off }, i) => ({
      id: `p${i}`,
      chainId: 1,
      kind: 'constant-product',
      tokens: [address(a + 1), address(b + 1)],
      feePpm: 3000,
      reserves: [atoms(depth).toString(), atoms(depth * off).toString()],
      gas: 100_000,
    })),
    demand: { chainId: 1, tokenIn: address(1), tokenOut: address(2), amountIn: atoms(amount).toString() },
    gasPrices: { 1: (BigInt(gwei) * 10n ** 9n).toString() },
    nativePriceInTokenOut: { 1: '1000' },
    ...(maxHops === undefined ? {} : { maxHops }),
  };
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  pools: fc.array(
    fc
      .record({
        a: fc.integer({ min: 0, max: 3 }),
        b: fc.integer({ min: 0, max: 3 }),
        depth: fc.integer({ min: 50, max: 5000 }),
        off: fc.double({ min: 0.7, max: 1.4, noNaN: true }),
      })
      .filter(({ a, b }) => a !== b),
    { minLength: 3, maxLength: 8 },
  ),
  amount: fc.integer({ min: 1, max: 500 }),
  gwei: fc.constantFrom(0, 2, 20),
  maxHops: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
});

function compiled(problem: RouteProblem): CompiledModel {
  return compileModel(parseProblem(problem));
}

/** The best single path without a circle, from the edges alone. */
function bestPath({ amount, model, network, sink, source, specs }: CompiledModel): number {
  let best = -Infinity;
  const walk = (node: number, held: number, cost: number, visited: readonly number[]): void => {
    if (node === sink) best = Math.max(best, held - cost);
    if (node === sink || visited.length > model.maxHops) return;
    specs.forEach(({ fixedCost, from, source: kind, to }, e) => {
      if (from !== node || visited.includes(to) || kind.kind === 'linear') return;
      walk(to, edgeOutput(network, e, held), cost + fixedCost, [...visited, to]);
    });
  };
  walk(source, amount, 0, [source]);
  return best;
}

describe('prepareProofSearch', () => {
  it('proves a bound that no path exceeds, and a better one than it was given', () => {
    fc.assert(
      fc.property(drawn, (each) => {
        const layout = compiled(problemOf(each));
        const { amount, network, source } = layout;
        const supply = new Float64Array(network.nodeCount);
        supply[source] = amount;
        const first: BoundProof = { kind: 'leaf', prices: new Float64Array(network.nodeCount).fill(1), hopPrice: 0 };
        const problem = { ...certificateProblem(layout), supply };
        const best = bestPath(layout);
        const bounds = [0, 1, 60].map((budget) => {
          const { proof } = prepareProofSearch(layout).tighten(first, {
            amount,
            value: best,
            tolerance: 0,
            budget,
            worthOf: () => best,
          });
          return provenBound(problem, proof);
        });
        for (const bound of bounds) expect(bound).toBeGreaterThanOrEqual(best - 1e-9 * Math.abs(best));
        expect(bounds[1]).toBeLessThanOrEqual(bounds[0]!);
        expect(bounds[2]).toBeLessThanOrEqual(bounds[1]! * (1 + 1e-9));
      }),
      { numRuns: 150, seed: 8 },
    );
  });

  it('closes the gap that circles and few hops leave, and finds the route that the search has missed', () => {
    let closed = 0;
    let wide = 0;
    fc.assert(
      fc.property(drawn, (each) => {
        const problem = problemOf(each);
        const before = solveRoute(problem, { proofBudget: 0 });
        const after = solveRoute(problem);
        const worth = ({ amountOut, costsByKind }: typeof after): number =>
          Number(amountOut) / 1e18 - Number(costsByKind.gas);
        expect(worth(after)).toBeGreaterThanOrEqual(worth(before) - 1e-9);
        expect(after.optimalityGapBps).toBeLessThanOrEqual(before.optimalityGapBps + 1e-9);
        // Every hop starts where those before it have arrived: in no order could a circle do so.
        const leading = after.hops.map(({ tokenIn, tokenOut }) => [tokenIn, tokenOut] as const);
        expect(leading.some(([, to], i) => leading.slice(0, i + 1).some(([from]) => from === to))).toBe(false);
        if (before.optimalityGapBps > 1) wide++;
        if (before.optimalityGapBps > 1 && after.optimalityGapBps < 0.1) closed++;
      }),
      { numRuns: 100, seed: 9 },
    );
    expect(wide).toBeGreaterThan(20);
    expect(closed).toBeGreaterThan(0.9 * wide);
  });
});
