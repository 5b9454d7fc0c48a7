import { instrumentConformance, type InstrumentSubject, runChecks } from '@evenkeel/adapters/conformance';
import type { InstrumentAdapter, PositionSource, TradeQuote, TradeRequest } from '@evenkeel/core';
import { type InstrumentBench, openInstrumentBench, subjectOf } from './bench.js';

jest.setTimeout(60_000);

let bench: InstrumentBench;

beforeAll(async () => {
  bench = await openInstrumentBench();
}, 180_000);
afterAll(() => bench?.world.close());

/** The checks of these names that fail. */
async function failing(subject: InstrumentSubject, names: readonly string[]): Promise<readonly string[]> {
  const results = await runChecks(instrumentConformance(subject).filter(({ name }) => names.includes(name)));
  return results.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

const EXPOSURE = 'trade-moves-the-exposure-as-said';
const COST = 'trade-costs-what-was-said';
const HOLDING = 'holding-costs-what-was-said';
const MARGIN = 'quote-sees-the-margin-that-there-is';

function lying(adapter: InstrumentAdapter, lie: (quote: TradeQuote) => TradeQuote): InstrumentAdapter {
  return Object.freeze({
    ...adapter,
    quote: async (request: TradeRequest, signal: AbortSignal) => lie(await adapter.quote(request, signal)),
  });
}

const one = (subject: InstrumentSubject): InstrumentSubject => ({ ...subject, samples: subject.samples.slice(0, 1) });

test('a delta of the wrong sign', async () => {
  const subject = one(subjectOf(bench, 'perp'));
  const adapter = lying(subject.adapter, (quote) => {
    return { ...quote, greeks: { ...quote.greeks, deltaUnits: -quote.greeks.deltaUnits } };
  });
  expect(await failing({ ...subject, adapter }, [EXPOSURE, COST])).toEqual([EXPOSURE]);
});

test('funding that the quote hides', async () => {
  const subject = one(subjectOf(bench, 'perp'));
  const adapter = lying(subject.adapter, (quote) => ({ ...quote, carryPerDay: 0 }));
  expect(await failing({ ...subject, adapter }, [COST, HOLDING])).toEqual([HOLDING]);
});

test('interest that the quote hides', async () => {
  const subject = subjectOf(bench, 'loan');
  const adapter = lying(subject.adapter, (quote) => ({ ...quote, carryPerDay: 0 }));
  expect(await failing({ ...subject, adapter }, [HOLDING])).toEqual([HOLDING]);
});

test('a fee that the quote hides', async () => {
  const subject = one(subjectOf(bench, 'spot'));
  const adapter = lying(subject.adapter, (quote) => ({ ...quote, cost: quote.cost - 1 }));
  expect(await failing({ ...subject, adapter }, [EXPOSURE, COST])).toEqual([COST]);
});

test('the delta of collateral, forgotten in the quote', async () => {
  const subject = subjectOf(bench, 'lyraCovered');
  const adapter = lying(subject.adapter, (quote) => {
    const collateral = Number(quote.units);
    return { ...quote, greeks: { ...quote.greeks, deltaUnits: quote.greeks.deltaUnits + collateral } };
  });
  expect(await failing({ ...subject, adapter }, [EXPOSURE, COST])).toEqual([EXPOSURE]);
});

test('the delta of collateral, forgotten by the source of positions', async () => {
  const subject = subjectOf(bench, 'lyraCovered');
  const forgetful = (source: PositionSource): PositionSource => ({
    ...source,
    read: async (owner, signal) => (await source.read(owner, signal)).filter(({ id }) => !id.endsWith(':collateral')),
  });
  expect(await failing({ ...subject, sources: subject.sources.map(forgetful) }, [EXPOSURE, COST])).toEqual([
    EXPOSURE,
    COST,
  ]);
});

test('margin that was read long ago', async () => {
  const subject = one(subjectOf(bench, 'perp'));
  let known: TradeQuote | undefined;
  const adapter: InstrumentAdapter = Object.freeze({
    ...subject.adapter,
    quote: async (request: TradeRequest, signal: AbortSignal) =>
      (known ??= await subject.adapter.quote(request, signal)),
  });
  expect(await failing({ ...subject, adapter }, [MARGIN])).toEqual([MARGIN]);
});
