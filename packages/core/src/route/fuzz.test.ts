import { EvenkeelError } from '@evenkeel/intents';
import fc from 'fast-check';
import type { Curve } from '../model/curve.js';
import { swapExactIn } from '../model/curves/swap.js';
import type { ExactRoute } from './exact-route.js';
import { prepareRoute } from './prepare-route.js';
import { parseProblem, type RouteProblem, type RouteProblemPool } from './problem.js';
import { bridgeOutput } from './replay/legs.js';

const NODE_BUDGET = 25;
/** Single paths, the price of a hop and the first relaxation are tried whatever the budget. */
const BEYOND_BUDGET = 60;
const CODES = ['INVALID_INPUT', 'ROUTE_DISCONNECTED', 'ROUTE_DUPLICATE', 'ROUTE_POOL_INVALID'];

const address = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`;
const DECIMALS = [6, 18, 8, 0];
const TOKENS = [1, 2].flatMap((chainId) =>
  DECIMALS.map((decimals, n) => ({ chainId, address: address(n), symbol: `T${n}`, decimals })),
);

/** From one atom to more than any token has, most of them usual. */
const atoms = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.oneof(fc.integer({ min: 6, max: 22 }), fc.integer({ min: 0, max: 33 })))
  .map(([m, e]) => `${m}${'0'.repeat(e)}`);
const level = fc.record({ amountIn: atoms, amountOut: atoms });
/** Each point of a ladder holds all that those before it hold. */
const cumulative = (points: readonly { amountIn: string; amountOut: string }[]) =>
  points.map((_, i) => {
    const sum = (key: 'amountIn' | 'amountOut'): string =>
      points
        .slice(0, i + 1)
        .reduce((total, point) => total + BigInt(point[key]), 0n)
        .toString();
    return { amountIn: sum('amountIn'), amountOut: sum('amountOut') };
  });
const side = fc.constantFrom(0 as const, 1 as const);
const curve = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('constant-product' as const),
      feePpm: fc.constantFrom(0, 1, 500, 3000, 500_000, 999_999),
      reserves: fc.tuple(atoms, atoms),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('ladder' as const),
      tokenInIndex: side,
      points: fc.array(level, { minLength: 1, maxLength: 3 }).map(cumulative),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('levels' as const),
      tokenInIndex: side,
      levels: fc.array(level, { minLength: 1, maxLength: 3 }),
    }),
    weight: 2,
  },
);
const drawnProblem = fc.record({
  pools: fc.array(
    fc.record({
      a: fc.integer({ min: 0, max: 3 }),
      b: fc.integer({ min: 1, max: 3 }),
      chainId: fc.constantFrom(1, 2),
      shape: curve,
      gas: fc.integer({ min: 0, max: 300_000 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  bridges: fc.array(
    fc.record({
      n: fc.constantFrom(0, 0, 1),
      from: fc.constantFrom(1, 2),
      feePpm: fc.constantFrom(0, 100, 10_000, 999_999),
      minAmount: fc.oneof(fc.constant('0'), atoms),
      maxAmount: atoms,
      timeSeconds: fc.integer({ min: 0, max: 10_000 }),
    }),
    { maxLength: 4 },
  ),
  held: fc.tuple(atoms, fc.oneof(atoms, fc.constant('0'))),
  amount: atoms,
  others: fc.array(fc.double({ min: 0.2, max: 3, noNaN: true }), { maxLength: 2 }),
  exactOut: fc.boolean(),
  maxHops: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  gwei: fc.constantFrom(0, 1, 500),
});
type Drawn = typeof drawnProblem extends fc.Arbitrary<infer T> ? T : never;

/** One pool of the pair, so that hardly any problem is without an answer. */
const DIRECT: Drawn['pools'][number] = {
  a: 0,
  b: 1,
  chainId: 1,
  shape: { kind: 'constant-product', feePpm: 3000, reserves: ['4000000000000', '2000000000000000000000'] },
  gas: 100_000,
};

function toProblem({ amount, bridges, exactOut, gwei, held, maxHops, pools }: Drawn): RouteProblem {
  const at = (chainId: number, n: number): { chainId: number; address: string } => ({ chainId, address: address(n) });
  const gas = { 1: String(gwei * 1e9), 2: String(gwei * 1e9) };
  return {
    tokens: TOKENS,
    pools: [DIRECT, ...pools].map(({ a, b, chainId, gas: units, shape }, i): RouteProblemPool => {
      return { id: `p${i}`, chainId, tokens: [address(a), address((a + b) % 4)], gas: units, ...shape };
    }),
    bridges: bridges.map(({ from, n, ...rest }, i) => ({
      id: `b${i}`,
      from: at(from, n),
      to: at(3 - from, n),
      ...rest,
    })),
    inventories: [1, 2].map((chainId, i) => ({ ...at(chainId, 0), amount: held[i]! })),
    demand: {
      tokensIn: [at(1, 0), at(2, 0)],
      tokensOut: [at(1, 1), at(2, 1)],
      ...(exactOut ? { amountOut: amount } : { amountIn: amount }),
    },
    gasPrices: gas,
    nativePriceInTokenOut: { 1: '2000', 2: '0.001' },
    nativePriceInTokenIn: { 1: '0.5', 2: '3000' },
    timeCostBpsPerHour: '3',
    maxHops,
  };
}

const keyOf = ({ address: token, chainId }: { address: string; chainId: number }): string =>
  `${chainId}:${token.toLowerCase()}`;

/** Every unit is there when it is spent, every pool and bridge pays what its own rule says, every limit holds. */
function judge(asked: RouteProblem, wanted: bigint, route: ExactRoute): void {
  const held = new Map(asked.inventories!.map((item) => [keyOf(item), BigInt(item.amount)]));
  const curves = new Map<string, Curve>(parseProblem(asked).pools.map((pool) => [pool.id, pool.curve]));
  const move = (token: { chainId: number; address: string }, change: bigint): void => {
    const left = (held.get(keyOf(token)) ?? 0n) + change;
    expect(left).toBeGreaterThanOrEqual(0n);
    held.set(keyOf(token), left);
  };
  const bridged = new Set<string>();
  for (const hop of route.hops) {
    expect(hop.amountIn).toBeGreaterThan(0n);
    if (hop.kind === 'bridge') {
      const { bridge } = hop;
      expect(bridged.has(bridge.id)).toBe(false);
      bridged.add(bridge.id);
      expect(hop.amountIn).toBeLessThanOrEqual(bridge.maxAtoms);
      expect(hop.amountIn).toBeGreaterThanOrEqual(bridge.minAtoms);
      expect(bridgeOutput(bridge, hop.amountIn)).toBe(hop.amountOut);
      move(bridge.from, -hop.amountIn);
      move(bridge.to, hop.amountOut);
      continue;
    }
    const { pool, tokenInIndex } = hop;
    const done = swapExactIn(curves.get(pool.id)!, tokenInIndex, hop.amountIn);
    curves.set(pool.id, done.after);
    expect([done.amountInUsed, done.amountOut]).toEqual([hop.amountIn, hop.amountOut]);
    move(pool.tokens[tokenInIndex], -hop.amountIn);
    move(pool.tokens[(1 - tokenInIndex) as 0 | 1], hop.amountOut);
  }
  const done = 'amountOut' in asked.demand ? route.amountOut : route.amountIn;
  expect(done + route.remainder).toBeGreaterThanOrEqual(wanted);
  if (route.remainder > 0n || !('amountOut' in asked.demand)) expect(done + route.remainder).toBe(wanted);
  expect(route.hops.length).toBeLessThanOrEqual(asked.maxHops ?? Infinity);
  expect(route.nodesUsed).toBeLessThanOrEqual(NODE_BUDGET + BEYOND_BUDGET);
  expect(Number.isFinite(route.optimalityGapBps) || route.hops.length === 0).toBe(true);
  expect(route.optimalityGapBps).not.toBeLessThan(0);
  expect(Number.isNaN(route.costBps)).toBe(false);
}

test('whatever is asked, cold or warm, keeps to its limits and loses nothing, or is refused with a code', () => {
  let solved = 0;
  fc.assert(
    fc.property(drawnProblem, (drawn) => {
      const asked = toProblem(drawn);
      try {
        const prepared = prepareRoute(asked, { nodeBudget: NODE_BUDGET });
        judge(asked, BigInt(drawn.amount), prepared.solve());
        for (const share of drawn.others) {
          const wanted = (BigInt(drawn.amount) * BigInt(Math.round(share * 1000))) / 1000n;
          if (wanted > 0n) judge(asked, wanted, prepared.solve(wanted));
        }
        solved++;
      } catch (error) {
        if (!(error instanceof EvenkeelError)) throw error;
        expect(CODES).toContain(error.code);
      }
    }),
    { numRuns: 60, seed: 12, endOnFailure: true },
  );
  expect(solved).toBeGreaterThan(30);
});
