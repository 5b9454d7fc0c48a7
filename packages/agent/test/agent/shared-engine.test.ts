import { setTimeout as sleep } from 'node:timers/promises';
import { liveDelegations } from '@evenkeel/core/delegate';
import { startRestate } from '@evenkeel/devnet';
import { startUniswapXService } from '../../../adapters/test/uniswapx-loopback-server.js';
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

  /** Its slice goes to a network, the first agent goes, and the network fills: the second one finds that out. */
  test('an order that one agent has given to a network is ended by another one, and nothing is traded twice', async () => {
    const { url } = await postgres();
    const [home] = stage.world.chains;
    const filler = stage.actors.uniswapXFiller;
    const service = await startUniswapXService(home!, filler);
    filler.behave({ spreadBps: 1, ignore: () => true, exclusiveSeconds: 0 });
    const { uniswapXExclusiveDutchReactor: reactor, uniswapXOrderQuoter: quoter } = home!.contracts;
    const dutch = { kind: 'exclusive-dutch', chainId: home!.id, quoteUrl: service.url, reactor, quoter };
    const terms = { patienceSeconds: 300, proofSeconds: 0, answerSeconds: 30 };
    const solvers = { ...terms, uniswapx: { decayBps: 0, chains: [dutch] } };
    const engine = { kind: 'dbos', databaseUrl: url, schema: newSchema() };
    const openNext = (name: string): Promise<Opened> => {
      const file = agentFile(stage, [{ ...bookOf(stage), solvers }], { engine });
      return open(stage, { ...file, agent: { ...(file['agent'] as object), name } });
    };
    try {
      const first = await openNext('first');
      await first.agent.round(new AbortController().signal);
      while ((await liveDelegations(first.agent.journal))[0]?.state !== 'submitting') await sleep(50);
      await close(first.agent);
      filler.behave({ ignore: () => false });
      await filler.tick();
      await stage.world.chains[0]!.rpc('anvil_mine', ['0x46']);
      const second = await openNext('second');
      const { journal } = second.agent;
      // The engine gives it the turn that the first one has left, when it finds that one gone.
      while ((await journal.decisions({ code: 'TRADE_CLOSED' })).length === 0) {
        await second.agent.round(new AbortController().signal);
        await sleep(500);
      }
      expect(await liveDelegations(journal)).toEqual([]);
      expect(await journal.decisions({ code: 'DELEGATION_GIVEN' })).toHaveLength(1);
      const [trade] = await journal.decisions({ code: 'TRADE_OPENED' });
      const flows = await journal.flows({ intentId: trade!.intentId! });
      expect(flows.filter(({ kind }) => kind === 'swap')).toHaveLength(2);
      const both = [...first.events, ...second.events].map(({ code }) => code);
      expect(both.filter((code) => code === 'INTENT_SIGNED')).toHaveLength(1);
    } finally {
      await closeAll();
      await service.close();
    }
  });

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
