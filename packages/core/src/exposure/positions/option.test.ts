import fc from 'fast-check';
import type { OptionPosition } from '../../model/position.js';
import { PositionExpiredError, PositionInvalidError } from '../errors.js';
import { black76, type BlackInput, optionDeltaBounds, optionGreeks, SECONDS_PER_YEAR } from './option.js';

const carried = (b: number, years: number): number => Math.exp(b * years);

describe('black76, against published values', () => {
  test('Hull, ch. 15: call and put on 42, strike 40', () => {
    const input = { spot: 42, strike: 40, years: 0.5, annualVolatility: 0.2, annualRate: 0.1 };
    const forwardRatio = carried(0.1, 0.5);
    expect(black76({ ...input, forwardRatio, optionType: 'call' }).value).toBeCloseTo(4.76, 2);
    expect(black76({ ...input, forwardRatio, optionType: 'put' }).value).toBeCloseTo(0.81, 2);
  });

  test('Hull, ch. 19: the greeks of a call on 49, strike 50, 20 weeks', () => {
    const years = 0.3846;
    const greeks = black76({
      optionType: 'call',
      spot: 49,
      strike: 50,
      years,
      annualVolatility: 0.2,
      annualRate: 0.05,
      forwardRatio: carried(0.05, years),
    });
    expect(greeks.deltaUnits).toBeCloseTo(0.522, 3);
    expect(greeks.gammaPerUnit).toBeCloseTo(0.066, 3);
    expect(greeks.vegaPerPoint * 100).toBeCloseTo(12.1, 1);
    expect(greeks.thetaPerDay * 365).toBeCloseTo(-4.31, 2);
  });

  test('Haug: Black-76 at the forward 19, and deltas of a futures option on 105', () => {
    const flat = { spot: 19, strike: 19, years: 0.75, annualVolatility: 0.28, annualRate: 0.1, forwardRatio: 1 };
    expect(black76({ ...flat, optionType: 'call' }).value).toBeCloseTo(1.7011, 4);
    expect(black76({ ...flat, optionType: 'put' }).value).toBeCloseTo(1.7011, 4);
    const future = { spot: 105, strike: 100, years: 0.5, annualVolatility: 0.36, annualRate: 0.1, forwardRatio: 1 };
    expect(black76({ ...future, optionType: 'call' }).deltaUnits).toBeCloseTo(0.5946, 4);
    expect(black76({ ...future, optionType: 'put' }).deltaUnits).toBeCloseTo(-0.3566, 4);
  });

  test('Haug: gamma and vega of an option on 55, theta of a put on 430', () => {
    const greeks = black76({
      optionType: 'call',
      spot: 55,
      strike: 60,
      years: 0.75,
      annualVolatility: 0.3,
      annualRate: 0.1,
      forwardRatio: carried(0.1, 0.75),
    });
    expect(greeks.gammaPerUnit).toBeCloseTo(0.0278, 4);
    expect(greeks.vegaPerPoint * 100).toBeCloseTo(18.9358, 4);
    const put = black76({
      optionType: 'put',
      spot: 430,
      strike: 405,
      years: 0.0833,
      annualVolatility: 0.2,
      annualRate: 0.07,
      forwardRatio: carried(0.02, 0.0833),
    });
    expect(put.thetaPerDay * 365).toBeCloseTo(-31.1924, 3);
  });
});

const blackInput = fc.record({
  optionType: fc.constantFrom('call' as const, 'put' as const),
  spot: fc.double({ min: 50, max: 200, noNaN: true }),
  strike: fc.double({ min: 50, max: 200, noNaN: true }),
  years: fc.double({ min: 0.02, max: 2, noNaN: true }),
  annualVolatility: fc.double({ min: 0.1, max: 2, noNaN: true }),
  annualRate: fc.double({ min: -0.05, max: 0.2, noNaN: true }),
  forwardRatio: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
});

/** Central difference of the value along one input. */
function slope(input: BlackInput, move: (by: number) => BlackInput, step: number): number {
  return (black76(move(step)).value - black76(move(-step)).value) / (2 * step);
}

describe('black76, against central differences', () => {
  test('every greek is the derivative of the value', () => {
    fc.assert(
      fc.property(blackInput, (input) => {
        const greeks = black76(input);
        const carry = Math.log(input.forwardRatio) / input.years;
        const later = (by: number): BlackInput => {
          const years = input.years - by;
          return { ...input, years, forwardRatio: Math.exp(carry * years) };
        };
        const step = input.spot * 1e-4;
        const up = black76({ ...input, spot: input.spot + step }).deltaUnits;
        const down = black76({ ...input, spot: input.spot - step }).deltaUnits;
        const atSpot = (by: number): BlackInput => ({ ...input, spot: input.spot + by });
        const atVolatility = (by: number): BlackInput => ({ ...input, annualVolatility: input.annualVolatility + by });
        expect(greeks.deltaUnits).toBeCloseTo(slope(input, atSpot, step), 5);
        expect(greeks.gammaPerUnit).toBeCloseTo((up - down) / (2 * step), 5);
        expect(greeks.vegaPerPoint).toBeCloseTo(slope(input, atVolatility, 1e-4) / 100, 4);
        expect(greeks.thetaPerDay * 365).toBeCloseTo(slope(input, later, input.years * 1e-4), 2);
      }),
    );
  });

  test('put-call parity holds to rounding', () => {
    fc.assert(
      fc.property(blackInput, (input) => {
        const call = black76({ ...input, optionType: 'call' }).value;
        const put = black76({ ...input, optionType: 'put' }).value;
        const parity = Math.exp(-input.annualRate * input.years) * (input.spot * input.forwardRatio - input.strike);
        expect(call - put).toBeCloseTo(parity, 9);
      }),
    );
  });
});

const position: OptionPosition = {
  kind: 'option',
  optionType: 'call',
  sizeUnits: '-10',
  strike: '2000',
  expirySeconds: 1_700_000_000 + SECONDS_PER_YEAR / 12,
  annualVolatility: '0.7',
  forwardRatio: '1.004',
  annualRate: '0.04',
};

describe('optionGreeks', () => {
  test('a short call has negative delta, gamma and vega, and earns time value', () => {
    const greeks = optionGreeks(position, 2000, 1_700_000_000);
    expect(greeks.deltaUnits).toBeLessThan(-5);
    expect(greeks.gammaPerUnit).toBeLessThan(0);
    expect(greeks.vegaPerPoint).toBeLessThan(0);
    expect(greeks.thetaPerDay).toBeGreaterThan(0);
  });

  test('at expiry there are no greeks', () => {
    expect(() => optionGreeks(position, 2000, position.expirySeconds)).toThrow(PositionExpiredError);
  });

  test.each([
    ['annualVolatility', '0', 'INVALID_INPUT'],
    ['annualVolatility', 'NaN', 'INVALID_INPUT'],
    ['strike', '-1', 'INVALID_INPUT'],
    ['sizeUnits', '1e3', 'INVALID_INPUT'],
  ])('refuses %s of %s', (field, value, code) => {
    expect(() => optionGreeks({ ...position, [field]: value }, 2000, 1_700_000_000)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('refuses an option type that it does not know', () => {
    const strange = { ...position, optionType: 'digital' as 'call' };
    expect(() => optionGreeks(strange, 2000, 1_700_000_000)).toThrow(PositionInvalidError);
  });

  test('its delta never leaves its bounds', () => {
    const spot = fc.double({ min: 1, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(spot, fc.constantFrom('call' as const, 'put' as const), (at, optionType) => {
        const one = { ...position, optionType };
        const { high, low } = optionDeltaBounds(one);
        const { deltaUnits } = optionGreeks(one, at, 1_700_000_000);
        expect(deltaUnits).toBeGreaterThanOrEqual(low);
        expect(deltaUnits).toBeLessThanOrEqual(high);
      }),
    );
  });
});
