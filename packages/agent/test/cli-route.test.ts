import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { type RouteProblem, type RouteSolution, solveRoute } from '@evenkeel/core/route';
import * as v from 'valibot';
import { documentIn, type Ended, failureIn, folder, inProcess } from './cli-process.js';

jest.setTimeout(60_000);

const EXAMPLE = join(__dirname, '../../../examples/route-problem.json');
const CLI = join(__dirname, '..', 'dist', 'cli.js');
const files = folder();
afterAll(() => rmSync(files, { recursive: true, force: true }));

const example = (): RouteProblem => JSON.parse(readFileSync(EXAMPLE, 'utf8')) as RouteProblem;

let count = 0;
function route(problem: unknown, ...args: readonly string[]): Promise<Ended> {
  const file = join(files, `${++count}.json`);
  writeFileSync(file, typeof problem === 'string' ? problem : JSON.stringify(problem));
  return inProcess(['route', '--problem', file, '--json', ...args]);
}

const atoms = v.pipe(v.string(), v.regex(/^\d+$/));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const answer = v.looseObject({
  amountOut: atoms,
  hops: v.array(v.looseObject({ tokenIn: v.string(), tokenOut: v.string(), amountIn: atoms, amountOut: atoms })),
  gas: atoms,
  costBps: v.number(),
  optimalityGapBps: milliseconds,
  solveMs: milliseconds,
  warmMedianMs: v.optional(milliseconds),
});

const parsed = (ended: Ended): v.InferOutput<typeof answer> => v.parse(answer, documentIn(ended));

describe('evenkeel route --json', () => {
  it('answers what the call answers', async () => {
    const ended = await inProcess(['route', '--problem', EXAMPLE, '--json']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const { solveMs, ...rest } = parsed(ended);
    expect(rest).toEqual(JSON.parse(JSON.stringify(solveRoute(example()))) as RouteSolution);
    expect(solveMs).toBeGreaterThan(0);
  });

  it('repeats, limits hops, reads standard input', async () => {
    const { amountOut, warmMedianMs } = parsed(await route(example(), '--repeat', '5'));
    expect(warmMedianMs).toBeGreaterThan(0);
    const limited = parsed(await route(example(), '--max-hops', '1'));
    expect(limited.hops).toHaveLength(1);
    expect(limited.warmMedianMs).toBeUndefined();
    const piped = spawnSync(process.execPath, [CLI, 'route', '--problem', '-', '--json'], {
      input: JSON.stringify(example()),
      encoding: 'utf8',
    });
    expect(piped).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(piped.stdout)).toMatchObject({ amountOut });
  });

  it.each([
    ['no file', ['--problem', '/nowhere/problem.json'], undefined, 'INVALID_INPUT'],
    ['no JSON', [], '{', 'INVALID_INPUT'],
    ['no object', [], '[]', 'INVALID_INPUT'],
    ['nothing in it', [], '{}', 'INVALID_INPUT'],
    ['no hop at all', ['--max-hops', '0'], undefined, 'INVALID_INPUT'],
    ['half a hop', ['--max-hops', '0.5'], undefined, 'USAGE_INVALID'],
  ])('refuses %s', async (_name, args, problem, code) => {
    expect(failureIn(await route(problem ?? example(), ...args))).toMatchObject({ exitCode: 1, code });
  });

  it('refuses what the router refuses, by the same code', async () => {
    const { pools, ...rest } = example();
    const [first] = pools;
    expect(failureIn(await route({ ...rest, pools: [...pools, first] }))).toMatchObject({ code: 'ROUTE_DUPLICATE' });
    expect(failureIn(await route({ ...rest, pools: [] }))).toMatchObject({ code: 'ROUTE_DISCONNECTED' });
    const empty = { ...first, reserves: ['0', '1'] };
    expect(failureIn(await route({ ...rest, pools: [empty] }))).toMatchObject({ code: 'ROUTE_POOL_INVALID' });
  });
});

it('tells people the split, the costs, the proof and what else there would be', async () => {
  const { code, stdout } = await inProcess(['route', '--problem', EXAMPLE]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^.*550,000 USDC.* ─▶ .*\d+\.\d+ WETH/);
  expect(stdout).toMatch(/ {2}.*USDC.* on 1\n/);
  expect(stdout).toMatch(/\d+\.\d % ── .*home-concentrated.* USDC ─▶ .* WETH/);
  expect(stdout).toMatch(/══ .*home-to-away.* ══▶ 2 /);
  expect(stdout).toMatch(/no route over these pools is better by more than \d+\.\d+ bp/);
  expect(stdout).toMatch(/beside it: one hop .* WETH.*, three hops .*, without bridging /);
});

it('says what these pools cannot serve', async () => {
  const asked = example();
  const tokensIn = [{ chainId: 2, address: `0x${'4'.repeat(40)}` }];
  const tokensOut = [{ chainId: 2, address: `0x${'5'.repeat(40)}` }];
  const problem = {
    ...asked,
    pools: asked.pools.filter(({ id }) => id === 'away-desk'),
    bridges: [],
    inventories: [{ ...tokensIn[0], amount: '100000000000' }],
    demand: { tokensIn, tokensOut, amountIn: '100000000000' },
  };
  const file = join(files, 'part.json');
  writeFileSync(file, JSON.stringify(problem));
  const { code, stdout } = await inProcess(['route', '--problem', file]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/(?:10,000|9,999\.99\d*) USDC cannot be served by these pools/);
});
