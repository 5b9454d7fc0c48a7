import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { cli, documentIn, type Ended, failureIn, folder, inProcess, writeYaml } from './cli-process.js';

jest.setTimeout(60_000);

const KEY = `0x${'5e'.repeat(32)}`;
const owner = new Wallet(KEY).address;
const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

const book = (rpcUrl: string, more: object = {}): object => ({
  name: 'book',
  underlying: 'ETH',
  owner,
  journal: join(files, 'journal.db'),
  annualVolatilityPercent: 65,
  chains: [{ id: 8453, rpcUrl, base: 'WETH', quote: 'USDC' }],
  ...more,
});

const NOWHERE = 'http://127.0.0.1:9';
let count = 0;
const hedge = (content: unknown, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Ended> => {
  const file = writeYaml(files, `${++count}.yaml`, content);
  return inProcess(['hedge', '--config', file, '--json', ...args], { EVENKEEL_PRIVATE_KEY: KEY, ...env });
};

describe('help', () => {
  it.each([
    [['--help'], ['demo', 'hedge', 'resume', 'route', 'verify', '--version', 'Exit codes']],
    [
      ['demo', '--help'],
      ['--json', '--dry-run', '--delta-change', '--seed', '--schedule', 'auto', 'twap', 'vwap', 'single'],
    ],
    [
      ['hedge', '--help'],
      ['--config', '--json', '--dry-run', '--delta-change', 'EVENKEEL_PRIVATE_KEY'],
    ],
    [
      ['resume', '--help'],
      ['--config', '--json', 'EVENKEEL_PRIVATE_KEY'],
    ],
    [
      ['route', '--help'],
      ['--problem', '--repeat', '--max-hops', '--json'],
    ],
    [
      ['verify', '--help'],
      ['--rpc', '--chain', '--pins', '--write-pins', '--json'],
    ],
    [
      ['schedule-bench', '--help'],
      ['--units', '--slices', '--half-life-seconds', '--risk-aversion', '--paths', '--seed', '--html', '--json'],
    ],
    [
      ['profile', '--help'],
      ['--problem', '--json'],
    ],
  ])('%j names everything', async (args, words) => {
    const { code, stderr, stdout } = await inProcess(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(words.filter((word) => !stdout.includes(word))).toEqual([]);
  });

  it.each([
    [[], 'No command is given'],
    [['hedge'], "Required option '--config <file>' not specified"],
    [['demo', '--fast'], "Unknown option '--fast'"],
    [['demo', '--seed', '-1'], 'Use a whole number, 0 or more'],
    [['demo', '--seed', '0x10'], 'Use a whole number, 0 or more'],
    [['demo', '--schedule', 'never'], 'Allowed choices are auto, single, twap, vwap'],
  ])('%j is refused, in text and as JSON', async (args, message) => {
    const [text, json] = [await inProcess(args), await inProcess([...args, '--json'])];
    expect(text).toMatchObject({ code: 1, stdout: '' });
    expect(text.stderr).toContain('USAGE_INVALID');
    expect(text.stderr).toContain(message);
    if (args.length > 0) expect(failureIn(json)).toMatchObject({ exitCode: 1, code: 'USAGE_INVALID' });
  });
});

it('the built command reports in text and as JSON, by standard error and standard output', async () => {
  const args = ['hedge', '--config', join(files, 'missing.yaml')];
  const [text, json] = await Promise.all([cli(args), cli([...args, '--json'])]);
  expect(text).toMatchObject({ code: 1, stdout: '' });
  expect(text.stderr).toMatch(/^CONFIG_UNREADABLE Cannot read the configuration .*ENOENT/);
  expect(json.stderr).toBe('');
  expect(failureIn(json)).toMatchObject({ exitCode: 1, code: 'CONFIG_UNREADABLE', field: 'config' });
});

describe('what is asked for', () => {
  it.each([
    ['abc', /plain decimal/],
    ['NaN', /plain decimal/],
    ['Infinity', /plain decimal/],
    ['1e3', /plain decimal/],
    ['', /plain decimal/],
    ['-0.0', /changes nothing/],
    ['1.1234567890123456789', /more than the 18 decimals of WETH/],
  ])('a change of delta of "%s" is refused before anything is read', async (text, message) => {
    const failure = failureIn(await hedge(book(NOWHERE), ['--delta-change', text]));
    expect(failure).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: '--delta-change', value: text });
    expect(failure.message).toMatch(message);
  });

  it('a demonstration with no number for its change does not start a world', async () => {
    const ended = await inProcess(['demo', '--delta-change', 'abc', '--json']);
    expect(failureIn(ended)).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: '--delta-change' });
    expect(ended.stderr).toBe('');
  });
});

describe('the configuration', () => {
  const missing = join(files, 'missing.yaml');

  it('that is not there is named', async () => {
    const failure = failureIn(await inProcess(['hedge', '--config', missing, '--json']));
    expect(failure).toMatchObject({ exitCode: 1, code: 'CONFIG_UNREADABLE', field: 'config', value: missing });
  });

  it.each([
    ['is no YAML', 'name: [unclosed\n  - x: {', 'CONFIG_UNREADABLE', 'config'],
    ['is empty', '', 'INVALID_INPUT', 'config'],
    [
      'knows a chain that nobody does',
      book(NOWHERE, { chains: [{ id: 999, rpcUrl: NOWHERE, base: 'WETH', quote: 'USDC' }] }),
      'UNKNOWN_CHAIN',
      'chains.0.id',
    ],
    [
      'knows a token that nobody does',
      book(NOWHERE, { chains: [{ id: 1, rpcUrl: NOWHERE, base: 'WETH', quote: 'XYZ' }] }),
      'UNKNOWN_TOKEN',
      'chains.0.quote',
    ],
    [
      'lacks a price',
      book(NOWHERE, { chains: [{ id: 137, rpcUrl: NOWHERE, base: 'WETH', quote: 'USDC' }] }),
      'NATIVE_PRICE_MISSING',
      'chains.0.nativePriceUsd',
    ],
    ['has a number without a unit', book(NOWHERE, { limits: { slippage: 30 } }), 'INVALID_INPUT', 'limits.slippage'],
    ['has a guard of 200 %', book(NOWHERE, { limits: { slippageBps: 20_000 } }), 'INVALID_INPUT', 'limits.slippageBps'],
    [
      'has a volatility that is no number',
      'name: a\nunderlying: ETH\nowner: "0x0000000000000000000000000000000000000001"\nannualVolatilityPercent: .nan\nchains: [{ id: 1, base: WETH, quote: USDC }]',
      'INVALID_INPUT',
      'annualVolatilityPercent',
    ],
    [
      'has a policy with a foreign key',
      book(NOWHERE, { policy: { rule: { kind: 'optimal', width: 3 } } }),
      'POLICY_CONFIG_INVALID',
      'rule.width',
    ],
    [
      'says no endpoint',
      book(NOWHERE, { chains: [{ id: 1, rpcUrlEnv: 'NOT_SET', base: 'WETH', quote: 'USDC' }] }),
      'INVALID_INPUT',
      'chains.0.rpcUrl',
    ],
    [
      'says no private endpoint where it wants one',
      book(NOWHERE, {
        chains: [{ id: 1, rpcUrl: NOWHERE, submitUrlEnv: 'NOT_SET', base: 'WETH', quote: 'USDC' }],
      }),
      'INVALID_INPUT',
      'chains.0.submitUrl',
    ],
    ['belongs to another owner', book(NOWHERE, { owner: `0x${'01'.repeat(20)}` }), 'PORTFOLIO_INVALID', 'owner'],
  ])('that %s is refused', async (_, content, code, field) => {
    expect(failureIn(await hedge(content))).toMatchObject({ exitCode: 1, code, field });
  });

  it('never repeats an endpoint that is none: it may hold a key', async () => {
    const ended = await hedge(book('htp:/secret-project-id'));
    expect(failureIn(ended)).toMatchObject({ code: 'INVALID_INPUT', field: 'chains.0.rpcUrl' });
    expect(ended.stdout + ended.stderr).not.toContain('secret-project-id');
  });
});

describe('the key', () => {
  it.each([
    ['is missing', '', 'is not set'],
    ['is none', '0xdeadbeefdeadbeefdeadbeef', 'holds no private key'],
    ['is out of range', `0x${'ff'.repeat(32)}`, 'holds no private key'],
    ['is zero', `0x${'00'.repeat(32)}`, 'holds no private key'],
  ])('that %s is named and never shown', async (_, value, problem) => {
    const ended = await hedge(book(NOWHERE), [], { EVENKEEL_PRIVATE_KEY: value });
    const failure = failureIn(ended);
    expect(failure).toMatchObject({
      exitCode: 1,
      code: 'SIGNER_KEY_MISSING',
      field: 'privateKeyEnv',
      value: 'EVENKEEL_PRIVATE_KEY',
    });
    expect(failure.message).toContain(problem);
    if (value !== '') expect(ended.stdout + ended.stderr).not.toContain(value.slice(2));
  });
});

describe('an endpoint', () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse, body: Record<string, unknown>) => void;
  const methods: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const body = JSON.parse(text) as Record<string, unknown>;
        methods.push(...[body].flat().map(({ method }) => String(method)));
        answer(response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/secret-project-id`;
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const says = (text: string) => (response: ServerResponse) => void response.end(text);

  it.each<[string, string, (response: ServerResponse, body: Record<string, unknown>) => void]>([
    ['garbage', 'RPC_GARBAGE', says('}{')],
    ['HTML', 'RPC_GARBAGE', says('<html><body>Sign in</body></html>')],
    ['nothing', 'RPC_GARBAGE', says('')],
    ['JSON of another kind', 'RPC_GARBAGE', says('{"hello":"world"}')],
    ['by hanging up', 'RPC_UNREACHABLE', (response) => void response.destroy()],
    [
      'for another chain',
      'RPC_WRONG_CHAIN',
      (response, { id }) => void response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' })),
    ],
  ])('that answers %s is refused, and nothing is sent', async (_, code, behave) => {
    answer = behave;
    methods.length = 0;
    const ended = await hedge(book(url));
    const failure = failureIn(ended);
    expect(failure).toMatchObject({ exitCode: 1, code });
    expect(failure.message).toContain('127.0.0.1');
    expect(ended.stdout + ended.stderr).not.toContain('secret-project-id');
    expect(new Set(methods)).toEqual(new Set(['eth_chainId']));
  });

  it.each([
    ['garbage', says('}{')],
    ['HTML', says('<html>')],
    ['nothing', says('')],
  ])('that answers %s cannot be verified', async (_, behave) => {
    answer = behave;
    const ended = await inProcess(['verify', '--rpc', url, '--json']);
    expect(failureIn(ended)).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: '--rpc' });
    expect(ended.stdout + ended.stderr).not.toContain('secret-project-id');
  });

  it('that is no URL is not repeated', async () => {
    const ended = await inProcess(['verify', '--rpc', 'secret-project-id', '--json']);
    expect(failureIn(ended)).toMatchObject({ exitCode: 1, code: 'INVALID_INPUT', field: '--rpc' });
    expect(ended.stdout + ended.stderr).not.toContain('secret-project-id');
  });
});

it('a missing anvil says how to get one', async () => {
  const node = ['--require', join(__dirname, 'hide-anvil.cjs')];
  const ended = await cli(['demo', '--json'], { env: { PATH: '' }, node });
  expect(failureIn(ended)).toMatchObject({ exitCode: 1, code: 'ANVIL_MISSING' });
  expect(documentIn(ended)).toMatchObject({ error: { message: expect.stringContaining('npm install') } });
});
