import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Desk, type LimitNews, openDesk } from '../../src/agent/limits/desk.js';
import { brokenBy, DAY_MS, levelsOf, risen, type Use, usedIn } from '../../src/agent/limits/limits.js';
import { EVERYWHERE, isExit, type Stop, stoppedBy } from '../../src/agent/limits/stops.js';
import { type AgentState, openAgentState } from '../../src/agent/state/open-state.js';

const amount = fc.double({ min: 0, max: 1000, noNaN: true });
const amounts = fc.record({ notionalUsd: amount, gasUsd: amount, lossUsd: amount, slippageUsd: amount });
const limits = fc.record(
  { notionalPerDayUsd: amount, gasPerDayUsd: amount, lossPerDayUsd: amount, slippageBps: amount },
  { requiredKeys: [] },
);
const uses = fc.array(
  fc
    .tuple(amounts, fc.integer({ min: 0, max: 3 * DAY_MS }))
    .map(([each, atMs]): Use => ({ ...each, atMs, portfolio: 'a' })),
  { maxLength: 20 },
);

describe('what is used', () => {
  test('is what lies in the last 24 hours, and never falls by another trade', () => {
    fc.assert(
      fc.property(uses, amounts, fc.integer({ min: 0, max: 3 * DAY_MS }), (all, next, nowMs) => {
        const used = usedIn(all, nowMs);
        const slow = all.filter(({ atMs }) => nowMs - atMs < DAY_MS);
        expect(used.notionalUsd).toBe(slow.reduce((sum, { notionalUsd }) => sum + notionalUsd, 0));
        const more = usedIn([...all, { ...next, atMs: nowMs, portfolio: 'a' }], nowMs);
        for (const key of ['notionalUsd', 'gasUsd', 'lossUsd', 'slippageUsd'] as const) {
          expect(more[key]).toBeGreaterThanOrEqual(used[key]);
        }
      }),
    );
  });

  test('breaks no limit of notional, gas or loss once a trade was let through', () => {
    fc.assert(
      fc.property(limits, amounts, amounts, (most, used, next) => {
        if (brokenBy(most, used, next) !== undefined) return;
        expect(used.notionalUsd + next.notionalUsd).toBeLessThanOrEqual(most.notionalPerDayUsd ?? Infinity);
        expect(used.gasUsd + next.gasUsd).toBeLessThanOrEqual(most.gasPerDayUsd ?? Infinity);
        expect(used.lossUsd + next.lossUsd).toBeLessThanOrEqual(most.lossPerDayUsd ?? Infinity);
      }),
    );
  });

  test('a larger trade, or more use before it, is never let through where a smaller was not', () => {
    fc.assert(
      fc.property(limits, amounts, amounts, amounts, (most, used, next, extra) => {
        if (brokenBy(most, used, next) === undefined) return;
        const larger = {
          notionalUsd: next.notionalUsd + extra.notionalUsd,
          gasUsd: next.gasUsd + extra.gasUsd,
          lossUsd: next.lossUsd + extra.lossUsd,
          slippageUsd: next.slippageUsd,
        };
        expect(brokenBy(most, used, larger)).toBeDefined();
      }),
    );
  });

  test('is told at 80 % and at the limit, each once', () => {
    const at = (notionalUsd: number) =>
      levelsOf({ notionalPerDayUsd: 100 }, { notionalUsd, gasUsd: 0, lossUsd: 0, slippageUsd: 0 });
    const path = [0, 79.9, 80, 85, 99, 100, 120, 10, 81].map(at);
    const told = path.slice(1).map((levels, i) => risen(path[i]!, levels).map(({ level }) => level));
    expect(told).toEqual([[], ['near'], [], [], ['reached'], [], [], ['near']]);
  });
});

describe('stops', () => {
  const stop = (kind: Stop['kind'], scope: string): Stop => ({ kind, scope, atMs: 0, reason: '' });

  test('a kill switch lets exits through and nothing else; a pause nothing', () => {
    const trade = (exit: boolean) => ({ portfolio: 'a', isExit: exit });
    expect(stoppedBy([stop('killed', EVERYWHERE)], trade(true))).toBeUndefined();
    expect(stoppedBy([stop('killed', EVERYWHERE)], trade(false))).toMatchObject({ kind: 'killed' });
    expect(stoppedBy([stop('paused', 'a')], trade(true))).toMatchObject({ kind: 'paused' });
    expect(stoppedBy([stop('paused', 'b'), stop('killed', 'b')], trade(false))).toBeUndefined();
  });

  test('an exit makes the hedge smaller and never turns it around', () => {
    const units = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(units, units, (hedge, change) => {
        if (!isExit(hedge, change)) return;
        expect(Math.abs(hedge + change)).toBeLessThan(Math.abs(hedge));
        expect(Math.sign(hedge + change) * Math.sign(hedge)).toBeGreaterThanOrEqual(0);
      }),
    );
    expect([isExit(5, -5), isExit(5, -6), isExit(5, 1), isExit(-5, 2), isExit(0, 1)]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe('the desk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-desk-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  let now = 0;
  const news: LimitNews[] = [];
  const opened: AgentState[] = [];
  afterEach(() => {
    for (const state of opened.splice(0)) state.close();
    news.length = 0;
  });
  const desk = async (path: string): Promise<Desk> => {
    const state = await openAgentState(path);
    opened.push(state);
    return openDesk(
      state,
      () => now,
      (each) => news.push(each),
    );
  };
  const fresh = (): string => join(folder, `${(files += 1)}.db`);
  const proposal = (portfolio: string, notionalUsd: number, exit = false) => ({
    portfolio,
    isExit: exit,
    notionalUsd,
    gasUsd: 1,
    lossUsd: 1,
    slippageUsd: 0,
  });
  const total = { notionalPerDayUsd: 1000, maxOpenIntents: 50 };

  const actions = fc.array(
    fc.record({
      portfolio: fc.constantFrom('a', 'b'),
      notionalUsd: fc.double({ min: 1, max: 500, noNaN: true }),
      exit: fc.boolean(),
      wait: fc.integer({ min: 0, max: DAY_MS / 3 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      ends: fc.constantFrom('settled', 'released', 'kept'),
      restart: fc.boolean(),
    }),
    { maxLength: 12 },
  );

  test('whatever is asked and whenever it restarts, no 24 hours hold more new risk than the limits allow', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (all) => {
        const path = fresh();
        now = 1_700_000_000_000;
        let at = await desk(path);
        const done: { portfolio: string; atMs: number; notionalUsd: number }[] = [];
        for (const { ends, exit, notionalUsd, part, portfolio, restart, wait } of all) {
          now += wait;
          if (restart) {
            const before = at.used();
            opened.pop()!.close();
            at = await desk(path);
            expect(at.used().notionalUsd).toBeCloseTo(before.notionalUsd, 6);
          }
          let id: number;
          try {
            id = at.reserve(proposal(portfolio, notionalUsd, exit), { notionalPerDayUsd: 600 }, total);
          } catch (error) {
            expect(exit).toBe(false);
            expect(error).toMatchObject({ code: 'LIMIT_REACHED' });
            continue;
          }
          const real = ends === 'settled' ? notionalUsd * part : ends === 'kept' ? notionalUsd : 0;
          if (ends === 'settled') at.settle(id, { ...proposal(portfolio, real) });
          else if (ends === 'released') at.release(id);
          else at.keep(id);
          if (!exit) done.push({ portfolio, atMs: now, notionalUsd: real });
        }
        for (const { atMs: end } of done) {
          const inDay = done.filter(({ atMs }) => atMs <= end && atMs > end - DAY_MS);
          const sum = (some: typeof done): number => some.reduce((to, each) => to + each.notionalUsd, 0);
          expect(sum(inDay)).toBeLessThanOrEqual(1000 + 1e-6);
          for (const name of ['a', 'b']) {
            expect(sum(inDay.filter(({ portfolio }) => portfolio === name))).toBeLessThanOrEqual(600 + 1e-6);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  test('no more intents are open at once than may be; those of a dead process are not', async () => {
    const path = fresh();
    const first = await desk(path);
    const few = { maxOpenIntents: 2 };
    first.reserve(proposal('a', 1), {}, few);
    const id = first.reserve(proposal('b', 1), {}, few);
    expect(() => first.reserve(proposal('c', 1), {}, few)).toThrow(expect.objectContaining({ code: 'LIMIT_REACHED' }));
    first.settle(id, proposal('b', 1));
    first.reserve(proposal('c', 1), {}, few);
    opened.pop()!.close();
    const second = await desk(path);
    expect(second.used('c').notionalUsd).toBe(1);
    expect(() => second.reserve(proposal('d', 1), {}, few)).not.toThrow();
  });

  test('stops outlive the process, and only a person takes them away', async () => {
    const path = fresh();
    const first = await desk(path);
    first.stop('killed', EVERYWHERE, 'the books do not add up');
    first.stop('killed', EVERYWHERE, 'a second reason');
    first.stop('paused', 'a', 'holiday');
    opened.pop()!.close();
    const second = await desk(path);
    expect(second.stops().map(({ kind, reason }) => [kind, reason])).toEqual([
      ['killed', 'the books do not add up'],
      ['paused', 'holiday'],
    ]);
    expect(() => second.reserve(proposal('b', 1), {}, total)).toThrow(
      expect.objectContaining({ code: 'TRADING_STOPPED' }),
    );
    second.release(second.reserve(proposal('b', 1, true), {}, total));
    expect(() => second.reserve(proposal('a', 1, true), {}, total)).toThrow(
      expect.objectContaining({ code: 'TRADING_STOPPED' }),
    );
    expect(second.reset('killed', EVERYWHERE)).toBe(true);
    expect(second.reset('killed', EVERYWHERE)).toBe(false);
    second.release(second.reserve(proposal('b', 1), {}, total));
  });

  test('tells of a limit that comes near, and of one that is reached', async () => {
    const at = await desk(fresh());
    now = 1_700_000_000_000;
    const own = { notionalPerDayUsd: 100 };
    at.settle(at.reserve(proposal('a', 70), own, total), proposal('a', 70));
    expect(news).toEqual([]);
    at.settle(at.reserve(proposal('a', 20), own, total), proposal('a', 20));
    at.settle(at.reserve(proposal('a', 10), own, total), proposal('a', 10));
    expect(news.map(({ level: { kind, level }, portfolio }) => [portfolio, kind, level])).toEqual([
      ['a', 'notional', 'near'],
      ['a', 'notional', 'reached'],
    ]);
  });
});
