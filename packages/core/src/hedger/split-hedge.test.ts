import { EvenkeelError } from '@evenkeel/intents';
import type { Exposure } from '../model/exposure.js';
import { joined, type SplitTraded, tradeSplit } from './split-hedge.js';
import type { HedgingResult } from './trade.js';
import type { InstrumentOrder } from './trade-one.js';

class RefusedError extends EvenkeelError {
  constructor() {
    super('REFUSED', 'It refuses.', {});
  }
}

const order = (adapter: string, units: string): InstrumentOrder => ({ adapter, chainId: 1, instrument: 'ETH', units });
const orders = [order('a', '-3'), order('b', '-1')];
const never = new AbortController().signal;

/** A book of so much delta, and trades that change it; of `b` none succeeds. */
function market(delta: number) {
  const made: string[] = [];
  const exposureNow = () =>
    ({
      delta: { low: String(delta), high: String(delta) },
      unbounded: [],
      gammaPerUnit: 0,
      vegaPerPoint: 0,
    }) as unknown as Exposure;
  const trade = ({ adapter, units }: InstrumentOrder): Promise<HedgingResult> => {
    if (adapter === 'b') return Promise.reject(new RefusedError());
    made.push(`${adapter} ${units}`);
    delta += Number(units);
    return Promise.resolve(resultOf(String(-delta)));
  };
  return {
    made,
    parts: { trade, exposure: () => Promise.resolve(exposureNow()), goals: { delta: { target: 0, weight: 1 } } },
  };
}

function resultOf(total: string, exact = true): HedgingResult {
  const report = {
    outcome: 'hedged',
    reason: 'done',
    delta: { before: { low: '4', high: '4' }, after: { low: '1', high: '1' } },
    costs: { byKind: { fee: total, gas: '1' }, total, unattributed: '0', prices: [] },
    reconciliation: { lines: [], exact, unexplainedAtoms: exact ? 0n : 3n },
    startedAtSeconds: 7,
  };
  return { report, slices: [], instrument: { execution: { state: 'completed' } } } as unknown as HedgingResult;
}

test.each([
  ['kept where the risk is lower with it', 4, ['a -3'], 'kept', 'partly-hedged'],
  ['undone where it is not', 1, ['a -3', 'a 3'], 'undone', 'failed'],
] as const)('the first part, when the second fails, is %s', async (_, delta, trades, status, outcome) => {
  const { made, parts } = market(delta);
  const traded = await tradeSplit(orders, parts, { dryRun: false, signal: never });
  expect(made).toEqual(trades);
  expect(traded.outcome).toMatchObject({ status, error: { code: 'REFUSED' } });
  expect(joined({} as HedgingResult, traded).report).toMatchObject({
    outcome,
    reason: expect.stringContaining('REFUSED') as string,
  });
});

test('when the first fails nothing was done', async () => {
  const { made, parts } = market(4);
  const asked = tradeSplit([...orders].reverse(), parts, { dryRun: false, signal: never });
  await expect(asked).rejects.toMatchObject({ code: 'REFUSED' });
  expect(made).toEqual([]);
});

test('the report of parts has the costs of all, and books that are exact only where all are', () => {
  const of = (...trades: HedgingResult[]): HedgingResult['report'] =>
    joined({} as HedgingResult, { trades, outcome: { status: 'done', made: [] } } satisfies SplitTraded).report;
  expect(of(resultOf('2'), resultOf('5'))).toMatchObject({
    outcome: 'hedged',
    startedAtSeconds: 7,
    costs: { total: '7', byKind: { fee: '7', gas: '2' } },
    reconciliation: { exact: true, unexplainedAtoms: 0n },
  });
  expect(of(resultOf('2'), resultOf('5', false)).reconciliation).toMatchObject({ exact: false, unexplainedAtoms: 3n });
});
