import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { type Agent, openAgent } from '../../src/agent/agent.js';
import { openAlerts } from '../../src/agent/alerts/alerts.js';
import { parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import type { AgentEvent } from '../../src/agent/events.js';
import { type ApiServer, serveApi } from '../../src/agent/http/server.js';
import { agentMetrics, type AgentMetrics } from '../../src/agent/metrics.js';
import { readJsonl } from '../../src/agent/state/export-audit.js';
import { verifyAudit } from '../../src/agent/state/audit-log.js';
import { openAgentState } from '../../src/agent/state/open-state.js';
import { seededRandom, systemClock } from '../../src/assemble/ambient.js';

const TOKEN = 'a token that nobody guesses';
const ENV = { TOKEN, SHORT: 'short', HOOK_SECRET: 'secret' };
const owner = new Wallet(`0x${'12'.repeat(32)}`);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-api-'));
let agent: Agent;
let metrics: AgentMetrics;
let api: ApiServer;

beforeAll(async () => {
  const config = parseAgentConfig({
    chains: [{ id: 8453, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' }],
    defaults: { underlying: 'ETH', annualVolatilityPercent: 65 },
    portfolios: [{ name: 'a', owner: owner.address, dayLimits: { gasPerDayUsd: 10 } }],
  });
  agent = await openAgent(config, {
    folder,
    env: {},
    clock: systemClock,
    random: seededRandom(1),
    logger: { log: () => undefined },
    signerOf: () => owner,
  });
  metrics = agentMetrics(agent);
  api = await serveApi(agent, metrics, { host: '127.0.0.1', port: 0, tokenEnv: 'TOKEN' }, ENV);
});
afterAll(async () => {
  await api.close();
  metrics.close();
  await agent.close();
  rmSync(folder, { recursive: true });
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${api.url}${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
const post = (path: string, body: unknown): Promise<Response> =>
  ask(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const json = async (answer: Response): Promise<unknown> => answer.json();

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: unknown }>>>>;
}

test('the document tells everything that is served, and everything but health and itself wants the token', async () => {
  const document = (await json(await fetch(`${api.url}/openapi.json`))) as Document;
  const open: string[] = [];
  let closed = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const url = `${api.url}${path.replaceAll(/\{\w+\}/g, 'a')}`;
      for (const headers of [{}, { authorization: `Bearer ${TOKEN}x` }, { authorization: TOKEN }]) {
        const { status } = await fetch(url, { method: method.toUpperCase(), headers });
        if (security === undefined) expect([path, status]).toEqual([path, 401]);
        else expect(status).toBe(200);
      }
      if (security === undefined) closed += 1;
      else open.push(path);
    }
  }
  expect(open.sort()).toEqual(['/health', '/openapi.json']);
  expect(closed).toBeGreaterThan(12);
  expect(agent.desk.stops()).toEqual([]);
});

test('portfolios, limits and decisions are shown, and what is not there is not', async () => {
  expect(await json(await ask('/health'))).toEqual({ status: 'starting', mode: 'dry-run', portfolios: 1 });
  const [portfolio] = (await json(await ask('/v1/portfolios'))) as [Record<string, unknown>];
  expect(portfolio).toMatchObject({
    name: 'a',
    owner: owner.address,
    activity: 'watching',
    standing: null,
    limits: [{ kind: 'gas', used: 0, most: 10, level: 'free' }],
  });
  expect(await json(await ask('/v1/portfolios/a'))).toEqual(portfolio);
  expect(await json(await ask('/v1/portfolios/a/decisions'))).toEqual([]);
  expect(await json(await ask('/v1/intents'))).toEqual([]);
  for (const [path, status, code] of [
    ['/v1/portfolios/nobody', 404, 'API_NOT_FOUND'],
    ['/v1/intents/0x12', 404, 'API_NOT_FOUND'],
    ['/v2', 404, 'API_NOT_FOUND'],
    ['/v1/kill', 405, 'API_METHOD_UNKNOWN'],
    ['/v1/audit?from=x', 400, 'API_REQUEST_INVALID'],
    ['/v1/audit?format=xml', 400, 'API_REQUEST_INVALID'],
  ] as const) {
    const answer = await ask(path);
    expect([answer.status, await json(answer)]).toEqual([status, { error: expect.objectContaining({ code }) }]);
  }
});

test('stops are set and taken back with a reason, which stands in the audit log', async () => {
  for (const body of ['{', '{}', '[]', { reason: '' }, { reason: 'x', more: 1 }, 'x'.repeat(70_000)]) {
    expect([400, 413]).toContain((await post('/v1/kill', body)).status);
  }
  expect(agent.desk.stops()).toEqual([]);
  await post('/v1/kill', { reason: 'a drill' });
  await post('/v1/portfolios/a/pause', { reason: 'a holiday' });
  expect(agent.desk.stops().map(({ kind, scope }) => [kind, scope])).toEqual([
    ['killed', '*'],
    ['paused', 'a'],
  ]);
  const [portfolio] = (await json(await ask('/v1/portfolios'))) as [{ stops: unknown[] }];
  expect(portfolio.stops).toHaveLength(2);
  await post('/v1/resume', { reason: 'over' });
  await post('/v1/portfolios/a/resume', { reason: 'back' });
  expect(agent.desk.stops()).toEqual([]);

  const log = await (await ask('/v1/audit')).text();
  const entries = [...readJsonl(log)];
  expect(verifyAudit(entries, agent.audit.head())).toEqual(agent.audit.head());
  const reasons = entries.map(({ body }) => (JSON.parse(body) as { sentence: string }).sentence);
  for (const reason of ['a drill', 'a holiday', 'over', 'back']) expect(reasons).toContain(reason);
  const csv = await (await ask('/v1/audit?format=csv&from=2&most=1')).text();
  expect(csv.split('\r\n')).toHaveLength(3);
});

test('what happens is streamed as it happens', async () => {
  const controller = new AbortController();
  const answer = await ask('/v1/events', { signal: controller.signal });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const reader = answer.body!.getReader();
  let text = '';
  const until = async (part: string): Promise<void> => {
    while (!text.includes(part)) text += new TextDecoder().decode((await reader.read()).value);
  };
  await until('connected');
  agent.events.emit({ kind: 'agent', level: 'info', code: 'HELLO', sentence: 'Hello.', details: { atoms: 5n } });
  await until('\n\nevent: agent\ndata: ');
  await until('"atoms":"5"');
  controller.abort();
});

test('metrics are those of the agent', async () => {
  agent.events.emit({
    kind: 'round',
    level: 'debug',
    code: 'ROUND',
    sentence: '',
    details: { looked: 3, begun: 1, durationMs: 40, endedMs: 0, calls: { 8453: 7 } },
  });
  const text = await (await ask('/metrics')).text();
  expect(text).toContain('evenkeel_looks_total 3');
  expect(text).toContain('evenkeel_rpc_calls_total{chain="8453"} 7');
  expect(text).toContain('evenkeel_round_seconds_bucket{le="0.05"} 1');
  expect(text).toContain('evenkeel_portfolios 1');
  expect(text).toContain(`evenkeel_audit_entries ${agent.audit.head().seq}`);
  expect(text).toContain('process_resident_memory_bytes');
});

test('it is not served without a token that is hard to guess, nor where it cannot be', async () => {
  const at = (tokenEnv: string, port = 0) => serveApi(agent, metrics, { host: '127.0.0.1', port, tokenEnv }, ENV);
  await expect(at('NOTHING')).rejects.toMatchObject({ code: 'AGENT_TOKEN_MISSING' });
  await expect(at('SHORT')).rejects.toMatchObject({ code: 'AGENT_TOKEN_MISSING' });
  await expect(at('TOKEN', Number(new URL(api.url).port))).rejects.toMatchObject({ code: 'AGENT_PORT_UNUSABLE' });
});

describe('alerts', () => {
  interface Received {
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }
  let server: Server;
  let url: string;
  const received: Received[] = [];
  const answers: number[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.writeHead(answers.shift() ?? 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  let nowMs = 1_700_000_000_000;
  /** Time passes as fast as anybody waits for it. */
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
      await new Promise((resolve) => void setImmediate(resolve));
    },
  };
  const open = async (file: string, webhook: object = {}) => {
    const state = await openAgentState(join(folder, file));
    const told: string[] = [];
    const alerts = openAlerts({
      state,
      config: () => ({ webhooks: [{ url, secretEnv: 'HOOK_SECRET', ...webhook }], repeatAfterMinutes: 60 }),
      env: ENV,
      clock,
      events: { emit: ({ code }: Omit<AgentEvent, 'atMs'>) => void told.push(code), listen: () => () => undefined },
      agent: 'desk',
    });
    const deliverAll = async (): Promise<void> => {
      const controller = new AbortController();
      const delivering = alerts.deliver(controller.signal);
      while (alerts.undelivered() > 0) await new Promise((resolve) => void setImmediate(resolve));
      controller.abort();
      await delivering;
    };
    return { alerts, deliverAll, state, told };
  };
  const alert = { key: 'k', level: 'critical', code: 'KILLED', sentence: 'It was killed.' } as const;

  test('arrive signed, in spite of a receiver that fails, and once for each key and hour', async () => {
    const { alerts, deliverAll, state, told } = await open('alerts.db');
    answers.push(500, 429, 503);
    expect(alerts.raise(alert)).toBe(true);
    expect(alerts.raise(alert)).toBe(false);
    await deliverAll();
    expect(received).toHaveLength(4);
    const { body, headers } = received[3]!;
    expect(JSON.parse(body)).toMatchObject({
      agent: 'desk',
      level: 'critical',
      code: 'KILLED',
      sentence: 'It was killed.',
    });
    expect(headers['x-evenkeel-signature']).toBe(`sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`);
    expect(new Set(received.map((each) => each.headers['idempotency-key']))).toEqual(new Set(['desk:1']));
    expect(told).toEqual(['KILLED', 'ALERT_DELAYED']);
    nowMs += 3_600_001;
    expect(alerts.raise(alert)).toBe(true);
    state.close();
  });

  test('that a process could not deliver are delivered by the next one', async () => {
    const before = received.length;
    const { alerts, deliverAll, state } = await open('alerts.db');
    expect(alerts.undelivered()).toBe(1);
    await deliverAll();
    expect(received).toHaveLength(before + 1);
    state.close();
  });

  test('never tell their address, which may be a secret', async () => {
    const { alerts, state, told } = await open('elsewhere.db', { url: 'http://127.0.0.1:1/token-in-the-path' });
    alerts.raise(alert);
    const controller = new AbortController();
    const delivering = alerts.deliver(controller.signal);
    while (!told.includes('ALERT_DELAYED')) await new Promise((resolve) => void setImmediate(resolve));
    controller.abort();
    await delivering;
    const rows = JSON.stringify([...state.all('SELECT * FROM delivery', []), ...state.all('SELECT * FROM alert', [])]);
    expect(rows).not.toContain('token-in-the-path');
    state.close();
  });
});
