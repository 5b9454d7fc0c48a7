import { memoryJournal } from '../execution/memory-journal.js';
import type { Curve, Pool } from '../model/curve.js';
import type { Context } from './context.js';
import { measuredRecovery, recordRecoveries, type SliceLooks } from './recoveries.js';

const E18 = 10n ** 18n;
const token = (name: string) => ({ chainId: 1, address: `0x${name.repeat(40)}` as const, symbol: name, decimals: 18 });

function pool(curve: Curve, id = 'pair'): Pool {
  const asOf = { source: 'test', timeSeconds: 0 };
  return { id, adapter: 'test', chainId: 1, tokens: [token('a'), token('b')], curve, asOf } as unknown as Pool;
}

/** A pair at a price, of so much depth. */
function pairAt(price: number, id?: string): Pool {
  const reserves = [1000n * E18, BigInt(Math.round(price * 1e9)) * 1000n * 10n ** 9n] as const;
  return pool({ kind: 'constant-product', reserves, feePpm: 3000 }, id);
}

/** Looks at one pair at three prices; the last one so many seconds after the second. */
function looks(prices: readonly [number, number, number], seconds: number, annualVolatility = 0.01): SliceLooks {
  const at = (price: number, atSeconds: number) => ({ atSeconds, annualVolatility, pools: [pairAt(price)] });
  return {
    route: { hops: [{ kind: 'swap', pool: pairAt(prices[0]) }] },
    before: at(prices[0], 0),
    after: at(prices[1], 10),
    later: at(prices[2], 10 + seconds),
  } as unknown as SliceLooks;
}

function setting() {
  const journal = memoryJournal();
  const context = { portfolio: { underlying: 'ETH' }, ports: { journal, clock: { now: () => 1_000 } } };
  return { journal, context: context as unknown as Context };
}

test('the time that pools take to come back is measured from what was seen of them', async () => {
  const { context, journal } = setting();
  const perSecond = 0.01;
  for (const seconds of [30, 60, 90, 150]) {
    await recordRecoveries(
      context,
      looks([1, 0.99, Math.exp(Math.log(0.99) * Math.exp(-perSecond * seconds))], seconds),
    );
  }
  const measured = await measuredRecovery(journal, { underlying: 'ETH' });
  expect(measured!.seconds).toBe(Math.ceil(Math.log(20) / perSecond));
  expect(await measuredRecovery(journal, { underlying: 'BTC' })).toBeUndefined();
});

test('what the market’s own move would drown, and looks at one time, tell nothing', async () => {
  const { context, journal } = setting();
  await recordRecoveries(context, looks([1, 0.9999, 1], 3600, 1));
  await recordRecoveries(context, looks([1, 0.99, 0.995], 0));
  await recordRecoveries(context, looks([1, 1, 1], 60));
  expect(await journal.decisions()).toEqual([]);
  await recordRecoveries(context, looks([1, 0.9999, 1], 3600, 0.001));
  expect(await journal.decisions()).toHaveLength(1);
});

test('a pool that is gone or empty by then is passed over', async () => {
  const { context, journal } = setting();
  const whole = looks([1, 0.99, 0.995], 60);
  await recordRecoveries(context, { ...whole, later: { ...whole.later, pools: [pairAt(1, 'other')] } });
  const empty = pool({ kind: 'constant-product', reserves: [0n, 0n], feePpm: 3000 });
  await recordRecoveries(context, { ...whole, later: { ...whole.later, pools: [empty] } });
  expect(await journal.decisions()).toEqual([]);
});

test('few recoveries, and ones that disagree, measure nothing', async () => {
  const { context, journal } = setting();
  for (const last of [0.991, 0.999, 0.985, 1.002]) {
    expect(await measuredRecovery(journal, { underlying: 'ETH' })).toBeUndefined();
    await recordRecoveries(context, looks([1, 0.99, last], 60));
  }
  expect(await journal.decisions()).toHaveLength(4);
  expect(await measuredRecovery(journal, { underlying: 'ETH' })).toBeUndefined();
});
