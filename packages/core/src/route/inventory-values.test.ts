import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import type { HedgeBridge, HedgeRequest } from './hedge.js';
import { inventoryValues } from './inventory-values.js';
import { routeHedge } from './route-hedge.js';

const token = (chainId: number, digit: string, symbol: string, decimals: number): Token => ({
  chainId,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const usdc = [1, 2].map((chainId) => token(chainId, 'a', 'USDC', 6));
const weth = [1, 2].map((chainId) => token(chainId, 'b', 'WETH', 18));

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
const lane: HedgeBridge = {
  adapter: 'lane',
  from: usdc[1]!,
  to: usdc[0]!,
  feeBps: 50,
  fixedCostNumeraire: '5',
  gasUnits: 0n,
  minAtoms: 0n,
  maxAtoms: 10n ** 12n,
  timeSeconds: 3600,
};
const request: HedgeRequest = {
  side: 'buy',
  deltaUnits: '10',
  baseTokens: weth,
  quoteTokens: usdc,
  pools: [pool(0, 10_000n), pool(1, 10_000n)],
  bridges: [lane],
  inventories: usdc.map((each) => ({ token: each, atoms: 10n ** 11n })),
  gasPriceWei: { 1: 0n, 2: 0n },
  nativePrice: { 1: '2000', 2: '2000' },
  referencePrice: '2000',
  timeAtRisk: { kind: 'price', bpsPerHour: '10' },
  slippageBps: 30,
};
const spentOn = (chainId: number, asked: HedgeRequest): bigint =>
  routeHedge(asked).spent.find(({ token: each }) => each.chainId === chainId)?.atoms ?? 0n;

describe('inventoryValues', () => {
  it('is the cost of the cheapest lane times the probability that what is held falls short', () => {
    const need = { token: usdc[0]!, heldUnits: '20000', meanUnits: '20000', deviationUnits: '4000' };
    const dear = { ...lane, adapter: 'dear', feeBps: 90 };
    const [value] = inventoryValues([need], { ...request, bridges: [dear, lane] });
    // Half of 50 bp, 10 bp for an hour, and 5 over 20,000.
    expect(Number(value!.perUnit)).toBeCloseTo(0.5 * (0.005 + 0.001 + 5 / 20_000), 12);
    const [plenty, sure] = inventoryValues(
      [
        { ...need, heldUnits: '60000' },
        { ...need, heldUnits: '1', deviationUnits: '0' },
      ],
      request,
    );
    expect(Number(plenty!.perUnit)).toBeLessThan(1e-9);
    expect(Number(sure!.perUnit)).toBeCloseTo(0.00625, 12);
    expect(inventoryValues([{ ...need, token: usdc[1]! }], request)[0]!.perUnit).toBe('0');
    expect(() => inventoryValues([{ ...need, meanUnits: '-1' }], request)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });
});

describe('a hedge with forward prices of its inventories', () => {
  it('spends less where a unit will be needed, until the venues pay for the difference', () => {
    const without = routeHedge(request);
    const valued = { ...request, inventoryValues: [{ token: usdc[0]!, perUnit: '0.002' }] };
    const route = routeHedge(valued);
    expect(spentOn(1, request)).toBeGreaterThan(9_900_000_000n);
    expect(spentOn(1, valued)).toBeLessThan(spentOn(1, request) - 2_000_000_000n);
    expect(spentOn(1, valued)).toBeGreaterThan(0n);
    const units = Number(route.spent.find(({ token: each }) => each.chainId === 1)!.atoms) / 1e6;
    expect(Number(route.costs.inventory)).toBeCloseTo(0.002 * units, 6);
    expect(without.costs.inventory).toBe('0');
    const kinds = Object.values(route.costs).reduce((sum, cost) => sum + Number(cost), 0);
    expect(kinds).toBeCloseTo(Number(route.cost), 6);
    expect(route.optimalityGapBps).toBeLessThan(0.01);
    // Marginal prices of both chains differ by the value: p₁·(1 + 0.002) = p₂.
    const price = (atoms: bigint): number => (2000 / 0.9995) * (1 + Number(atoms) / 1e6 / 2e7) ** 2;
    expect(price(spentOn(1, valued)) * 1.002).toBeCloseTo(price(spentOn(2, valued)), 1);
  });

  it('receives where a unit will be needed', () => {
    const valued = { ...request, inventoryValues: [{ token: weth[1]!, perUnit: '4' }] };
    const at = (asked: HedgeRequest, chainId: number): number =>
      Number(routeHedge(asked).received.find(({ token: each }) => each.chainId === chainId)?.atoms ?? 0n) / 1e18;
    expect(at(request, 2)).toBeCloseTo(5, 2);
    expect(at(valued, 2)).toBeGreaterThan(6);
    const route = routeHedge(valued);
    expect(Number(route.costs.inventory)).toBeCloseTo(-4 * at(valued, 2), 6);
    expect(route.optimalityGapBps).toBeLessThan(0.01);
  });

  it('refuses a value that is no less than the token itself', () => {
    const asked = { ...request, inventoryValues: [{ token: usdc[0]!, perUnit: '1' }] };
    expect(() => routeHedge(asked)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
