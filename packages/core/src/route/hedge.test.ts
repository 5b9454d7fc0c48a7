import fc from 'fast-check';
import type { Curve, Pool } from '../model/curve.js';
import { swapExactIn, swapExactOut } from '../model/curves/swap.js';
import { sqrtRatioAtTick } from '../model/curves/tick-math.js';
import { type Token, tokenKey } from '../model/token.js';
import { RouteDisconnectedError, RouteDuplicateError, RouteInfeasibleError, RoutePoolInvalidError } from './errors.js';
import type { HedgeBridge, HedgeRequest, HedgeRoute } from './hedge.js';
import { routeHedge } from './route-hedge.js';
import { costCurve } from './cost-curve.js';

const CHAINS = [31337, 31338, 31339] as const;
const token = (chainId: number, digit: string, symbol: string, decimals: number): Token => ({
  chainId,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const usdc = CHAINS.map((chainId) => token(chainId, 'a', 'USDC', 6));
const weth = CHAINS.map((chainId) => token(chainId, 'b', 'WETH', 18));
const dai = CHAINS.map((chainId) => token(chainId, 'c', 'DAI', 18));

function pool(id: string, tokens: readonly [Token, Token], curve: Curve, gas: bigint = 120_000n): Pool {
  const { chainId } = tokens[0];
  return {
    id,
    adapter: 'test',
    chainId,
    tokens,
    curve,
    gas: { base: gas, perTick: 20_000n },
    asOf: { source: 'test', timeSeconds: 0 },
    payload: null,
  };
}

/** A USDC/WETH pair with `depth` WETH at `price`. */
function pair(id: string, chain: number, depth: number, price: number, feePpm: number): Pool {
  const reserves = [BigInt(Math.round(depth * price * 1e6)), BigInt(Math.round(depth * 1e6)) * 10n ** 12n] as const;
  return pool(id, [usdc[chain]!, weth[chain]!], { kind: 'constant-product', reserves, feePpm });
}

function bridge(from: Token, to: Token, feeBps: number, fixed: string, max: bigint = 10n ** 24n): HedgeBridge {
  return {
    adapter: `bridge-${from.symbol}`,
    from,
    to,
    feeBps,
    fixedCostNumeraire: fixed,
    gasUnits: 100_000n,
    minAtoms: 1n,
    maxAtoms: max,
    timeSeconds: 60,
  };
}

function request(fields: Partial<HedgeRequest>): HedgeRequest {
  return {
    side: 'buy',
    deltaUnits: '1',
    baseTokens: weth,
    quoteTokens: usdc,
    pools: [],
    bridges: [],
    inventories: [],
    gasPriceWei: Object.fromEntries(CHAINS.map((chainId) => [chainId, 10n ** 9n])),
    nativePrice: Object.fromEntries(CHAINS.map((chainId) => [chainId, '2000'])),
    referencePrice: '2000',
    timeAtRisk: { kind: 'price', bpsPerHour: '1' },
    slippageBps: 30,
    ...fields,
  };
}

/** Every hop draws on inventories and on outputs of hops before it, and pays what the exact replay pays. */
function expectExecutable(route: HedgeRoute, asked: HedgeRequest): void {
  const held = new Map<string, bigint>();
  const add = (t: Token, atoms: bigint): void => void held.set(tokenKey(t), (held.get(tokenKey(t)) ?? 0n) + atoms);
  for (const { atoms, token: t } of asked.inventories) add(t, atoms);
  for (const hop of route.hops) {
    add(hop.tokenIn, -hop.amountIn);
    expect(held.get(tokenKey(hop.tokenIn))!).toBeGreaterThanOrEqual(0n);
    expect(hop.minReceived).toBeLessThanOrEqual(hop.amountOut);
    if (hop.kind === 'swap') {
      const index = hop.tokenIn === hop.pool.tokens[0] ? 0 : 1;
      const exact = swapExactIn(hop.pool.curve, index, hop.amountIn);
      expect([exact.amountInUsed, exact.amountOut]).toEqual([hop.amountIn, hop.amountOut]);
    } else {
      expect(hop.amountIn).toBeLessThanOrEqual(hop.bridge.maxAtoms);
      expect(hop.amountIn).toBeGreaterThanOrEqual(hop.bridge.minAtoms);
    }
    add(hop.tokenOut, hop.amountOut);
  }
  // What changed is what the route says was spent, received and left over.
  const change = new Map<string, bigint>();
  const note = (t: Token, atoms: bigint): void => void change.set(tokenKey(t), (change.get(tokenKey(t)) ?? 0n) + atoms);
  for (const { atoms, token: t } of route.received) note(t, atoms);
  for (const { atoms, token: t } of route.dust) note(t, atoms);
  for (const { atoms, token: t } of route.spent) note(t, -atoms);
  for (const { atoms, token: t } of asked.inventories) note(t, atoms);
  for (const [key, atoms] of held) expect([key, atoms]).toEqual([key, change.get(key) ?? 0n]);
  const kinds = Object.values(route.costs).reduce((sum, cost) => sum + Number(cost), 0);
  expect(kinds).toBeCloseTo(Number(route.cost), 6);
}

const sum = (amounts: HedgeRoute['spent']): bigint => amounts.reduce((total, { atoms }) => total + atoms, 0n);

describe('routeHedge', () => {
  it('buys exactly the delta, at the least cost, where it is cheapest', () => {
    const asked = request({
      deltaUnits: '2.5',
      pools: [pair('dear', 0, 1000, 2010, 3000), pair('cheap', 1, 1000, 1990, 500)],
      inventories: usdc.map((t) => ({ token: t, atoms: 20_000_000_000n })),
    });
    const route = routeHedge(asked);
    expectExecutable(route, asked);
    expect(route.hops.map((hop) => hop.kind === 'swap' && hop.poolId)).toEqual(['cheap']);
    expect(route.hops[0]!.amountIn).toBe(
      swapExactOut(asked.pools[1]!.curve, 0, 2_500_000_000_000_000_000n).amountInUsed,
    );
    expect(sum(route.received)).toBeGreaterThanOrEqual(2_500_000_000_000_000_000n);
    expect(route.optimalityGapBps).toBeLessThan(0.01);
    expect(Object.isFrozen(route)).toBe(true);
  });

  it('splits over chains so that the marginal prices meet', () => {
    const asked = request({
      deltaUnits: '60',
      pools: [pair('a', 0, 1000, 2000, 3000), pair('b', 1, 1000, 2000, 3000)],
      inventories: usdc.map((t) => ({ token: t, atoms: 10n ** 12n })),
    });
    const route = routeHedge(asked);
    expectExecutable(route, asked);
    const [a, b] = route.hops.map((hop) => Number(hop.amountOut));
    expect(a! / b!).toBeCloseTo(1, 4);
    const { bestSingleChain } = route.alternatives;
    expect(bestSingleChain.status === 'feasible' && bestSingleChain.costBps).toBeGreaterThan(route.costBps + 100);
  });

  it('moves funds only when that pays', () => {
    const pools = [pair('shallow', 0, 20, 2000, 3000), pair('deep', 1, 100_000, 2000, 500)];
    const inventories = [{ token: usdc[0]!, atoms: 10n ** 11n }];
    const near = request({ pools, inventories, deltaUnits: '0.01', bridges: [bridge(usdc[0]!, usdc[1]!, 2, '1')] });
    expect(routeHedge(near).hops.map(({ kind }) => kind)).toEqual(['swap']);
    const far = { ...near, deltaUnits: '5' };
    const route = routeHedge(far);
    expectExecutable(route, far);
    expect(route.hops.map(({ kind }) => kind)).toContain('bridge');
    expect(route.hops.findIndex(({ kind }) => kind === 'bridge')).toBeLessThan(
      route.hops.findIndex((hop) => hop.kind === 'swap' && hop.poolId === 'deep'),
    );
    expect(route.timeSeconds).toBe(60);
    const { bestWithoutBridging } = route.alternatives;
    expect(bestWithoutBridging.status === 'feasible' && bestWithoutBridging.costBps).toBeGreaterThan(route.costBps);
  });

  it('sells a whole inventory to the last atom', () => {
    const asked = request({
      side: 'sell',
      deltaUnits: '3.000000000000000007',
      pools: [pair('a', 0, 1000, 2000, 3000), pair('b', 0, 500, 2001, 500), pair('c', 1, 800, 1999, 500)],
      inventories: [
        { token: weth[0]!, atoms: 2_000_000_000_000_000_003n },
        { token: weth[1]!, atoms: 1_000_000_000_000_000_004n },
      ],
    });
    const route = routeHedge(asked);
    expectExecutable(route, asked);
    expect(route.status).toBe('complete');
    expect(sum(route.spent)).toBe(3_000_000_000_000_000_007n);
  });

  it('replays concentrated liquidity over ticks and another token on the way', () => {
    const concentrated: Curve = {
      kind: 'concentrated',
      sqrtPriceX96: sqrtRatioAtTick(200_340),
      tick: 200_340,
      liquidity: 10n ** 17n,
      tickSpacing: 60,
      feePpm: 500,
      ticks: [
        { index: 198_000, liquidityNet: 5n * 10n ** 16n },
        { index: 200_280, liquidityNet: 5n * 10n ** 16n },
        { index: 200_400, liquidityNet: -4n * 10n ** 16n },
        { index: 202_020, liquidityNet: -6n * 10n ** 16n },
      ],
      tickRange: { low: 197_940, high: 202_080 },
    };
    const asked = request({
      deltaUnits: '30',
      pools: [
        pool('v3', [usdc[0]!, weth[0]!], concentrated),
        pool('stable', [usdc[0]!, dai[0]!], {
          kind: 'stable-swap',
          balances: [10n ** 24n, 10n ** 24n],
          rates: [10n ** 30n, 10n ** 18n],
          amplification: 20_000n,
          feePpm: 400,
        }),
        pool('dai', [dai[0]!, weth[0]!], {
          kind: 'constant-product',
          reserves: [2_000_000n * 10n ** 18n, 1000n * 10n ** 18n],
          feePpm: 500,
        }),
      ],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 12n }],
    });
    const route = routeHedge(asked);
    expectExecutable(route, asked);
    expect(new Set(route.hops.map((hop) => hop.kind === 'swap' && hop.poolId))).toEqual(
      new Set(['v3', 'stable', 'dai']),
    );
    expect(route.optimalityGapBps).toBeLessThan(1);
  });

  it('never spends more than an inventory or a limit, and says what remains', () => {
    const asked = request({
      deltaUnits: '10',
      pools: [pair('a', 0, 1000, 2000, 3000), pair('b', 1, 1000, 2000, 3000)],
      inventories: [
        { token: usdc[0]!, atoms: 5_000_000_000n },
        { token: usdc[1]!, atoms: 9_000_000_000n },
      ],
      constraints: { maxSpend: [{ token: usdc[1]!, atoms: 4_000_000_000n }] },
    });
    expect(() => routeHedge(asked)).toThrow(RouteInfeasibleError);
    const route = routeHedge({ ...asked, onShortfall: 'partial' });
    expectExecutable(route, asked);
    expect(route.status).toBe('partial');
    for (const { atoms, token: t } of route.spent) {
      expect(atoms).toBeLessThanOrEqual(t.chainId === CHAINS[0] ? 5_000_000_000n : 4_000_000_000n);
    }
    expect(Number(route.servedUnits) + Number(route.remainderUnits)).toBeCloseTo(10, 12);
    expect(Number(route.servedUnits)).toBeGreaterThan(4.4);
    expect(route.inventoryPrices.every(({ premium }) => Number(premium) > 0)).toBe(true);
  });

  it('stops at the stated limit price', () => {
    const asked = request({
      deltaUnits: '100',
      pools: [pair('a', 0, 1000, 2000, 3000)],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 13n }],
      limitBps: 200,
      onShortfall: 'partial',
    });
    const route = routeHedge(asked);
    expect(route.status).toBe('partial');
    // Marginal price P(1+x)²/(1−fee) = 1.02·P at the end.
    expect(Number(route.servedUnits)).toBeCloseTo(1000 * (1 - Math.sqrt(1 / (1.02 * 0.997))), 1);
    expect(Number(route.marginalPrice)).toBeCloseTo(2040, 0);
  });

  it('uses allowed adapters only', () => {
    const foreign = { ...pair('foreign', 0, 10_000, 1990, 100), adapter: 'foreign' };
    const asked = request({
      pools: [foreign, pair('own', 0, 1000, 2000, 3000)],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 12n }],
      constraints: { adapters: ['test'] },
    });
    expect(routeHedge(asked).hops.map(({ adapter }) => adapter)).toEqual(['test']);
  });

  it('reports offers that contradict each other and does not trade in a circle', () => {
    const asked = request({
      pools: [pair('a', 0, 1000, 2000, 500), pair('b', 0, 1000, 2040, 500)],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 12n }],
    });
    const route = routeHedge(asked);
    expect(route.inconsistencies[0]).toMatchObject({ code: 'ARBITRAGE_CYCLE', chainId: CHAINS[0] });
    expect(route.inconsistencies[0]!.gainBps).toBeGreaterThan(150);
    expect(route.hops.every((hop) => hop.tokenOut.symbol === 'WETH')).toBe(true);
  });

  it('is deterministic', () => {
    const asked = request({
      deltaUnits: '25',
      pools: CHAINS.flatMap((_, i) => [
        pair(`a${i}`, i, 300 + i, 2000 + i, 3000),
        pair(`b${i}`, i, 200, 2001 - i, 500),
      ]),
      bridges: [bridge(usdc[0]!, usdc[1]!, 2, '0.5'), bridge(usdc[0]!, usdc[2]!, 3, '0.2')],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 11n }],
    });
    expect(routeHedge(asked)).toEqual(routeHedge(asked));
  });

  it('refuses bad input with stable codes', () => {
    const good = request({
      pools: [pair('a', 0, 10, 2000, 3000)],
      inventories: [{ token: usdc[0]!, atoms: 10n ** 10n }],
    });
    const code = (fields: Partial<HedgeRequest>): string => {
      try {
        routeHedge({ ...good, ...fields });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code({ deltaUnits: '0' })).toBe('INVALID_INPUT');
    expect(code({ deltaUnits: 'NaN' })).toBe('INVALID_INPUT');
    expect(code({ referencePrice: '-1' })).toBe('INVALID_INPUT');
    expect(code({ gasPriceWei: {} })).toBe('INVALID_INPUT');
    expect(code({ slippageBps: Number.NaN })).toBe('INVALID_INPUT');
    expect(code({ maxHops: 0 })).toBe('INVALID_INPUT');
    expect(code({ bridges: [bridge(usdc[0]!, usdc[1]!, Number.NaN, '0')] })).toBe('INVALID_INPUT');
    expect(() => routeHedge({ ...good, pools: [good.pools[0]!, good.pools[0]!] })).toThrow(RouteDuplicateError);
    expect(() => routeHedge({ ...good, pools: [pair('z', 0, 0, 2000, 3000)] })).toThrow(RoutePoolInvalidError);
    expect(() => routeHedge({ ...good, pools: [pair('f', 0, 10, 2000, Number.NaN)] })).toThrow(RoutePoolInvalidError);
    expect(() => routeHedge({ ...good, pools: [] })).toThrow(RouteDisconnectedError);
    expect(() => routeHedge({ ...good, inventories: [] })).toThrow(RouteDisconnectedError);
  });
});

const arbitraryCase = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  size: fc.integer({ min: 1, max: 400 }).map((n) => n / 10),
  depths: fc.array(fc.integer({ min: 20, max: 3000 }), { minLength: 4, maxLength: 4 }),
  // Within half the lowest fee, so that no circle pays.
  offs: fc.array(fc.double({ min: -0.0002, max: 0.0002, noNaN: true }), { minLength: 4, maxLength: 4 }),
  fees: fc.array(fc.constantFrom(500, 3000), { minLength: 4, maxLength: 4 }),
  held: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 2 }),
  bridgeFee: fc.integer({ min: 0, max: 30 }),
  bridgeFixed: fc.integer({ min: 0, max: 40 }),
  gwei: fc.integer({ min: 0, max: 100 }),
});
type Case = typeof arbitraryCase extends fc.Arbitrary<infer T> ? T : never;

function toRequest(c: Case): HedgeRequest {
  const pools = c.depths.map((depth, i) => pair(`p${i}`, i < 2 ? 0 : 1, depth, 2000 * (1 + c.offs[i]!), c.fees[i]!));
  const lanes = c.side === 'buy' ? usdc : weth;
  const fixed = String(c.bridgeFixed / 10);
  const unit = c.side === 'buy' ? 1000n * 10n ** 6n : 10n ** 18n;
  return request({
    side: c.side,
    deltaUnits: String(c.size),
    pools,
    bridges: [bridge(lanes[0]!, lanes[1]!, c.bridgeFee, fixed), bridge(lanes[1]!, lanes[0]!, c.bridgeFee, fixed)],
    inventories: c.held.map((n, i) => ({ token: lanes[i]!, atoms: BigInt(n) * unit })),
    gasPriceWei: { [CHAINS[0]]: BigInt(c.gwei) * 10n ** 9n, [CHAINS[1]]: 10n ** 7n },
    timeAtRisk: { kind: 'price', bpsPerHour: '60' },
    onShortfall: 'partial',
  });
}

/**
 * Tries every support (each of the pools used or not, each bridge used or not) with the demand laid out on a grid, by
 * plain arithmetic of its own: numeraire cost of the best, or infinity.
 */
function gridOracle(c: Case, steps: number): number {
  const pools = c.depths.map((depth, i) => ({
    x: depth * 2000 * (1 + c.offs[i]!),
    y: depth,
    keep: 1 - c.fees[i]! / 1e6,
  }));
  const gas = (chain: number, units: number): number => (chain === 0 ? c.gwei : 0.01) * 1e-9 * units * 2000;
  const inventory = c.held.map((n) => (c.side === 'buy' ? n * 1000 : n));
  const waiting = (60 / 1e4 / 3600) * 60;
  const keepOnBridge = 1 - c.bridgeFee / 1e4;
  const unitValue = c.side === 'buy' ? 1 : 2000;

  // Least cost of trading on one chain, by tenths of a grid: exact-out for buying, exact-in for selling.
  const onChain = (chain: number, amount: number): { flow: number; cost: number } => {
    const [p, q] = [pools[chain * 2]!, pools[chain * 2 + 1]!];
    let best = { flow: c.side === 'buy' ? Infinity : 0, cost: Infinity };
    if (amount <= 0) return { flow: 0, cost: 0 };
    for (let k = 0; k <= 60; k++) {
      const first = (amount * k) / 60;
      const second = amount - first;
      const leg = ({ keep, x, y }: typeof p, size: number): number => {
        if (size === 0) return 0;
        if (c.side === 'buy') return size >= y ? Infinity : (x * size) / (y - size) / keep;
        return (x * size * keep) / (y + size * keep);
      };
      const flow = leg(p, first) + leg(q, second);
      const gasCost = gas(chain, 120_000) * ((first > 0 ? 1 : 0) + (second > 0 ? 1 : 0));
      const cost = c.side === 'buy' ? flow + gasCost : -flow + gasCost;
      if (cost < best.cost) best = { flow, cost };
    }
    return best;
  };
  const transfer = (from: number, sent: number): number =>
    c.bridgeFixed / 10 + gas(from, 100_000) + sent * unitValue * waiting;

  let best = Infinity;
  for (let k = 0; k <= steps; k++) {
    const amounts = [(c.size * k) / steps, c.size * (1 - k / steps)];
    const legs = amounts.map((amount, chain) => onChain(chain, amount));
    const need = c.side === 'buy' ? legs.map(({ flow }) => flow) : amounts;
    let cost = legs[0]!.cost + legs[1]!.cost;
    for (const chain of [0, 1]) {
      const short = need[chain]! - inventory[chain]!;
      if (short <= 1e-9) continue;
      const other = 1 - chain;
      const sent = short / keepOnBridge;
      if (sent > inventory[other]! - need[other]!) cost = Infinity;
      // Selling, what the bridge keeps of the amount is not sold anywhere: bringing exactly `short` needs more of the input.
      cost += c.side === 'buy' ? sent - short + transfer(other, sent) : Infinity;
    }
    best = Math.min(best, cost);
  }
  return best;
}

describe('against enumeration on a grid', () => {
  it('is never beaten', () => {
    fc.assert(
      fc.property(arbitraryCase, (c) => {
        const oracle = gridOracle(c, 120);
        fc.pre(Number.isFinite(oracle));
        const asked = toRequest(c);
        const route = routeHedge(asked);
        expectExecutable(route, asked);
        expect(route.status).toBe('complete');
        const flow = c.side === 'buy' ? Number(sum(route.spent)) / 1e6 : -Number(sum(route.received)) / 1e6;
        const left = route.dust.reduce((total, { atoms }) => total + Number(atoms), 0) / 1e6;
        const beside = (['gas', 'message', 'time-at-risk'] as const).reduce(
          (s, kind) => s + Number(route.costs[kind]),
          0,
        );
        const notional = c.size * 2000;
        expect(flow - (c.side === 'buy' ? left : 0) + beside).toBeLessThanOrEqual(oracle + notional * 1e-6 + 1e-5);
        expect(route.optimalityGapBps).toBeLessThan(0.05);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('keeps every constraint and every unit, whatever is asked', () => {
    fc.assert(
      fc.property(arbitraryCase, (c) => {
        const asked = toRequest(c);
        let route: HedgeRoute;
        try {
          route = routeHedge(asked);
        } catch (error) {
          expect(['ROUTE_INFEASIBLE', 'ROUTE_DISCONNECTED']).toContain((error as { code: string }).code);
          return;
        }
        expectExecutable(route, asked);
        expect(Number(route.servedUnits) + Number(route.remainderUnits)).toBeCloseTo(c.size, 9);
      }),
      { numRuns: 30, seed: 11 },
    );
  });
});

describe('costCurve', () => {
  const asked = request({
    pools: [pair('a', 0, 1000, 2000, 3000), pair('b', 1, 500, 2001, 500)],
    inventories: usdc.map((t) => ({ token: t, atoms: 400_000_000_000n })),
  });

  it('is what routing each size costs, convex beyond its fixed part, and ends where inventory ends', () => {
    const sizes = [0.1, 1, 5, 20, 80, 320, 1280];
    const curve = costCurve(asked, sizes);
    expect(curve.points.length).toBeGreaterThanOrEqual(5);
    expect(curve.points.length).toBeLessThan(sizes.length);
    for (const { cost, sizeUnits } of curve.points) {
      const route = routeHedge({ ...asked, deltaUnits: String(sizeUnits) });
      expect(cost).toBeCloseTo(Number(route.cost), 3);
    }
    for (let i = 1; i < curve.points.length; i++) {
      const [a, b] = [curve.points[i - 1]!, curve.points[i]!];
      const slope = (b.cost - a.cost) / (b.sizeUnits - a.sizeUnits);
      expect(slope).toBeGreaterThan(a.marginalCost - 0.5);
      expect(slope).toBeLessThan(b.marginalCost + 0.5);
    }
    expect(curve.fixedCost).toBeCloseTo(0.24, 6);
  });

  it('refuses sizes that do not ascend', () => {
    expect(() => costCurve(asked, [1, 1])).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => costCurve(asked, [Number.NaN])).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
