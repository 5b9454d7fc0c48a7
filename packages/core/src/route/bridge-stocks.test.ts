import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import type { HedgeBridge, HedgeRequest, HedgeRoute } from './hedge.js';
import { routeHedge } from './route-hedge.js';
import { type RouteSolution, solveRoute } from './solve-route.js';

const token = (chainId: number, digit: string, symbol: string, decimals: number): Token => ({
  chainId,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const usdc = [1, 2, 3].map((chainId) => token(chainId, 'a', 'USDC', 6));
const weth = [1, 2, 3].map((chainId) => token(chainId, 'b', 'WETH', 18));

const pool = (chain: number, depth: bigint): Pool => ({
  id: `p${chain}`,
  adapter: 'test',
  chainId: chain + 1,
  tokens: [usdc[chain]!, weth[chain]!],
  curve: { kind: 'constant-product', reserves: [depth * 2000n * 10n ** 6n, depth * 10n ** 18n], feePpm: 500 },
  gas: { base: 0n, perTick: 0n },
  asOf: { source: 'test', timeSeconds: 0 },
  payload: null,
});
const lane = (from: Token, to: Token): HedgeBridge => ({
  adapter: `lane-${from.chainId}`,
  from,
  to,
  feeBps: 3,
  fixedCostNumeraire: '0',
  gasUnits: 0n,
  minAtoms: 0n,
  maxAtoms: 10n ** 24n,
  timeSeconds: 60,
});
const STOCK = { id: 'relayer', token: usdc[2]!, atoms: 12_000_000_007n };

/** Shallow pools where the funds are, a deep one on the third chain, two lanes to it that one relayer pays out. */
function request(side: 'buy' | 'sell', stocked: boolean): HedgeRequest {
  const given = side === 'buy' ? usdc : weth;
  const lanes = [lane(given[0]!, given[2]!), lane(given[1]!, given[2]!)];
  const stock = side === 'buy' ? STOCK : { ...STOCK, token: weth[2]!, atoms: 6_000_000_000_000_000_003n };
  return {
    side,
    deltaUnits: '20',
    baseTokens: weth,
    quoteTokens: usdc,
    pools: [pool(0, 100n), pool(1, 100n), pool(2, 100_000n)],
    bridges: lanes.map((each) => (stocked ? { ...each, stock: 'relayer' } : each)),
    bridgeStocks: [stock],
    inventories: given.slice(0, 2).map((each) => ({ token: each, atoms: side === 'buy' ? 10n ** 11n : 10n ** 20n })),
    gasPriceWei: { 1: 0n, 2: 0n, 3: 0n },
    nativePrice: { 1: '2000', 2: '2000', 3: '2000' },
    referencePrice: '2000',
    timeAtRisk: { kind: 'price', bpsPerHour: '1' },
    slippageBps: 30,
  };
}

const paidOut = (route: HedgeRoute): bigint =>
  route.hops.reduce((sum, hop) => (hop.kind === 'bridge' ? sum + hop.amountOut : sum), 0n);

describe('two lanes that one stock pays out', () => {
  it.each(['buy', 'sell'] as const)('never bring more than it holds, and all of it where that pays: %s', (side) => {
    const free = routeHedge(request(side, false));
    const asked = request(side, true);
    const route = routeHedge(asked);
    const { atoms } = asked.bridgeStocks![0]!;
    expect(paidOut(free)).toBeGreaterThan(2n * atoms);
    expect(paidOut(route)).toBeLessThanOrEqual(atoms);
    expect(Number(paidOut(route)) / Number(atoms)).toBeCloseTo(1, 5);
    expect(route.status).toBe('complete');
    expect(Number(route.cost)).toBeGreaterThan(Number(free.cost));
    expect(route.optimalityGapBps).toBeLessThan(0.01);
    // What arrives is what the pool of the third chain takes, and dust.
    const swapped = route.hops.find((hop) => hop.kind === 'swap' && hop.poolId === 'p2')!.amountIn;
    const arrived = asked.bridgeStocks![0]!.token;
    const dust = route.dust.find(({ token: each }) => each === arrived)?.atoms ?? 0n;
    expect(swapped + dust).toBe(paidOut(route));
  });

  it('refuses a stock that is not there, or of another token', () => {
    const code = (fields: Partial<HedgeRequest>): string => {
      try {
        routeHedge({ ...request('buy', true), ...fields });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code({ bridgeStocks: [] })).toBe('INVALID_INPUT');
    expect(code({ bridgeStocks: [{ ...STOCK, token: usdc[1]! }] })).toBe('INVALID_INPUT');
    expect(code({ bridgeStocks: [STOCK, STOCK] })).toBe('ROUTE_DUPLICATE');
    expect(code({})).toBe('none');
  });
});

describe('the same as plain JSON', () => {
  const at = ({ address, chainId }: Token): { chainId: number; address: string } => ({ chainId, address });
  const problem = {
    tokens: [...usdc, ...weth].map(({ address, chainId, decimals, symbol }) => ({
      address,
      chainId,
      decimals,
      symbol,
    })),
    pools: [0, 1, 2].map((chain) => ({
      id: `p${chain}`,
      chainId: chain + 1,
      kind: 'constant-product' as const,
      feePpm: 500,
      tokens: [usdc[chain]!.address, weth[chain]!.address] as const,
      reserves: [`${chain === 2 ? 2e8 : 2e5}000000`, `${chain === 2 ? 1e5 : 100}${'0'.repeat(18)}`] as const,
    })),
    bridges: [0, 1].map((chain) => ({
      id: `lane-${chain}`,
      from: at(usdc[chain]!),
      to: at(usdc[2]!),
      feePpm: 300,
      maxAmount: '1000000000000',
      stock: 'relayer',
    })),
    bridgeStocks: [{ id: 'relayer', ...at(usdc[2]!), amount: '12000000007' }],
    inventories: usdc.slice(0, 2).map((each) => ({ ...at(each), amount: '100000000000' })),
    demand: { tokensIn: usdc.map(at), tokensOut: weth.map(at), amountOut: '20000000000000000000' },
  };
  const arrived = ({ hops }: RouteSolution): number =>
    hops.reduce((sum, { amountOut, kind }) => (kind === 'bridge' ? sum + Number(amountOut) : sum), 0);

  it('keeps to the stock, and is free without it', () => {
    const stocked = solveRoute(problem);
    expect(stocked.remainder).toBe('0');
    expect(arrived(stocked)).toBeLessThanOrEqual(12_000_000_007);
    expect(arrived(stocked)).toBeGreaterThan(11_999_000_000);
    const free = solveRoute({ ...problem, bridges: problem.bridges.map((each) => ({ ...each, stock: undefined })) });
    expect(arrived(free)).toBeGreaterThan(24_000_000_000);
  });

  it('counts what an inventory is worth where it lies, and spends less of it', () => {
    const local = { ...problem, bridges: [], bridgeStocks: [], pools: problem.pools.slice(0, 2) };
    const even = solveRoute(local);
    expect(Number(even.costsByKind.inventory)).toBe(0);
    const valued = solveRoute({ ...local, inventoryValues: [{ ...at(usdc[0]!), perUnit: '0.05' }] });
    const spent = (solution: RouteSolution): number => Number(solution.hops.find((hop) => hop.chainId === 1)!.amountIn);
    expect(spent(valued)).toBeLessThan(spent(even));
    expect(Number(valued.costsByKind.inventory)).toBeCloseTo(0.05 * (spent(valued) / 1e6), 6);
  });

  it.each([
    ['INVALID_INPUT', { bridgeStocks: [] }],
    ['INVALID_INPUT', { bridgeStocks: [{ ...problem.bridgeStocks[0]!, ...at(weth[2]!) }] }],
    ['ROUTE_DUPLICATE', { bridgeStocks: [problem.bridgeStocks[0]!, problem.bridgeStocks[0]!] }],
    ['INVALID_INPUT', { inventoryValues: [{ ...at(usdc[0]!), perUnit: '1' }] }],
    ['INVALID_INPUT', { inventoryValues: [{ ...at(usdc[0]!), perUnit: '-0.1' }] }],
  ])('refuses with %s: %j', (code, fields) => {
    const attempt = (): RouteSolution => solveRoute({ ...problem, ...fields });
    expect(attempt).toThrow(expect.objectContaining({ code }) as Error);
  });
});
