import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import type { HedgeBridge, HedgeRequest, HedgeRoute } from './hedge.js';
import { routeHedge } from './route-hedge.js';

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
