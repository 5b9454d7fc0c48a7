import fc from 'fast-check';
import { swapExactIn } from '../model/curves/swap.js';
import type { ExactRoute } from './exact-route.js';
import { prepareRoute } from './prepare-route.js';
import type { RouteProblem } from './problem.js';
import { bridgeOutput } from './replay/legs.js';

const usd = `0x${'1'.repeat(40)}`;
const eth = `0x${'2'.repeat(40)}`;
const E12 = 10n ** 12n;
const atoms = (units: number): bigint => BigInt(Math.round(units * 1e6));

const market = fc.record({
  depths: fc.array(fc.integer({ min: 20, max: 3000 }), { minLength: 4, maxLength: 4 }),
  // Within half of the least fee, so that no circle pays.
  offs: fc.array(fc.double({ min: -2e-4, max: 2e-4, noNaN: true }), { minLength: 4, maxLength: 4 }),
  lanes: fc.array(
    fc.record({
      from: fc.constantFrom(1, 2),
      feePpm: fc.integer({ min: 0, max: 2000 }),
      fixed: fc.integer({ max: 5, min: 0 }),
    }),
    { maxLength: 4 },
  ),
  held: fc.tuple(fc.integer({ min: 1000, max: 200_000 }), fc.integer({ min: 1000, max: 200_000 })),
  size: fc.integer({ min: 1, max: 60 }),
  gwei: fc.constantFrom(0, 20),
  exactOut: fc.boolean(),
});
type Market = typeof market extends fc.Arbitrary<infer T> ? T : never;

/** Dollars on two chains for coins, or coins for dollars; two pools on each chain at about 2,000. */
function problem({ depths, exactOut, gwei, held, lanes, offs, size }: Market, units: number = size): RouteProblem {
  const at = (address: string) => (chainId: number) => ({ chainId, address });
  const [give, take] = exactOut ? [usd, eth] : [eth, usd];
  const amount = (atoms(units) * E12).toString();
  return {
    tokens: [1, 2].flatMap((chainId) => [
      { chainId, address: usd, symbol: 'USD', decimals: 6 },
      { chainId, address: eth, symbol: 'ETH', decimals: 18 },
    ]),
    pools: depths.map((depth, i) => ({
      id: `p${i}`,
      chainId: 1 + (i % 2),
      kind: 'constant-product',
      tokens: [usd, eth],
      feePpm: i < 2 ? 500 : 3000,
      reserves: [atoms(depth * 2000 * (1 + offs[i]!)), atoms(depth) * E12].map(String) as [string, string],
      gas: 120_000,
    })),
    bridges: lanes.map(({ feePpm, fixed, from }, i) => ({
      id: `b${i}`,
      from: { chainId: from, address: give },
      to: { chainId: 3 - from, address: give },
      feePpm,
      fixedCost: String(fixed),
      gas: 90_000,
      maxAmount: (exactOut ? atoms(60_000) : atoms(30) * E12).toString(),
      timeSeconds: 60,
    })),
    inventories: [1, 2].map((chainId, i) => ({
      ...at(give)(chainId),
      amount: (exactOut ? atoms(held[i]!) : atoms(held[i]! / 2000) * E12).toString(),
    })),
    demand: {
      tokensIn: [1, 2].map(at(give)),
      tokensOut: [1, 2].map(at(take)),
      ...(exactOut ? { amountOut: amount } : { amountIn: amount }),
    },
    gasPrices: { 1: String(gwei * 1e9), 2: String(gwei * 1e8) },
    [exactOut ? 'nativePriceInTokenIn' : 'nativePriceInTokenOut']: { 1: '2000', 2: '2000' },
    timeCostBpsPerHour: '5',
  };
}

/** Numeraire that a route is worth, gas, messages and waiting paid. */
function worth(route: ExactRoute): number {
  const { costs, netValue } = route.details();
  expect(Object.values(costs).every(Number.isFinite)).toBe(true);
  return netValue;
}

/** Hop by hop on the pools' own curves and the bridges' own fees; nothing is spent that is not there. */
function judge(asked: RouteProblem, route: ExactRoute): void {
  const key = (chainId: number, address: string): string => `${chainId}:${address.toLowerCase()}`;
  const held = new Map(asked.inventories!.map((item) => [key(item.chainId, item.address), BigInt(item.amount)]));
  const move = (token: { chainId: number; address: string }, change: bigint): void => {
    const left = (held.get(key(token.chainId, token.address)) ?? 0n) + change;
    expect(left).toBeGreaterThanOrEqual(0n);
    held.set(key(token.chainId, token.address), left);
  };
  for (const hop of route.hops) {
    if (hop.kind === 'bridge') {
      expect(hop.amountIn).toBeLessThanOrEqual(hop.bridge.maxAtoms);
      expect(bridgeOutput(hop.bridge, hop.amountIn)).toBe(hop.amountOut);
      move(hop.bridge.from, -hop.amountIn);
      move(hop.bridge.to, hop.amountOut);
      continue;
    }
    const result = swapExactIn(hop.pool.curve, hop.tokenInIndex, hop.amountIn);
    expect([result.amountInUsed, result.amountOut]).toEqual([hop.amountIn, hop.amountOut]);
    move(hop.pool.tokens[hop.tokenInIndex], -hop.amountIn);
    move(hop.pool.tokens[(1 - hop.tokenInIndex) as 0 | 1], hop.amountOut);
  }
}

describe('a prepared problem with inventories and bridges', () => {
  it('is as good warm as cold, at other amounts, and executes to the atom', () => {
    let warmCalls = 0;
    fc.assert(
      fc.property(
        market,
        fc.array(fc.double({ min: 0.3, max: 1.4, noNaN: true }), { minLength: 1, maxLength: 3 }),
        (drawn, shares) => {
          const prepared = prepareRoute(problem(drawn));
          prepared.solve();
          for (const share of shares) {
            const units = Math.round(drawn.size * share * 1e6) / 1e6;
            const asked = problem(drawn, units);
            const warm = prepared.solve(atoms(units) * E12);
            judge(asked, warm);
            const cold = prepareRoute(asked).solve();
            if (warm.nodesUsed === 1) warmCalls++;
            const slack = 1e-5 * units * 2000;
            if (warm.remainder === 0n || cold.remainder === 0n) expect(warm.remainder).toBe(cold.remainder);
            else continue;
            expect(worth(warm)).toBeGreaterThanOrEqual(worth(cold) - slack);
            expect(warm.costBps).toBeCloseTo(warm.details().costBps, 4);
            expect(warm.optimalityGapBps).toBeCloseTo(warm.details().gapBps, 4);
          }
        },
      ),
      { numRuns: 60, seed: 5, endOnFailure: true },
    );
    expect(warmCalls).toBeGreaterThan(20);
  });
});
