import { instrumentConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { type InstrumentBench, openInstrumentBench, subjectOf } from './bench.js';

jest.setTimeout(60_000);

let bench: InstrumentBench;

beforeAll(async () => {
  bench = await openInstrumentBench();
}, 180_000);
afterAll(() => bench?.world.close());

describeConformance(
  'perp-v2',
  instrumentConformance(() => subjectOf(bench, 'perp')),
);
describeConformance(
  'spot',
  instrumentConformance(() => subjectOf(bench, 'spot')),
);
describeConformance(
  'aave-short',
  instrumentConformance(() => subjectOf(bench, 'loan')),
);
describeConformance(
  'lyra',
  instrumentConformance(() => subjectOf(bench, 'lyra')),
);
describeConformance(
  'lyra, covered calls',
  instrumentConformance(() => subjectOf(bench, 'lyraCovered')),
);
