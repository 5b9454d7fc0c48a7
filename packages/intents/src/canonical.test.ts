import fc from 'fast-check';
import { id } from 'ethers/hash';
import { canonicalHash, canonicalJson } from './canonical.js';
import { InvalidInputError } from './errors.js';

test('keys are sorted at every depth, lists keep their order, bigints are text', () => {
  expect(canonicalJson({ b: [3, { d: 2n, c: null }], a: 'x', B: true })).toBe(
    '{"B":true,"a":"x","b":[3,{"c":null,"d":"2"}]}',
  );
});

test('sorting is by UTF-16 code units, as RFC 8785 section 3.2.3 shows', () => {
  const sample = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  expect(Object.values(JSON.parse(canonicalJson(sample)) as object)).toHaveLength(7);
  const order = [...canonicalJson(sample).matchAll(/:"([^"]+)"/g)].map(([, name]) => name);
  expect(order).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

test('numbers are spelled as RFC 8785 section 3.2.2 has it', () => {
  expect(canonicalJson([333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0])).toBe(
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  );
});

test('the order in which data was put together does not matter', () => {
  const data = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.oneof(fc.integer(), fc.bigInt(), fc.constant(null)));
  fc.assert(
    fc.property(data, (record) => {
      const reversed = Object.fromEntries(Object.entries(record).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(record));
      expect(canonicalHash(reversed)).toBe(canonicalHash(record));
    }),
  );
});

test('what it writes is JSON that reads back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      // Through JSON once, because JSON has no minus zero.
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the hash is keccak256 of the UTF-8 text', () => {
  expect(canonicalHash({ b: 'é', a: 1n })).toBe(id('{"a":"1","b":"é"}'));
});

const circular: Record<string, unknown> = {};
circular['self'] = { circular };

test.each([
  ['undefined', { a: undefined }, '$.a'],
  ['a hole in a list', { a: [1, , 3] }, '$.a[1]'],
  ['NaN', { a: [NaN] }, '$.a[0]'],
  ['an infinity', -Infinity, '$'],
  ['a function', { a: () => 1 }, '$.a'],
  ['a symbol', { a: Symbol('x') }, '$.a'],
  ['a Map', { a: new Map() }, '$.a'],
  ['a Date', { a: new Date(0) }, '$.a'],
  ['an unpaired surrogate', { a: '\ud800' }, '$.a'],
  ['an unpaired surrogate in a key', { '\udc00': 1 }, '$'],
  ['a cycle', circular, '$.self.circular'],
])('%s is refused, naming its place', (_, value, path) => {
  expect(() => canonicalJson(value)).toThrow(InvalidInputError);
  expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ field: path }));
});

test('the same object twice in a tree is no cycle', () => {
  const shared = { a: 1 };
  expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
});
