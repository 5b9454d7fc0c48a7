import fc from 'fast-check';
import { swapExactIn } from '../model/curves/swap.js';
import { findInconsistencies } from './consistency.js';
import type { RouteProblem, RouteProblemPool } from './problem.js';
import { parseProblem } from './problem.js';
import { type RouteSolution, solveRoute } from './solve-route.js';

const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const TOKENS = [0, 1, 2, 3].map((n) => ({
  chainId: 1,
  address: address(n + 1),
  symbol: `T${n}`,
  decimals: n === 0 ? 6 : 18,
}));
const UNITS = TOKENS.map(({ decimals }) => 10n ** BigInt(decimals));

function pair(id: string, a: number, b: number, x: number, y: number, feePpm: number, gas = 100_000): RouteProblemPool {
  const atoms = (units: number, n: number): string =>
    ((BigInt(Math.round(units * 1e6)) * UNITS[n]!) / 1_000_000n).toString();
  const tokens = [TOKENS[a]!.address, TOKENS[b]!.address] as const;
  return { id, chainId: 1, kind: 'constant-product', tokens, feePpm, gas, reserves: [atoms(x, a), atoms(y, b)] };
}

function problem(pools: readonly RouteProblemPool[], units: number, fields: Partial<RouteProblem> = {}): RouteProblem {
  const amountIn = (BigInt(Math.round(units * 1e6)) * UNITS[0]!) / 1_000_000n;
  return {
    tokens: TOKENS,
    pools,
    demand: { chainId: 1, tokenIn: TOKENS[0]!.address, tokenOut: TOKENS[1]!.address, amountIn: amountIn.toString() },
    ...fields,
  };
}

/** Re-executes a solution pool by pool, state and all, and returns what is held at the end. */
function judge(asked: RouteProblem, solution: RouteSolution): Map<string, bigint> {
  const { pools } = parseProblem(asked);
  const curves = new Map(pools.map((pool) => [pool.id, pool.curve]));
  const held = new Map<string, bigint>([[TOKENS[0]!.address, BigInt(solution.amountIn)]]);
  for (const hop of solution.hops) {
    const pool = pools.find(({ id }) => id === hop.poolId)!;
    const index = pool.tokens[0].address === hop.tokenIn ? 0 : 1;
    const result = swapExactIn(curves.get(pool.id)!, index, BigInt(hop.amountIn));
    curves.set(pool.id, result.after);
    const left = (held.get(hop.tokenIn) ?? 0n) - BigInt(hop.amountIn);
    expect(left).toBeGreaterThanOrEqual(0n);
    expect(result.amountOut).toBe(BigInt(hop.amountOut));
    held.set(hop.tokenIn, left);
    held.set(hop.tokenOut, (held.get(hop.tokenOut) ?? 0n) + result.amountOut);
  }
  return held;
}

const anyPool = fc.record({
  ends: fc.constantFrom([0, 1], [0, 2], [2, 1], [0, 3], [3, 1], [2, 3]),
  depth: fc.double({ min: 1e3, max: 1e6, noNaN: true }),
  off: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  feePpm: fc.constantFrom(100, 500, 3000),
});

function toPools(
  items: readonly { ends: readonly number[]; depth: number; off: number; feePpm: number }[],
): RouteProblemPool[] {
  return items.map(({ depth, ends, feePpm, off }, i) =>
    pair(`p${i}`, ends[0]!, ends[1]!, depth, depth * (1 + (off * feePpm) / 1e6), feePpm),
  );
}

describe('solveRoute', () => {
  it('meets its certificate and the exact judge without gas', () => {
    fc.assert(
      fc.property(
        fc.array(anyPool, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        (items, units) => {
          const asked = problem([pair('direct', 0, 1, 5e4, 5e4, 3000), ...toPools(items)], units);
          const solution = solveRoute(asked);
          const held = judge(asked, solution);
          expect(held.get(TOKENS[1]!.address)!.toString()).toBe(solution.amountOut);
          expect(held.get(TOKENS[0]!.address)).toBe(0n);
          expect(solution.amountIn).toBe((asked.demand as { amountIn: string }).amountIn);
          // 0.05 bp, and an atom of the 6-decimal input.
          expect(solution.optimalityGapBps).toBeLessThan(0.05 + (1e-6 / units) * 1e4);
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  it('matches exhaustive enumeration of supports with gas and few hops', () => {
    fc.assert(
      fc.property(
        fc.array(anyPool, { minLength: 2, maxLength: 5 }),
        fc.double({ min: 5, max: 5e4, noNaN: true }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 6 }),
        (items, units, gwei, maxHops) => {
          const pools = [pair('direct', 0, 1, 5e4, 5e4, 3000), ...toPools(items)];
          const gas = { gasPrices: { 1: (BigInt(gwei) * 10n ** 9n).toString() }, nativePriceInTokenOut: { 1: '2000' } };
          const gasPerHop = gwei * 1e-9 * 100_000 * 2000;
          const net = (s: RouteSolution): number => Number(s.amountOut) / 1e18 - gasPerHop * s.hops.length;
          let best = -Infinity;
          for (let mask = 1; mask < 2 ** pools.length; mask++) {
            const subset = pools.filter((_, i) => (mask >> i) & 1);
            let alone: RouteSolution;
            try {
              alone = solveRoute(problem(subset, units));
            } catch {
              continue;
            }
            if (alone.hops.length <= maxHops) best = Math.max(best, net(alone));
          }
          const solution = solveRoute(problem(pools, units, { ...gas, maxHops }));
          expect(solution.hops.length).toBeLessThanOrEqual(maxHops);
          expect(net(solution)).toBeGreaterThanOrEqual(best - Math.abs(best) * 2e-6);
        },
      ),
      { numRuns: 60, seed: 9 },
    );
  });

  it('serves exact-out, across chains, from inventories', () => {
    const other = { chainId: 2, address: address(9), symbol: 'T0', decimals: 6 };
    const asked: RouteProblem = {
      tokens: [...TOKENS, other],
      pools: [pair('home', 0, 1, 1e6, 1e6, 3000)],
      bridges: [{ id: 'lane', from: other, to: TOKENS[0]!, feePpm: 100, fixedCost: '0.1', maxAmount: '5000000000' }],
      inventories: [
        { chainId: 1, address: TOKENS[0]!.address, amount: '2000000000' },
        { chainId: 2, address: other.address, amount: '9000000000' },
      ],
      demand: {
        tokensIn: [TOKENS[0]!, other].map(({ address: at, chainId }) => ({ chainId, address: at })),
        tokensOut: [{ chainId: 1, address: TOKENS[1]!.address }],
        amountOut: (4000n * 10n ** 18n).toString(),
      },
    };
    const solution = solveRoute(asked);
    expect(solution.hops.map(({ kind }) => kind)).toEqual(['bridge', 'swap']);
    expect(BigInt(solution.amountOut)).toBeGreaterThanOrEqual(4000n * 10n ** 18n);
    expect(BigInt(solution.amountOut)).toBeLessThan(4001n * 10n ** 18n);
    const [sent, swapped] = solution.hops;
    expect(BigInt(swapped!.amountIn)).toBeLessThanOrEqual(2_000_000_000n + BigInt(sent!.amountOut));
    // Everything that is at home is used first.
    expect(BigInt(swapped!.amountIn) - BigInt(sent!.amountOut)).toBeGreaterThan(1_999_900_000n);
  });

  it('fills what a bounded pool can and says what remains', () => {
    const asked = problem(
      [
        {
          id: 'book',
          chainId: 1,
          kind: 'levels',
          tokens: [TOKENS[0]!.address, TOKENS[1]!.address],
          tokenInIndex: 0,
          levels: [
            { amountIn: '1000000', amountOut: '1000000000000000000' },
            { amountIn: '2000000', amountOut: '1900000000000000000' },
          ],
        },
      ],
      10,
    );
    const solution = solveRoute(asked);
    expect(solution.amountIn).toBe('3000000');
    expect(solution.amountOut).toBe('2900000000000000000');
    expect(solution.remainder).toBe('7000000');
  });

  it('counts as spent what hops take, and not what an inventory could have given', () => {
    const asked: RouteProblem = {
      ...problem(
        [
          {
            id: 'desk',
            chainId: 1,
            kind: 'ladder',
            tokens: [TOKENS[0]!.address, TOKENS[1]!.address],
            tokenInIndex: 0,
            points: [
              { amountIn: '30000000000', amountOut: '15000000000000000000' },
              { amountIn: '90000000000', amountOut: '44900000000000000000' },
            ],
          },
        ],
        1,
      ),
      inventories: [{ chainId: 1, address: TOKENS[0]!.address, amount: '100000000000' }],
      demand: { chainId: 1, tokenIn: TOKENS[0]!.address, tokenOut: TOKENS[1]!.address, amountIn: '100000000000' },
    };
    const solution = solveRoute(asked);
    expect(solution.hops.map(({ amountIn }) => amountIn)).toEqual([solution.amountIn]);
    expect(BigInt(solution.amountIn) + BigInt(solution.remainder)).toBe(100_000_000_000n);
    expect(Number(solution.amountIn)).toBeGreaterThan(90e9 * (1 - 1e-8));
  });

  it('leaves tokens out that charge on transfer', () => {
    const charging = TOKENS.map((t, n) => ({ ...t, feeOnTransfer: n === 2 }));
    const pools = [
      pair('direct', 0, 1, 1e3, 1e3, 3000),
      pair('a', 0, 2, 1e6, 1e6, 100),
      pair('b', 2, 1, 1e6, 1e6, 100),
    ];
    const solution = solveRoute(problem(pools, 100, { tokens: charging }));
    expect(solution.hops.map(({ poolId }) => poolId)).toEqual(['direct']);
  });

  it('takes prices as numbers, and an empty list of inventories as none that was given', () => {
    const pools = [pair('a', 0, 1, 1e3, 1e3, 3000)];
    const route = (fields: Partial<RouteProblem>): RouteSolution =>
      solveRoute(problem(pools, 1, fields), { clock: { now: () => 0 } });
    const asText = { gasPrices: { 1: '20000000000' }, nativePriceInTokenOut: { 1: '0.0000001' } };
    const asNumbers = { gasPrices: { 1: 20_000_000_000 }, nativePriceInTokenOut: { 1: 1e-7 }, inventories: [] };
    expect(route(asNumbers)).toEqual(route(asText));
    expect(route(asText).costsByKind.gas).not.toBe(route({}).costsByKind.gas);
  });

  it.each([
    ['gasPrices.1', { gasPrices: { 1: 0.5 } }],
    ['gasPrices.1', { gasPrices: { 1: -1 } }],
    ['nativePriceInTokenOut.1', { nativePriceInTokenOut: { 1: -1 } }],
    ['nativePriceInTokenOut.1', { nativePriceInTokenOut: { 1: Number.NaN } }],
    ['inventories', { inventories: [{ chainId: 1, address: TOKENS[1]!.address, amount: '5' }] }],
    ['inventories', { inventories: [{ chainId: 1, address: TOKENS[0]!.address, amount: '0' }] }],
  ])('names %s where it is no price, or there is nothing to give: %j', (field, fields) => {
    const asked = problem([pair('a', 0, 1, 1e3, 1e3, 3000)], 1, fields);
    expect(() => solveRoute(asked)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
  });

  it('refuses bad input with stable codes', () => {
    const good = pair('a', 0, 1, 1e3, 1e3, 3000);
    const code = (asked: unknown): string => {
      try {
        solveRoute(asked as RouteProblem);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code(null)).toBe('INVALID_INPUT');
    expect(code({})).toBe('INVALID_INPUT');
    expect(code(problem([{ ...good, feePpm: Number.NaN } as RouteProblemPool], 1))).toBe('INVALID_INPUT');
    expect(code(problem([{ ...good, feePpm: 1_000_000 } as RouteProblemPool], 1))).toBe('INVALID_INPUT');
    expect(code(problem([{ ...good, reserves: ['-1', '5'] } as RouteProblemPool], 1))).toBe('INVALID_INPUT');
    expect(code(problem([{ ...good, reserves: ['0', '5'] } as RouteProblemPool], 1))).toBe('ROUTE_POOL_INVALID');
    expect(code(problem([{ ...good, reserves: ['9'.repeat(60), '5'] } as RouteProblemPool], 1))).toBe(
      'ROUTE_POOL_INVALID',
    );
    expect(code(problem([good, good], 1))).toBe('ROUTE_DUPLICATE');
    expect(code(problem([pair('x', 2, 3, 1e3, 1e3, 3000)], 1))).toBe('ROUTE_DISCONNECTED');
    expect(code(problem([good], 0))).toBe('INVALID_INPUT');
    expect(code(problem([good], 1, { gasPrices: { 1: '5' } }))).toBe('INVALID_INPUT');
    expect(code(problem([good], 1, { tokens: TOKENS.slice(1) }))).toBe('INVALID_INPUT');
    expect(code(problem([{ ...good, feePpm: 0.5 } as RouteProblemPool], 1))).toBe('ROUTE_POOL_INVALID');
    const twice = { chainId: 1, address: TOKENS[0]!.address };
    const out = [{ chainId: 1, address: TOKENS[1]!.address }];
    const demand = { tokensIn: [twice, twice], tokensOut: out, amountIn: '1000000' };
    const inventories = [{ ...twice, amount: '500000' }];
    expect(code(problem([good], 1, { demand, inventories }))).toBe('ROUTE_DUPLICATE');
    expect(code(problem([good], 1))).toBe('none');
  });

  it.each([
    ['demand.amountIn', { amountIn: 1000 }],
    ['demand.amountIn', { amountIn: '1e30' }],
    ['demand.amountIn', { amountIn: '1000', amountOut: '1000' }],
    ['demand.tokenOut', { tokenOut: 'WETH', amountIn: '1000' }],
    ['demand.chainId', { chainId: '1', amountIn: '1000' }],
    ['demand.tokensOut', { tokensIn: [{ chainId: 1, address: TOKENS[0]!.address }], amountIn: '1000' }],
  ])('names %s where the demand is not what its form wants: %j', (field, change) => {
    const asked = problem([pair('a', 0, 1, 1e3, 1e3, 3000)], 1);
    const { chainId, tokenIn, tokenOut } = asked.demand as { chainId: number; tokenIn: string; tokenOut: string };
    const base = 'tokensIn' in change ? {} : { chainId, tokenIn, tokenOut };
    const wrong = { ...asked, demand: { ...base, ...change } } as unknown as RouteProblem;
    expect(() => solveRoute(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
  });

  it.each([10, 20, 30, 50, 77])('serves the same of a demand of 10^%i atoms as of any other that is too large', (k) => {
    const pools = [pair('a', 0, 1, 1e3, 1e3, 3000), pair('b', 0, 2, 1e3, 1e3, 3000), pair('c', 2, 1, 1e3, 1e3, 500)];
    const { chainId, tokenIn, tokenOut } = problem(pools, 1).demand as {
      chainId: number;
      tokenIn: string;
      tokenOut: string;
    };
    const held = [{ chainId, address: tokenIn, amount: '900000000' }];
    const huge = 10n ** BigInt(k);
    const sold = solveRoute({
      ...problem(pools, 1, { inventories: held }),
      demand: { chainId, tokenIn, tokenOut, amountIn: huge.toString() },
    });
    expect(sold.amountIn).toBe('900000000');
    expect(BigInt(sold.remainder)).toBe(huge - 900_000_000n);
    expect(Number(sold.amountOut)).toBeGreaterThan(4.5e20);
    const bought = solveRoute({
      ...problem(pools, 1, { inventories: held }),
      demand: { chainId, tokenIn, tokenOut, amountOut: (huge * 10n ** 21n).toString().slice(0, 78) },
    });
    expect(Number(bought.amountIn) / 900_000_000).toBeCloseTo(1, 6);
    expect(Number(bought.amountOut) / Number(sold.amountOut)).toBeCloseTo(1, 5);
  });

  it('times itself by the clock that is given', () => {
    let now = 5;
    const clock = { now: () => (now += 7) };
    expect(solveRoute(problem([pair('a', 0, 1, 1e3, 1e3, 3000)], 1), { clock }).solveMs).toBe(7);
  });
});

describe('findInconsistencies', () => {
  const pools = (items: readonly RouteProblemPool[]): ReturnType<typeof parseProblem>['pools'] =>
    parseProblem(problem(items, 1)).pools;

  it('is silent within fees and reports a circle beyond them', () => {
    expect(findInconsistencies(pools([pair('a', 0, 1, 1e3, 1e3, 3000), pair('b', 0, 1, 1e3, 1.004e3, 3000)]))).toEqual(
      [],
    );
    const found = findInconsistencies(
      pools([pair('a', 0, 1, 1e3, 1e3, 500), pair('b', 1, 2, 1e3, 1e3, 500), pair('c', 2, 0, 1e3, 1.05e3, 500)]),
    );
    expect(found).toHaveLength(1);
    expect([...found[0]!.poolIds].sort()).toEqual(['a', 'b', 'c']);
    expect(found[0]!.gainBps).toBeCloseTo((1.05 * 0.9995 ** 3 - 1) * 1e4, 4);
  });
});
