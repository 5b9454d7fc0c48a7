import { EvenkeelError } from '@evenkeel/intents';
import { assertNoJump } from '../src/exposure/spot-jump.js';
import { valuePosition } from '../src/exposure/value-position.js';
import { regularBars, type Bar } from '../src/forecast/bars.js';
import { layLattice } from '../src/lattice/lattice.js';
import { standardBook } from '../src/lattice/book.js';
import type { HedgingProblem } from '../src/lattice/problem.js';
import type { Position } from '../src/model/position.js';
import { parsePolicyTerms } from '../src/policy/config.js';

const NOW = 1_700_000_000;
const HOUR = 3600;

const option = (change: Partial<Extract<Position, { kind: 'option' }>>): Position => ({
  kind: 'option',
  optionType: 'call',
  sizeUnits: '-1',
  strike: '2000',
  expirySeconds: NOW + 30 * 86_400,
  annualVolatility: '0.7',
  forwardRatio: '1',
  annualRate: '0',
  ...change,
});
const problem = (change: Partial<HedgingProblem>): HedgingProblem => ({
  ...{ book: standardBook('call', 100), spot: 100, annualVolatility: 0.7, years: 0.1, steps: 10, annualRate: 0 },
  ...{ proportionalCost: 0.001, fixedCost: 0, riskAversion: 0.02, settlement: 'free' },
  ...change,
});
const bar = (hour: number, close = 2000): Bar => ({
  timeSeconds: NOW + hour * HOUR,
  ...{ open: 2000, high: Math.max(2000, close), low: Math.min(2000, close), close },
});
const terms = {
  rule: { kind: 'optimal' },
  riskAversion: { perNumeraire: 0.001 },
  targetDeltaUnits: '0',
  monitoringSeconds: HOUR,
  settlement: 'free',
  lotUnits: '0.001',
};

/** What is refused, with the code that programs may rely on. */
test.each<[string, string, () => unknown]>([
  [
    'an option after its expiry',
    'POSITION_EXPIRED',
    () => valuePosition(option({ expirySeconds: NOW - 1 }), 2000, NOW),
  ],
  ['a negative time to the end of a book', 'POLICY_INPUT_INVALID', () => layLattice(problem({ years: -0.1 }))],
  ['an option without volatility', 'INVALID_INPUT', () => valuePosition(option({ annualVolatility: '0' }), 2000, NOW)],
  ['a market without volatility', 'POLICY_INPUT_INVALID', () => layLattice(problem({ annualVolatility: 0 }))],
  [
    'a price that is a hundred times the last one',
    'SPOT_JUMP',
    () => {
      assertNoJump(200_000, { previous: '2000' }, 'ETH');
    },
  ],
  [
    'a history that misses more than a twentieth of its bars',
    'BAR_INVALID',
    () => regularBars([...Array.from({ length: 20 }, (_, i) => bar(i)), bar(30)], HOUR),
  ],
  ['a NaN in a feed of candles', 'BAR_INVALID', () => regularBars([bar(0), bar(1, Number.NaN)], HOUR)],
  ['a NaN for a spot', 'POSITION_INVALID', () => valuePosition(option({}), Number.NaN, NOW)],
  [
    'a position type that is not known',
    'POSITION_INVALID',
    () => valuePosition({ kind: 'barrier' } as unknown as Position, 2000, NOW),
  ],
  ['a guard of 200 %', 'GUARD_ABSURD', () => parsePolicyTerms({ ...terms, maxCostBps: 20_000 })],
])('%s is refused with %s', (_, code, refused) => {
  let thrown: unknown;
  try {
    refused();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(EvenkeelError);
  expect(thrown).toMatchObject({ code });
});

test('a bar that is missing is filled flat at the close before it, and counted', () => {
  const bars = [...Array.from({ length: 40 }, (_, i) => bar(i)), bar(41)];
  const { bars: regular, filled } = regularBars(bars, HOUR);
  expect(filled).toBe(1);
  expect(regular[40]).toEqual({ timeSeconds: NOW + 40 * HOUR, open: 2000, high: 2000, low: 2000, close: 2000 });
});
