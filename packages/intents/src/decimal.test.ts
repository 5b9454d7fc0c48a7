import fc from 'fast-check';
import { decimals } from '../test/arbitraries.js';
import { addDecimals, compareDecimals, isPlainDecimal, negateDecimal, normaliseDecimal } from './decimal.js';

test.each([
  ['1.50', '1.5'],
  ['-0', '0'],
  ['-0.00', '0'],
  ['0.000', '0'],
  ['100', '100'],
  ['-0.05', '-0.05'],
])('%s is spelled %s', (written, normal) => {
  expect(normaliseDecimal(written)).toBe(normal);
});

test.each(['', '.5', '5.', '01', '+1', '1e3', 'NaN', 'Infinity', ' 1', '1\n', '0x1', '--1', '1,5'])(
  '%j is no plain decimal',
  (text) => {
    expect(isPlainDecimal(text)).toBe(false);
  },
);

test('one and two tenths make three tenths, which binary fractions miss', () => {
  expect(addDecimals('0.1', '0.2')).toBe('0.3');
  expect(addDecimals('-1.25', '1.25')).toBe('0');
});

test('comparison is exact beyond what a JS number holds', () => {
  expect(compareDecimals('9007199254740993', '9007199254740992.9999999999')).toBe(1);
  expect(compareDecimals('1.10', '1.1')).toBe(0);
});

test('addition is a group and keeps order', () => {
  fc.assert(
    fc.property(decimals, decimals, decimals, (a, b, c) => {
      expect(addDecimals(a, b)).toBe(addDecimals(b, a));
      expect(addDecimals(addDecimals(a, b), c)).toBe(addDecimals(a, addDecimals(b, c)));
      expect(addDecimals(addDecimals(a, b), negateDecimal(b))).toBe(normaliseDecimal(a));
      expect(compareDecimals(addDecimals(a, c), addDecimals(b, c))).toBe(compareDecimals(a, b));
      expect(isPlainDecimal(addDecimals(a, b))).toBe(true);
    }),
  );
});
