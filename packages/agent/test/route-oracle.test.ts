import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';

jest.setTimeout(120_000);

const PROGRAM = join(__dirname, '../../../bench/routing/oracle.mjs');
const CASES = 400;
const SEED = 36;
// Seed and number of what once was worse: the far end of a stable pool, circles over what is free, full books behind a
// lane, and the last atoms of an exact output, which crossed a tick or were left.
const ONCE_WORSE =
  '1:46,1:677,1:928,2:194,2:279,2:329,2:502,3:48,3:119,3:794,4:379,4:533,4:873,5:84,6:478,6:540,7:971,9:104,9:528,' +
  '9:662,10:216';

const totals = v.object({
  drawn: v.number(),
  cases: v.number(),
  agree: v.number(),
  boundsBroken: v.number(),
  oracleBeaten: v.number(),
  classes: v.array(v.object({ name: v.string(), cases: v.number(), exactOut: v.number(), medianSlackBps: v.number() })),
  counterexamples: v.array(v.unknown()),
});

// `node bench/routing/oracle.mjs --cases 10000 --seed 2` does the same with other problems.
test('the router is as good as the best of all choices of offers, and no bound is below that', async () => {
  const run = promisify(execFile)(process.execPath, [
    PROGRAM,
    '--cases',
    String(CASES),
    '--seed',
    String(SEED),
    '--also',
    ONCE_WORSE,
    '--json',
  ]);
  const { stdout } = await run.catch((failed: unknown) => failed as { stdout: string });
  const found = v.parse(totals, JSON.parse(stdout));
  expect(found.counterexamples).toEqual([]);
  expect(found).toMatchObject({
    drawn: CASES + ONCE_WORSE.split(',').length,
    agree: found.cases,
    boundsBroken: 0,
    oracleBeaten: 0,
  });
  // So that the comparison is of something: every layout, and both sides of the demand.
  expect(found.classes.map(({ name }) => name)).toEqual([
    'one-chain',
    'linked-hubs',
    'lane-between',
    'inventories',
    'collected',
    'star',
  ]);
  for (const { cases, medianSlackBps } of found.classes) {
    expect(cases).toBeGreaterThan(10);
    expect(medianSlackBps).toBeLessThan(0.01);
  }
  expect(found.classes.reduce((sum, { exactOut }) => sum + exactOut, 0)).toBeGreaterThan(40);
});
