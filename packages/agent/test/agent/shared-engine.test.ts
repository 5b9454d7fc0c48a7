import { startRestate } from '@evenkeel/devnet';
import { hasPostgres, newSchema, postgres, stopPostgres } from '../../../core/test/support/postgres.js';
import { openStage, type Stage } from '../support.js';
import { agentFile, bookOf, close, closeAll, open, type Opened, removeFolders, roundToEnd } from './support.js';

// Agents from files that name an engine with a server: what one has begun another one brings to its end.

jest.setTimeout(120_000);

if (hasPostgres) {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ chains: 2 });
  }, 120_000);
  afterEach(async () => {
    await closeAll();
    await stage.rewind();
  });
  afterAll(async () => {
    await stage?.close();
    await stopPostgres();
    removeFolders();
  });

  const openOn = (engine: object, name: string): Promise<Opened> => {
    const file = agentFile(stage, [bookOf(stage)], { engine });
    return open(stage, { ...file, agent: { ...(file['agent'] as object), name } });
  };

  const toAll = (method: string, ...params: unknown[]): Promise<unknown> =>
    Promise.all(stage.world.chains.map((chain) => chain.rpc(method, params)));

  /** One agent goes in the middle of a trade, another one sees it to its end. */
  async function handOver(engine: object): Promise<void> {
    const first = await openOn(engine, 'first');
    // No block, so that it cannot get further than its first step.
    await toAll('evm_setAutomine', false);
    await first.agent.round(new AbortController().signal);
    await first.told('STEP_SENT');
    const used = first.agent.desk.used('book').notionalUsd;
    expect(used).toBeGreaterThan(1000);
    await close(first.agent);
    await toAll('evm_setAutomine', true);
    await toAll('evm_mine');

    const second = await openOn(engine, 'second');
    const end = second.told('RUN_ENDED');
    await roundToEnd(second.agent);
    expect((await end).details).toMatchObject({ outcome: 'hedged' });
    // What the one has set aside counts for the other.
    expect(second.agent.desk.used('book').notionalUsd).toBeGreaterThanOrEqual(used);
    const both = [...first.events, ...second.events].map(({ code }) => code);
    expect(both.filter((code) => code === 'INTENT_SIGNED')).toHaveLength(1);
    const programmes = await second.agent.journal.programmes();
    expect(programmes.filter(({ state }) => state === 'running')).toEqual([]);
    expect(programmes).toHaveLength(1);

    for (const { now } of second.agent.keepers()) Object.assign(now, { dueMs: 0, restUntilMs: 0 });
    await second.agent.round(new AbortController().signal);
    expect(second.agent.keeper('book')!.now.standing).toMatchObject({ action: 'hold', code: 'INSIDE_BAND' });
  }

  test('agents on DBOS share their work', async () => {
    const { url } = await postgres();
    const schema = newSchema();
    await handOver({ kind: 'dbos', databaseUrl: url, schema });
  });

  test('agents on Restate share their work', async () => {
    const { url } = await postgres();
    const server = await startRestate();
    const schema = newSchema();
    // What is under way is looked for at the address where it was.
    const port = 30_000 + (process.pid % 20_000);
    try {
      const { adminUrl, ingressUrl } = server;
      const engine = { kind: 'restate', databaseUrl: url, schema, adminUrl, ingressUrl };
      await handOver({ ...engine, listen: { port } });
      await closeAll();
    } finally {
      await server.stop();
    }
  });
} else test('PostgreSQL is not installed: agents on one engine are not tested here', () => undefined);
