import fc from 'fast-check';
import type { AssetUnits, Position } from '../model/position.js';
import type { Token } from '../model/token.js';
import { PositionInvalidError } from './errors.js';
import { normalCdf } from './normal.js';
import { liquidationSpot } from './positions/lending.js';
import { grossDeltaUnits, valuePosition } from './value-position.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const coin = (amountUnits: string): AssetUnits => ({ amountUnits, deltaPerUnit: '1', valuePerUnit: '0' });
const cash = (amountUnits: string): AssetUnits => ({ amountUnits, deltaPerUnit: '0', valuePerUnit: '1' });

const decimal = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((thousandths) => String(thousandths / 1000));

const positions: Record<Exclude<Position['kind'], 'option'>, fc.Arbitrary<Position>> = {
  holding: fc.record({
    kind: fc.constant('holding' as const),
    amount: fc.record({ token: fc.constant(weth), atoms: fc.bigInt(0n, 10n ** 22n) }),
    deltaPerUnit: decimal(0, 2),
    valuePerUnit: decimal(0, 2),
  }),
  'concentrated-liquidity': fc.record({
    kind: fc.constant('concentrated-liquidity' as const),
    liquidity: fc.bigInt(10n ** 12n, 10n ** 18n),
    tickLower: fc.integer({ min: -210_000, max: -200_000 }),
    tickUpper: fc.integer({ min: -196_000, max: -190_000 }),
    sqrtPriceX96: fc.constant(1n << 96n),
    decimals: fc.constant([18, 6] as [number, number]),
    underlyingIndex: fc.constant(0 as const),
    owed: fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 9n)),
  }),
  'constant-product-liquidity': fc.record({
    kind: fc.constant('constant-product-liquidity' as const),
    amounts: fc.tuple(fc.bigInt(10n ** 15n, 10n ** 21n), fc.bigInt(10n ** 6n, 10n ** 13n)),
    decimals: fc.constant([18, 6] as [number, number]),
    underlyingIndex: fc.constant(0 as const),
  }),
  perpetual: fc.record({
    kind: fc.constant('perpetual' as const),
    sizeUnits: decimal(-100, 100),
    entryPrice: decimal(1, 5000),
    accruedFunding: decimal(-100, 100),
    collateral: decimal(0, 100).map(coin),
  }),
  'inverse-perpetual': fc.record({
    kind: fc.constant('inverse-perpetual' as const),
    notional: decimal(-1000, 1000),
    entryPrice: decimal(1, 5000),
    marginUnits: decimal(0, 10),
  }),
  'power-perpetual': fc.record({
    kind: fc.constant('power-perpetual' as const),
    sizeTokens: decimal(-100, 100),
    normalisationFactor: decimal(1, 2),
    annualVolatility: decimal(0.3, 1.5),
    fundingPeriodDays: fc.constant('17.5'),
    collateral: decimal(0, 100).map(coin),
  }),
  lending: fc.record({
    kind: fc.constant('lending' as const),
    collateral: fc.array(decimal(0, 100).map((units) => ({ ...coin(units), liquidationThreshold: '0.8' }))),
    debt: fc.array(decimal(0, 10_000).map(cash)),
  }),
};

/** Spots away from the edges of every range above, where delta and gamma are continuous. */
const spot = fc.double({ min: 1200, max: 1600, noNaN: true });

describe.each(Object.entries(positions))('%s', (_, arbitrary) => {
  test('delta and gamma are the derivatives of the value', () => {
    fc.assert(
      fc.property(arbitrary, spot, (position, at) => {
        const step = at * 1e-4;
        const [down, here, up] = [at - step, at, at + step].map((s) => valuePosition(position, s, NOW));
        const scale = 1e-6 * (1 + Math.abs(here!.value) / at);
        expect(Math.abs(here!.deltaUnits - (up!.value - down!.value) / (2 * step))).toBeLessThan(scale);
        const gamma = (up!.deltaUnits - down!.deltaUnits) / (2 * step);
        expect(Math.abs(here!.gammaPerUnit - gamma)).toBeLessThan(scale);
      }),
    );
  });

  test('the gross delta is never below the delta', () => {
    fc.assert(
      fc.property(arbitrary, spot, (position, at) => {
        const greeks = valuePosition(position, at, NOW);
        expect(grossDeltaUnits(position, greeks)).toBeGreaterThanOrEqual(Math.abs(greeks.deltaUnits) * (1 - 1e-12));
      }),
    );
  });
});

describe('known values', () => {
  test('a concentrated position from 1,500 to 2,500 holds what the whitepaper says, whichever token comes first', () => {
    // ticks of the prices in atoms of USDC per atom of WETH; L chosen as 1,000 in human units
    const tick = (price: number): number => Math.round(Math.log(price / 1e12) / Math.log(1.0001));
    const wethFirst: Position = {
      kind: 'concentrated-liquidity',
      liquidity: 1000n * 10n ** 12n,
      tickLower: tick(1500),
      tickUpper: tick(2500),
      sqrtPriceX96: 0n,
      decimals: [18, 6],
      underlyingIndex: 0,
      owed: [10n ** 17n, 5_000_000n],
    };
    const usdcFirst: Position = {
      ...wethFirst,
      tickLower: -tick(2500),
      tickUpper: -tick(1500),
      decimals: [6, 18],
      underlyingIndex: 1,
      owed: [5_000_000n, 10n ** 17n],
    };
    const eth = 1000 * (1 / Math.sqrt(2000) - 1 / Math.sqrt(2500)) + 0.1;
    const usdc = 1000 * (Math.sqrt(2000) - Math.sqrt(1500)) + 5;
    for (const position of [wethFirst, usdcFirst]) {
      const greeks = valuePosition(position, 2000, NOW);
      expect(greeks.deltaUnits).toBeCloseTo(eth, 2);
      expect(greeks.value / (eth * 2000 + usdc)).toBeCloseTo(1, 3);
      expect(greeks.gammaPerUnit).toBeCloseTo(-1000 / (2 * 2000 ** 1.5), 9);
    }
    expect(valuePosition(wethFirst, 4000, NOW).deltaUnits).toBe(0.1);
    expect(valuePosition(wethFirst, 4000, NOW).gammaPerUnit).toBe(0);
    const low = valuePosition(wethFirst, 1000, NOW);
    expect(low.deltaUnits).toBeCloseTo(valuePosition(wethFirst, 1400, NOW).deltaUnits, 12);
  });

  test('a fully margined short inverse perpetual has no delta, and a gross delta of both its sides', () => {
    const position: Position = { kind: 'inverse-perpetual', notional: '-2000', entryPrice: '2000', marginUnits: '1' };
    const greeks = valuePosition(position, 2500, NOW);
    expect(greeks.deltaUnits).toBe(0);
    expect(greeks.value).toBe(2000);
    expect(grossDeltaUnits(position, greeks)).toBe(2);
  });

  test('squeeth: theta is −σ²V a year, vega that of the funding period', () => {
    const position: Position = {
      kind: 'power-perpetual',
      sizeTokens: '-1',
      normalisationFactor: '0.5',
      annualVolatility: '0.8',
      fundingPeriodDays: '17.5',
      collateral: cash('0'),
    };
    const value = (-0.5 * 2000 ** 2 * Math.exp(0.64 * (17.5 / 365))) / 1e4;
    const greeks = valuePosition(position, 2000, NOW);
    expect(greeks.value).toBeCloseTo(value, 9);
    expect(greeks.thetaPerDay).toBeCloseTo((-0.64 * value) / 365, 9);
    const bumped = valuePosition({ ...position, annualVolatility: '0.8001' }, 2000, NOW);
    expect(greeks.vegaPerPoint).toBeCloseTo((bumped.value - value) / 0.01, 3);
  });

  test('a lending account is liquidated where thresholds meet debt', () => {
    const collateral = [{ ...coin('10'), liquidationThreshold: '0.8' }];
    expect(liquidationSpot({ kind: 'lending', collateral, debt: [cash('12000')] })).toBe(1500);
    expect(liquidationSpot({ kind: 'lending', collateral, debt: [] })).toBeUndefined();
  });

  test('the normal distribution, to 14 digits (values of the error function in Abramowitz and Stegun)', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 14);
    expect(normalCdf(1)).toBeCloseTo(0.841344746068543, 14);
    expect(normalCdf(-3)).toBeCloseTo(0.00134989803163009, 16);
    expect(normalCdf(-8) / 6.220960574271786e-16).toBeCloseTo(1, 7);
    expect(normalCdf(40)).toBe(1);
  });
});

describe('bad input', () => {
  const holding: Position = {
    kind: 'holding',
    amount: { token: weth, atoms: 1n },
    deltaPerUnit: '1',
    valuePerUnit: '0',
  };

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a spot of %s is refused', (at) => {
    expect(() => valuePosition(holding, at, NOW)).toThrow(PositionInvalidError);
  });

  test('a kind that is not known is refused, not counted as zero', () => {
    expect(() => valuePosition({ kind: 'barrier' } as unknown as Position, 2000, NOW)).toThrow(PositionInvalidError);
  });

  test('an empty tick range and a negative liquidity are refused', () => {
    const range = { decimals: [18, 6], owed: [0n, 0n], sqrtPriceX96: 0n, underlyingIndex: 0 } as const;
    const kind = 'concentrated-liquidity';
    const empty: Position = { kind, liquidity: 1n, tickLower: 10, tickUpper: 10, ...range };
    const negative: Position = { kind, liquidity: -1n, tickLower: 0, tickUpper: 10, ...range };
    expect(() => valuePosition(empty, 2000, NOW)).toThrow(PositionInvalidError);
    expect(() => valuePosition(negative, 2000, NOW)).toThrow(PositionInvalidError);
  });
});
