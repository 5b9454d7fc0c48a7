import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPostgres, newSchema, postgres, stopPostgres } from '../../../core/test/support/postgres.js';
import { openDesk } from '../../src/agent/limits/desk.js';
import { shareDesk, type SharedDesk } from '../../src/agent/limits/shared-desk.js';
import { type SharedLedger, sharedLedger } from '../../src/agent/limits/shared-ledger.js';
import { type AgentState, openAgentState } from '../../src/agent/state/open-state.js';

// Agents on one engine: a limit is a limit of all of them, and a stop stops all of them.

jest.setTimeout(60_000);

if (hasPostgres) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-shared-'));
  const opened: { close(): unknown }[] = [];
  let schema: string;
  let files = 0;
  beforeEach(() => {
    schema = newSchema();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });
  afterAll(async () => {
    await stopPostgres();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Sharing {
    readonly desk: SharedDesk;
    readonly file: string;
    readonly ledger: SharedLedger;
    readonly state: AgentState;
  }
  /** An agent's desk; with the file of one that has gone, as that one started anew. */
  async function open(file = join(folder, `${files++}.db`), wrap = (ledger: SharedLedger) => ledger): Promise<Sharing> {
    const { url } = await postgres();
    const state = await openAgentState(file);
    opened.push(state);
    const real = await sharedLedger(url, schema, state.identity());
    opened.push(real);
    const ledger = wrap(real);
    const now = (): number => 1_000_000_000;
    const desk = await shareDesk(
      openDesk(state, now, () => undefined),
      ledger,
      now,
    );
    return { desk, file, ledger, state };
  }
  const proposal = (notionalUsd: number, portfolio = 'book') => {
    return { portfolio, isExit: false, notionalUsd, gasUsd: 1, lossUsd: 1, slippageUsd: 0 };
  };
  const total = { notionalPerDayUsd: 1000, maxOpenIntents: 100 };
  const refusal = async (task: Promise<unknown>): Promise<string> => {
    const caught: unknown = await task.then(
      () => 'let through',
      (error: unknown) => error,
    );
    return typeof caught === 'string' ? caught : (caught as { code: string }).code;
  };

  test('three agents that ask at once get no more than the limit of all', async () => {
    const agents = await Promise.all([open(), open(), open()]);
    const asked = agents.flatMap(({ desk }, which) =>
      Array.from({ length: 8 }, (_, at) => refusal(desk.reserveAmongAll(proposal(90, `${which}-${at}`), {}, total))),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((each) => each === 'let through')).toHaveLength(11);
    expect(answers.filter((each) => each === 'LIMIT_REACHED')).toHaveLength(13);
    for (const { desk } of agents) {
      await desk.exchange();
      expect(desk.used().notionalUsd).toBe(990);
    }
  });

  test('what one has used less than it set aside is free for the others, what it gave back as well', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    const first = await a.desk.reserveAmongAll(proposal(900), {}, total);
    expect(await refusal(b.desk.reserveAmongAll(proposal(200), {}, total))).toBe('LIMIT_REACHED');
    a.desk.settle(first, { notionalUsd: 700, gasUsd: 1, lossUsd: 1, slippageUsd: 0 });
    await a.desk.exchange();
    const second = await b.desk.reserveAmongAll(proposal(200), {}, total);
    b.desk.release(second);
    await b.desk.exchange();
    await a.desk.reserveAmongAll(proposal(300), {}, total);
    expect(a.desk.used().notionalUsd).toBe(1000);
  });

  test('what one that died had set aside stays used, by its successor and by others, once', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    await a.desk.reserveAmongAll(proposal(600), {}, total);
    const again = await open(a.file);
    expect(again.desk.used().notionalUsd).toBe(600);
    await b.desk.exchange();
    expect(b.desk.used().notionalUsd).toBe(600);
  });

  test('trades under way are counted over all agents, until another one has taken them over', async () => {
    const one = { ...total, maxOpenIntents: 1 };
    const [a, b] = await Promise.all([open(), open()]);
    await a.desk.reserveAmongAll(proposal(10), {}, one);
    expect(await refusal(b.desk.reserveAmongAll(proposal(10, 'other'), {}, one))).toBe('LIMIT_REACHED');
    await b.desk.takeOver('book');
    expect(await refusal(b.desk.reserveAmongAll(proposal(10, 'other'), {}, one))).toBe('let through');
  });

  test('a stop that one is told stops all before anything is signed, and is taken back for all', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    a.desk.stop('killed', '*', 'by hand');
    await a.desk.exchange();
    expect(await refusal(b.desk.reserveAmongAll(proposal(10), {}, total))).toBe('TRADING_STOPPED');
    expect(b.desk.stops()).toMatchObject([{ kind: 'killed', scope: '*', reason: 'by hand' }]);
    expect(b.desk.reset('killed', '*')).toBe(true);
    await b.desk.exchange();
    expect(await refusal(a.desk.reserveAmongAll(proposal(10), {}, total))).toBe('let through');
    // Nor does it come back with one that was away meanwhile.
    const again = await open(a.file);
    expect(again.desk.stops()).toEqual([]);
  });

  test('without the database nothing is set aside; a stop stands, and is told when it is there again', async () => {
    let isThere = true;
    const flaky = (ledger: SharedLedger): SharedLedger => ({
      ...ledger,
      alone: (body) =>
        isThere
          ? ledger.alone(body)
          : ledger.alone(async (entries) => {
              await body(entries);
              // As late as it can be: everything was written, and nothing was committed.
              throw new Error('the connection is gone');
            }),
    });
    const [a, b] = [await open(undefined, flaky), await open()];
    isThere = false;
    expect(await refusal(a.desk.reserveAmongAll(proposal(10), {}, total))).toBe('SHARED_LIMITS_UNREACHABLE');
    expect(a.desk.used().notionalUsd).toBe(0);
    a.desk.stop('paused', 'book', 'by hand');
    expect(await refusal(a.desk.exchange())).toBe('SHARED_LIMITS_UNREACHABLE');
    await b.desk.exchange();
    expect([a.desk.stops().length, b.desk.stops().length]).toEqual([1, 0]);
    // Even by one that was killed before it could tell.
    const again = await open(a.file);
    await b.desk.exchange();
    expect([again.desk.stops().length, b.desk.stops().length]).toEqual([1, 1]);
  });

  test('no database is one clear error', async () => {
    const nowhere = sharedLedger('postgresql://nobody@127.0.0.1:1/none', 'evenkeel', 'me');
    expect(await refusal(nowhere)).toBe('SHARED_LIMITS_UNREACHABLE');
  });
} else test('PostgreSQL is not installed: shared limits are not tested here', () => undefined);
