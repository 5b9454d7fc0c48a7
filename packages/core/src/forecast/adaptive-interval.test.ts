import fc from 'fast-check';
import { normals } from '../../test/support/simulated-bars.js';
import { adaptiveHalfWidths } from './adaptive-interval.js';

/** Share of errors outside of the width that stood when they began. */
function missed(errors: readonly number[], ahead: number): number {
  const widths = adaptiveHalfWidths(errors, errors.length + ahead, ahead, 500);
  const judged = errors.flatMap((error, i) => (widths[i] === undefined ? [] : [Math.abs(error) > widths[i] ? 1 : 0]));
  return judged.reduce<number>((sum, each) => sum + each, 0) / judged.length;
}

test('nine in ten are held where errors are normal, fat-tailed, or grow tenfold on the way', () => {
  const next = normals(4);
  const plain = Array.from({ length: 4000 }, () => next());
  expect(Math.abs(missed(plain, 1) - 0.1)).toBeLessThan(0.02);
  expect(
    Math.abs(
      missed(
        plain.map((each) => each ** 3),
        1,
      ) - 0.1,
    ),
  ).toBeLessThan(0.02);
  expect(
    Math.abs(
      missed(
        plain.map((each, i) => each * (i < 2000 ? 1 : 10)),
        1,
      ) - 0.1,
    ),
  ).toBeLessThan(0.02);
  expect(Math.abs(missed(plain, 30) - 0.1)).toBeLessThan(0.03);
});

test('a width depends on outcomes that have come, and on no others', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 80, maxLength: 120 }), (errors) => {
      const ahead = 7;
      const cut = 70;
      const before = adaptiveHalfWidths(errors, cut, ahead, 50);
      const other = errors.map((error, i) => (i + ahead < cut ? error : 100));
      expect(adaptiveHalfWidths(other, errors.length, ahead, 50).slice(0, cut)).toEqual(before);
    }),
  );
});

test('too few errors give no width', () => {
  expect(adaptiveHalfWidths([1, 2, undefined, 3], 6, 1, 10)).toEqual(new Array(6).fill(undefined));
});
