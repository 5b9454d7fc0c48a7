#!/usr/bin/env node
// Kills the agent, the engine and the nodes again and again in the middle of real multi-chain trades, and then asks the
// chains whether anything was lost, done twice, or is not accounted for.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@evenkeel/agent';
import { readOptions } from '../../scripts/options.mjs';
import { bundleVictim } from './bundle.mjs';
import { WINDOWS } from './deaths.mjs';
import { ENGINES } from './engines.mjs';
import { openWorldWithBook } from '../harness/opening.mjs';
import { judge, readChains } from './judge.mjs';

const HELP = `Usage: npm run chaos -- [--runs N] [--seed S] [--engine sqlite|restate|dbos] [--minutes M] [--json]

Kills with SIGKILL N times (default 40) while an intent is traded in slices on three local chains of real contracts: the agent
in turn between each pair of neighbouring states of the outbox and at random times, a chain's node, and the engine's server
where it has one. Starts again what was killed each time, and then reads the chains. With --minutes nothing new is begun after
that time, and the kills until then are counted.`;

const options = readOptions(HELP, {
  runs: { type: 'whole', least: 1, default: 40 },
  seed: { type: 'whole', least: 0, default: 1 },
  engine: { type: 'string', of: Object.keys(ENGINES), default: 'sqlite' },
  minutes: { type: 'number', above: 0, default: Infinity },
  json: { type: 'boolean' },
});
const { engine: engineName, minutes, runs, seed } = options;

const RANDOM = 'agent at a random time';
const NODE = 'node of a chain';
const ENGINE = 'server of the engine';
/** Deaths that one rebalancing goes through before it is let live. */
const DEATHS_EACH = 12;
/** Lives in which the death that was meant did not come about: the step count was never reached. */
const LIVES_AT_MOST = 40;
/** Nothing in here takes that long: a life that does has lost something. */
const LONGEST_LIFE_MS = 600_000;

const chosen = ENGINES[engineName];
const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-chaos-'));
const startedMs = Date.now();
const totals = { kills: 0, slices: 0, rebalancings: 0, lost: [], twice: [], unaccounted: [] };
const { server, settings } = await startEngine();
const KINDS = [...Object.keys(WINDOWS), RANDOM, NODE, ...(server === undefined ? [] : [ENGINE])];
const killsOf = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
const port = await freePort();
const bundle = await bundleVictim();
let stage;
try {
  stage = await newStage();
  while (isGoingOn()) {
    await rebalanceWithDeaths(totals.rebalancings);
    totals.rebalancings += 1;
    progress('\n');
    if (isGoingOn()) stage = await nextStage();
  }
} finally {
  await stage?.world.close();
  await server?.stop();
  for (const each of [folder, bundle.folder]) rmSync(each, { recursive: true, force: true });
}
print();

async function startEngine() {
  try {
    return await chosen.start();
  } catch (error) {
    console.error(error.message);
    process.exit(3);
  }
}

function isGoingOn() {
  // What goes wrong again and again is told, and not gone on with.
  if (totals.lost.length + totals.twice.length >= 10) return false;
  return totals.kills < runs && Date.now() - startedMs < minutes * 60_000;
}

/** Chains with an open portfolio, and everybody who fills and delivers. */
async function newStage() {
  const { portfolio, world } = await openWorldWithBook({ chains: 3, seed });
  const config = {
    ...portfolio,
    schedule: { kind: 'twap', maxParts: 8, spanSeconds: 8, recoverySeconds: 1 },
    pollMs: 150,
    nodeBudget: 3,
  };
  const configFile = join(folder, 'portfolio.json');
  writeFileSync(configFile, JSON.stringify(config));
  await world.startActors({ pollMs: 400 });
  return { world, configFile, snapshot: await world.snapshot(), hasCrashed: false };
}

/** The same once more; a node that was killed has no snapshot to go back to. */
async function nextStage() {
  const { hasCrashed, snapshot, world } = stage;
  if (hasCrashed) {
    await world.close();
    return newStage();
  }
  await world.revert(snapshot);
  const behind = Math.floor(Date.now() / 1000) - (await world.clockSeconds());
  if (behind > 0) await world.advance(behind);
  return stage;
}

/** One rebalancing, from its beginning through its deaths to its end, and the verdict on it. */
async function rebalanceWithDeaths(index) {
  const { world } = stage;
  const owner = world.accounts.owner;
  const outbox = { ...settings, path: join(folder, `${index}.db`), name: String(index), port, executorId: 'victim' };
  const openings = await readChains(world, owner.address);
  let deaths = 0;
  let last;
  for (let life = 0; ; life++) {
    if (life === LIVES_AT_MOST) {
      totals.lost.push(`rebalancing ${index} never came to its end: ${JSON.stringify(last)}`);
      break;
    }
    const kind = deaths < DEATHS_EACH && isGoingOn() ? rarest() : undefined;
    last = await live({ outbox, kind, index });
    for (const each of last.died) {
      deaths += 1;
      totals.kills += 1;
      killsOf[each] += 1;
    }
    progress();
    // Whatever it was to die of has not come before its end.
    if (!last.killed) break;
  }
  if (last.code !== 0) totals.lost.push(`rebalancing ${index} ended with an error: ${last.stderr.slice(-600)}`);
  else if (!last.stdout.includes('"state":"done"')) totals.lost.push(`rebalancing ${index} failed: ${last.stdout}`);
  const journal = await chosen.journal(outbox);
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

/** One process, and what is killed meanwhile: itself, what it talks to, or nothing. */
async function live({ outbox, kind, index }) {
  // Mostly at the first time, so that a trade goes through many deaths; later ones find more under way.
  const count = random.next() < 0.85 ? 1 : 2 + Math.floor(random.next() * 2);
  const args = ['--config', stage.configFile, '--engine', engineName, '--settings', JSON.stringify(outbox)];
  args.push('--run', `chaos-${basename(folder)}-${index}`, '--seed', String(seed * 1000 + index));
  if (Object.hasOwn(WINDOWS, kind ?? '')) args.push('--window', kind, '--count', String(count));
  const afterMs = Math.floor(random.next() * 4000);
  const downMs = Math.floor(random.next() * 1500);
  const againMs = Math.floor(random.next() * 3000);
  const { HOME = '', PATH = '' } = process.env;
  const child = spawn(process.execPath, [bundle.file, ...args], {
    env: { HOME, PATH, NO_COLOR: '1', EVENKEEL_PRIVATE_KEY: stage.world.accounts.owner.privateKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const alive = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      resolve();
    });
    child.once('close', resolve);
  });
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, killed: signal === 'SIGKILL' }));
  });
  const patience = setTimeout(() => child.kill('SIGTERM'), LONGEST_LIFE_MS);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const died = [];
  await alive;
  if (kind === NODE || kind === ENGINE) {
    await Promise.race([ended, delay(afterMs)]);
    if (!isOver()) {
      died.push(kind);
      await (kind === ENGINE ? crashEngine(downMs) : crashNode(downMs));
    }
  }
  // One that has lived through the death of what it talks to mostly dies in its turn; otherwise it goes on by itself.
  const isAsWell = died.length > 0 && random.next() < 0.85;
  if (kind === RANDOM || isAsWell) {
    await Promise.race([ended, delay(isAsWell ? againMs : afterMs)]);
    if (!isOver()) child.kill('SIGKILL');
  }
  const { code, killed } = await ended;
  clearTimeout(patience);
  if (killed) died.push(isAsWell ? RANDOM : kind);
  return { code, killed, died, stdout, stderr };
}

async function crashNode(downMs) {
  stage.hasCrashed = true;
  const { chains } = stage.world;
  await stage.world.crash(chains[Math.floor(random.next() * chains.length)].id, downMs);
}

async function crashEngine(downMs) {
  await server.kill();
  await delay(downMs);
  await server.restart();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}

function progress(end = '') {
  const sentence = `${totals.kills} of ${runs} kills, ${totals.rebalancings} rebalancings ended`;
  if (process.stderr.isTTY) process.stderr.write(`\r${sentence}`);
  else if (end !== '') process.stderr.write(`${sentence} after ${Math.round((Date.now() - startedMs) / 1000)} s${end}`);
}

function print() {
  const { kills, lost, rebalancings, slices, twice, unaccounted } = totals;
  const unaccountedAtoms = unaccounted.reduce((sum, { atoms }) => sum + (atoms < 0n ? -atoms : atoms), 0n);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (options.json) {
    const counts = { lost: lost.length, twice: twice.length, unaccountedAtoms: unaccountedAtoms.toString() };
    const problems = [...lost, ...twice];
    console.log(
      JSON.stringify({ engine: engineName, kills, rebalancings, slices, ...counts, killsOf, problems }, null, 2),
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
