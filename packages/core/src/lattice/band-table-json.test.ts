import { parseBands, serialiseBands } from './band-table-json.js';
import { standardBook } from './book.js';
import { BandTableInvalidError } from './errors.js';
import { prepareBands } from './prepare-bands.js';

const table = prepareBands({
  book: standardBook('call', 100),
  spot: 100,
  annualVolatility: 0.7,
  years: 30 / 365,
  steps: 6,
  annualRate: 0,
  proportionalCost: 0.0005,
  fixedCost: 0.0025,
  riskAversion: 0.02,
  settlement: 'free',
});

test('a table is read back as it was written', () => {
  expect(parseBands(JSON.parse(JSON.stringify(serialiseBands(table))))).toEqual(table);
});

test.each([
  ['of any length', 'A'.repeat(12_000_000)],
  ['cut off', serialiseBands(table).edges.slice(0, -4)],
  ['with a letter that is none', `%${serialiseBands(table).edges.slice(1)}`],
  ['padded in the middle', `====${serialiseBands(table).edges.slice(4)}`],
])('edges %s are refused as what they are', (_, edges) => {
  expect(() => parseBands({ ...serialiseBands(table), edges })).toThrow(BandTableInvalidError);
});
