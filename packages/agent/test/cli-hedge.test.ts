import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NATIVE_ADDRESS } from '@evenkeel/core';
import { driverOf, sqliteJournal } from '@evenkeel/core/journal-sqlite';
import Database from 'libsql';
import * as v from 'valibot';
import type { PortfolioConfigInput } from '../src/config/schema.js';
import { rebalancingIn, verifySigned } from './cli-document.js';
import { cli, documentIn, failureIn, folder, holdsKey, inProcess, start, writeYaml } from './cli-process.js';
import { balanceOf, openStage, type Stage, traces } from './support.js';

jest.setTimeout(120_000);

// The demonstration's portfolio, described by a file, hedged by the command as it is installed.

let stage: Stage;
let env: { readonly EVENKEEL_PRIVATE_KEY: string };
const files = folder();

beforeAll(async () => {
  stage = await openStage();
  env = { EVENKEEL_PRIVATE_KEY: stage.world.accounts.owner.privateKey };
});
afterAll(async () => {
  await stage?.close();
  rmSync(files, { recursive: true, force: true });
});

let count = 0;
function configured(change: Partial<PortfolioConfigInput> = {}) {
  const name = `book-${++count}`;
  const journal = join(files, `${name}.db`);
  const file = writeYaml(files, `${name}.yaml`, {
    ...stage.config,
    journal,
    pollMs: 20,
    schedule: { kind: 'single' },
    ...change,
  });
  return { file, journal };
}

it('a dry run shows the same document, and leaves no trace', async () => {
  const before = await traces(stage);
  const { file, journal } = configured({ schedule: { kind: 'twap' } });
  const ended = await cli(['hedge', '--config', file, '--dry-run', '--json'], { env, cwd: files });
  const document = rebalancingIn(ended);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(document).toMatchObject({ outcome: 'dry-run', simulated: true, costs: { total: '0' }, unexplainedAtoms: '0' });
  await verifySigned(document);
  expect(document.slices.length).toBeGreaterThan(0);
  expect(document.route.hops.length).toBeGreaterThan(0);
  expect(document.route.hops.filter(({ txHash }) => txHash !== null)).toEqual([]);
  expect(document.quotes.some(({ accepted }) => accepted)).toBe(true);
  expect(await traces(stage)).toEqual(before);
  expect(existsSync(journal)).toBe(false);
});

it('reads the band from a table that was prepared ahead, without a key; before that it says why not', async () => {
  const before = await traces(stage);
  // Looked at once a day, so that the table is a coarse one and soon made.
  const { file } = configured({
    policy: { ...stage.config.policy, riskAversion: { perNumeraire: 0.00005 }, monitoringSeconds: 86_400 },
  });
  const decided = async () => documentIn(await inProcess(['hedge', '--config', file, '--dry-run', '--json'], env));
  expect(await decided()).toMatchObject({
    outcome: 'dry-run',
    decision: { bandSource: 'closed-form', bandReason: expect.stringContaining('No table of this book') },
  });
  const prepared = await cli(['prepare', '--config', file, '--json'], { cwd: files });
  expect(documentIn(prepared)).toMatchObject({
    outcome: 'prepared',
    decision: { bandSource: 'lattice', bandReason: null },
  });
  expect(prepared.code).toBe(0);
  expect(await decided()).toMatchObject({ decision: { bandSource: 'lattice', bandReason: null } });
  expect(documentIn(await inProcess(['prepare', '--config', file, '--json']))).toMatchObject({ outcome: 'at-hand' });
  expect(await traces(stage)).toEqual(before);
});

it('inside of a wide band it holds', async () => {
  const before = await traces(stage);
  const rule = { kind: 'constant-band', halfWidthUnits: 1000, tradeTo: 'edge' } as const;
  const { file } = configured({ policy: { ...stage.config.policy, rule } });
  const ended = await inProcess(['hedge', '--config', file, '--json'], env);
  const document = rebalancingIn(ended);
  expect(ended.code).toBe(0);
  expect(document).toMatchObject({ outcome: 'held', intent: null, slices: [], costs: { total: '0' } });
  expect(document.route.hops).toEqual([]);
  expect(document.delta.after).toBe(document.delta.before);
  expect(document.quotes.length).toBeGreaterThan(0);
  expect(await traces(stage)).toEqual(before);
});

describe('a token that is not what the file says', () => {
  const withQuote = (change: object) =>
    configured({
      chains: stage.config.chains.map((chain, index) =>
        index === 1
          ? {
              ...chain,
              quote: { ...(chain.quote as { address: string; symbol: string; decimals: number }), ...change },
            }
          : chain,
      ),
    });

  it.each([
    ['18 decimals for USDC', { decimals: 18 }, 'TOKEN_DECIMALS_MISMATCH', 'chains.1.quote.decimals', 18],
    [
      'an address without a token',
      { address: `0x${'99'.repeat(20)}` },
      'TOKEN_UNREADABLE',
      'chains.1.quote.address',
      `0x${'99'.repeat(20)}`,
    ],
  ])('%s: nothing else is done', async (_, change, code, field, value) => {
    const before = await traces(stage);
    const { file } = withQuote(change);
    const ended = await inProcess(['hedge', '--config', file, '--json'], env);
    expect(failureIn(ended)).toMatchObject({ exitCode: 1, code, field, value });
    expect(await traces(stage)).toEqual(before);
  });
});

it('killed in the middle and resumed, it has done every step once', async () => {
  await stage.rewind();
  const opening = await holdings();
  const heads = await Promise.all(stage.world.chains.map(({ provider }) => provider.getBlockNumber()));
  const { file, journal } = configured();

  const first = start(['hedge', '--config', file, '--json'], { env, cwd: files });
  await operations(journal, 1);
  first.child.kill('SIGKILL');
  expect(await first.ended).toMatchObject({ code: null, stdout: '' });
  const signed = await signedIn(journal);
  const stillOpen = await openProgrammes(journal);
  expect(stillOpen).toBe(1);

  const second = start(['resume', '--config', file, '--json'], { env, cwd: files });
  await Promise.race([operations(journal, signed + 1), second.ended]);
  second.child.kill('SIGKILL');
  await second.ended;

  const third = await cli(['resume', '--config', file, '--json'], { env, cwd: files });
  const resumed = documentIn(third);
  expect(resumed).toMatchObject({ outcome: expect.stringMatching(/^(resumed|nothing-to-resume)$/) });
  if (resumed.outcome === 'resumed') expect(resumed.reports).toMatchObject([{ costs: { unattributed: '0' } }]);
  expect(third.code).toBe(0);
  expect(await openProgrammes(journal)).toBe(0);

  // On chain there is what the journal says, once each, and it explains every atom.
  const rows = v.parse(
    v.array(v.object({ step: v.string(), final_hash: v.string(), success: v.literal(1) })),
    await query(journal, "SELECT step, final_hash, success FROM reservations WHERE state = 'filled'"),
  );
  expect(new Set(rows.map(({ step }) => step)).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(2);
  expect((await sentSince(heads)).sort()).toEqual(rows.map(({ final_hash }) => final_hash).sort());
  expect(await holdings()).toEqual(await explained(journal, opening));

  const again = await cli(['resume', '--config', file, '--json'], { env, cwd: files });
  expect(documentIn(again)).toEqual({ outcome: 'nothing-to-resume', slices: [], reports: [] });
});

it('the key of the portfolio is in nothing that it says or writes', async () => {
  await stage.rewind();
  const key = env.EVENKEEL_PRIVATE_KEY;
  const { file } = configured({ schedule: { kind: 'twap', maxParts: 2, spanSeconds: 1 } });
  const text = await cli(['hedge', '--config', file], { env, cwd: files });
  const json = await cli(['hedge', '--config', file, '--delta-change', '-1.5', '--json'], {
    env: { ...env, DEBUG: '*', NODE_DEBUG: 'http,net' },
    cwd: files,
  });
  expect(text.code).toBe(0);
  expect(text.stdout).toContain('HEDGED');
  const document = rebalancingIn(json);
  expect(json.code).toBe(0);
  expect(document).toMatchObject({ outcome: 'hedged', unexplainedAtoms: '0' });
  expect(document.route.hops.filter(({ txHash }) => txHash === null)).toEqual([]);
  await verifySigned(document);

  const written = readdirSync(files).map((name) => readFileSync(join(files, name)));
  expect(written.length).toBeGreaterThan(2);
  for (const content of [...written, text.stdout, text.stderr, json.stdout, json.stderr]) {
    expect(holdsKey(content, key)).toBe(false);
  }
  expect(holdsKey(`key=${key}`, key)).toBe(true);
});

/** What the owner has: wei, WETH and USDC of every chain. */
async function holdings(): Promise<Record<string, bigint>> {
  const owner = stage.world.accounts.owner.address;
  const entries = stage.world.chains.map(async (chain) => [
    [`${chain.id}:${NATIVE_ADDRESS}`, await chain.provider.getBalance(owner)] as const,
    [`${chain.id}:${chain.tokens.WETH.address.toLowerCase()}`, await balanceOf(chain, 'WETH', owner)] as const,
    [`${chain.id}:${chain.tokens.USDC.address.toLowerCase()}`, await balanceOf(chain, 'USDC', owner)] as const,
  ]);
  return Object.fromEntries((await Promise.all(entries)).flat());
}

/** Opening holdings and every flow of the journal. */
async function explained(path: string, opening: Record<string, bigint>): Promise<Record<string, bigint>> {
  const journal = await sqliteJournal({ path });
  try {
    const held = { ...opening };
    for (const { programme } of await journal.programmes()) {
      for (const { atoms, chainId, token } of await journal.flows({ intentId: programme.intentId })) {
        const key = `${chainId}:${token.toLowerCase()}`;
        held[key] = (held[key] ?? 0n) + atoms;
      }
    }
    return held;
  } finally {
    await journal.close();
  }
}

/** Transactions of the owner in the blocks after these. */
async function sentSince(heads: readonly number[]): Promise<string[]> {
  const owner = stage.world.accounts.owner.address.toLowerCase();
  const blockSchema = v.object({ transactions: v.array(v.object({ hash: v.string(), from: v.string() })) });
  const perChain = stage.world.chains.map(async (chain, index) => {
    const head = await chain.provider.getBlockNumber();
    const numbers = Array.from({ length: head - heads[index]! }, (_, i) => heads[index]! + 1 + i);
    const blocks = await Promise.all(
      numbers.map(async (number) =>
        v.parse(blockSchema, await chain.rpc('eth_getBlockByNumber', [`0x${number.toString(16)}`, true])),
      ),
    );
    return blocks.flatMap(({ transactions }) => transactions.filter(({ from }) => from.toLowerCase() === owner));
  });
  return (await Promise.all(perChain)).flat().map(({ hash }) => hash);
}

/** A living journal is locked: what it has written is read from a copy, its write-ahead log included. */
async function query(path: string, sql: string): Promise<readonly unknown[]> {
  const copy = `${path}.copy`;
  for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
  copyFileSync(path, copy);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
  const connection = driverOf(Database).open(copy);
  try {
    return connection.all(sql, []);
  } finally {
    connection.close();
  }
}

async function signedIn(path: string): Promise<number> {
  const rows = await query(path, 'SELECT count(*) AS n FROM operations');
  return v.parse(v.tuple([v.object({ n: v.number() })]), rows)[0].n;
}

async function openProgrammes(path: string): Promise<number> {
  const rows = await query(path, "SELECT count(*) AS n FROM programmes WHERE state = 'running'");
  return v.parse(v.tuple([v.object({ n: v.number() })]), rows)[0].n;
}

/** Waits until the journal holds so many signed transactions. */
async function operations(path: string, least: number): Promise<void> {
  for (;;) {
    // A copy that was taken while a page was being written is taken again.
    const signed = existsSync(path) ? await signedIn(path).catch(() => 0) : 0;
    if (signed >= least) return;
    await delay(10);
  }
}
