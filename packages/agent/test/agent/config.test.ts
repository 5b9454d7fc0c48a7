import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvenkeelError } from '@evenkeel/intents';
import { stringify } from 'yaml';
import { type AgentConfig, loadAgentConfig, parseAgentConfig } from '../../src/agent/config/parse-agent.js';
import { assertReloadable, watchConfig } from '../../src/agent/config/watch-file.js';

const owner = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const shared = [
  { id: 8453, rpcUrl: 'http://127.0.0.1:1', base: 'WETH', quote: 'USDC' },
  { id: 42161, rpcUrl: 'http://127.0.0.1:2', base: 'WETH', quote: 'USDC' },
];
const file = (more: object = {}): Record<string, unknown> => ({
  chains: shared,
  defaults: { underlying: 'ETH', annualVolatilityPercent: 65, policy: { monitoringSeconds: 30 } },
  portfolios: [
    { name: 'a', owner: owner(1) },
    { name: 'b', owner: owner(2) },
  ],
  ...more,
});

function refusal(content: unknown): EvenkeelError {
  try {
    parseAgentConfig(content);
  } catch (error) {
    if (error instanceof EvenkeelError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

test('portfolios stand on shared chains and defaults, each with what is its own', () => {
  const { agent, http, portfolios, totalLimits } = parseAgentConfig(
    file({
      portfolios: [
        { name: 'a', owner: owner(1), policy: { riskAversion: { perNumeraire: 0.001 } }, chains: [42161] },
        {
          name: 'b',
          owner: owner(2),
          dayLimits: { notionalPerDayUsd: 5000 },
          chains: [8453, { id: 42161, quote: 'USDT0' }],
        },
      ],
    }),
  );
  expect(agent).toMatchObject({ mode: 'dry-run', watch: { kind: 'interval', everySeconds: 12 } });
  expect(http).toMatchObject({ host: '127.0.0.1', port: 8730 });
  expect(totalLimits).toEqual({ maxOpenIntents: 4 });
  const [a, b] = portfolios;
  expect(a!.config.policy).toMatchObject({ monitoringSeconds: 30, riskAversion: { perNumeraire: 0.001 } });
  expect(a!.config.chains.map(({ id }) => id)).toEqual([42161]);
  expect(b!.config.chains.map(({ quote }) => quote.symbol)).toEqual(['USDC', 'USDT0']);
  expect(b!.dayLimits).toEqual({ notionalPerDayUsd: 5000 });
  expect(a!.ripcord).toEqual({ maxCostBps: 300, slippageBps: 100 });
});

test('the engine is a file of the agent unless several share one', () => {
  expect(parseAgentConfig(file()).engine).toEqual({ kind: 'sqlite' });
  const restate = { kind: 'restate', databaseUrlEnv: 'DATABASE', deploymentUrl: 'http://agents:9080' };
  expect(parseAgentConfig(file({ engine: restate })).engine).toEqual({
    ...restate,
    schema: 'evenkeel',
    ingressUrl: 'http://127.0.0.1:8080',
    adminUrl: 'http://127.0.0.1:9070',
    listen: { host: '127.0.0.1', port: 9080 },
  });
});

test.each([
  ['an engine that nobody knows', { engine: { kind: 'temporal' } }, 'engine.kind'],
  ['an engine without its database', { engine: { kind: 'dbos' } }, 'engine.databaseUrl'],
  [
    'a database said twice',
    { engine: { kind: 'dbos', databaseUrl: 'postgresql://a/b', databaseUrlEnv: 'X' } },
    'engine.databaseUrl',
  ],
  [
    'a misspelt key of the engine',
    { engine: { kind: 'restate', databaseUrlEnv: 'X', adminUrls: 'x' } },
    'engine.adminUrls',
  ],
  ['a misspelt key of the agent', { agent: { stateFoldr: 'x' } }, 'agent.stateFoldr'],
  ['a misspelt key on top', { totalLimit: {} }, 'totalLimit'],
  ['a misspelt key of a portfolio', { portfolios: [{ name: 'a', owner: owner(1), polcy: {} }] }, 'portfolios.0.polcy'],
  ['a misspelt key of the defaults', { defaults: { underlyng: 'ETH' } }, 'defaults.underlyng'],
  [
    'a misspelt key deep in the defaults',
    { defaults: { underlying: 'ETH', annualVolatilityPercent: 65, limits: { slipageBps: 3 } } },
    'defaults.limits.slipageBps',
  ],
  ['a misspelt key of a chain', { chains: [{ ...shared[0], confirmation: 2 }] }, 'chains.0.confirmation'],
  [
    'a symbol that a chain does not have',
    { chains: [shared[0], { ...shared[1], quote: 'NOPE' }], portfolios: [{ name: 'a', owner: owner(1) }] },
    'chains.1.quote',
  ],
  [
    'a symbol that an override does not have',
    { portfolios: [{ name: 'a', owner: owner(1), chains: [{ id: 42161, base: 'NOPE' }] }] },
    'portfolios.0.chains.0.base',
  ],
  ['a number without its unit', { totalLimits: { notionalPerDay: 3 } }, 'totalLimits.notionalPerDay'],
  [
    'a limit below nothing',
    { portfolios: [{ name: 'a', owner: owner(1), dayLimits: { gasPerDayUsd: -1 } }] },
    'portfolios.0.dayLimits.gasPerDayUsd',
  ],
  ['a guard that guards nothing', { totalLimits: { slippageBps: 20_000 } }, 'totalLimits.slippageBps'],
  ['two of one name', { portfolios: [1, 2].map((n) => ({ name: 'a', owner: owner(n) })) }, 'portfolios.1.name'],
  [
    'two books of one owner in one underlying',
    { portfolios: ['a', 'b'].map((name) => ({ name, owner: owner(1) })) },
    'portfolios.1.owner',
  ],
  ['a chain that nobody has', { portfolios: [{ name: 'a', owner: owner(1), chains: [10] }] }, 'portfolios.0.chains.0'],
  ['a journal of its own', { portfolios: [{ name: 'a', owner: owner(1), journal: 'x' }] }, 'portfolios.0.journal'],
  ['live trading without a limit', { agent: { mode: 'live' } }, 'totalLimits.notionalPerDayUsd'],
  [
    'a chain to wait for that is not there',
    { agent: { watch: { kind: 'block', chainId: 10 } } },
    'agent.watch.chainId',
  ],
  ['a webhook without a place', { alerts: { webhooks: [{}] } }, 'alerts.webhooks.0.url'],
  [
    'a connection of its own',
    { portfolios: [{ name: 'a', owner: owner(1), chains: [{ id: 8453, rpcUrl: 'http://x' }] }] },
    'portfolios.0.chains.0.rpcUrl',
  ],
])('%s is refused where it stands', (_name, more, field) => {
  expect(refusal(file(more)).field).toBe(field);
});

test('the example is a file that an agent takes', () => {
  const { portfolios } = loadAgentConfig(join(__dirname, '../../../../examples/agent/portfolios.yaml'));
  expect(portfolios.map(({ config }) => [config.name, config.chains.length])).toEqual([
    ['liquidity', 2],
    ['short-calls', 1],
  ]);
});

test('a misspelt unit is answered with the right one', () => {
  expect(refusal(file({ totalLimits: { gasPerDay: 3 } })).message).toContain('gasPerDayUsd');
});

describe('a file that changes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-agent-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'portfolios.yaml');
  const write = (content: unknown): void => {
    // As editors do it: another file in its place.
    writeFileSync(`${path}.new`, typeof content === 'string' ? content : stringify(content));
    renameSync(`${path}.new`, path);
  };

  /** What the watch says next. */
  function listening(): { readonly next: () => Promise<AgentConfig | EvenkeelError>; readonly close: () => void } {
    const said: (AgentConfig | EvenkeelError)[] = [];
    const waiting: ((each: AgentConfig | EvenkeelError) => void)[] = [];
    const say = (each: AgentConfig | EvenkeelError): void => {
      const first = waiting.shift();
      if (first === undefined) said.push(each);
      else first(each);
    };
    const { close } = watchConfig(path, loadAgentConfig(path), {
      changed: say,
      refused: (error) => say(error as EvenkeelError),
    });
    const next = (): Promise<AgentConfig | EvenkeelError> => {
      const first = said.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    };
    return { next, close };
  }

  it('is taken when it is right, refused when it is not, and the good one goes on counting', async () => {
    write(file());
    const { close, next } = listening();
    try {
      write(file({ portfolios: [{ name: 'c', owner: owner(3) }] }));
      expect(await next()).toMatchObject({ portfolios: [{ config: { name: 'c' } }] });
      write(file({ portfolios: [{ name: 'c', owner: 'nobody' }] }));
      expect(await next()).toMatchObject({ code: 'INVALID_INPUT', field: 'portfolios.0.owner' });
      write('portfolios: [');
      expect(await next()).toMatchObject({ code: 'CONFIG_UNREADABLE' });
      write(file({ agent: { mode: 'paper' } }));
      expect(await next()).toMatchObject({ code: 'AGENT_RESTART_NEEDED', field: 'agent.mode' });
      write(file({ totalLimits: { gasPerDayUsd: 7 } }));
      expect(await next()).toMatchObject({ totalLimits: { gasPerDayUsd: 7 } });
    } finally {
      close();
    }
  });

  it('may not move the state, the watch, the engine or the API under a running agent', () => {
    const now = parseAgentConfig(file());
    for (const change of [
      { agent: { name: 'other' } },
      { agent: { stateFolder: 'elsewhere' } },
      { agent: { watch: { kind: 'block' } } },
      { http: 'off' },
      { engine: { kind: 'dbos', databaseUrlEnv: 'DATABASE' } },
    ]) {
      expect(() => assertReloadable(now, parseAgentConfig(file(change)))).toThrow(
        expect.objectContaining({ code: 'AGENT_RESTART_NEEDED' }),
      );
    }
    expect(() => assertReloadable(now, parseAgentConfig(file({ agent: { shutdownSeconds: 5 } })))).not.toThrow();
  });
});

describe('batch', () => {
  const contracts = { settlement: owner(8), vaultRelayer: owner(9) };
  const batch = { chains: [{ chainId: 8453, ...contracts }] };

  test('all portfolios wait for one another, but those that are taken out', () => {
    const portfolios = [
      { name: 'a', owner: owner(1) },
      { name: 'b', owner: owner(2), batch: 'off' },
    ];
    const [a, b] = parseAgentConfig(file({ batch, portfolios })).portfolios;
    expect(a!.batch).toMatchObject({ maxWaitSeconds: 60, settleSeconds: 60, solverKeyEnv: 'EVENKEEL_BATCH_KEY' });
    expect(b!.batch).toBeUndefined();
    expect(parseAgentConfig(file()).portfolios[0]!.batch).toBeUndefined();
  });

  test.each([
    ['batch.chains.0.chainId', { batch: { chains: [{ chainId: 1, ...contracts }] } }],
    ['batch.chains.1.chainId', { batch: { chains: [...batch.chains, ...batch.chains] } }],
    ['batch.chains', { batch: { chains: [] } }],
    ['batch.maxWaitSeconds', { batch: { ...batch, maxWaitSeconds: 0 } }],
    ['defaults.batch', { batch, defaults: { batch: 'off' } }],
    ['portfolios.0.batch', { batch, portfolios: [{ name: 'a', owner: owner(1), batch: 'on' }] }],
    ['batch', { batch, engine: { kind: 'dbos', databaseUrl: 'postgresql://127.0.0.1/x' } }],
  ])('refuses what is wrong in %s', (field, more) => {
    expect(refusal(file(more))).toMatchObject({ code: 'INVALID_INPUT', field });
  });
});
