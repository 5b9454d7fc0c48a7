import fc from 'fast-check';
import type { AssetUnits, Position, PositionReading } from '../model/position.js';
import type { Token } from '../model/token.js';
import { assembleExposure } from './assemble-exposure.js';
import { assembleExposures, type BookInput } from './assemble-exposures.js';
import { ExposureEmptyError } from './errors.js';

const NOW = 1_700_000_000;
const weth: Token = { chainId: 1, address: '0x1111111111111111111111111111111111111111', symbol: 'WETH', decimals: 18 };
const rules = { maxAgeSeconds: 60, staleSharePerHour: '0.25' };
const bitcoin = (amountUnits: string): AssetUnits => ({
  amountUnits,
  deltaPerUnit: '1',
  valuePerUnit: '0',
  underlying: 'BTC',
});

const known = (id: string, position: Position, age = 0, source = 'test'): PositionReading => ({
  status: 'known',
  id,
  label: id,
  position,
  asOf: { source, timeSeconds: NOW - age },
});
const unknown = (id: string, more: Partial<Extract<PositionReading, { status: 'unknown' }>> = {}): PositionReading => ({
  status: 'unknown',
  id,
  label: id,
  reason: 'the node did not answer',
  asOf: { source: 'test', timeSeconds: NOW },
  ...more,
});

const short: Position = {
  kind: 'perpetual',
  sizeUnits: '-2',
  entryPrice: '2100',
  accruedFunding: '0',
  collateral: bitcoin('0.5'),
};
const pair: Position = {
  kind: 'constant-product-liquidity',
  amounts: [10n ** 19n, 10n ** 8n],
  decimals: [18, 8],
  underlyingIndex: 0,
  quoteUnderlying: 'BTC',
};

function assemble(readings: readonly PositionReading[], more: Partial<BookInput> = {}) {
  return assembleExposures({
    underlyings: [
      { underlying: 'ETH', spot: '2000' },
      { underlying: 'BTC', spot: '50000' },
    ],
    readings,
    inFlight: [],
    nowSeconds: NOW,
    rules,
    ...more,
  });
}

test('a position stands in the exposure of each underlying that it follows, its value in one', () => {
  const { crossGammas, exposures, value } = assemble([known('perp', short), known('lp', pair)]);
  const [eth, btc] = exposures;
  // The pool's share holds √(10·1)·√(p) at p = 0.04: √10·5 of ETH, √10/5 of BTC.
  const root = Math.sqrt(10);
  expect(+eth!.delta.low).toBeCloseTo(-2 + root * 5, 9);
  expect(+btc!.delta.low).toBeCloseTo(0.5 + root / 5, 9);
  expect(value).toBeCloseTo(200 + 25_000 + 2 * root * 10_000, 6);
  expect(eth!.value + btc!.value).toBeCloseTo(value, 9);
  const gamma = eth!.gammaPerUnit;
  expect(gamma).toBeCloseTo(-root / (2 * 0.04 ** 1.5) / 50_000, 12);
  expect(crossGammas).toHaveLength(1);
  expect(crossGammas[0]!.underlyings).toEqual(['BTC', 'ETH']);
  expect(crossGammas[0]!.gammaPerUnit).toBeCloseTo(-0.04 * gamma, 12);
});

test('on one underlying it is what assembleExposure gives', () => {
  const holding = (units: number): Position => ({
    kind: 'holding',
    amount: { token: weth, atoms: BigInt(units) * 10n ** 18n },
    deltaPerUnit: '1',
    valuePerUnit: '0',
  });
  const account: Position = {
    kind: 'lending',
    collateral: [{ amountUnits: '10', deltaPerUnit: '1', valuePerUnit: '0', liquidationThreshold: '0.5' }],
    debt: [{ amountUnits: '12000', deltaPerUnit: '0', valuePerUnit: '1' }],
  };
  const readings = [
    known('a', holding(3), 3600),
    known('b', holding(2)),
    known('b', holding(1), 5, 'other'),
    unknown('c', { deltaBounds: { low: '-1', high: '4' } }),
    unknown('d'),
    known('e', account),
  ];
  const single = assembleExposure({
    underlying: 'ETH',
    spot: '2000',
    readings,
    inFlight: [],
    nowSeconds: NOW,
    rules,
    expectedIds: ['f'],
  });
  const underlyings = [{ underlying: 'ETH', spot: '2000' }];
  expect(assemble(readings, { underlyings, expectedIds: ['f'] }).exposures).toEqual([single]);
  expect(single.widenings.map(({ code }) => code)).toEqual(['STALE', 'DISPUTED', 'UNREADABLE', 'LIQUIDATABLE']);
});

describe('what is unknown', () => {
  test('stands in every exposure, unless it says what it follows', () => {
    const readings = [
      known('perp', short),
      unknown('anything'),
      unknown('coins', { underlyings: ['BTC'] }),
      unknown('bounded', { deltaBounds: { low: '-1', high: '1' } }),
    ];
    const [eth, btc] = assemble(readings).exposures;
    expect(eth!.unbounded).toEqual(['anything']);
    expect(btc!.unbounded).toEqual(['anything', 'coins']);
    expect([+eth!.delta.low, +eth!.delta.high]).toEqual([-3, -1]);
    expect([+btc!.delta.low, +btc!.delta.high]).toEqual([0.5, 0.5]);
  });

  test('a kind that is not known, a missing one, and an underlying without a spot are unbounded everywhere', () => {
    const readings = [
      known('perp', short),
      known('strange', { kind: 'barrier' } as unknown as Position),
      known('far', { ...short, collateral: { ...bitcoin('1'), underlying: 'SOL' } }),
    ];
    for (const exposure of assemble(readings, { expectedIds: ['gone'] }).exposures) {
      expect([...exposure.unbounded].sort()).toEqual(['far', 'gone', 'strange']);
    }
  });

  test('a stale one widens each exposure by its own size, and capital in flight that of its token', () => {
    const flight = { id: 't', amount: { token: weth, atoms: 10n ** 18n }, deltaPerUnit: '1', sentence: 'on a bridge' };
    const [eth, btc] = assemble([known('perp', short, 3600)], {
      inFlight: [{ ...flight, underlying: 'BTC' }],
    }).exposures;
    expect([+eth!.delta.low, +eth!.delta.high]).toEqual([-2.5, -1.5]);
    expect([+btc!.delta.low, +btc!.delta.high]).toEqual([0.375, 1.625]);
  });

  test('no readings at all are no hedged book', () => {
    expect(() => assemble([])).toThrow(ExposureEmptyError);
  });
});

describe('the interval', () => {
  const amount = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100);
  const truth = fc.oneof(
    amount.map((size): Position => ({ ...short, sizeUnits: String(size) })),
    amount.map((units): Position => ({ ...short, collateral: bitcoin(String(units)) })),
    fc.bigInt(1n, 10n ** 21n).map((atoms): Position => ({ ...pair, amounts: [atoms, 10n ** 9n] })),
    fc
      .integer({ min: 1, max: 40 })
      .map((times): Position => ({ kind: 'vault', scale: String(times / 10), inside: [short] })),
  );
  /** How a true position may come to us. `strayed` was read by another source, wrongly. */
  const manner = fc.constantFrom('read' as const, 'strayed' as const, 'lost' as const);

  const reported = (id: string, position: Position, how: string, wrong: Position): PositionReading[] => {
    if (how === 'strayed') return [known(id, wrong, 0, 'liar'), known(id, position, 30, 'honest')];
    if (how === 'lost') return [unknown(id)];
    return [known(id, position)];
  };

  test('contains the truth, or says that it cannot', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(truth, manner, truth), { minLength: 1, maxLength: 8 }), (book) => {
        const really = assemble(book.map(([position], i) => known(`p${i}`, position)));
        const seen = assemble(book.flatMap(([position, how, wrong], i) => reported(`p${i}`, position, how, wrong)));
        seen.exposures.forEach(({ delta, unbounded }, i) => {
          const true_ = +really.exposures[i]!.delta.low;
          if (unbounded.length > 0) return;
          expect(+delta.low).toBeLessThanOrEqual(true_ + 1e-9);
          expect(+delta.high).toBeGreaterThanOrEqual(true_ - 1e-9);
        });
        expect(seen.exposures[0]!.unbounded).toHaveLength(book.filter(([, how]) => how === 'lost').length);
      }),
    );
  });

  test('doubt never narrows it', () => {
    fc.assert(
      fc.property(fc.array(truth, { minLength: 1, maxLength: 6 }), truth, fc.nat(7200), (book, other, age) => {
        const readings = book.map((position, i) => known(`p${i}`, position));
        const before = assemble(readings);
        const doubted = [
          assemble([...readings.slice(1), known('p0', book[0]!, age)]),
          assemble([...readings, known('p0', other, 10, 'other')]),
        ];
        for (const { exposures } of doubted) {
          exposures.forEach(({ delta }, i) => {
            expect(+delta.low).toBeLessThanOrEqual(+before.exposures[i]!.delta.low + 1e-9);
            expect(+delta.high).toBeGreaterThanOrEqual(+before.exposures[i]!.delta.high - 1e-9);
          });
        }
      }),
    );
  });
});

test.each([
  ['underlyings', { underlyings: [] }],
  [
    'underlyings',
    {
      underlyings: [
        { underlying: 'ETH', spot: '1' },
        { underlying: 'ETH', spot: '2' },
      ],
    },
  ],
  ['spot of ETH', { underlyings: [{ underlying: 'ETH', spot: 'NaN' }] }],
  [
    'inFlight.underlying',
    { inFlight: [{ id: 't', amount: { token: weth, atoms: 1n }, deltaPerUnit: '1', sentence: '', underlying: 'SOL' }] },
  ],
])('a bad %s is refused by name', (field, more) => {
  expect(() => assemble([known('perp', short)], more)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', field }),
  );
});
