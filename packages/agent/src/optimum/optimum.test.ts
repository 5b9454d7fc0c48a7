import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CostCurve, Position, PositionReading } from '@evenkeel/core';
import { layLattice, type HedgingProblem, serialiseBands, solveOptimum } from '@evenkeel/core/lattice';
import type { OptimumAnswer, OptimumQuestion } from '@evenkeel/core/rebalancer';
import { EvenkeelError } from '@evenkeel/intents';
import { evaluateRule } from '../../../core/src/lattice/evaluate-rule.js';
import { edgesOf } from '../../../core/src/lattice/rule-on-lattice.js';
import { policyTargetsOn } from '../../../core/src/lattice/target-rule.js';
import { optimalRule } from '../../../core/src/policy/rules/optimal.js';
import { boundedBands, workOf } from './bounded-bands.js';
import { optionBookOf } from './option-book.js';
import { preparedOptimum, type PreparedOptimum } from './optimum.js';
import { storeTable } from './shelf.js';
import { type TableRequest, tableRequest } from './table-request.js';

const NOW = 1_700_000_000;
const DAY = 86_400;
const YEAR = 365 * DAY;
/** Node values for a table that a test waits for. */
const MOST_TEST_WORK = 1e7;
const never = new AbortController().signal;
const folders: string[] = [];
const open: PreparedOptimum[] = [];
afterEach(() => open.splice(0).forEach(({ preparer }) => preparer.close()));
afterAll(() => folders.forEach((each) => rmSync(each, { recursive: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'evenkeel-bands-'));
  folders.push(made);
  return made;
}

const known = (position: Position, id: string): PositionReading => ({
  status: 'known',
  id,
  label: id,
  position,
  asOf: { source: 'test', timeSeconds: NOW },
});
const call = (days: number, strike = '2000', sizeUnits = '-10'): Position => ({
  kind: 'option',
  optionType: 'call',
  sizeUnits,
  strike,
  expirySeconds: NOW + days * DAY,
  annualVolatility: '0.7',
  forwardRatio: '1',
  annualRate: '0',
});
const perpetual: Position = {
  kind: 'perpetual',
  sizeUnits: '3',
  entryPrice: '2000',
  accruedFunding: '0',
  collateral: { amountUnits: '1000', deltaPerUnit: '0', valuePerUnit: '1' },
};

/** λ of a spot of 2,000, and what a unit more adds to the cost of the next one; a straight curve by default. */
const curves = (lambda = 0.001, rise = 0): { buyCurve: CostCurve; sellCurve: CostCurve } => {
  const curve = (side: 'buy' | 'sell'): CostCurve => ({
    side,
    referencePrice: 2000,
    fixedCost: 1,
    points: [0.01, 0.1, 1, 10, 100].map((sizeUnits) => ({
      sizeUnits,
      cost: 1 + 2000 * sizeUnits * (lambda + (rise * sizeUnits) / 2),
      marginalCost: 2000 * (lambda + rise * sizeUnits),
    })),
  });
  return { buyCurve: curve('buy'), sellCurve: curve('sell') };
};

function question(
  positions: readonly Position[],
  more: Partial<OptimumQuestion['inputs']> = {},
  rest: Partial<OptimumQuestion> = {},
): OptimumQuestion {
  const readings = positions.map((position, i) => known(position, String(i)));
  const book = optionBookOf(readings, Number(more.spot ?? '2000'), NOW);
  return {
    readings,
    inputs: {
      rule: { kind: 'optimal' },
      delta: { low: '0', high: '0' },
      spot: '2000',
      gammaPerUnit: 'code' in book ? -0.01 : book.gammaPerUnit,
      annualVolatility: 0.7,
      riskAversion: { perNumeraire: 0.0002, budgetBpsPerMonth: 10 },
      fixedCost: { buy: 1, sell: 1 },
      horizonSeconds: 30 * DAY,
      monitoringSeconds: DAY,
      latencySeconds: 12,
      latencyCostPerYear: 0,
      decidedAtSeconds: NOW,
      ...more,
    },
    ...curves(),
    annualRate: 0,
    settlement: 'free',
    ...rest,
  };
}

/** With tables made in this thread, one at each turn of the loop. */
function optimum(where: string, made: TableRequest[] = []): PreparedOptimum {
  const opened = preparedOptimum({
    logVarianceStdDev: () => 0,
    folder: where,
    prepare: async (request, signal) => {
      await new Promise(setImmediate);
      signal.throwIfAborted();
      made.push(request);
      const table = boundedBands(request.problem, MOST_TEST_WORK / 10);
      storeTable(where, request, serialiseBands(table));
      return table;
    },
  });
  open.push(opened);
  return opened;
}

function bandsOf(answer: OptimumAnswer) {
  if (answer.kind === 'none') throw new Error(answer.sentence);
  return answer.bands;
}

test('a question never waits: it is answered without a table, which the next one finds, in another process as well', async () => {
  const where = folder();
  const made: TableRequest[] = [];
  const { port, preparer } = optimum(where, made);
  expect(port(question([perpetual, call(20)]))).toMatchObject({ kind: 'none' });
  expect(made).toEqual([]);
  expect(preparer.isBusy()).toBe(true);
  await preparer.settled(never);
  expect(preparer.isBusy()).toBe(false);
  const answer = port(question([perpetual, call(20)]));
  expect(answer).toMatchObject({ kind: 'prepared', horizonSeconds: 20 * DAY });
  expect(bandsOf(answer)).toMatchObject([{ units: 1, table: { prepared: { endsAtOnce: true } } }]);
  // Its edges are for the gamma of the options, whatever else has some.
  expect(bandsOf(answer)[0]!.gammaPerUnit).toBeCloseTo(question([call(20)]).inputs.gammaPerUnit, 12);
  expect(optimum(where, made).port(question([call(20)]))).toMatchObject({ kind: 'prepared' });
  expect(made).toHaveLength(1);
});

test('a small move asks for no new table; a larger one is served by its neighbour meanwhile', async () => {
  const made: TableRequest[] = [];
  const { port, preparer } = optimum(folder(), made);
  port(question([call(25)]));
  await preparer.settled(never);
  const near = {
    spot: '2010',
    annualVolatility: 0.701,
    fixedCost: { buy: 1.02, sell: 1.01 },
    decidedAtSeconds: NOW + DAY,
  };
  expect(port(question([call(25)], near))).toMatchObject({ kind: 'prepared' });
  expect(preparer.isBusy()).toBe(false);
  const far = { spot: '2000', fixedCost: { buy: 2, sell: 2 } };
  expect(bandsOf(port(question([call(25)], far)))).toHaveLength(1);
  await preparer.settled(never);
  expect(made).toHaveLength(2);
  expect(bandsOf(port(question([call(25)], far)))).toHaveLength(2);
  // Sizes are rounded, and made up for.
  expect(bandsOf(port(question([call(25, '2000', '-10.01')])))[0]!.units).toBeCloseTo(1.001, 9);
  expect(port(question([call(25, '2000', '-11')]))).toMatchObject({ kind: 'none' });
});

test('what ends at no known time is no part of a table, and where it outweighs the options the closed form decides', async () => {
  const { port, preparer } = optimum(folder());
  const liquidity: Position = {
    kind: 'constant-product-liquidity',
    amounts: [10n ** 18n, 2000n * 10n ** 6n],
    decimals: [18, 6],
    underlyingIndex: 0,
  };
  expect(port(question([liquidity]))).toMatchObject({ kind: 'none' });
  expect(port(question([perpetual]))).toMatchObject({ kind: 'none' });
  expect(preparer.isBusy()).toBe(false);
  const { gammaPerUnit } = question([call(20)]).inputs;
  const both = (factor: number) => question([call(20), liquidity], { gammaPerUnit: gammaPerUnit * factor });
  port(both(1.2));
  await preparer.settled(never);
  expect(bandsOf(port(both(1.2)))).toMatchObject([{ gammaPerUnit }]);
  for (const factor of [2.1, 0.45, -1, 0]) expect(port(both(factor))).toMatchObject({ kind: 'none' });
});

test('what cannot be read, has expired, is on another underlying, or has no end leaves the closed form', () => {
  const { port, preparer } = optimum(folder());
  const asOf = { source: 'test', timeSeconds: NOW };
  const unread: PositionReading = { status: 'unknown', id: 'x', label: 'x', reason: 'no answer', asOf };
  const asked = question([call(20)]);
  for (const [code, each] of [
    ['BOOK_UNREAD', { ...asked, readings: [...asked.readings, unread] }],
    ['BOOK_UNREAD', question([call(0)])],
    ['BOOK_UNREAD', question([{ ...call(20), underlying: 'BTC' }])],
    ['END_LEFT_OUT', question([call(20)], {}, { settlement: 'none' })],
    ['BOOK_WITHOUT_END', question([])],
    ['AVERSION_BEYOND_TABLES', question([call(20)], { riskAversion: { perNumeraire: 0.0011, budgetBpsPerMonth: 1 } })],
  ] as const) {
    expect(port(each)).toEqual({ kind: 'none', code, sentence: expect.stringMatching(/\.$/) });
  }
  expect(preparer.isBusy()).toBe(false);
});

test('a damaged table is no table, and is prepared again', async () => {
  const where = folder();
  const first = optimum(where);
  first.port(question([call(20)]));
  await first.preparer.settled(never);
  const [family] = readdirSync(where);
  const [file] = readdirSync(join(where, family!));
  writeFileSync(join(where, family!, file!), '{"version":2');
  const { port, preparer } = optimum(where);
  expect(port(question([call(20)]))).toMatchObject({ kind: 'none' });
  await preparer.settled(never);
  expect(port(question([call(20)]))).toMatchObject({ kind: 'prepared' });
});

test('one is prepared at a time and the last one asked for next; a close ends it, a failure is not tried again', async () => {
  const begun: TableRequest[] = [];
  const ends: ((error: Error) => void)[] = [];
  const lines: string[] = [];
  const opened = preparedOptimum({
    logVarianceStdDev: () => 0,
    folder: folder(),
    logger: { log: (level) => void lines.push(level) },
    prepare: (request, signal) =>
      new Promise((_, reject) => {
        begun.push(request);
        ends.push(reject);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const { port, preparer } = opened;
  const asked = ['-10', '-20', '-30'].map((size) => question([call(20, '2000', size)]));
  for (const each of [asked[0]!, asked[0]!, asked[1]!, asked[2]!]) port(each);
  expect(begun).toHaveLength(1);
  ends[0]!(new EvenkeelError('POLICY_INPUT_INVALID', 'No.'));
  await new Promise(setImmediate);
  expect(begun.map(({ problem }) => problem.book[0]!.units)).toEqual([-10, -30]);
  port(asked[0]!);
  expect(lines).toEqual(['warn']);
  const waiting = new AbortController();
  const settled = preparer.settled(waiting.signal);
  waiting.abort(new Error('enough'));
  await expect(settled).rejects.toThrow('enough');
  preparer.close();
  await preparer.settled(never);
  port(asked[1]!);
  expect(begun).toHaveLength(2);
  expect(lines).toEqual(['warn']);
});

test("the router's curves feed the table: their impact is in it, and curves of one shape share it", async () => {
  const made: TableRequest[] = [];
  const { port, preparer } = optimum(folder(), made);
  for (const rise of [0.0012, 0.00121]) {
    port(question([call(20)], {}, curves(0.001, rise)));
    await preparer.settled(never);
  }
  expect(made).toHaveLength(1);
  const { impact, proportionalCost } = made[0]!.problem;
  expect(proportionalCost).toBeCloseTo(0.001, 3);
  // The tenth unit of the book costs 0.012 on top of λ, to within a step of the grid.
  expect(Math.abs(Math.log(impact!.buy.at(-1)!.right / 0.012))).toBeLessThan(0.2);
  expect(impact!.sell).toEqual(impact!.buy);
  const [bands] = bandsOf(port(question([call(20)], {}, curves(0.001, 0.0012))));
  expect(bands!.table.prepared.impact).toEqual(impact);
  // Ten times as deep a market wants another one; what adds next to nothing is none.
  port(question([call(20)], {}, curves(0.001, 0.0001)));
  port(question([call(20)], {}, curves(0.001, 1e-6)));
  await preparer.settled(never);
  expect(made.at(-1)!.problem.impact).toBeUndefined();
});

test('the work of a table is bounded, whatever the market: steps are given up for it', () => {
  const { problem } = tableRequest(
    question([call(200), call(90, '2500')], { monitoringSeconds: 60 }),
    optionBookOf([known(call(200), 'a'), known(call(90, '2500'), 'b')], 2000, NOW) as never,
    'free',
    0.5,
  );
  expect(problem.steps).toBe(720);
  const most = 2e7;
  expect(workOf(problem)).toBeGreaterThan(most);
  const { prepared } = boundedBands(problem, most);
  const steps = Math.round(prepared.years / prepared.monitoringYears);
  expect(steps).toBeLessThan(720);
  expect(workOf({ ...problem, steps })).toBeLessThanOrEqual(most);
});

describe('what a shared table costs against the exact optimum', () => {
  // Each number is as far from its grid as it can be; two expiries are paid at looks, as lattices do.
  const cases = {
    'one expiry': { positions: [call(21)], looks: 40 },
    'two expiries': { positions: [call(30), call(21, '2100', '-5')], looks: 42 },
  } as const;
  test.each(Object.keys(cases) as (keyof typeof cases)[])('is less than 1 %%: %s', (name) => {
    const { looks, positions } = cases[name];
    const readings = positions.map((position, i) => known(position, String(i)));
    const offGrid = { annualVolatility: Math.exp(-0.475), spot: String(Math.exp(7.649)) };
    const book = optionBookOf(readings, Number(offGrid.spot), NOW);
    if ('code' in book) throw new Error(book.sentence);
    const seconds = book.endSeconds - NOW;
    const asked = question(
      positions,
      {
        ...offGrid,
        riskAversion: { perNumeraire: Math.exp(-8.499), budgetBpsPerMonth: 0 },
        fixedCost: { buy: Math.exp(0.101), sell: Math.exp(0.101) },
        monitoringSeconds: seconds / looks,
        latencySeconds: 0,
      },
      curves(Math.exp(-6.899)),
    );
    const { problem, units } = tableRequest(asked, book, 'free', 0);
    const look = seconds / looks / YEAR;
    const exact: HedgingProblem = {
      book: book.options.map(({ expirySeconds, kind, strike, units: size }) => {
        const years = (expirySeconds - NOW) / YEAR;
        const atLook = (Math.round(years / look) - 1e-6) * look;
        return { kind, units: size, strike, years: expirySeconds === book.endSeconds ? seconds / YEAR : atLook };
      }),
      spot: Number(offGrid.spot),
      annualVolatility: offGrid.annualVolatility,
      years: seconds / YEAR,
      steps: looks,
      annualRate: 0,
      proportionalCost: Math.exp(-6.899),
      fixedCost: asked.inputs.fixedCost.buy,
      riskAversion: asked.inputs.riskAversion.perNumeraire,
      settlement: 'free',
    };
    for (const key of ['spot', 'annualVolatility', 'proportionalCost', 'fixedCost', 'riskAversion'] as const) {
      expect(problem[key]).not.toBeCloseTo(exact[key], 9);
    }
    const lattice = layLattice(exact, { mostColumns: 120 });
    const best = solveOptimum(lattice).certaintyEquivalent;
    const shared = edgesOf(
      policyTargetsOn(lattice, optimalRule, [{ table: boundedBands(problem, MOST_TEST_WORK), units }]),
    );
    expect(evaluateRule(lattice, shared, 16).certaintyEquivalent / best - 1).toBeLessThan(0.01);
  });
});
