import fc from 'fast-check';
import type { AssetUnits, Position } from '../model/position.js';
import type { Token } from '../model/token.js';
import { PositionInvalidError } from './errors.js';
import { type PositionParts, valueAcross } from './value-across.js';
import { valuePosition } from './value-position.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const decimal = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((thousandths) => String(thousandths / 1000));
const units = (follows?: string): fc.Arbitrary<AssetUnits> =>
  decimal(0, 50).map((amountUnits) => ({
    amountUnits,
    deltaPerUnit: '1.1',
    valuePerUnit: '0.5',
    ...(follows === undefined ? {} : { underlying: follows }),
  }));
const backing = (follows?: string) => units(follows).map((asset) => ({ ...asset, liquidationThreshold: '0.8' }));

const simple = {
  'constant product of two volatile tokens': fc.record({
    kind: fc.constant('constant-product-liquidity' as const),
    amounts: fc.tuple(fc.bigInt(10n ** 17n, 10n ** 21n), fc.bigInt(10n ** 6n, 10n ** 10n)),
    decimals: fc.constant([18, 8] as [number, number]),
    underlyingIndex: fc.constant(0 as const),
    quoteUnderlying: fc.constant('BTC'),
  }),
  'a range between two volatile tokens': fc.record({
    kind: fc.constant('concentrated-liquidity' as const),
    liquidity: fc.bigInt(10n ** 12n, 10n ** 16n),
    // ETH in BTC from about 0.018 to 0.074, in atoms of 8 per atoms of 18 decimals.
    tickLower: fc.constant(-270_500),
    tickUpper: fc.constant(-256_300),
    sqrtPriceX96: fc.constant(1n << 96n),
    decimals: fc.constant([18, 8] as [number, number]),
    underlyingIndex: fc.constant(0 as const),
    quoteUnderlying: fc.constant('BTC'),
    owed: fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 8n)),
  }),
  'a perpetual margined in another asset': fc.record({
    kind: fc.constant('perpetual' as const),
    sizeUnits: decimal(-100, 100),
    entryPrice: decimal(1, 5000),
    accruedFunding: decimal(-100, 100),
    collateral: units('BTC'),
  }),
  'a power perpetual margined in another asset': fc.record({
    kind: fc.constant('power-perpetual' as const),
    sizeTokens: decimal(-100, 100),
    normalisationFactor: decimal(1, 2),
    annualVolatility: decimal(0.3, 1.5),
    fundingPeriodDays: fc.constant('17.5'),
    collateral: units('BTC'),
  }),
  'a perpetual paid in another asset': fc.record({
    kind: fc.constant('quanto-perpetual' as const),
    sizeUnits: decimal(-100, 100),
    entryPrice: decimal(1, 5000),
    multiplier: fc.constant('0.00001'),
    marginUnits: decimal(0, 2),
    settlementUnderlying: fc.constant('BTC'),
  }),
  'a lending account over two assets': fc.record({
    kind: fc.constant('lending' as const),
    collateral: fc.tuple(backing(), backing('BTC')),
    debt: fc.tuple(units('BTC'), units('ETH')),
  }),
  'a holding of the other one': fc.record({
    kind: fc.constant('holding' as const),
    underlying: fc.constant('BTC'),
    amount: fc.record({ token: fc.constant(weth), atoms: fc.bigInt(0n, 10n ** 20n) }),
    deltaPerUnit: fc.constant('1'),
    valuePerUnit: fc.constant('0'),
  }),
} satisfies Record<string, fc.Arbitrary<Position>>;
const positions: Record<string, fc.Arbitrary<Position>> = {
  ...simple,
  'a vault of all of them': fc.record({
    kind: fc.constant('vault' as const),
    scale: decimal(-2, 2),
    inside: fc.tuple(...Object.values<fc.Arbitrary<Position>>(simple)),
  }),
};

const at = (position: Position, eth: number, btc: number): PositionParts =>
  valueAcross(position, 'ETH', new Map(Object.entries({ ETH: eth, BTC: btc })), NOW);
const total = (parts: PositionParts): number => parts.parts.reduce((sum, { greeks }) => sum + greeks.value, 0);
const sumOf = (parts: PositionParts, underlying: string, key: 'deltaUnits' | 'gammaPerUnit'): number =>
  parts.parts.filter((part) => part.underlying === underlying).reduce((sum, { greeks }) => sum + greeks[key], 0);

describe.each(Object.entries(positions))('%s', (_, arbitrary) => {
  test('deltas, gammas and the cross gamma are the derivatives of the value', () => {
    fc.assert(
      fc.property(
        arbitrary,
        fc.double({ min: 1500, max: 3000, noNaN: true }),
        fc.double({ min: 50_000, max: 70_000, noNaN: true }),
        (position, eth, btc) => {
          const here = at(position, eth, btc);
          const [dEth, dBtc] = [eth * 1e-4, btc * 1e-4];
          const value = (a: number, b: number): number => total(at(position, eth + a * dEth, btc + b * dBtc));
          const delta = (of: string, a: number, b: number): number =>
            sumOf(at(position, eth + a * dEth, btc + b * dBtc), of, 'deltaUnits');
          const size = 1 + here.parts.reduce((sum, { grossDeltaUnits }) => sum + Math.abs(grossDeltaUnits), 0);
          const near = (got: number, expected: number, spot: number): void =>
            expect(Math.abs(got - expected)).toBeLessThan(((1e-6 * size) / spot) * btc);
          near(sumOf(here, 'ETH', 'deltaUnits'), (value(1, 0) - value(-1, 0)) / (2 * dEth), eth);
          near(sumOf(here, 'BTC', 'deltaUnits'), (value(0, 1) - value(0, -1)) / (2 * dBtc), btc);
          const slope = (of: string, a: number, b: number, step: number): number =>
            (delta(of, a, b) - delta(of, -a, -b)) / (2 * step);
          // A gamma times its spot is a delta: it has to be right to the same share of the size.
          near(sumOf(here, 'ETH', 'gammaPerUnit') * eth, slope('ETH', 1, 0, dEth) * eth, eth);
          near(sumOf(here, 'BTC', 'gammaPerUnit') * btc, slope('BTC', 0, 1, dBtc) * btc, btc);
          const cross = here.crossGammas.reduce((sum, { gammaPerUnit }) => sum + gammaPerUnit, 0);
          near(cross * btc, slope('ETH', 0, 1, dBtc) * btc, eth);
          near(cross * eth, slope('BTC', 1, 0, dEth) * eth, btc);
        },
      ),
    );
  });

  test('the gross delta bounds the delta', () => {
    fc.assert(
      fc.property(arbitrary, fc.double({ min: 1500, max: 3000, noNaN: true }), (position, eth) => {
        for (const { greeks, grossDeltaUnits } of at(position, eth, 60_000).parts) {
          expect(grossDeltaUnits * (1 + 1e-12)).toBeGreaterThanOrEqual(Math.abs(greeks.deltaUnits) * (1 - 1e-12));
        }
      }),
    );
  });
});

test('with its other price standing at one, a pair is what it is against a numeraire', () => {
  fc.assert(
    fc.property(simple['constant product of two volatile tokens'], ({ quoteUnderlying, ...position }) => {
      const [base] = at({ ...position, quoteUnderlying }, 0.04, 1).parts;
      expect(base!.greeks).toEqual(valuePosition(position, 0.04, NOW));
    }),
  );
});

test('an underlying without a spot is refused', () => {
  const only = new Map([['ETH', 2000]]);
  for (const arbitrary of Object.values(positions)) {
    const [position] = fc.sample(arbitrary, { seed: 7, numRuns: 1 });
    expect(() => valueAcross(position!, 'ETH', only, NOW)).toThrow(PositionInvalidError);
  }
});
