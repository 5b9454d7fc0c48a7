import fc from 'fast-check';
import type { AssetUnits, Position } from '../model/position.js';
import type { Token } from '../model/token.js';
import { PositionInvalidError } from './errors.js';
import { normalCdf } from './normal.js';
import { liquidationOf, liquidationRisk } from './positions/lending.js';
import { grossDeltaUnits, valuePosition } from './value-position.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const coin = (amountUnits: string): AssetUnits => ({ amountUnits, deltaPerUnit: '1', valuePerUnit: '0' });
const cash = (amountUnits: string): AssetUnits => ({ amountUnits, deltaPerUnit: '0', valuePerUnit: '1' });

const decimal = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((thousandths) => String(thousandths / 1000));

type OnOne = Exclude<Position['kind'], 'option' | 'quanto-perpetual' | 'vault'>;
const positions: Record<OnOne, fc.Arbitrary<Position>> = {
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
  'rate-bearing': fc.record({
    kind: fc.constant('rate-bearing' as const),
    amount: fc.record({ token: fc.constant({ ...weth, symbol: 'wstETH' }), atoms: fc.bigInt(0n, 10n ** 22n) }),
    rate: decimal(1, 2),
    basisRatio: decimal(0.8, 1.1),
  }),
  measured: fc.record({
    kind: fc.constant('measured' as const),
    spot: fc.constant('1400'),
    value: decimal(-1000, 1000),
    deltaUnits: decimal(-10, 10),
    gammaPerUnit: decimal(-1, 1),
    validWithinShare: fc.constant('0.5'),
  }),
};
/** Shares of vaults that hold anything of the above, and vaults. */
const vault = fc.record({
  kind: fc.constant('vault' as const),
  scale: decimal(0, 3),
  inside: fc.array(
    fc.oneof(
      ...Object.values(positions),
      fc.record({ kind: fc.constant('vault' as const), scale: decimal(0, 3), inside: fc.array(positions.holding) }),
    ),
    { maxLength: 3 },
  ),
});
const all = { ...positions, vault };

/** Spots away from the edges of every range above, where delta and gamma are continuous. */
const spot = fc.double({ min: 1200, max: 1600, noNaN: true });

describe.each(Object.entries<fc.Arbitrary<Position>>(all))('%s', (_, arbitrary) => {
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

describe('the second factor', () => {
  test('an eight percent discount of staked ETH is seen, in value and in delta', () => {
    const at = (basisRatio: string): Position => ({
      kind: 'rate-bearing',
      amount: { token: { ...weth, symbol: 'wstETH' }, atoms: 100n * 10n ** 18n },
      rate: '1.19',
      basisRatio,
    });
    const par = valuePosition(at('1'), 2000, NOW);
    const discounted = valuePosition(at('0.92'), 2000, NOW);
    const [basis] = par.basis!;
    expect(basis).toEqual({ asset: 'wstETH', valuePerPoint: 2380, deltaPerPoint: 1.19 });
    expect(discounted.value - par.value).toBeCloseTo(-8 * basis!.valuePerPoint, 6);
    expect(discounted.deltaUnits - par.deltaUnits).toBeCloseTo(-8 * basis!.deltaPerPoint, 9);
  });

  test.each<[string, (deltaPerUnit: string) => Position, number]>([
    ['margin', (deltaPerUnit) => perpetual({ ...coin('3'), deltaPerUnit, basisAsset: 'wstETH' }), 3],
    ['collateral', (deltaPerUnit) => account([{ ...coin('3'), deltaPerUnit, basisAsset: 'wstETH' }], []), 3],
    ['debt', (deltaPerUnit) => account([], [{ ...coin('3'), deltaPerUnit, basisAsset: 'wstETH' }]), -3],
    [
      'what a vault holds',
      (deltaPerUnit) => shares(account([{ ...coin('3'), deltaPerUnit, basisAsset: 'wstETH' }], [])),
      6,
    ],
  ])('as %s', (_, make, units) => {
    const [low, here, high] = ['1.188', '1.2', '1.212'].map((delta) => valuePosition(make(delta), 2000, NOW));
    expect(here!.basis).toHaveLength(1);
    expect(here!.basis![0]!.valuePerPoint).toBeCloseTo((high!.value - low!.value) / 2, 9);
    expect(here!.basis![0]!.deltaPerPoint).toBeCloseTo((units * 1.2) / 100, 12);
  });

  const perpetual = (collateral: AssetUnits): Position => ({
    kind: 'perpetual',
    sizeUnits: '-2',
    entryPrice: '1900',
    accruedFunding: '0',
    collateral,
  });
  const account = (collateral: readonly AssetUnits[], debt: readonly AssetUnits[]): Position => ({
    kind: 'lending',
    collateral: collateral.map((asset) => ({ ...asset, liquidationThreshold: '0.8' })),
    debt,
  });
  const shares = (inside: Position): Position => ({ kind: 'vault', scale: '2', inside: [inside] });
});

describe('time and volatility', () => {
  test('only options and power perpetuals have vega; theta is what passes with time', () => {
    const still = Object.entries<fc.Arbitrary<Position>>(positions).filter(([kind]) => kind !== 'power-perpetual');
    for (const [, arbitrary] of still) {
      fc.assert(
        fc.property(arbitrary, spot, (position, at) => {
          const { thetaPerDay, value, vegaPerPoint } = valuePosition(position, at, NOW);
          expect(vegaPerPoint).toBe(0);
          expect(thetaPerDay).toBe(valuePosition(position, at, NOW + 86_400).value - value);
        }),
        { numRuns: 20 },
      );
    }
  });

  test('a power perpetual: vega against central differences, theta against its decaying factor', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 1.5, noNaN: true }), spot, (volatility, at) => {
        const make = (annualVolatility: number, factor: number): Position => ({
          kind: 'power-perpetual',
          sizeTokens: '-7',
          normalisationFactor: factor.toFixed(12),
          annualVolatility: annualVolatility.toFixed(12),
          fundingPeriodDays: '17.5',
          collateral: cash('0'),
        });
        const { thetaPerDay, value, vegaPerPoint } = valuePosition(make(volatility, 0.5), at, NOW);
        const [up, down] = [1e-4, -1e-4].map((by) => valuePosition(make(volatility + by, 0.5), at, NOW).value);
        expect(vegaPerPoint / ((up! - down!) / 0.02)).toBeCloseTo(1, 5);
        const days = 0.01;
        const later = valuePosition(make(volatility, 0.5 * Math.exp((-(volatility ** 2) * days) / 365)), at, NOW);
        expect(thetaPerDay / ((later.value - value) / days)).toBeCloseTo(1, 3);
      }),
    );
  });
});

describe('the liquidation kink', () => {
  const collateral = [{ ...coin('10'), liquidationThreshold: '0.8', liquidationBonus: '0.05' }];
  const account = { kind: 'lending', collateral, debt: [cash('12000')] } as const;

  test('below it the debt has been paid out of collateral, bonus included', () => {
    // At 1,500 a debt of 12,000 takes 12,600 of collateral: 8.4 of the 10 units.
    const liquidation = liquidationOf(account)!;
    expect(liquidation).toMatchObject({ spot: 1500, side: 'below', deltaUnits: 10 });
    expect(liquidation.deltaUnitsAfter).toBeCloseTo(1.6, 12);
    expect(liquidation.bonusPaid).toBeCloseTo(600, 9);
    const before = valuePosition(account, 1500, NOW).value;
    expect(liquidation.deltaUnitsAfter * 1500).toBeCloseTo(before - liquidation.bonusPaid, 9);
  });

  test('a borrower of the underlying is liquidated above it, and nothing is left of a debt that is under water', () => {
    const short = {
      kind: 'lending',
      collateral: [{ ...cash('3000'), liquidationThreshold: '0.8' }],
      debt: [coin('1')],
    } as const;
    expect(liquidationOf(short)).toMatchObject({ spot: 2400, side: 'above', deltaUnits: -1, deltaUnitsAfter: 0 });
    const drowned = liquidationOf({ ...account, collateral: [{ ...collateral[0]!, liquidationThreshold: '1' }] })!;
    expect(drowned.deltaUnitsAfter).toBe(0);
    expect(drowned.bonusPaid).toBe(0);
  });

  test('the kink is where health is one, on either side of which the account is linear', () => {
    const shares = fc.integer({ min: 50, max: 95 }).map((percent) => String(percent / 100));
    fc.assert(
      fc.property(decimal(1, 100), decimal(1, 50_000), decimal(0, 20_000), shares, (units, debt, other, threshold) => {
        const position = {
          kind: 'lending',
          collateral: [
            { ...coin(units), liquidationThreshold: threshold },
            { ...cash(other), liquidationThreshold: '0.75' },
          ],
          debt: [cash(debt)],
        } as const;
        const kink = liquidationOf(position);
        const backed = (at: number): number => +units * at * +threshold + +other * 0.75 - +debt;
        if (kink === undefined) {
          expect(backed(1e-9)).toBeGreaterThanOrEqual(-1e-6);
          return;
        }
        expect(Math.abs(backed(kink.spot))).toBeLessThan(1e-6);
        expect(liquidationRisk(position, kink.spot * 1.001).reach).toEqual({ low: 0, high: 0 });
        expect(liquidationRisk(position, kink.spot * 0.999).reach.low).toBeGreaterThan(0);
      }),
    );
  });

  test('a threshold above one is refused', () => {
    const strange = { ...account, collateral: [{ ...collateral[0]!, liquidationThreshold: '83' }] };
    expect(() => valuePosition(strange, 2000, NOW)).toThrow(PositionInvalidError);
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
    expect(liquidationOf({ kind: 'lending', collateral, debt: [cash('12000')] })?.spot).toBe(1500);
    expect(liquidationOf({ kind: 'lending', collateral, debt: [] })).toBeUndefined();
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

  test('another underlying is refused, not counted as this one', () => {
    const named = { ...holding, underlying: 'BTC' };
    expect(valuePosition(named, 2000, NOW, 'BTC').deltaUnits).toBe(1e-18);
    expect(() => valuePosition(named, 2000, NOW, 'ETH')).toThrow(PositionInvalidError);
    const collateral = { ...coin('1'), underlying: 'BTC' };
    const margined: Position = {
      kind: 'perpetual',
      sizeUnits: '1',
      entryPrice: '1',
      accruedFunding: '0',
      collateral,
    };
    expect(() => valuePosition(margined, 2000, NOW)).toThrow(PositionInvalidError);
    expect(() => valuePosition({ kind: 'vault', scale: '1', inside: [margined] }, 2000, NOW)).toThrow(
      PositionInvalidError,
    );
  });

  test('a vault that holds itself is refused', () => {
    const inside: Position[] = [];
    const circle: Position = { kind: 'vault', scale: '1', inside };
    inside.push(circle);
    expect(() => valuePosition(circle, 2000, NOW)).toThrow(PositionInvalidError);
  });

  test('a measurement is refused where the market has left it', () => {
    const measured: Position = {
      kind: 'measured',
      spot: '2000',
      value: '100',
      deltaUnits: '2',
      gammaPerUnit: '-0.01',
      validWithinShare: '0.05',
    };
    expect(valuePosition(measured, 2050, NOW)).toMatchObject({ deltaUnits: 1.5, value: 187.5 });
    expect(() => valuePosition(measured, 2101, NOW)).toThrow(PositionInvalidError);
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
