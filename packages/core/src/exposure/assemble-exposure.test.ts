import fc from 'fast-check';
import { Decimal } from '../model/decimal.js';
import type { PositionReading } from '../model/position.js';
import type { Token } from '../model/token.js';
import { assembleExposure, type ExposureInput, type InFlight } from './assemble-exposure.js';
import { ExposureEmptyError } from './errors.js';
import { exposureDigest } from './exposure-digest.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const ether = (units: number): bigint => BigInt(Math.round(units * 1e6)) * 10n ** 12n;

function held(id: string, units: number, at: { source?: string; age?: number } = {}): PositionReading {
  const { age = 0, source = 'wallet' } = at;
  const amount = { token: weth, atoms: ether(units) };
  return {
    status: 'known',
    id,
    label: `WETH ${id}`,
    position: { kind: 'holding', amount, deltaPerUnit: '1', valuePerUnit: '0' },
    asOf: { source, timeSeconds: NOW - age },
  };
}

function unread(id: string, bounds?: [string, string], source = 'venue'): PositionReading {
  const base = { status: 'unknown', id, label: id, reason: 'the node did not answer' } as const;
  const asOf = { source, timeSeconds: NOW };
  return bounds === undefined ? { ...base, asOf } : { ...base, asOf, deltaBounds: { low: bounds[0], high: bounds[1] } };
}

function flight(units: number): InFlight {
  return { id: `t${units}`, amount: { token: weth, atoms: ether(units) }, deltaPerUnit: '1', sentence: 'on a bridge' };
}

function assemble(readings: readonly PositionReading[], more: Partial<ExposureInput> = {}) {
  return assembleExposure({
    underlying: 'ETH',
    spot: '2000',
    readings,
    inFlight: [],
    nowSeconds: NOW,
    rules: { maxAgeSeconds: 60, staleSharePerHour: '0.25' },
    ...more,
  });
}

const ends = ({ delta }: { delta: { low: string; high: string } }): [number, number] => [+delta.low, +delta.high];

describe('what is certain', () => {
  test('fresh readings add up to a point', () => {
    const exposure = assemble([held('a', 1.5), held('b', -0.25)]);
    expect(exposure.delta).toEqual({ low: '1.25', high: '1.25' });
    expect(exposure.value).toBe(2500);
    expect(exposure.widenings).toEqual([]);
    expect(exposure.unbounded).toEqual([]);
  });

  test('nothing read is not a hedged book', () => {
    expect(() => assemble([])).toThrow(ExposureEmptyError);
  });

  test('the result is frozen all the way down', () => {
    const exposure = assemble([held('a', 1, { age: 3600 })]);
    const parts = [exposure, exposure.delta, exposure.positions, exposure.positions[0]!, exposure.widenings[0]!];
    expect(parts.every(Object.isFrozen)).toBe(true);
  });
});

describe('what widens', () => {
  test('a stale reading, by its share an hour of its gross delta', () => {
    const exposure = assemble([held('a', 4, { age: 7200 })]);
    expect(ends(exposure)).toEqual([2, 6]);
    expect(exposure.widenings).toMatchObject([{ code: 'STALE', source: 'wallet', low: '2', high: '2' }]);
  });

  test('a reading from the future is as doubtful as one just as old', () => {
    expect(ends(assemble([held('a', 4, { age: -7200 })]))).toEqual([2, 6]);
  });

  test('an unreadable position, by its bounds', () => {
    const exposure = assemble([held('a', 1), unread('perp', ['-5', '-1'])]);
    expect(ends(exposure)).toEqual([-4, 0]);
    expect(exposure.widenings).toMatchObject([{ code: 'UNREADABLE', low: '2', high: '2' }]);
    expect(exposure.positions[1]).toMatchObject({
      kind: 'unknown',
      greeks: undefined,
      reason: 'the node did not answer',
    });
  });

  test('two sources that disagree, to everything between them, and the position counts once', () => {
    const exposure = assemble([held('a', 1, { source: 'x', age: 5 }), held('a', 3, { source: 'y' }), held('b', 1)]);
    expect(ends(exposure)).toEqual([2, 4]);
    expect(exposure.positions).toHaveLength(2);
    expect(exposure.widenings).toMatchObject([{ code: 'DISPUTED', source: 'y, x', low: '2', high: '0' }]);
  });

  test('two sources that agree, not at all', () => {
    const exposure = assemble([held('a', 1, { source: 'x' }), held('a', 1, { source: 'y' })]);
    expect(ends(exposure)).toEqual([1, 1]);
    expect(exposure.widenings).toEqual([]);
  });

  test('a source that failed adds no doubt to one that read, unless its bounds rule that answer out', () => {
    expect(ends(assemble([held('a', 1), unread('a', ['0', '5'])]))).toEqual([1, 1]);
    expect(ends(assemble([held('a', 1), unread('a')]))).toEqual([1, 1]);
    const contradicted = assemble([held('a', 1), unread('a', ['2', '5'])]);
    expect(ends(contradicted)).toEqual([1, 5]);
    expect(contradicted.widenings).toMatchObject([{ code: 'DISPUTED' }]);
  });

  test('a transfer in flight, between lost and arrived, in either direction of delta', () => {
    const exposure = assemble([held('a', 1)], { inFlight: [flight(2), { ...flight(3), deltaPerUnit: '-1' }] });
    expect(ends(exposure)).toEqual([-2, 3]);
    expect(exposure.widenings.map(({ code, low, high }) => [code, low, high])).toEqual([
      ['IN_FLIGHT', '0', '2'],
      ['IN_FLIGHT', '3', '0'],
    ]);
    expect(exposure.value).toBe(2000);
  });

  test('an expired option, between settled and not', () => {
    const exposure = assemble([
      {
        status: 'known',
        id: 'o',
        label: 'short call',
        position: {
          kind: 'option',
          optionType: 'call',
          sizeUnits: '-3',
          strike: '1500',
          expirySeconds: NOW,
          annualVolatility: '0.7',
          forwardRatio: '1',
          annualRate: '0',
        },
        asOf: { source: 'book', timeSeconds: NOW },
      },
    ]);
    expect(ends(exposure)).toEqual([-3, 0]);
    expect(exposure.widenings).toMatchObject([{ code: 'UNREADABLE' }]);
  });
});

describe('what has no bound', () => {
  test.each([
    ['an unreadable position', unread('a'), 'the node did not answer'],
    [
      'a kind that is not known',
      { ...held('a', 1), position: { kind: 'barrier' } } as unknown as PositionReading,
      'kind',
    ],
    ['a reading with no time', { ...held('a', 1), asOf: { source: 'x', timeSeconds: Number.NaN } }, 'asOf'],
    ['bounds that are garbage', unread('a', ['NaN', '1']), 'deltaBounds'],
    ['bounds that are upside down', unread('a', ['2', '1']), 'deltaBounds'],
  ])('%s is named, and never zero', (_, reading, reason) => {
    const exposure = assemble([reading, held('b', 1)]);
    expect(exposure.unbounded).toEqual(['a']);
    expect(exposure.positions[0]).toMatchObject({ id: 'a', delta: undefined, greeks: undefined });
    expect(exposure.positions[0]!.reason).toContain(reason);
  });

  test('one id twice from one source: nobody knows whether that is one position or two', () => {
    expect(assemble([held('a', 1), held('a', 1)]).unbounded).toEqual(['a']);
  });

  test('an expected position that nobody answered for', () => {
    const exposure = assemble([held('a', 1)], { expectedIds: ['a', 'lp'] });
    expect(exposure.unbounded).toEqual(['lp']);
  });

  test('a valued answer beside one that cannot be valued', () => {
    const strange = { ...held('a', 1, { source: 'y' }), position: { kind: 'barrier' } } as unknown as PositionReading;
    expect(assemble([held('a', 1), strange]).unbounded).toEqual(['a']);
  });
});

describe('invariants', () => {
  const amount = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000);
  const reading = fc.oneof(
    fc.tuple(amount, fc.nat(10_000)).map(
      ([units, age]) =>
        (id: string) =>
          held(id, units, { age }),
    ),
    fc.tuple(amount, fc.nat(1000)).map(
      ([low, by]) =>
        (id: string) =>
          unread(id, [String(low), String(low + by)]),
    ),
  );
  const book = fc
    .array(reading, { minLength: 1, maxLength: 20 })
    .map((makers) => makers.map((make, i) => make(`p${i}`)));

  test('the interval is the sum of its parts, and does not depend on their order', () => {
    fc.assert(
      fc.property(book, fc.array(amount.map(flight)), (readings, inFlight) => {
        const exposure = assemble(readings, { inFlight });
        const flights = exposure.widenings.filter(({ code }) => code === 'IN_FLIGHT');
        const parts = [
          ...exposure.positions.map(({ delta }) => delta!),
          ...flights.map(({ high, low }) => ({ low: new Decimal(low).negated().toFixed(), high })),
        ];
        const low = Decimal.sum(...parts.map((part) => part.low));
        const high = Decimal.sum(...parts.map((part) => part.high));
        expect(low.minus(exposure.delta.low).abs().lt(1e-9)).toBe(true);
        expect(high.minus(exposure.delta.high).abs().lt(1e-9)).toBe(true);
        expect(assemble([...readings].reverse(), { inFlight }).delta).toEqual(exposure.delta);
      }),
    );
  });

  test('more doubt never narrows', () => {
    fc.assert(
      fc.property(book, amount, (readings, units) => {
        const [low, high] = ends(assemble(readings));
        const [lower, higher] = ends(assemble(readings, { inFlight: [flight(units)] }));
        expect(lower).toBeLessThanOrEqual(low);
        expect(higher).toBeGreaterThanOrEqual(high);
        expect(higher - lower).toBeGreaterThanOrEqual(high - low);
      }),
    );
  });
});

describe('exposureDigest', () => {
  test('holds strings and whole numbers only, and follows every end of the interval', () => {
    const one = assemble([held('a', 1, { age: 3600 })]);
    const text = JSON.stringify(exposureDigest(one));
    expect(JSON.parse(text)).toEqual(exposureDigest(one));
    expect(text).not.toMatch(/:-?\d+\.\d/);
    expect(JSON.stringify(exposureDigest(assemble([held('a', 1, { age: 3601 })])))).not.toBe(text);
  });
});

test.each([
  ['spot', { spot: '0' }],
  ['nowSeconds', { nowSeconds: 1.5 }],
  ['rules.maxAgeSeconds', { rules: { maxAgeSeconds: Number.NaN, staleSharePerHour: '0.1' } }],
  ['rules.staleSharePerHour', { rules: { maxAgeSeconds: 1, staleSharePerHour: '0' } }],
])('a bad %s is refused by name', (field, more) => {
  expect(() => assemble([held('a', 1)], more)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
});
