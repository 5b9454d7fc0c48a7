#!/usr/bin/env node
// Lets an agent work for a long time on nodes that fail and lie, in a market that moves, and watches its memory; then asks
// the chains whether anything was lost, done twice, or is not accounted for.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@evenkeel/agent';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { startFaultyNode } from '@evenkeel/devnet';
import { readOptions } from '../../scripts/options.mjs';
import { judge, readChains } from '../chaos/judge.mjs';
import { openWorldWithBook } from '../harness/opening.mjs';

const HELP = `Usage: npm run soak -- [--minutes M] [--seed S] [--json]

An agent keeps a book on two local chains of real contracts for so long (default 30 minutes), by a quorum of two of three
endpoints, one of which delays, drops, repeats, reorders, refuses and lies. The price moves every five seconds. Its heap after
garbage collection is read every ten seconds and has to be flat: in the last third no more than 5 % and 2 MB above the second.`;

const { json, minutes, seed } = readOptions(HELP, {
  minutes: { type: 'number', least: 0.5, most: 10_000, default: 30 },
  seed: { type: 'whole', least: 0, default: 1 },
  json: { type: 'boolean' },
});

const FAULTS = {
  ...{ delay: 0.05, drop: 0.02, repeat: 0.02, reorder: 0.02, truncate: 0.02, 'rate-limit': 0.02 },
  ...{ 'wrong-chain': 0.01, 'old-block': 0.02, 'zero-balance': 0.02 },
};
const SAMPLE_SECONDS = 10;
const PRICE_SECONDS = 5;
/** Of one step of the price; it is drawn back to where it began, so that pools stay within their liquidity. */
const STEP = 0.015;
const BACK = 0.05;
const START_PRICE = 3000;
const GROWTH_SHARE = 0.05;
const GROWTH_BYTES = 2 * 2 ** 20;

const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-soak-'));
const { portfolio, world } = await openWorldWithBook({ chains: 2, seed });
const proxies = [];
const samples = [];
const faults = {};
let verdict;
let exitCode;
try {
  const actors = await world.startActors({ pollMs: 500, only: ['acrossRelayer', 'arbitrageur'] });
  const owner = world.accounts.owner;
  const openings = await readChains(world, owner.address);
  const file = join(folder, 'agent.json');
  writeFileSync(file, JSON.stringify(await agentFile()));
  const child = fork(fileURLToPath(new URL('agent.mjs', import.meta.url)), ['--file', file, '--folder', folder], {
    execArgv: ['--expose-gc'],
    env: { HOME: process.env.HOME, PATH: process.env.PATH, EVENKEEL_PRIVATE_KEY: owner.privateKey },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (sample) => samples.push({ seconds: secondsGone(), ...sample }));
  const ended = once(child, 'exit');
  const startedMs = Date.now();
  const secondsGone = () => Math.round((Date.now() - startedMs) / 1000);
  let price = START_PRICE;
  for (let i = 1; Date.now() - startedMs < minutes * 60_000 && child.exitCode === null; i++) {
    price *= Math.exp(STEP * (2 * random.next() - 1) - BACK * Math.log(price / START_PRICE));
    actors.arbitrageur.setPrice(price);
    await Promise.race([delay(PRICE_SECONDS * 1000), ended]);
    if (i % (SAMPLE_SECONDS / PRICE_SECONDS) === 0 && child.connected) child.send('sample');
    if (process.stderr.isTTY) process.stderr.write(`\r${secondsGone()} s, ${samples.at(-1)?.rounds ?? 0} rounds`);
  }
  if (child.connected) child.send('stop');
  [exitCode] = await ended;
  const journal = await sqliteJournal({ path: join(folder, 'journal.db') });
  try {
    verdict = await judge(journal, openings, owner.address);
  } finally {
    await journal.close();
  }
  for (const proxy of proxies) {
    for (const [name, count] of Object.entries(proxy.counts())) faults[name] = (faults[name] ?? 0) + count;
  }
} finally {
  for (const proxy of proxies) await proxy.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
}
print();

/** The book's chains behind three endpoints each. */
async function agentFile() {
  const { chains, name: _name, owner: account, positions, ...defaults } = portfolio;
  const behind = [];
  for (const [index, chain] of chains.entries()) {
    const urls = [];
    for (const shares of [FAULTS, {}, {}]) {
      const proxy = await startFaultyNode({
        rpcUrl: chain.rpcUrl,
        seed: seed * 10 + index,
        faults: shares,
        delayMs: 500,
      });
      proxies.push(proxy);
      urls.push(proxy.rpcUrl);
    }
    behind.push({ ...chain, rpcUrl: urls, quorum: 2 });
  }
  return {
    agent: { mode: 'live', watch: { kind: 'interval', everySeconds: 2 } },
    http: 'off',
    totalLimits: { notionalPerDayUsd: 1_000_000_000 },
    chains: behind,
    defaults: {
      ...defaults,
      pollMs: 300,
      nodeBudget: 3,
      schedule: { kind: 'single' },
      adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
    },
    portfolios: [{ name: 'book', owner: account, positions, policy: { ...defaults.policy, monitoringSeconds: 2 } }],
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function print() {
  const third = Math.floor(samples.length / 3);
  const heaps = samples.map(({ heapBytes }) => heapBytes);
  const [second, last] = [heaps.slice(third, 2 * third), heaps.slice(-third)].map(median);
  const isFlat = third > 0 && last - second <= Math.max(GROWTH_SHARE * second, GROWTH_BYTES);
  const { rounds = 0, trades = 0, undecided = 0 } = samples.at(-1) ?? {};
  const megabytes = (bytes) => Math.round(bytes / 2 ** 20 / 0.1) / 10;
  const atoms = verdict.unaccounted.reduce((sum, each) => sum + (each.atoms < 0n ? -each.atoms : each.atoms), 0n);
  const { lost, slices, twice } = verdict;
  const passed = isFlat && lost.length + twice.length === 0 && atoms === 0n && exitCode === 0 && trades > 0;
  const figures = {
    passed,
    minutes,
    rounds,
    trades,
    undecided,
    slices,
    ...{ lost: lost.length, twice: twice.length, unaccountedAtoms: atoms.toString() },
    heapMegabytes: { first: megabytes(heaps[0]), secondThird: megabytes(second), lastThird: megabytes(last) },
    rssMegabytes: megabytes(samples.at(-1)?.rssBytes),
    isFlat,
    faults,
    problems: [...lost, ...twice],
  };
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (json) console.log(JSON.stringify({ ...figures, samples }, null, 2));
  else {
    const { heapMegabytes: heap, problems, rssMegabytes } = figures;
    console.log(`${rounds} rounds, ${trades} trades in ${minutes} minutes, ${undecided} times undecided`);
    console.log(
      `heap ${heap.secondThird} MB in the second third, ${heap.lastThird} MB in the last: ${isFlat ? 'flat' : 'GROWS'}`,
    );
    console.log(`resident ${rssMegabytes} MB at the end`);
    console.log(
      `${faults.requests} requests; ${Object.entries(faults)
        .filter(([name]) => name !== 'requests')
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
    );
    console.log(`${lost.length} lost, ${twice.length} twice, ${atoms} atoms not accounted for`);
    for (const each of problems) console.log(`  ${each}`);
  }
  process.exitCode = passed ? 0 : 1;
}
