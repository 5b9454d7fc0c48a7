#!/usr/bin/env node
// Kills the agent again and again in the middle of real multi-chain trades, and then asks the chains whether anything
// was lost, done twice, or is not accounted for.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '@evenkeel/agent';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { startWorld } from '@evenkeel/devnet';
import { openPortfolio } from '../../packages/agent/dist/demo/open-portfolio.js';
import { WINDOWS } from './deaths.mjs';
import { judge, readChains } from './judge.mjs';

const HELP = `Usage: npm run chaos -- [--runs N] [--seed S] [--engine sqlite] [--json]

Kills the agent N times (default 40) with SIGKILL while it trades on three local chains of real contracts: in turn between
each pair of neighbouring states of the outbox, and at random times. Restarts it each time, and then reads the chains.`;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    engine: { type: 'string', default: 'sqlite' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const runs = Number(options.runs);
const seed = Number(options.seed);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed) || options.engine !== 'sqlite') {
  console.error(HELP);
  process.exit(2);
}

const RANDOM = 'at a random time';
const KINDS = [...Object.keys(WINDOWS), RANDOM];
/** Deaths that one rebalancing goes through before it is let live. */
const DEATHS_EACH = 6;
/** Lives in which the death that was meant did not come about: the step count was never reached. */
const LIVES_AT_MOST = 40;

const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-chaos-'));
const world = await startWorld({ chains: 3, seed, blockTimeSeconds: 1 });
const owner = world.accounts.owner;
const totals = { kills: 0, slices: 0, rebalancings: 0, lost: [], twice: [], unaccounted: [] };
const killsOf = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
try {
  const portfolio = await openPortfolio(world);
  const config = {
    ...portfolio,
    schedule: { kind: 'twap', maxParts: 3, spanSeconds: 4, recoverySeconds: 1 },
    pollMs: 50,
  };
  const configFile = join(folder, 'portfolio.json');
  writeFileSync(configFile, JSON.stringify(config));
  await world.startActors();
  const snapshot = await world.snapshot();
  while (totals.kills < runs) {
    await rebalanceWithDeaths(configFile, totals.rebalancings);
    totals.rebalancings += 1;
    await world.revert(snapshot);
    const behind = Math.floor(Date.now() / 1000) - (await world.clockSeconds());
    if (behind > 0) await world.advance(behind);
  }
} finally {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
}
print();

/** One rebalancing, from its beginning through its deaths to its end, and the verdict on it. */
async function rebalanceWithDeaths(configFile, index) {
  const path = join(folder, `${index}.db`);
  const openings = await readChains(world, owner.address);
  let deaths = 0;
  let last;
  for (let life = 0; ; life++) {
    if (life === LIVES_AT_MOST) {
      totals.lost.push(`rebalancing ${index} never came to its end: ${JSON.stringify(last)}`);
      break;
    }
    const mayDie = deaths < DEATHS_EACH && totals.kills < runs;
    const kind = mayDie ? rarest() : undefined;
    last = await live({ configFile, path, kind, index });
    if (last.killed) {
      deaths += 1;
      totals.kills += 1;
      killsOf[kind] += 1;
    } else if (kind === undefined) break;
    progress();
  }
  if (last.code !== 0) totals.lost.push(`rebalancing ${index} ended with an error: ${last.stderr.slice(-600)}`);
  const journal = await sqliteJournal({ path });
  try {
    const { lost, slices, twice, unaccounted } = await judge(journal, openings, owner.address);
    totals.slices += slices;
    totals.lost.push(...lost.map((each) => `rebalancing ${index}: ${each}`));
    totals.twice.push(...twice.map((each) => `rebalancing ${index}: ${each}`));
    totals.unaccounted.push(...unaccounted);
  } finally {
    await journal.close();
  }
}

/** The kind of death that has come about least often; chance decides among equals. */
function rarest() {
  const least = Math.min(...Object.values(killsOf));
  const candidates = KINDS.filter((kind) => killsOf[kind] === least);
  return candidates[Math.floor(random.next() * candidates.length)];
}

/** One process, killed or not. */
function live({ configFile, path, kind, index }) {
  const victim = fileURLToPath(new URL('victim.mjs', import.meta.url));
  const count = 1 + Math.floor(random.next() * 3);
  const args = ['--config', configFile, '--journal', path, '--seed', String(seed * 1000 + index)];
  if (kind !== undefined && kind !== RANDOM) args.push('--window', kind, '--count', String(count));
  const afterMs = kind === RANDOM ? Math.floor(random.next() * 6000) : undefined;
  return new Promise((resolve, reject) => {
    const { HOME = '', PATH = '' } = process.env;
    const child = spawn(process.execPath, [victim, ...args], {
      env: { HOME, PATH, NO_COLOR: '1', EVENKEEL_PRIVATE_KEY: owner.privateKey },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let timer;
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (afterMs !== undefined && timer === undefined) timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, killed: signal === 'SIGKILL', stdout, stderr });
    });
  });
}

function progress() {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${totals.kills} of ${runs} kills, ${totals.rebalancings} rebalancings ended`);
  }
}

function print() {
  const { kills, lost, rebalancings, slices, twice, unaccounted } = totals;
  const unaccountedAtoms = unaccounted.reduce((sum, { atoms }) => sum + (atoms < 0n ? -atoms : atoms), 0n);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (options.json) {
    const counts = { lost: lost.length, twice: twice.length, unaccountedAtoms: unaccountedAtoms.toString() };
    const problems = [...lost, ...twice];
    console.log(
      JSON.stringify({ engine: options.engine, kills, rebalancings, slices, ...counts, killsOf, problems }, null, 2),
    );
  } else {
    for (const [kind, count] of Object.entries(killsOf)) console.log(`${String(count).padStart(5)} kills ${kind}`);
    console.log(`${String(kills).padStart(5)} kills in all, of ${rebalancings} rebalancings in ${slices} slices`);
    console.log(`${String(lost.length).padStart(5)} lost`);
    console.log(`${String(twice.length).padStart(5)} twice`);
    console.log(`${String(unaccountedAtoms).padStart(5)} atoms not accounted for`);
    for (const each of [...lost, ...twice]) console.log(`      ${each}`);
  }
  process.exitCode = lost.length + twice.length === 0 && unaccountedAtoms === 0n ? 0 : 1;
}
