import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCOUNTS } from '../../devnet/src/build/accounts.js';
import { rebalancingIn, verifySigned } from './cli-document.js';
import { cli, holdsKey, start } from './cli-process.js';

jest.setTimeout(120_000);

const KEY = ACCOUNTS.owner.privateKey;

it('does the main job and says so in one document', async () => {
  const ended = await cli(['demo', '--json', '--schedule', 'single']);
  const document = rebalancingIn(ended);
  expect(document).toMatchObject({
    outcome: 'hedged',
    simulated: false,
    unexplainedAtoms: '0',
  });
  expect(ended.code).toBe(0);
  const { after, bandHigh, bandLow, before } = document.delta;
  expect(Number(before)).toBeLessThan(Number(bandLow));
  expect(Number(after)).toBeGreaterThanOrEqual(Number(bandLow));
  expect(Number(after)).toBeLessThanOrEqual(Number(bandHigh));
  await verifySigned(document);
  expect(document.intent?.signer).toBe(ACCOUNTS.owner.address);
  expect(document.slices).toHaveLength(1);
  expect(document.route.hops.filter(({ txHash }) => txHash === null)).toEqual([]);
  expect(Number(document.costs.total)).toBeGreaterThan(0);
  expect(new Set(document.quotes.map(({ kind }) => kind))).toEqual(new Set(['venue', 'bridge']));
  expect(holdsKey(ended.stdout, KEY) || holdsKey(ended.stderr, KEY)).toBe(false);
});

it('Ctrl-C ends it, its chains and its files', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'evenkeel-interrupt-'));
  const { child, ended, said } = start(['demo', '--schedule', 'single'], { env: { TMPDIR: temporary } });
  const text = await said('1 Exposure');
  const urls = [...text.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([url]) => url);
  expect(urls).toHaveLength(3);
  child.kill('SIGINT');
  const { code, stderr, stdout } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain('INTERRUPTED');
  expect(stdout).not.toContain('HEDGED');
  for (const url of urls) await expect(fetch(url)).rejects.toThrow();
  expect(readdirSync(temporary)).toEqual([]);
  expect(holdsKey(stdout, KEY) || holdsKey(stderr, KEY)).toBe(false);
  rmSync(temporary, { recursive: true });
});
