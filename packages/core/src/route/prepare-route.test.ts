import fc from 'fast-check';
import { swapExactIn } from '../model/curves/swap.js';
import { sqrtRatioAtTick } from '../model/curves/tick-math.js';
import type { ExactRoute } from './exact-route.js';
import { prepareRoute } from './prepare-route.js';
import type { RouteProblem, RouteProblemPool } from './problem.js';
import { parseProblem } from './problem.js';
import { routeSolution, solveRoute } from './solve-route.js';

const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const TOKENS = [0, 1, 2, 3].map((n) => ({ chainId: 1, address: address(n + 1), symbol: `T${n}`, decimals: 18 }));
const E12 = 10n ** 12n;
const atoms = (units: number): bigint => BigInt(Math.round(units * 1e6)) * E12;

const ends = fc.constantFrom([0, 1], [0, 2], [2, 1], [0, 3], [3, 1], [2, 3]);
const anyPool = fc.record({
  ends,
  concentrated: fc.boolean(),
  depth: fc.integer({ min: 500, max: 200_000 }),
  // Within half the fee, so that no circle pays.
  off: fc.double({ min: -0.45, max: 0.45, noNaN: true }),
  feePpm: fc.constantFrom(500, 3000),
  widths: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
});
type Item = typeof anyPool extends fc.Arbitrary<infer T> ? T : never;

function toPool({ concentrated, depth, ends: [a, b], feePpm, off, widths }: Item, i: number): RouteProblemPool {
  const base = { id: `p${i}`, chainId: 1, tokens: [TOKENS[a]!.address, TOKENS[b]!.address] as const, feePpm };
  const shift = (off * feePpm) / 1e6;
  if (!concentrated) {
    const reserves = [String(atoms(depth)), String(atoms(depth * (1 + shift)))] as const;
    return { ...base, kind: 'constant-product', reserves, gas: 100_000 };
  }
  const tick = Math.floor(Math.log(1 + shift) / Math.log(1.0001));
  const unit = atoms(depth);
  const ticks = widths
    .map((width, k) => ({ low: -60 * width * (k + 1), high: 60 * width * (k + 1) }))
    .reduce((net, { high, low }) => {
      net.set(low, (net.get(low) ?? 0n) + unit);
      return net.set(high, (net.get(high) ?? 0n) - unit);
    }, new Map<number, bigint>());
  return {
    ...base,
    kind: 'concentrated',
    liquidity: String(unit * BigInt(widths.length)),
    sqrtPriceX96: String(sqrtRatioAtTick(tick)),
    tick,
    tickSpacing: 60,
    ticks: [...ticks].sort(([x], [y]) => x - y).map(([index, net]) => ({ index, liquidityNet: String(net) })),
    gas: 110_000,
    gasPerTick: 20_000,
  };
}

function problem(items: readonly Item[], units: number, gwei: number, maxHops?: number): RouteProblem {
  const direct: Item = { ends: [0, 1], concentrated: false, depth: 50_000, off: 0, feePpm: 3000, widths: [1] };
  return {
    tokens: TOKENS,
    pools: [direct, ...items].map(toPool),
    demand: {
      chainId: 1,
      tokenIn: TOKENS[0]!.address,
      tokenOut: TOKENS[1]!.address,
      amountIn: String(atoms(units)),
    },
    gasPrices: { 1: String(BigInt(gwei) * 10n ** 9n) },
    nativePriceInTokenOut: { 1: '200' },
    ...(maxHops === undefined ? {} : { maxHops }),
  };
}

const netOf = (route: ExactRoute, gwei: number): number =>
  Number(route.amountOut) / 1e18 - Number(route.gas) * gwei * 1e-9 * 200;

/** Executes hop by hop on the pools' own curves: amounts to the atom, nothing spent that is not there. */
function judge(asked: RouteProblem, route: ExactRoute): void {
  const curves = new Map(parseProblem(asked).pools.map((pool) => [pool.id, pool.curve]));
  const held = new Map([[TOKENS[0]!.address, route.amountIn]]);
  for (const hop of route.hops) {
    if (hop.kind !== 'pool') throw new Error('pools only');
    const { amountIn, amountOut, pool, tokenInIndex } = hop;
    const result = swapExactIn(curves.get(pool.id)!, tokenInIndex, amountIn);
    curves.set(pool.id, result.after);
    expect([result.amountInUsed, result.amountOut]).toEqual([amountIn, amountOut]);
    const [from, to] = [pool.tokens[tokenInIndex].address, pool.tokens[(1 - tokenInIndex) as 0 | 1].address];
    expect(held.get(from) ?? 0n).toBeGreaterThanOrEqual(amountIn);
    held.set(from, held.get(from)! - amountIn);
    held.set(to, (held.get(to) ?? 0n) + amountOut);
  }
  expect(held.get(TOKENS[1]!.address) ?? 0n).toBe(route.amountOut);
}

const market = fc.record({
  items: fc.array(anyPool, { minLength: 1, maxLength: 7 }),
  units: fc.integer({ min: 1, max: 20_000 }),
  gwei: fc.constantFrom(0, 1, 20, 100),
  maxHops: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
});

describe('prepareRoute', () => {
  it('closes its gap, executes to the atom and keeps to few hops, over all kinds of small markets', () => {
    fc.assert(
      fc.property(market, ({ gwei, items, maxHops, units }) => {
        const asked = problem(items, units, gwei, maxHops);
        const route = prepareRoute(asked).solve();
        judge(asked, route);
        expect(route.amountIn + route.remainder).toBe(atoms(units));
        expect(route.hops.length).toBeLessThanOrEqual(maxHops ?? Infinity);
        if (maxHops === undefined) expect(route.optimalityGapBps).toBeLessThan(0.1);
      }),
      { numRuns: 250, seed: 1, endOnFailure: true },
    );
  });

  it('is as good warm as cold, at any amount in any order', () => {
    fc.assert(
      fc.property(
        market,
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 }),
        ({ gwei, items, units }, others) => {
          const asked = problem(items, units, gwei);
          const prepared = prepareRoute(asked);
          prepared.solve();
          for (const other of others) {
            const warm = prepared.solve(atoms(other));
            judge(asked, warm);
            const cold = prepareRoute(problem(items, other, gwei)).solve();
            const value = netOf(cold, gwei);
            expect(netOf(warm, gwei)).toBeGreaterThanOrEqual(value - Math.abs(value) * 5e-6);
          }
        },
      ),
      { numRuns: 60, seed: 2, endOnFailure: true },
    );
  });

  it('never gains from dearer gas', () => {
    fc.assert(
      fc.property(market, ({ items, units }) => {
        const values = [0, 5, 50].map((gwei) => netOf(prepareRoute(problem(items, units, gwei)).solve(), gwei));
        for (let i = 1; i < values.length; i++) {
          expect(values[i]!).toBeLessThanOrEqual(values[i - 1]! + Math.abs(values[i - 1]!) * 2e-6);
        }
      }),
      { numRuns: 60, seed: 3, endOnFailure: true },
    );
  });

  it('routes without circles where prices contradict each other, and says which pools do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyPool, fc.double({ min: 0.5, max: 2, noNaN: true })), { minLength: 3, maxLength: 8 }),
        fc.integer({ min: 1, max: 5000 }),
        (items, units) => {
          const asked = problem([], units, 0);
          const pools = items.map(([item, factor], i) => {
            const reserves = [String(atoms(item.depth)), String(atoms(item.depth * factor))] as const;
            const pool = toPool({ ...item, concentrated: false }, i + 1);
            return { ...pool, reserves } as RouteProblemPool;
          });
          const wild = { ...asked, pools: [...asked.pools, ...pools] };
          const route = prepareRoute(wild).solve();
          judge(wild, route);
          expect(route.amountIn).toBe(atoms(units));
          // Never less than all of it through the pool that trades the pair directly.
          const { amountOut } = swapExactIn(parseProblem(asked).pools[0]!.curve, 0, atoms(units));
          expect(route.amountOut * 1_000_000n).toBeGreaterThanOrEqual(amountOut * 999_999n);
        },
      ),
      { numRuns: 80, seed: 4, endOnFailure: true },
    );
  });

  it('is what solveRoute says, in plain JSON', () => {
    const item: Item = { ends: [0, 1], concentrated: true, depth: 9000, off: 0.2, feePpm: 500, widths: [3, 5] };
    const asked = problem([item], 500, 20);
    expect(routeSolution(prepareRoute(asked).solve())).toEqual(solveRoute(asked));
    expect(() => prepareRoute(asked).solve(0n)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
