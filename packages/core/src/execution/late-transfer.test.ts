import type { Quote } from '../model/quote.js';
import { isLate } from './late-transfer.js';

const SENT = 1_700_000_000;
const late = (expected: number, worst: number, afterSeconds: number): boolean =>
  isLate({ quote: { timeSeconds: { expected, worst } } as unknown as Quote, sentAtSeconds: SENT }, SENT + afterSeconds);

test.each([
  ['one that promises seconds is given five minutes', 5, 7200, 300],
  ['one that promises minutes is given ten times as long', 120, 7200, 1200],
  ['none is given longer than its worst', 600, 1800, 1800],
  ['a short worst counts as well', 5, 60, 60],
])('%s', (_, expected, worst, limit) => {
  expect(late(expected, worst, limit)).toBe(false);
  expect(late(expected, worst, limit + 1)).toBe(true);
});
