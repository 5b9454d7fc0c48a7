import type { WorkflowEngine } from '@evenkeel/core/workflow';
import { describeEngine } from '../../core/test/support/engine-conformance.js';
import { hasPostgres, postgres, stopPostgres } from '../../core/test/support/postgres.js';
import { dbosEngine } from '../src/engines/dbos/engine.js';

// A real PostgreSQL, where this machine has one.
jest.setTimeout(120_000);

if (hasPostgres) {
  afterAll(stopPostgres);
  describeEngine('on DBOS', async () => {
    let engine: WorkflowEngine | undefined;
    return {
      open: async (workflows) => {
        await engine?.close();
        const { url: databaseUrl } = await postgres();
        return (engine = await dbosEngine({ workflows, databaseUrl, executorId: 'tested' }));
      },
      close: async () => engine?.close(),
    };
  });
} else test('PostgreSQL is not installed: DBOS is not tested here', () => undefined);
