import { type LocalRestate, startRestate } from '@evenkeel/devnet';
import type { WorkflowEngine } from '@evenkeel/core/workflow';
import { describeEngine } from '../../core/test/support/engine-conformance.js';
import { restateEngine } from '../src/engines/restate/engine.js';

// A real server, from npm. Its binary is fetched once.
jest.setTimeout(120_000);
let server: LocalRestate;
beforeAll(async () => void (server = await startRestate()), 120_000);
afterAll(() => server?.stop());

describeEngine('on Restate', async () => {
  let engine: WorkflowEngine | undefined;
  // One address for as long as it lives: what is under way is looked for where it was.
  let port = 0;
  return {
    open: async (workflows) => {
      await engine?.close();
      port ||= 20_000 + (process.pid % 20_000);
      const { adminUrl, ingressUrl } = server;
      return (engine = await restateEngine({ workflows, adminUrl, ingressUrl, listen: { port } }));
    },
    close: async () => engine?.close(),
  };
});
