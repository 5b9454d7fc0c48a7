import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import { routeHedge } from '../route/route-hedge.js';
import { hedgeRequest, type Market } from './hedge-request.js';
import type { Portfolio } from './portfolio.js';

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
const lane = (from: Token, to: Token, maxAtoms: bigint): HedgeBridge => ({
  adapter: 'lanes',
  from,
  to,
  feeBps: 3,
  fixedCostNumeraire: '0',
  gasUnits: 0n,
  minAtoms: 0n,
  maxAtoms,
  timeSeconds: 60,
});

/** Funds on the first two chains, depth on the third, and a lane to it from each. */
const market = (depths: readonly bigint[]): Market => ({
  balances: usdc.slice(0, 2).map((each) => ({ token: each, atoms: 10n ** 11n })),
  bridges: [lane(usdc[0]!, usdc[2]!, 9_000_000_000n), lane(usdc[1]!, usdc[2]!, 12_000_000_007n)],
  gasPriceWei: { 1: 0n, 2: 0n, 3: 0n },
  nativePrice: { 1: '2000', 2: '2000', 3: '2000' },
  pools: depths.map((depth, chain) => pool(chain, depth)),
  reference: { price: '2000' } as Market['reference'],
});
const portfolio = (keepForNext: boolean): Portfolio =>
  ({
    baseTokens: weth,
    quoteTokens: usdc,
    limits: { slippageBps: 30, maxHops: 8, keepForNext },
  }) as unknown as Portfolio;
const wanted = {
  deltaChangeUnits: '20',
  annualVolatility: 0.5,
  riskAversion: 1e-9,
  onShortfall: 'partial',
} as const;

test('lanes of one bridge into the same token share what the largest of them can pay', () => {
  const request = hedgeRequest(portfolio(false), market([100n, 100n, 100_000n]), wanted);
  expect(request.bridgeStocks).toMatchObject([{ token: usdc[2], atoms: 12_000_000_007n }]);
  expect(new Set(request.bridges.map(({ stock }) => stock))).toEqual(new Set([request.bridgeStocks![0]!.id]));
  const route = routeHedge(request);
  const arrived = route.hops.reduce((sum, hop) => (hop.kind === 'bridge' ? sum + hop.amountOut : sum), 0n);
  expect(arrived).toBeGreaterThan(11_000_000_000n);
  expect(arrived).toBeLessThanOrEqual(12_000_000_007n);
});

test('a lane alone shares with nobody', () => {
  const alone = market([100n, 100n, 100n]);
  const request = hedgeRequest(portfolio(false), { ...alone, bridges: alone.bridges.slice(0, 1) }, wanted);
  expect(request.bridgeStocks).toBeUndefined();
  expect(request.bridges[0]).not.toHaveProperty('stock');
});

test('what the next hedge needs where it lies counts as a cost of the kind inventory, where that is asked for', () => {
  const scarce = market([1000n, 1000n]);
  const both = {
    ...scarce,
    bridges: [lane(usdc[0]!, usdc[1]!, 10n ** 12n), lane(usdc[1]!, usdc[0]!, 10n ** 12n)],
    balances: [
      { token: usdc[0]!, atoms: 10n ** 11n },
      { token: usdc[1]!, atoms: 25n * 10n ** 9n },
    ],
  };
  const without = hedgeRequest(portfolio(false), both, wanted);
  expect(without.inventoryValues).toBeUndefined();
  expect(Number(routeHedge(without).costs.inventory)).toBe(0);
  const request = hedgeRequest(portfolio(true), both, wanted);
  const valueOf = (each: Token): number =>
    Number(request.inventoryValues!.find(({ token: at }) => at === each)!.perUnit);
  // 20,000 dollars half of the time and on half of the chains: 10,000, where there are 25,000 and 100,000.
  expect(valueOf(usdc[1]!)).toBeGreaterThan(valueOf(usdc[0]!));
  expect(valueOf(usdc[1]!)).toBeLessThan(3.1e-4);
  const route = routeHedge(request);
  expect(Number(route.costs.inventory)).toBeGreaterThan(0);
  const spentOn = (chainId: number): bigint =>
    route.spent.reduce((sum, { atoms, token: at }) => (at.chainId === chainId ? sum + atoms : sum), 0n);
  // Of two markets alike, less is spent where funds are scarce.
  expect(spentOn(2)).toBeLessThan(spentOn(1));
});
