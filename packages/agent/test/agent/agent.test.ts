import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { Wallet } from 'ethers';
import { stringify } from 'yaml';
import { portfolioView } from '../../src/agent/http/views.js';
import { boundedBands } from '../../src/optimum/bounded-bands.js';
import { parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import { auditEntries, headOf, verifyAudit } from '../../src/agent/state/audit-log.js';
import {
  cli,
  documentIn,
  failureIn,
  folder as newFolder,
  holdsKey,
  inProcess,
  type Running,
  start,
} from '../cli-process.js';
import { actor, balanceOf, Death, diesBetween, openStage, type Stage, traces, withCalls } from '../support.js';
import { agentFile, bookOf, close, closeAll, open, removeFolders, roundToEnd, settle } from './support.js';

jest.setTimeout(60_000);
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
  removeFolders();
});

/** A book that holds the underlying and is to hold it: in its place. */
const quiet = (wallet: Wallet, name = 'quiet'): object => ({
  name,
  owner: wallet.address,
  policy: { targetDeltaUnits: '1' },
});

test('looks at all, trades for the one that is out of place, and says why for each', async () => {
  const wallet = await settle(stage, 'quiet', '0', '1000');
  const file = agentFile(stage, [bookOf(stage), quiet(wallet)]);
  const { agent, events } = await open(stage, file, { wallets: [wallet] });
  await roundToEnd(agent);

  expect(agent.keeper('quiet')!.now.standing).toMatchObject({ action: 'hold', code: 'INSIDE_BAND' });
  const report = events.find(({ kind }) => kind === 'report');
  expect(report).toMatchObject({ portfolio: 'book', code: 'HEDGED' });
  expect(report!.details).toMatchObject({ unexplainedAtoms: 0n });
  expect(agent.desk.used('book').notionalUsd).toBeGreaterThan(1000);
  expect(agent.desk.used('quiet').notionalUsd).toBe(0);
  expect(await agent.journal.programmes({ state: 'running' })).toEqual([]);

  // In its place now: the next look begins nothing.
  for (const { now } of agent.keepers()) Object.assign(now, { dueMs: 0, restUntilMs: 0 });
  await roundToEnd(agent);
  expect(agent.lastRound()).toMatchObject({ looked: 2 });
  expect(events.filter(({ code }) => code === 'INTENT_SIGNED')).toHaveLength(1);
  expect(agent.keeper('book')!.now.standing).toMatchObject({ action: 'hold', code: 'INSIDE_BAND' });

  const codes = [...auditEntries(agent.state)].map(({ kind }) => kind);
  expect(new Set(codes)).toEqual(new Set(['decision', 'intent', 'execution', 'report']));
  expect(verifyAudit(auditEntries(agent.state), headOf(agent.state))).toEqual(agent.audit.head());
});

test('no round waits for a table: the closed form decides until it is there, and the band says which it was', async () => {
  const pending: (() => void)[] = [];
  const [wallet, other] = [await settle(stage, 'tables', '30', '60000'), await settle(stage, 'more', '30', '60000')];
  const calls = withCalls(stage.config, '-60').positions!.optionBook;
  const books = [wallet, other].map(({ address }, i) => ({
    name: `short-${i}`,
    owner: address,
    positions: { optionBook: calls },
    // Looked at once a day and not averse, so that the table is a coarse one and soon made.
    policy: { riskAversion: { perNumeraire: 0.00005 }, monitoringSeconds: 86_400 },
  }));
  let made = 0;
  let most = 0;
  const { agent, events } = await open(stage, agentFile(stage, books, { agent: { mode: 'dry-run' } }), {
    wallets: [wallet, other],
    tables: {
      prepare: async ({ problem }) => {
        most = Math.max(most, ++made);
        await new Promise<void>((resolve) => pending.push(resolve));
        made--;
        return boundedBands(problem, 3e7);
      },
    },
  });
  const signal = new AbortController().signal;
  const round = async () => {
    for (const { now } of agent.keepers()) Object.assign(now, { dueMs: 0, restUntilMs: Number.POSITIVE_INFINITY });
    await agent.round(signal);
    return agent.keepers().map(({ now }) => now.standing!);
  };
  for (const standing of await round()) {
    expect(standing).toMatchObject({
      bandSource: 'closed-form',
      bandReason: expect.stringContaining('none is waited'),
    });
    expect(standing.trendReason).toContain('No candles');
  }
  expect(events.find(({ kind }) => kind === 'decision')!.details).toMatchObject({ bandSource: 'closed-form' });
  expect(portfolioView(agent, agent.keepers()[0]!)).toMatchObject({ standing: { bandSource: 'closed-form' } });
  while (pending.length > 0) {
    pending.shift()!();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  // One core is enough for tables, however many portfolios there are.
  expect(most).toBe(1);
  for (const standing of await round()) expect(standing).toMatchObject({ bandSource: 'lattice', bandReason: null });
});

test('fifty portfolios cost the chains hardly more requests than one', async () => {
  const wallets: Wallet[] = [];
  for (let i = 0; i < 50; i++) wallets.push(await settle(stage, `many ${i}`, '0', '0'));
  const all = wallets.map((wallet, i) => quiet(wallet, `q${i}`));
  const calls: number[] = [];
  for (const some of [all.slice(0, 1), all]) {
    const { agent } = await open(stage, agentFile(stage, some), { wallets });
    const signal = new AbortController().signal;
    await agent.round(signal);
    for (const { now } of agent.keepers()) now.dueMs = 0;
    const { calls: each, looked } = await agent.round(signal);
    expect(looked).toBe(some.length);
    expect(agent.keepers().every(({ now }) => now.standing?.code === 'INSIDE_BAND')).toBe(true);
    calls.push(...Object.values(each));
    await close(agent);
  }
  const [one, two, ...many] = calls as [number, number, number, number];
  expect(many[0]).toBeLessThanOrEqual(one + 1);
  expect(many[1]).toBeLessThanOrEqual(two + 1);
});

test('a portfolio that cannot be decided stops no other', async () => {
  const wallet = await settle(stage, 'quiet', '0', '10');
  const lost = {
    ...quiet(wallet, 'lost'),
    owner: Wallet.createRandom().address,
    policy: { targetDeltaUnits: '0', riskAversion: { budgetBpsPerMonth: 0.0000001 } },
    volatility: { kind: 'forecast', candlesFile: '/no/such/file.csv' },
  };
  const { agent } = await open(stage, agentFile(stage, [lost, quiet(wallet)]), {
    wallets: [wallet, { address: lost.owner } as Wallet],
  });
  await roundToEnd(agent);
  expect(agent.keeper('lost')!.now.standing).toMatchObject({ action: 'undecided', code: expect.stringContaining('_') });
  expect(agent.keeper('quiet')!.now.standing).toMatchObject({ action: 'hold', code: 'INSIDE_BAND' });
});

describe('nothing is sent', () => {
  test('in a dry run, which simulates and uses up no limit', async () => {
    const before = await traces(stage);
    const { agent, events } = await open(stage, agentFile(stage, [bookOf(stage)], { agent: { mode: 'dry-run' } }));
    await roundToEnd(agent);
    expect(events.find(({ kind }) => kind === 'report')).toMatchObject({ code: 'DRY_RUN' });
    expect(agent.desk.used().notionalUsd).toBe(0);
    expect(await traces(stage)).toEqual(before);
  });

  test('on paper, whose fills count from then on, also after a restart', async () => {
    const before = await traces(stage);
    const file = agentFile(stage, [bookOf(stage)], { agent: { mode: 'paper' } });
    const { agent, folder } = await open(stage, file);
    await roundToEnd(agent);
    const first = agent.keeper('book')!.now.standing!;
    expect(first).toMatchObject({ action: 'trade', code: 'OUTSIDE_BAND' });
    expect(agent.desk.used().notionalUsd).toBeGreaterThan(1000);
    await close(agent);

    const again = (await open(stage, file, { folder })).agent;
    await roundToEnd(again);
    const second = again.keeper('book')!.now.standing!;
    expect(second).toMatchObject({ action: 'hold', code: 'INSIDE_BAND' });
    expect(Number(second.delta!.low)).toBeGreaterThan(Number(first.delta!.low) + 5);
    // What was bought on paper can be sold on paper.
    again.apply(
      parseAgentConfig(
        agentFile(stage, [{ ...bookOf(stage), policy: { targetDeltaUnits: '-30' } }], { agent: { mode: 'paper' } }),
      ),
    );
    await roundToEnd(again);
    const third = again.keeper('book')!.now.standing!;
    expect(third).toMatchObject({ action: 'trade' });
    expect(Number(third.changeUnits)).toBeLessThan(-10);
    expect(again.keeper('book')!.now.failures).toBe(0);
    expect(await traces(stage)).toEqual(before);
  });

  test('beyond a limit, and people are told', async () => {
    const before = await traces(stage);
    const limited = { ...bookOf(stage), dayLimits: { notionalPerDayUsd: 500 } };
    const { agent, told } = await open(stage, agentFile(stage, [limited]));
    await roundToEnd(agent);
    expect(agent.keeper('book')!.now.standing).toMatchObject({ code: 'LIMIT_REACHED' });
    expect((await told('LIMIT_REACHED')).portfolio).toBe('book');
    expect(agent.desk.used().notionalUsd).toBe(0);
    expect(await traces(stage)).toEqual(before);
  });

  test('while paused, and before anybody resumes', async () => {
    const before = await traces(stage);
    const { agent, folder } = await open(stage, agentFile(stage, [bookOf(stage)]));
    agent.pause('book', 'holiday');
    await roundToEnd(agent);
    expect(agent.keeper('book')!.now.standing).toMatchObject({ action: 'trade' });
    expect(await traces(stage)).toEqual(before);
    await close(agent);
    const again = (await open(stage, agentFile(stage, [bookOf(stage)]), { folder })).agent;
    await roundToEnd(again);
    expect(await traces(stage)).toEqual(before);
    expect(again.reset('book', 'back')).toBe(true);
    await roundToEnd(again);
    expect(await traces(stage)).not.toEqual(before);
  });
});

describe('a kill switch', () => {
  test('stops new risk', async () => {
    const before = await traces(stage);
    const { agent } = await open(stage, agentFile(stage, [bookOf(stage)]));
    agent.kill('*', 'a test');
    await roundToEnd(agent);
    expect(agent.keeper('book')!.now.standing).toMatchObject({ code: 'TRADING_STOPPED' });
    expect(await traces(stage)).toEqual(before);
  });

  test('lets exits through: what is held as a hedge is sold', async () => {
    const [chain] = stage.world.chains;
    const wallet = await settle(stage, 'exit', '20', '0');
    const over = { name: 'over', owner: wallet.address, policy: { targetDeltaUnits: '2' } };
    const { agent } = await open(stage, agentFile(stage, [over]), { wallets: [wallet] });
    agent.kill('*', 'a test');
    await roundToEnd(agent);
    expect(agent.keeper('over')!.now.standing).toMatchObject({ action: 'trade' });
    expect(await balanceOf(chain!, 'WETH', wallet.address)).toBeLessThan(10n * 10n ** 18n);
  });
});

test('the ripcord trades to the target at once, past a limit and a stop, when a person pulls it', async () => {
  const limited = { ...bookOf(stage), dayLimits: { notionalPerDayUsd: 500 } };
  const { agent, told } = await open(stage, agentFile(stage, [limited]));
  agent.kill('*', 'a test');
  expect(agent.worker.ripcord(agent.keeper('book')!, 'by-hand')).toBe(true);
  expect((await told('RIPCORD')).details).toEqual({ by: 'by-hand' });
  expect((await told('HEDGED')).portfolio).toBe('book');
  const { delta } = agent.keeper('book')!.now.standing!;
  expect(Math.abs(Number(delta!.high))).toBeLessThan(0.5);
  expect(agent.desk.used('book').notionalUsd).toBeGreaterThan(500);
});

test('the ripcord fires by itself after its time, which a restart does not make longer', async () => {
  // What the everyday limit of cost forbids, the emergency's allows.
  const stuck = { ...bookOf(stage), limits: { maxCostBps: 0.01 }, ripcord: { afterMinutes: 1 } };
  const { agent, folder } = await open(stage, agentFile(stage, [stuck]));
  await roundToEnd(agent);
  expect(agent.keeper('book')!.now.standing).toMatchObject({ code: 'COST_ABOVE_LIMIT' });
  agent.state.run('UPDATE outside SET since_ms = since_ms - 61000', []);
  await close(agent);
  const again = await open(stage, agentFile(stage, [stuck]), { folder });
  await roundToEnd(again.agent);
  expect((await again.told('RIPCORD')).details).toEqual({ by: 'automatic' });
  expect((await again.told('HEDGED')).portfolio).toBe('book');
});

test('a second agent on one folder is refused', async () => {
  const { folder } = await open(stage, agentFile(stage, [bookOf(stage)]));
  await expect(open(stage, agentFile(stage, [bookOf(stage)]), { folder })).rejects.toMatchObject({
    code: 'JOURNAL_LOCKED',
  });
});

test('told to stop in the middle, it parks what runs; the next one brings it to its end, once', async () => {
  const file = agentFile(stage, [bookOf(stage)], {
    agent: { mode: 'live', shutdownSeconds: 0.05, watch: { kind: 'interval', everySeconds: 0.2 } },
  });
  const noncesOf = () =>
    Promise.all(
      stage.world.chains.map(({ provider }) => provider.getTransactionCount(stage.world.accounts.owner.address)),
    );
  const before = await noncesOf();
  stage.actors.acrossRelayer.pause();
  const first = await open(stage, file);
  const stop = new AbortController();
  const running = first.agent.run(stop.signal);
  try {
    await first.told('TRANSFER_STATUS');
  } finally {
    stop.abort();
  }
  expect(await running).toBe(1);
  expect(await first.agent.journal.programmes({ state: 'running' })).toHaveLength(1);
  await close(first.agent);
  stage.actors.acrossRelayer.resume();

  const second = await open(stage, file, { folder: first.folder });
  const end = new AbortController();
  const ending = second.agent.run(end.signal);
  await second.told('RESUMED');
  end.abort();
  expect(await ending).toBe(0);
  expect(await second.agent.journal.programmes({ state: 'running' })).toEqual([]);
  const programmes = await second.agent.journal.programmes();
  const outcomes = (
    await Promise.all(programmes.map(({ programme }) => second.agent.journal.outcomes(programme)))
  ).flat();
  const sent = outcomes.filter(({ key, state }) => state === 'done' && !key.step.endsWith('-arrival'));
  const used = (await noncesOf()).map((count, i) => count - before[i]!);
  expect(used.reduce((sum, count) => sum + count, 0)).toBe(sent.length);
});

test('after a death between two slices it carries the trade on, and puts no new decision in its place', async () => {
  const folder = newFolder();
  const journal = await sqliteJournal({ path: join(folder, 'journal.db') });
  const inSlices = { schedule: { kind: 'twap', maxParts: 3, spanSeconds: 3, recoverySeconds: 1 } } as const;
  const dying = actor(stage, { config: inSlices, journal, ports: diesBetween });
  await expect(dying.rebalancer.rebalance()).rejects.toThrow(Death);
  await journal.close();

  const { agent, told } = await open(stage, agentFile(stage, [bookOf(stage)]), { folder });
  const end = new AbortController();
  const ending = agent.run(end.signal);
  await told('RESUMED');
  end.abort();
  await ending;
  const programmes = await agent.journal.programmes();
  expect(programmes.length).toBeGreaterThan(1);
  expect(new Set(programmes.map(({ programme }) => programme.intentId)).size).toBe(1);
  expect(await agent.journal.decisions({ code: 'TRADE_CLOSED' })).toMatchObject([{ sentence: 'Every slice is done.' }]);
});

test('a changed file adds, changes and takes away, and a bad one changes nothing', async () => {
  const wallets = [await settle(stage, 'a', '0', '0'), await settle(stage, 'b', '0', '0')];
  const [a, b] = wallets.map((wallet, i) => quiet(wallet, ['a', 'b'][i]));
  const { agent } = await open(stage, agentFile(stage, [a!]), { wallets });
  await roundToEnd(agent);
  const kept = agent.keeper('a');
  agent.apply(parseAgentConfig(agentFile(stage, [a!, b!])));
  expect(agent.keepers().map(({ name }) => name)).toEqual(['a', 'b']);
  expect(agent.keeper('a')).toBe(kept);
  const strange = { ...a!, owner: '0x0000000000000000000000000000000000000001' };
  expect(() => agent.apply(parseAgentConfig(agentFile(stage, [strange])))).toThrow();
  expect(agent.keeper('a')).toBe(kept);
  agent.apply(parseAgentConfig(agentFile(stage, [{ ...a!, policy: { targetDeltaUnits: '0.99' } }])));
  expect(agent.keepers().map(({ name }) => name)).toEqual(['a']);
  expect(agent.keeper('a')!.now.history).toHaveLength(1);
});

describe('the command', () => {
  /** Resolves once the log holds the text. */
  const logged = ({ child, ended }: Running, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let log = '';
      const failed = (how: string): void => reject(new Error(`${how} "${text}":\n${log}`));
      const timer = setTimeout(() => failed('Nothing in 60 s says'), 60_000);
      child.stderr!.on('data', (part: Buffer) => {
        log += part.toString();
        if (!log.includes(text)) return;
        clearTimeout(timer);
        resolve(log);
      });
      void ended.then(() => failed('It ended without'));
    });

  test('goes on after SIGKILL, keeps the good file when a bad one comes, and stops in order', async () => {
    const cwd = newFolder();
    const path = join(cwd, 'portfolios.yaml');
    const file = agentFile(stage, [bookOf(stage)], { http: { port: 0 } });
    writeFileSync(path, stringify(file));
    const { privateKey } = stage.world.accounts.owner;
    const env = { EVENKEEL_PRIVATE_KEY: privateKey, EVENKEEL_AGENT_TOKEN: 'a token that nobody guesses' };
    const run = (): Running => start(['agent', '--config', path], { cwd, env });
    const owner = stage.world.accounts.owner.address;
    const before = await Promise.all(stage.world.chains.map(({ provider }) => provider.getTransactionCount(owner)));

    const first = run();
    await logged(first, '"type":"step-sent"');
    first.child.kill('SIGKILL');
    await first.ended;

    const second = run();
    const log = await logged(second, '"code":"RESUMED"');
    const url = /"url":"([^"]+)"/.exec(log)![1]!;
    const headers = { authorization: `Bearer ${env.EVENKEEL_AGENT_TOKEN}` };
    const portfolio = async (): Promise<{ standing: { action: string } | null; activity: string }> =>
      (await (await fetch(`${url}/v1/portfolios/book`, { headers })).json()) as Awaited<ReturnType<typeof portfolio>>;
    while ((await portfolio()).standing?.action !== 'hold') await new Promise((resolve) => setTimeout(resolve, 100));
    const intents = (await (await fetch(`${url}/v1/intents`, { headers })).json()) as {
      id: string;
      portfolio: string;
    }[];
    expect(intents[0]).toMatchObject({ portfolio: 'book' });
    const details = await Promise.all(
      intents.map(async ({ id }) => (await fetch(`${url}/v1/intents/${id}`, { headers })).json()),
    );
    const steps = (details as { slices: { state: string; steps: { id: string; state: string }[] }[] }[]).flatMap(
      ({ slices }) => slices.flatMap((slice) => slice.steps),
    );
    const sent = steps.filter(({ id, state }) => state === 'done' && !id.endsWith('-arrival'));
    const after = await Promise.all(stage.world.chains.map(({ provider }) => provider.getTransactionCount(owner)));
    expect(after.reduce((sum, count, i) => sum + count - before[i]!, 0)).toBe(sent.length);

    const refused = logged(second, 'CONFIG_REFUSED');
    writeFileSync(path, stringify({ ...file, portfolio: [] }));
    expect(await refused).toContain('"portfolio"'.slice(1, -1));
    expect((await fetch(`${url}/health`)).status).toBe(200);
    second.child.kill('SIGTERM');
    const { code, stderr, stdout } = await second.ended;
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('The agent has stopped.');
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('time');
    expect(holdsKey(stderr, privateKey)).toBe(false);

    const state = join(cwd, '.evenkeel', 'agent');
    const held = documentIn(await inProcess(['audit', '--state', state, '--json']));
    expect(held).toMatchObject({ outcome: 'holds' });
    const { stdout: exported } = await cli(['audit', '--state', state, '--export', 'jsonl']);
    writeFileSync(join(cwd, 'audit.jsonl'), exported);
    const again = await inProcess([
      'audit',
      '--file',
      join(cwd, 'audit.jsonl'),
      '--head',
      String(held['head']),
      '--json',
    ]);
    expect(documentIn(again)).toEqual(held);
    writeFileSync(join(cwd, 'audit.jsonl'), exported.replace('INTENT_SIGNED', 'INTENT_SINGED'));
    const broken = await inProcess(['audit', '--file', join(cwd, 'audit.jsonl'), '--json']);
    expect(failureIn(broken)).toMatchObject({ code: 'AUDIT_BROKEN', exitCode: 1 });
  }, 120_000);
});
