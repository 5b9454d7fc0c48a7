import fc from 'fast-check';
import { perpV2LiquidationPrice, type PerpV2Margin } from './liquidation-price.js';

const short: PerpV2Margin = {
  sizeUnits: '-10',
  openNotional: '30000',
  settledMargin: '4000',
  weightedUnits: '0',
  maintenanceRatio: '0.0625',
};

test('a short of 10 at 3,000 on 4,000 of margin ends at 34,000 / 10.625', () => {
  expect(perpV2LiquidationPrice(short)).toBe('3200');
});

test('a long ends below its entry', () => {
  const long = { ...short, sizeUnits: '10', openNotional: '-30000' };
  expect(Number(perpV2LiquidationPrice(long))).toBeCloseTo(26_000 / 9.375, 9);
});

test('no price harms a short that is covered by what lies in the vault, nor an account without a position', () => {
  expect(perpV2LiquidationPrice({ ...short, weightedUnits: '11' })).toBeUndefined();
  expect(perpV2LiquidationPrice({ ...short, sizeUnits: '0' })).toBeUndefined();
});

test('refuses what is no number', () => {
  expect(() => perpV2LiquidationPrice({ ...short, sizeUnits: '1e3' })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  );
});

test('there the account value is the maintenance margin, and to the one side of it below', () => {
  const units = fc.integer({ min: -10_000, max: 10_000 }).map((value) => value / 100);
  const dollars = fc.integer({ min: 100, max: 100_000 });
  const price = fc.integer({ min: 500, max: 9_000 });
  fc.assert(
    fc.property(units, dollars, price, fc.integer({ min: 0, max: 500 }), (size, margin, entry, weighted) => {
      fc.pre(size !== 0);
      const given = {
        sizeUnits: String(size),
        openNotional: String(-Math.round(size * entry)),
        settledMargin: String(margin),
        weightedUnits: String(weighted / 100),
        maintenanceRatio: '0.0625',
      };
      const found = perpV2LiquidationPrice(given);
      if (found === undefined) return;
      const surplus = (at: number): number =>
        margin + Number(given.openNotional) + (size + weighted / 100) * at - 0.0625 * Math.abs(size) * at;
      const at = Number(found);
      expect(surplus(at)).toBeCloseTo(0, 4);
      expect(Math.min(surplus(at * 0.99), surplus(at * 1.01))).toBeLessThan(0);
    }),
  );
});
