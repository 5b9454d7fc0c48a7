import fc from 'fast-check';
import { Decimal } from '../model/decimal.js';
import { implementationShortfall, type ShortfallInput } from './implementation-shortfall.js';

const example: ShortfallInput = {
  intendedDeltaUnits: '10',
  decisionPrice: '2000',
  arrivalPrice: '2001',
  endPrice: '2004',
  fills: [{ deltaUnits: '8', price: '2003', priceBefore: '2002', fees: '3' }],
};

it('splits a purchase that was late, moved the market, and was not finished', () => {
  expect(implementationShortfall(example)).toEqual({
    delay: '8',
    timing: '8',
    impact: '8',
    fees: '3',
    opportunity: '8',
    total: '35',
    totalBps: 17.5,
  });
});

it('a sale in a rising market gains', () => {
  const fills = [{ deltaUnits: '-10', price: '2002', priceBefore: '2003', fees: '0' }];
  expect(implementationShortfall({ ...example, intendedDeltaUnits: '-10', fills })).toMatchObject({
    delay: '-10',
    timing: '-20',
    impact: '10',
    opportunity: '0',
    total: '-20',
  });
});

it('the parts sum exactly to paper less real', () => {
  const decimal = (low: number, high: number) =>
    fc.integer({ min: low * 1e6, max: high * 1e6 }).map((n) => new Decimal(n).div(1e6).toFixed());
  const cost = decimal(1, 5000);
  const fill = fc.record({ units: decimal(0, 50), price: cost, priceBefore: cost, fees: decimal(0, 20) });
  fc.assert(
    fc.property(
      fc.constantFrom(1, -1),
      decimal(1, 200),
      cost,
      cost,
      cost,
      fc.array(fill, { maxLength: 5 }),
      (sign, units, decisionPrice, arrivalPrice, endPrice, made) => {
        const signed = (text: string): string => new Decimal(text).times(sign).toFixed();
        const fills = made.map(({ units: each, ...rest }) => ({ ...rest, deltaUnits: signed(each) }));
        const { delay, fees, impact, opportunity, timing, total } = implementationShortfall({
          intendedDeltaUnits: signed(units),
          decisionPrice,
          arrivalPrice,
          endPrice,
          fills,
        });
        const sum = [delay, fees, impact, opportunity, timing].reduce((a, b) => a.plus(b), new Decimal(0));
        expect(sum.toFixed()).toBe(total);
        // Real: cash spent, and what is missing bought at the end; paper: all at the decision's price.
        const traded = fills.reduce((a, { deltaUnits }) => a.plus(deltaUnits), new Decimal(0));
        const cash = fills.reduce(
          (a, { deltaUnits, fees: paid, price }) => a.plus(new Decimal(deltaUnits).times(price)).plus(paid),
          new Decimal(0),
        );
        const missing = new Decimal(signed(units)).minus(traded).times(endPrice);
        expect(total).toBe(
          cash
            .plus(missing)
            .minus(new Decimal(signed(units)).times(decisionPrice))
            .toFixed(),
        );
      },
    ),
  );
});

it.each<[string, Partial<ShortfallInput>]>([
  ['intendedDeltaUnits', { intendedDeltaUnits: '0' }],
  ['arrivalPrice', { arrivalPrice: '0' }],
  ['fills.0.deltaUnits', { intendedDeltaUnits: '-10' }],
  ['fills.0.fees', { fills: [{ ...example.fills[0]!, fees: '-1' }] }],
])('%s that makes no sense is refused', (field, more) => {
  const refused = expect.objectContaining({ code: 'SHORTFALL_INPUT_INVALID', field });
  expect(() => implementationShortfall({ ...example, ...more })).toThrow(refused);
});
