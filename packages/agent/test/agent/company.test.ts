import { setTimeout as sleep } from 'node:timers/promises';
import { liveDelegations } from '@evenkeel/core/delegate';
import type { Wallet } from 'ethers';
import { parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import { findLeftBehind } from '../../src/agent/keeping/left-behind.js';
import type { AgentEvent } from '../../src/agent/events.js';
import { balanceOf, openStage, type Stage } from '../support.js';
import { agentFile, close, closeAll, type Opened, open, removeFolders, settle } from './support.js';

// Portfolios of one agent wait for one another when that pays, are cleared together, and settled by the real GPv2Settlement.

jest.setTimeout(90_000);
let stage: Stage;
const wallets: Wallet[] = [];
beforeAll(async () => {
  stage = await openStage({ chains: 1 });
  for (const [name, weth, usdc] of [
    ['seller', '8', '0'],
    ['buyer', '0', '30000'],
  ] as const) {
    wallets.push(await settle(stage, name, weth, usdc));
  }
}, 120_000);
let start: Awaited<ReturnType<Stage['world']['snapshot']>> | undefined;
beforeEach(async () => {
  if (start !== undefined) await stage.world.revert(start);
  start = await stage.world.snapshot();
});
afterEach(closeAll);
afterAll(async () => {
  await stage?.close();
  removeFolders();
});

const home = () => stage.world.chains[0]!;
const KEY = 'BATCH_KEY';

function file(mode: 'live' | 'dry-run', more: object = {}, own: object = {}): Record<string, unknown> {
  const { cowSettlement: settlement, cowVaultRelayer: vaultRelayer } = home().contracts;
  const [seller, buyer] = wallets;
  const batch = {
    maxWaitSeconds: 20,
    settleSeconds: 60,
    proofSeconds: 0,
    solverKeyEnv: KEY,
    chains: [{ chainId: home().id, settlement, vaultRelayer }],
    ...more,
  };
  const portfolios = [
    { name: 'seller', owner: seller!.address, policy: { targetDeltaUnits: '2' }, ...own },
    { name: 'buyer', owner: buyer!.address, policy: { targetDeltaUnits: '5' } },
  ];
  const agent = { mode, shutdownSeconds: 20, watch: { kind: 'interval', everySeconds: 0.2 } };
  return agentFile(stage, portfolios, { agent, batch });
}
const openWith = (content: Record<string, unknown>, options: Parameters<typeof open>[2] = {}): Promise<Opened> =>
  open(stage, content, { wallets, env: { [KEY]: stage.world.accounts.solver.privateKey }, ...options });

const codesOf = (events: readonly AgentEvent[], portfolio: string): readonly string[] =>
  events.filter((event) => event.portfolio === portfolio).map(({ code }) => code);
const mine = (blocks: number) => home().rpc('anvil_mine', [`0x${blocks.toString(16)}`]);

/** One round, and what it has begun, to its end; blocks come meanwhile, so that what happens becomes final. */
async function roundToEnd({ agent, events }: Opened): Promise<void> {
  await agent.round(new AbortController().signal);
  while (agent.worker.running() > 0) {
    await sleep(30);
    if (events.some(({ code }) => code === 'BATCH_SETTLED')) await mine(20);
  }
}

test('two that need the opposite cross, and each is told why it waited, with whom it crossed and what it saves', async () => {
  const opened = await openWith(file('live'));
  const { agent, events } = opened;
  const before = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  await roundToEnd(opened);
  for (const [name, other] of [
    ['seller', 'buyer'],
    ['buyer', 'seller'],
  ] as const) {
    const cleared = events.find(({ code, portfolio }) => code === 'BATCH_CLEARED' && portfolio === name)!;
    expect(cleared.details).toMatchObject({ crosses: [other], chainId: home().id });
    expect(cleared.details!['saving']).toBeGreaterThan(0);
    expect(cleared.sentence).toContain(other);
    const report = events.find(({ kind, portfolio }) => kind === 'report' && portfolio === name)!;
    expect(report).toMatchObject({ code: 'HEDGED', details: { unexplainedAtoms: 0n } });
    expect(codesOf(events, name)).toContain('BATCH_SETTLED');
  }
  const settled = events.filter(({ code }) => code === 'BATCH_SETTLED');
  expect(new Set(settled.map(({ details }) => details!['txHash'])).size).toBe(1);
  // One of them came first, and its log has why it waited.
  const decisions = await agent.journal.decisions({ code: 'BATCH_WAITS' });
  expect(decisions).toHaveLength(1);
  expect(decisions[0]!.details).toMatchObject({ because: 'COMPANY_PAYS' });
  expect(await agent.journal.decisions({ code: 'BATCH_CLEARED' })).toHaveLength(2);
  const after = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  expect(Number(after[0]! - before[0]!) / 1e18).toBeCloseTo(-6.5, 0);
  expect(Number(after[1]! - before[1]!) / 1e18).toBeCloseTo(4.5, 0);
  expect(await liveDelegations(agent.journal)).toEqual([]);
});

test('a dry run waits and clears the same way, and nothing is signed', async () => {
  const opened = await openWith(file('dry-run'), { env: {} });
  await roundToEnd(opened);
  expect(codesOf(opened.events, 'seller')).toContain('BATCH_CLEARED');
  const [cleared] = await opened.agent.journal.decisions({ code: 'BATCH_CLEARED' });
  expect(cleared).toMatchObject({ simulated: true });
  expect(await opened.agent.journal.decisions({ code: 'DELEGATION_GIVEN' })).toEqual([]);
  // A changed file is taken over: without batch nobody waits any more.
  const { batch: _, ...alone } = file('dry-run');
  expect(opened.agent.keeper('seller')!.ports.networks!.ids).toEqual(['batch']);
  opened.agent.apply(parseAgentConfig(alone));
  expect(opened.agent.keeper('seller')!.ports.networks).toBeUndefined();
});

test('whoever has no company is told so and trades alone', async () => {
  const opened = await openWith(file('live', {}, { batch: 'off' }));
  await roundToEnd(opened);
  expect(codesOf(opened.events, 'buyer')).toContain('BATCH_NO_COMPANY');
  expect(codesOf(opened.events, 'seller').some((code) => code.startsWith('BATCH_'))).toBe(false);
  expect(opened.events.filter(({ code }) => code === 'HEDGED')).toHaveLength(2);
});

test('without the key nothing is opened, and a dry run needs none', async () => {
  await expect(openWith(file('live'), { env: {} })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: 'batch.solverKeyEnv',
  });
});

/** A process that comes after one that is gone: takes up what was left, to its end. */
async function takenUp(folder: string): Promise<Opened> {
  const next = await openWith(file('live'), { folder });
  const live = await liveDelegations(next.agent.journal);
  expect(live).toHaveLength(2);
  await findLeftBehind(next.agent.journal, next.agent.keepers());
  // Whatever was given is over, and that is final.
  const last = Math.max(...live.map(({ order }) => order.child.order.fillDeadline));
  await stage.world.advance(Math.max(0, last - (await stage.world.clockSeconds())) + 5);
  await mine(70);
  await roundToEnd(next);
  for (const name of ['seller', 'buyer']) expect(codesOf(next.events, name)).toContain('RESUMED');
  expect(await liveDelegations(next.agent.journal)).toEqual([]);
  return next;
}

/** How often each intent has exchanged something. */
async function exchanges({ agent: { journal } }: Opened): Promise<readonly number[]> {
  const trades = await journal.decisions({ code: 'TRADE_OPENED' });
  const flows = await Promise.all(trades.map(({ intentId }) => journal.flows({ intentId: intentId! })));
  return flows.map((own) => own.filter(({ kind, atoms }) => kind === 'swap' && atoms < 0n).length);
}

test('killed between clearing and settlement: the orders end by themselves, and each trade is done once', async () => {
  // The batch is never settled: whoever would do it is not allowed to.
  const first = await openWith(file('live', { settleSeconds: 30 }), {
    env: { [KEY]: stage.world.accounts.trader.privateKey },
  });
  void first.agent.round(new AbortController().signal);
  await first.told('BATCH_FAILED');
  await close(first.agent);
  await takenUp(first.folder);
  const [seller, buyer] = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  // Half a coin for gas counts towards the targets of 2 and 5.
  expect(Number(seller) / 1e18).toBeCloseTo(1.5, 0);
  expect(Number(buyer) / 1e18).toBeCloseTo(4.5, 0);
});

test('killed once the settlement is out: what the chain has done counts, and nothing is done again', async () => {
  const first = await openWith(file('live'));
  void first.agent.round(new AbortController().signal);
  await first.told('BATCH_SETTLED');
  await close(first.agent);
  const held = await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)));
  const second = await takenUp(first.folder);
  expect(codesOf(second.events, 'seller')).not.toContain('BATCH_CLEARED');
  expect(await exchanges(second)).toEqual([1, 1]);
  expect(await Promise.all(wallets.map(({ address }) => balanceOf(home(), 'WETH', address)))).toEqual(held);
});
