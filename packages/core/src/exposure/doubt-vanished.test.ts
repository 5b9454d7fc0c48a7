import fc from 'fast-check';
import type { Position, PositionReading } from '../model/position.js';
import type { Token } from '../model/token.js';
import { type Look, type PositionMemory, doubtVanished } from './doubt-vanished.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };

const holding = (units: number): Position => ({
  kind: 'holding',
  amount: { token: weth, atoms: BigInt(units) * 10n ** 18n },
  deltaPerUnit: '1',
  valuePerUnit: '0',
});
const short = (sizeUnits: string): Position => ({
  kind: 'perpetual',
  sizeUnits,
  entryPrice: '2000',
  accruedFunding: '0',
  collateral: { amountUnits: '5000', deltaPerUnit: '0', valuePerUnit: '1' },
});
const call = (expirySeconds: number): Position => ({
  kind: 'option',
  optionType: 'call',
  sizeUnits: '-3',
  strike: '2000',
  expirySeconds,
  annualVolatility: '0.6',
  forwardRatio: '1',
  annualRate: '0',
});
const read = (id: string, position: Position, source = 'venue'): PositionReading => ({
  status: 'known',
  id,
  label: id,
  position,
  asOf: { source, timeSeconds: NOW },
});
const unread = (id: string, source = 'venue'): PositionReading => ({
  status: 'unknown',
  id,
  label: id,
  reason: 'no answer',
  asOf: { source, timeSeconds: NOW },
});

const look = (readings: readonly PositionReading[], more: Partial<Look> = {}) =>
  doubtVanished({
    readings,
    memory: new Map(),
    underlying: 'ETH',
    spot: 2000,
    nowSeconds: NOW,
    hasTraded: false,
    believeAfterSeconds: 3600,
    ...more,
  });
const after = (readings: readonly PositionReading[]): { readonly memory: PositionMemory } => ({
  memory: look(readings).memory,
});

test('what was never seen, or is still there, is taken as it is read', () => {
  const readings = [read('a', holding(3)), unread('b'), read('c', holding(0))];
  const first = look(readings);
  expect(first.readings).toEqual(readings);
  expect(first.changes).toEqual([]);
  expect(look([read('a', holding(2)), readings[1]!, readings[2]!], { memory: first.memory }).changes).toEqual([]);
});

test.each([
  ['reads as zero', [read('a', holding(0))]],
  ['is not there any more', []],
])('a position that %s may be anything from nothing to what it was', (_, now) => {
  const { changes, readings } = look(now, { ...after([read('a', holding(3))]), nowSeconds: NOW + 12 });
  expect(readings).toMatchObject([{ id: 'a', status: 'unknown', deltaBounds: { low: '0', high: '3' } }]);
  expect(changes).toMatchObject([{ code: 'POSITION_VANISHED', id: 'a' }]);
});

test('five polls of nothing, and it is back: it was never gone', () => {
  let memory: PositionMemory = after([read('a', short('-3'))]).memory;
  for (let poll = 1; poll <= 5; poll++) {
    const seen = look([], { memory, nowSeconds: NOW + 12 * poll });
    expect(seen.readings).toMatchObject([{ status: 'unknown', deltaBounds: { low: '-3', high: '0' } }]);
    memory = seen.memory;
  }
  const back = look([read('a', short('-3'))], { memory, nowSeconds: NOW + 72 });
  expect(back.readings).toMatchObject([{ status: 'known' }]);
  expect(back.changes).toEqual([]);
  // And the time for which it would be doubted begins anew.
  const again = look([], { memory: back.memory, nowSeconds: NOW + 5000 });
  expect(again.readings).toHaveLength(1);
});

test('what reads as nothing for long enough is believed', () => {
  const { memory } = look([], { ...after([read('a', holding(3))]), nowSeconds: NOW });
  expect(look([], { memory, nowSeconds: NOW + 3599 }).readings).toHaveLength(1);
  const late = look([], { memory, nowSeconds: NOW + 3600 });
  expect(late.readings).toEqual([]);
  expect(look([], { memory: late.memory, nowSeconds: NOW + 3601 }).readings).toEqual([]);
});

test('an expired option, and a holding that our own trades may have sold, may be gone', () => {
  expect(look([], { ...after([read('a', call(NOW + 5))]), nowSeconds: NOW + 5 }).readings).toEqual([]);
  expect(look([], { ...after([read('a', call(NOW + 5))]), nowSeconds: NOW + 4 }).readings).toHaveLength(1);
  expect(look([], { ...after([read('a', holding(3))]), hasTraded: true }).readings).toEqual([]);
  expect(look([], { ...after([read('a', short('-3'))]), hasTraded: true }).readings).toHaveLength(1);
});

test('a source that says nothing at all is no evidence, and does not wear doubt out', () => {
  const memory = after([read('a', short('-3'))]).memory;
  const silent = look([unread('venue')], { memory, nowSeconds: NOW + 10_000 });
  expect(silent.readings).toEqual([unread('venue')]);
  expect(silent.changes).toEqual([]);
  expect(look([], { memory: silent.memory, nowSeconds: NOW + 10_012 }).readings).toHaveLength(1);
});

test('what got smaller by itself is believed and told; what grew, or was traded, is not a forced close', () => {
  const memory = after([read('a', short('-10'))]).memory;
  const closed = look([read('a', short('-4'))], { memory });
  expect(closed.readings).toMatchObject([{ status: 'known' }]);
  expect(closed.changes).toMatchObject([{ code: 'EXTERNAL_CLOSE', id: 'a', sentence: expect.stringContaining('60') }]);
  expect(look([read('a', short('-4'))], { memory, hasTraded: true }).changes).toEqual([]);
  expect(look([read('a', short('-11'))], { memory }).changes).toEqual([]);
});

test('a reading is never lost, and nothing is doubted that was not read before', () => {
  const readingsOf = fc.uniqueArray(
    fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), units: fc.nat(3), isKnown: fc.boolean() }),
    { selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(fc.array(readingsOf, { minLength: 1, maxLength: 6 }), fc.boolean(), (looks, hasTraded) => {
      let memory: PositionMemory = new Map();
      const everRead = new Set<string>();
      looks.forEach((each, index) => {
        const readings = each.map(({ id, isKnown, units }) =>
          isKnown ? read(id, holding(units), id) : unread(id, id),
        );
        const seen = look(readings, { memory, hasTraded, nowSeconds: NOW + index });
        const ids = seen.readings.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { id } of readings) expect(ids).toContain(id);
        for (const { id } of seen.changes) expect(everRead).toContain(id);
        for (const { id, units } of each) if (units > 0) everRead.add(id);
        memory = seen.memory;
      });
    }),
  );
});
