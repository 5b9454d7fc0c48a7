import fc from 'fast-check';
import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import { costCurve } from './cost-curve.js';
import type { HedgeBridge, HedgeRequest } from './hedge.js';
import { hedgeModel } from './hedge-model.js';
import { solveModel } from './solve-model.js';

const token = (chainId: number, digit: string, symbol: string, decimals: number): Token => ({
  chainId,
  address: `0x${digit.repeat(40)}`,
  symbol,
  decimals,
});
const usdc = [1, 2].map((chainId) => token(chainId, 'a', 'USDC', 6));
const weth = [1, 2].map((chainId) => token(chainId, 'b', 'WETH', 18));
const PRICE = 2000;

const market = fc.record({
  depths: fc.array(fc.integer({ min: 50, max: 5000 }), { minLength: 4, maxLength: 4 }),
  // Middles off the reference by less than any fee: no pool is better than the reference, no circle pays.
  offs: fc.array(fc.double({ min: -1e-4, max: 1e-4, noNaN: true }), { minLength: 4, maxLength: 4 }),
  laneFee: fc.integer({ min: 1, max: 20 }),
  laneFixed: fc.integer({ min: 0, max: 20 }),
  lanes: fc.boolean(),
  gwei: fc.integer({ min: 1, max: 100 }),
  held: fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 40 })),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  growing: fc.boolean(),
});
type Market = typeof market extends fc.Arbitrary<infer T> ? T : never;

function request(drawn: Market, free: boolean): Omit<HedgeRequest, 'deltaUnits'> {
  const { depths, gwei, growing, held, laneFee, laneFixed, lanes, offs, side } = drawn;
  const pools = depths.map((depth, i): Pool => {
    const tokens = [usdc[i % 2]!, weth[i % 2]!] as const;
    const reserves = [BigInt(Math.round(depth * PRICE * (1 + offs[i]!) * 1e6)), BigInt(depth) * 10n ** 18n] as const;
    return {
      id: `p${i}`,
      adapter: 'test',
      chainId: tokens[0].chainId,
      tokens,
      curve: { kind: 'constant-product', reserves, feePpm: i < 2 ? 500 : 3000 },
      gas: { base: 120_000n, perTick: 0n },
      asOf: { source: 'test', timeSeconds: 0 },
      payload: null,
    };
  });
  const spent = side === 'buy' ? usdc : weth;
  const scale = side === 'buy' ? 10n ** 6n * BigInt(PRICE) : 10n ** 18n;
  const bridge = (from: Token, to: Token): HedgeBridge => ({
    adapter: 'lane',
    from,
    to,
    feeBps: laneFee,
    fixedCostNumeraire: free ? '0' : String(laneFixed),
    gasUnits: 90_000n,
    minAtoms: 0n,
    maxAtoms: scale * 30n,
    timeSeconds: 300,
  });
  const [a, b] = spent;
  const wei = free ? 0n : BigInt(gwei) * 10n ** 9n;
  return {
    side,
    baseTokens: weth,
    quoteTokens: usdc,
    pools,
    bridges: lanes ? [bridge(a!, b!), bridge(b!, a!)] : [],
    inventories: spent.map((each, i) => ({ token: each, atoms: BigInt(held[i]!) * scale })),
    gasPriceWei: { 1: wei, 2: wei / 10n },
    nativePrice: { 1: '2000', 2: '2000' },
    referencePrice: String(PRICE),
    timeAtRisk: growing
      ? { kind: 'volatility', annualVolatility: '0.8', riskAversion: '0.0001' }
      : { kind: 'price', bpsPerHour: '4' },
    slippageBps: 30,
    onShortfall: 'partial',
  };
}

const SIZES = [0.02, 0.1, 0.5, 1, 2, 4, 7, 10, 16, 30, 60];

describe('costCurve over any market', () => {
  it('is convex and ascends where nothing is paid once, and its marginal costs lie between its slopes', () => {
    fc.assert(
      fc.property(market, (drawn) => {
        const { points } = costCurve(request({ ...drawn, growing: false }, true), SIZES);
        expect(points.length).toBeGreaterThan(3);
        let slope = 0;
        points.forEach(({ cost, marginalCost, openCost, sizeUnits }, i) => {
          expect(openCost).toBeLessThanOrEqual(sizeUnits * PRICE * 1e-6 + 1e-6);
          const before = points[i - 1] ?? { cost: 0, sizeUnits: 0, marginalCost: 0 };
          const next = (cost - before.cost) / (sizeUnits - before.sizeUnits);
          const tiny = PRICE * 1e-7 + 2e-5 / (sizeUnits - before.sizeUnits);
          expect(next).toBeGreaterThan(0);
          expect(next).toBeGreaterThanOrEqual(slope - tiny);
          expect(next).toBeLessThanOrEqual(marginalCost + tiny);
          expect(before.marginalCost).toBeLessThanOrEqual(next + tiny);
          slope = next;
        });
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('is never below what is proved of any route, nor far above a search of its own', () => {
    fc.assert(
      fc.property(market, (drawn) => {
        const asked = request(drawn, false);
        const { fixedCost, points } = costCurve(asked, SIZES);
        for (const { cost, openCost, sizeUnits } of points.filter((_, i) => i % 3 === 0)) {
          const { model } = hedgeModel({ ...asked, deltaUnits: String(sizeUnits) });
          const alone = solveModel(model, {
            nodeBudget: 400,
            referencePrice: PRICE,
            toleranceBps: 0.001,
            certify: true,
          });
          const notional = PRICE * sizeUnits;
          const proved = drawn.side === 'buy' ? -alone.bound - notional : notional - alone.bound;
          const own = drawn.side === 'buy' ? -alone.netValue - notional : notional - alone.netValue;
          if (alone.replay.remainder > 0n) continue;
          expect(cost).toBeGreaterThanOrEqual(proved - notional * 1e-8 - 1e-5);
          expect(cost).toBeLessThanOrEqual(own + notional * 1e-5 + 1e-4);
          // What can be served of a size at the end of the curve is priced as that size.
          if (SIZES.includes(sizeUnits)) expect(cost).toBeLessThanOrEqual(own + openCost! + notional * 1e-8 + 1e-5);
          expect(cost).toBeGreaterThanOrEqual(fixedCost - 1e-9);
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
