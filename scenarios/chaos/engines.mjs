// What keeps a run beside the process: a journal and an engine, and the server of the engine where it has one.
import { dbosEngine, restateEngine, systemClock } from '@evenkeel/agent';
import { postgresJournal } from '@evenkeel/core/journal-postgres';
import { sqliteJournal, sqliteWorkflowStore } from '@evenkeel/core/journal-sqlite';
import { embeddedEngine } from '@evenkeel/core/workflow';

/**
 * By name: `start` brings the server up, and says what a process has to know of it; `journal` opens the outbox of one
 * rebalancing; `engine` opens the engine of one process.
 */
export const ENGINES = Object.freeze({
  sqlite: {
    start: async () => ({ server: undefined, settings: {} }),
    journal: ({ path }) => sqliteJournal({ path }),
    engine: async ({ path }, { workflows, logger }) =>
      embeddedEngine({
        store: await sqliteWorkflowStore({ path: `${path}.runs` }),
        workflows,
        clock: systemClock,
        logger,
      }),
  },
  restate: {
    start: async () => {
      // Not loaded by the processes that only use it.
      const { startRestate } = await import('@evenkeel/devnet');
      const server = await startRestate();
      const { adminUrl, ingressUrl } = server;
      return { server, settings: { adminUrl, ingressUrl } };
    },
    // One machine: the outbox needs no server.
    journal: ({ path }) => sqliteJournal({ path }),
    engine: ({ adminUrl, ingressUrl, port }, { workflows, logger }) =>
      restateEngine({ adminUrl, ingressUrl, listen: { port }, workflows, logger }),
  },
  dbos: {
    start: async () => {
      const { startPostgres } = await import('@evenkeel/devnet');
      const server = await startPostgres();
      return { server, settings: { url: server.url } };
    },
    journal: ({ url, name }) => postgresJournal({ connectionString: url, schema: `chaos_${name}` }),
    engine: ({ url, executorId }, { workflows, logger }) =>
      dbosEngine({ databaseUrl: url, executorId, workflows, logger }),
  },
});
