import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RouteProblem, type RouteProblemPool, type RouteSolution, solveRoute } from '@evenkeel/core/route';
import { EvenkeelError } from '@evenkeel/intents';
import fc from 'fast-check';
import * as v from 'valibot';

jest.setTimeout(60_000);

/** What the call may refuse a problem with. */
const CODES = [
  'INVALID_INPUT',
  'ROUTE_POOL_INVALID',
  'ROUTE_DUPLICATE',
  'ROUTE_DISCONNECTED',
  'ROUTE_INFEASIBLE',
  'STABLE_SWAP_DIVERGED',
];
const NODE_BUDGET = 30;

const address = (n: number): string => `0x${(n + 1).toString(16).padStart(40, '0')}`;
const TOKENS = [6, 18, 8, 0].map((decimals, n) => ({ chainId: 1, address: address(n), symbol: `T${n}`, decimals }));
const AWAY = [6, 18].map((decimals, n) => ({ chainId: 2, address: address(n), symbol: `T${n}`, decimals }));

/** Every order of magnitude that fits the schema, nothing and the absurd included. */
const atoms = fc.oneof(
  {
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 30 }))
      .map(([m, e]) => `${m}${'0'.repeat(e)}`),
    weight: 120,
  },
  { arbitrary: fc.constantFrom('0', '1', '9'.repeat(39), '9'.repeat(78)), weight: 1 },
);
const fee = fc.oneof(
  { arbitrary: fc.constantFrom(0, 1, 100, 3000, 10_000, 999_999), weight: 120 },
  { arbitrary: fc.constantFrom(Number.NaN, -1, 1_000_000, Infinity, 0.5), weight: 1 },
);
const side = fc.integer({ min: 0, max: 3 });
const level = fc.record({ amountIn: atoms, amountOut: atoms });

const constantProduct = fc.record({
  kind: fc.constant('constant-product' as const),
  feePpm: fee,
  reserves: fc.tuple(atoms, atoms),
});

/** Every kind, and often one that is in a possible state. */
const curve = fc.oneof(
  { arbitrary: constantProduct, weight: 12 },
  fc.record({
    kind: fc.constant('stable-swap' as const),
    feePpm: fee,
    balances: fc.tuple(atoms, atoms),
    rates: fc.constant(['1000000000000000000', '1000000000000000000'] as const),
    amplification: fc.constantFrom('100', '20000', '200000'),
  }),
  fc.record({
    kind: fc.constant('levels' as const),
    tokenInIndex: fc.constantFrom(0 as const, 1 as const),
    levels: fc.array(level, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('ladder' as const),
    tokenInIndex: fc.constantFrom(0 as const, 1 as const),
    points: fc.array(level, { minLength: 1, maxLength: 2 }),
  }),
  fc
    .record({
      feePpm: fee,
      tick: fc.integer({ min: -3, max: 3 }),
      liquidity: atoms,
      net: fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), atoms), { maxLength: 4 }),
    })
    .map(({ feePpm, liquidity, net, tick }) => ({
      kind: 'concentrated' as const,
      feePpm,
      liquidity,
      // Right for tick 0 only: elsewhere the state contradicts itself.
      sqrtPriceX96: (2n ** 96n).toString(),
      tick: Math.max(0, Math.abs(tick) - 2),
      tickSpacing: 10,
      ticks: [...new Map(net.map(([index, amount]) => [index * 10, index > 0 ? `-${amount}` : amount]))]
        .sort(([a], [b]) => a - b)
        .map(([index, liquidityNet]) => ({ index, liquidityNet })),
    })),
);

const pool = fc
  .tuple(fc.integer({ min: 0, max: 9 }), side, side, curve, fc.integer({ min: 0, max: 300_000 }), fc.boolean())
  .map(([id, a, shift, shape, gas, away]): RouteProblemPool => {
    // A pool of one token with itself is among them, seldom.
    const b = shift === 3 && gas > 10_000 ? (a + 1) % 4 : (a + 1 + shift) % 4;
    const chainId = away && a < 2 && b < 2 ? 2 : 1;
    return { id: `p${id}`, chainId, tokens: [address(a), address(b)], gas, ...shape };
  });

const bridge = fc.record({
  n: fc.integer({ min: 0, max: 1 }),
  back: fc.boolean(),
  feePpm: fee,
  minAmount: atoms,
  maxAmount: atoms,
});

const problem = fc
  .record({
    pools: fc.array(pool, { maxLength: 8 }),
    bridges: fc.array(bridge, { maxLength: 3 }),
    amount: atoms,
    held: fc.tuple(atoms, atoms),
    exactOut: fc.boolean(),
    across: fc.boolean(),
    maxHops: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    gwei: fc.integer({ min: 0, max: 1000 }),
    charging: fc.integer({ min: 0, max: 20 }),
  })
  .map((drawn): RouteProblem => {
    const amount = drawn.exactOut ? { amountOut: drawn.amount } : { amountIn: drawn.amount };
    const at = (chainId: number, n: number): { chainId: number; address: string } => ({ chainId, address: address(n) });
    const gas = (price: string): Record<string, string> => ({ 1: price, 2: price });
    return {
      tokens: [...TOKENS.map((token, n) => ({ ...token, feeOnTransfer: n === drawn.charging })), ...AWAY],
      // Ids repeat now and then: one pool in two lists.
      pools: drawn.pools.map((each, i) => (drawn.amount.endsWith('7') ? each : { ...each, id: `${each.id}-${i}` })),
      bridges: drawn.bridges.map(({ back, feePpm, maxAmount, minAmount, n }, i) => ({
        id: `b${i}`,
        from: at(back ? 2 : 1, n),
        to: at(back ? 1 : 2, n),
        feePpm,
        minAmount,
        maxAmount,
      })),
      ...(drawn.across
        ? {
            inventories: [
              { ...at(1, 0), amount: drawn.held[0] },
              { ...at(2, 0), amount: drawn.held[1] },
            ],
          }
        : {}),
      demand: drawn.across
        ? { tokensIn: [at(1, 0), at(2, 0)], tokensOut: [at(1, 1), at(2, 1)], ...amount }
        : { chainId: 1, tokenIn: address(0), tokenOut: address(1), ...amount },
      gasPrices: gas((BigInt(drawn.gwei) * 10n ** 9n).toString()),
      nativePriceInTokenOut: gas('2000'),
      nativePriceInTokenIn: gas('0.5'),
      maxHops: drawn.maxHops,
    };
  });

/** What is held of each token after each hop; throws where a hop spends what is not there. */
function walk(asked: RouteProblem, { amountIn, hops }: RouteSolution): Map<string, bigint> {
  const key = (chainId: number, token: string): string => `${chainId}:${token.toLowerCase()}`;
  const held = new Map<string, bigint>();
  if ('tokenIn' in asked.demand) held.set(key(asked.demand.chainId, asked.demand.tokenIn), BigInt(amountIn));
  else
    for (const { address: token, amount, chainId } of asked.inventories!) held.set(key(chainId, token), BigInt(amount));
  for (const hop of hops) {
    const [from, to] = [key(hop.chainId, hop.tokenIn), key(hop.toChainId ?? hop.chainId, hop.tokenOut)];
    const left = (held.get(from) ?? 0n) - BigInt(hop.amountIn);
    expect(left).toBeGreaterThanOrEqual(0n);
    held.set(from, left);
    held.set(to, (held.get(to) ?? 0n) + BigInt(hop.amountOut));
  }
  return held;
}

function check(asked: RouteProblem): 'solved' | 'refused' {
  const before = JSON.stringify(asked);
  let solution: RouteSolution;
  try {
    solution = solveRoute(asked, { nodeBudget: NODE_BUDGET });
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    expect(CODES).toContain(error.code);
    return 'refused';
  }
  expect(JSON.stringify(asked)).toBe(before);
  for (const text of [solution.amountIn, solution.amountOut, solution.remainder, solution.gas])
    expect(text).toMatch(/^\d+$/);
  for (const { amountIn, amountOut } of solution.hops) {
    expect(BigInt(amountIn)).toBeGreaterThan(0n);
    expect(BigInt(amountOut)).toBeGreaterThanOrEqual(0n);
  }
  expect(Number.isFinite(solution.costBps)).toBe(true);
  expect(solution.optimalityGapBps).toBeGreaterThanOrEqual(0);
  if (asked.maxHops !== undefined) expect(solution.hops.length).toBeLessThanOrEqual(asked.maxHops);
  walk(asked, solution);
  const { demand } = asked;
  const [exact, done] =
    'amountOut' in demand ? [demand.amountOut, solution.amountOut] : [demand.amountIn, solution.amountIn];
  // Exact-out may give more by what whole atoms make; nothing is lost between what was done and what remains.
  expect(BigInt(done) + BigInt(solution.remainder)).toBeGreaterThanOrEqual(BigInt(exact));
  if ('amountIn' in demand) expect(BigInt(done) + BigInt(solution.remainder)).toBe(BigInt(exact));
  return 'solved';
}

test('any problem ends in a route that adds up, or in a stable code', () => {
  const outcomes = { solved: 0, refused: 0 };
  fc.assert(
    fc.property(problem, (asked) => {
      outcomes[check(asked)] += 1;
    }),
    { numRuns: 120, seed: 4, endOnFailure: true },
  );
  expect(outcomes.solved).toBeGreaterThan(15);
  expect(outcomes.refused).toBeGreaterThan(15);
});

test('a demand larger than all liquidity is filled as far as the pools go, with the rest stated or a bad price shown', () => {
  const pools: RouteProblemPool[] = [
    {
      id: 'p',
      chainId: 1,
      kind: 'constant-product',
      feePpm: 3000,
      tokens: [address(0), address(1)],
      reserves: ['1000000000', '1000000000000000000000'],
    },
  ];
  const demand = { chainId: 1, tokenIn: address(0), tokenOut: address(1) };
  const flooded = solveRoute({ tokens: TOKENS, pools, demand: { ...demand, amountIn: '1'.padEnd(30, '0') } });
  expect(BigInt(flooded.amountOut)).toBeLessThan(10n ** 21n);
  const drained: RouteProblem = {
    tokens: TOKENS,
    pools,
    demand: { ...demand, amountOut: (2n * 10n ** 21n).toString() },
  };
  try {
    const { amountOut, remainder } = solveRoute(drained);
    expect(BigInt(amountOut)).toBeLessThan(10n ** 21n);
    expect(BigInt(remainder)).toBeGreaterThan(10n ** 21n);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ROUTE_INFEASIBLE' });
  }
});

const totals = v.object({
  cases: v.number(),
  served: v.number(),
  acrossChains: v.number(),
  breakages: v.array(v.object({ name: v.string(), cases: v.number() })),
  faults: v.array(v.unknown()),
});

// `node bench/routing/fuzz.mjs --cases 10000 --seed 2` does the same with other problems.
test('problems that are broken in every way end in a route that adds up, or in a stable code', async () => {
  const program = join(__dirname, '../../../bench/routing/fuzz.mjs');
  // Among these is nearly every way of breaking a problem.
  const run = promisify(execFile)(process.execPath, [program, '--cases', '250', '--seed', '7', '--json']);
  const { stdout } = await run.catch((failed: unknown) => failed as { stdout: string });
  const found = v.parse(totals, JSON.parse(stdout));
  expect(found.faults).toEqual([]);
  expect(found.cases).toBe(250);
  expect(found.served).toBeGreaterThan(80);
  expect(found.acrossChains).toBeGreaterThan(20);
  expect(found.breakages.filter(({ cases }) => cases > 0).length).toBeGreaterThan(30);
});
