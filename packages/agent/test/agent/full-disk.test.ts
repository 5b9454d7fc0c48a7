import { openStage, type Stage } from '../support.js';
import { agentFile, bookOf, close, closeAll, open, removeFolders, roundToEnd } from './support.js';

jest.setTimeout(90_000);
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ chains: 2 });
}, 120_000);
afterAll(async () => {
  await closeAll();
  removeFolders();
  await stage?.close();
});

const noncesUsed = async (): Promise<number> => {
  const { accounts, chains } = stage.world;
  const counts = chains.map(({ provider }) => provider.getTransactionCount(accounts.owner.address));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
};

test('where it cannot write down what happens the agent stops and says so, and the next start does the rest, once', async () => {
  const before = await noncesUsed();
  const { agent, folder } = await open(stage, agentFile(stage, [bookOf(stage)]));
  agent.events.listen(({ code }) => {
    if (code !== 'STEP_SENT') return;
    // As with a disk that is full: not one page more.
    const [{ page_count: pages }] = agent.state.all('PRAGMA page_count', []) as [{ page_count: number }];
    agent.state.all(`PRAGMA max_page_count = ${pages}`, []);
  });
  await expect(agent.run(new AbortController().signal)).rejects.toMatchObject({ code: 'AGENT_STATE_IO' });
  expect(agent.worker.running()).toBe(0);
  await close(agent);

  const next = await open(stage, agentFile(stage, [bookOf(stage)]), { folder });
  await roundToEnd(next.agent);
  const programmes = await next.agent.journal.programmes();
  expect(programmes.map(({ state }) => state)).toEqual(programmes.map(() => 'completed'));
  // Whatever was paid for by the account is in the books, each once.
  const paid = (await next.agent.journal.flows()).filter(({ kind }) => kind === 'gas').map(({ txHash }) => txHash);
  expect(await noncesUsed()).toBe(before + new Set(paid).size);
});
