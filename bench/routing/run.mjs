#!/usr/bin/env node
// Our router beside Sushi's, Pancake's, Balancer's and Uniswap's, over seeded markets; one exact judge executes all
// routes. `node bench/routing/run.mjs --help` says how.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions } from '../../scripts/options.mjs';
import { casesOf, problemOf } from './cases.mjs';
import { DRAW_BPS, measureOurs, measurePeer, oursWithin } from './measure.mjs';
import * as balancer from './peers/balancer.mjs';
import * as pancake from './peers/pancake.mjs';
import * as tines from './peers/tines.mjs';
import * as uniswap from './peers/uniswap.mjs';
import { chartOf } from './chart.mjs';
import { exponentOf, median, summarise, tableOf, worst } from './table.mjs';
import { SHAPES } from './universes.mjs';

const PEERS = { tines, pancake, balancer, uniswap };
const folder = import.meta.dirname;
const output = join(folder, '.cache');

const HELP = `Usage: node bench/routing/run.mjs [options]
  --install            fetch the peers into this folder (about 900 MB, no install scripts), then go on
  --pools 60,500       pool counts; default 60,200,500,1000,2000,5000,10000
  --shapes hub,…       some of ${SHAPES.join(', ')}; default all
  --chains N           1 to 3; above 1 with bridges and inventories, the peers by the best simple strategy with each
  --peers tines,…      some of ${Object.keys(PEERS).join(', ')}, or none; default all that are installed
  --seed N             first seed; default 1
  --seeds N            how many seeds for up to 200 pools; default 1
  --budget SECONDS     the longest that one call of a peer may be expected to take; default 5
  --limit SECONDS      what all calls of one peer may take together; then it is asked no more; default 900
  --warm MS            what repeating one case may take; default 60
  --json               one JSON document on standard output
The plot and all rows go to bench/routing/.cache/.`;

const options = readOptions(HELP, {
  install: { type: 'boolean' },
  pools: { type: 'strings', like: /^[1-9]\d{0,5}$/, default: ['60', '200', '500', '1000', '2000', '5000', '10000'] },
  shapes: { type: 'strings', of: SHAPES, default: SHAPES },
  chains: { type: 'whole', least: 1, most: 3, default: 1 },
  peers: { type: 'strings', of: [...Object.keys(PEERS), 'none'] },
  seed: { type: 'whole', least: 0, default: 1 },
  seeds: { type: 'whole', least: 1, default: 1 },
  limit: { type: 'number', above: 0, default: 900 },
  budget: { type: 'number', above: 0, default: 5 },
  warm: { type: 'number', least: 0, default: 60 },
  json: { type: 'boolean' },
});

const say = (text) => process.stderr.write(text);
const packageOf = ({ label }) => label.slice(0, label.lastIndexOf(' '));
const isInstalled = (peer) => existsSync(join(folder, 'node_modules', packageOf(peer)));

if (options.install) {
  say('Fetching the peers …\n');
  const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}

const names = options.peers === undefined ? Object.keys(PEERS) : options.peers.filter((name) => name !== 'none');
const missing = names.filter((name) => !isInstalled(PEERS[name]));
if (missing.length > 0) {
  say(`Not installed, left out: ${missing.map((name) => PEERS[name].label).join(', ')}.\n`);
  say('Install them with `node bench/routing/run.mjs --install`.\n');
}
// Warnings of theirs that nobody here can act on.
const { log, warn } = console;
if (names.length > 0) console.warn = () => undefined;
const peers = names
  .filter((name) => !missing.includes(name))
  .map((name) => ({ peer: PEERS[name], loaded: PEERS[name].load(), slowest: undefined, spentMs: 0 }));

const budgetMs = Number(options.budget) * 1000;
const limitMs = Number(options.limit) * 1000;
const warmMs = Number(options.warm);
const counts = options.pools.map(Number).sort((a, b) => a - b);
const cases = counts.flatMap((pools) =>
  casesOf({
    pools,
    seed: Number(options.seed),
    seeds: Number(options.seeds),
    shapes: options.shapes,
    chains: Number(options.chains),
  }),
);
const results = [];

// Everybody's code is compiled before anything counts.
const first = problemOf({ ...cases[0], seed: 999_983 });
for (let i = 0; i < 3; i++) {
  const { bound } = await measureOurs(first, 50);
  for (const { loaded, peer } of peers) await measurePeer(peer, loaded, first, bound, 50);
}

for (const [position, chosen] of cases.entries()) {
  if (process.stderr.isTTY) say(`\r\u001b[K${position + 1} of ${cases.length}: ${chosen.pools} pools, ${chosen.shape}`);
  const problem = problemOf(chosen);
  const own = await measureOurs(problem, warmMs, chosen.shape !== 'wild');
  const rows = [own];
  for (const entry of peers) {
    const refusal = tooMuchFor(entry, chosen.pools);
    const asked = performance.now();
    const row =
      refusal === undefined
        ? await measurePeer(entry.peer, entry.loaded, problem, own.bound, warmMs)
        : { name: entry.peer.name, skipped: refusal };
    entry.spentMs += performance.now() - asked;
    if (row.coldMs !== undefined && row.coldMs > (entry.slowest?.ms ?? 0))
      entry.slowest = { ms: row.coldMs, pools: chosen.pools };
    rows.push({ ...row, ...duel(problem, own, row) });
  }
  results.push({ chosen, rows });
}
if (process.stderr.isTTY) say('\r\u001b[K');
console.warn = warn;
console.log = log;

/** A peer is asked for no more pools than it is made for, nor than its slowest call so far lets one expect. */
function tooMuchFor({ peer, slowest, spentMs }, pools) {
  if (spentMs > limitMs) return `did not end within the ${options.limit} s of one peer`;
  if (peer.mostPools !== undefined && pools > peer.mostPools) return `made for up to ${peer.mostPools} pools here`;
  if (slowest === undefined || pools <= slowest.pools) return undefined;
  const expected = slowest.ms * (pools / slowest.pools);
  return expected > budgetMs ? `beyond ${options.budget} s a call` : undefined;
}

/** Who is better, from our side, and again with no more hops than the peer used. */
function duel(problem, own, row) {
  if (row.skipped !== undefined) return {};
  if (!row.served) return { duel: own.served ? 'win' : 'draw' };
  const result = compared(own.net ?? -Infinity, row);
  const limited = row.hops < (own.hops ?? 0) ? compared(oursWithin(problem, row.hops).net, row) : undefined;
  return {
    duel: result.outcome,
    behindBps: result.behindBps,
    ...(limited === undefined ? {} : { equalHops: limited.outcome, behindAtEqualHopsBps: limited.behindBps }),
  };
}

/** What runs in a circle earns from stale pools what ours refuses to: it is counted apart. */
function compared(mine, { isCircular, net: theirs }) {
  const behindBps = ((theirs - mine) / Math.abs(theirs)) * 1e4;
  const loss = isCircular ? 'circle' : 'loss';
  return { behindBps, outcome: behindBps > DRAW_BPS ? loss : behindBps < -DRAW_BPS ? 'win' : 'draw' };
}

const summary = summarise(results);
const own = results.map(({ chosen, rows: [row] }) => ({ chosen, ...row }));
const inexact = own.filter(({ exact }) => !exact);
const beaten = results.flatMap(({ chosen, rows }) =>
  rows
    .filter(({ duel: outcome, equalHops }) => outcome === 'loss' || equalHops === 'loss')
    .map(({ behindAtEqualHopsBps, behindBps, duel: outcome, hops, name }) => ({
      ...chosen,
      by: name,
      ...(outcome === 'loss' ? { behindBps } : { behindBps: behindAtEqualHopsBps, maxHops: hops }),
    })),
);
const inCircles = results.flatMap(({ rows }) =>
  rows.filter(({ duel: outcome, equalHops }) => outcome === 'circle' || equalHops === 'circle'),
).length;
const gaps = SHAPES.flatMap((shape) => {
  const values = own.filter(({ chosen }) => chosen.shape === shape).map(({ gapBps }) => gapBps);
  return values.length === 0 ? [] : [{ shape, medianBps: median(values), worstBps: worst(values) }];
});
const timesOf = (name, gas) =>
  summary
    .filter((row) => row.name === name && row.gas === gas && row.warmMs !== undefined)
    .map(({ pools, warmMs: ms }) => [pools, ms]);
const exponents = Object.fromEntries(
  ['evenkeel', ...peers.map(({ peer }) => peer.name)].map((name) => [
    name,
    { withoutGas: exponentOf(timesOf(name, false)), withGas: exponentOf(timesOf(name, true)) },
  ]),
);
const skipped = [
  ...new Set(
    results.flatMap(({ chosen, rows }) =>
      rows.flatMap(({ name, skipped: why }) =>
        why === undefined ? [] : [`${name}: ${chosen.pools} pools, ${chosen.curves}: ${why}`],
      ),
    ),
  ),
];

mkdirSync(output, { recursive: true });
writeFileSync(
  join(output, 'routing.json'),
  JSON.stringify({ summary, exponents, beaten, inCircles, gaps, skipped, results }, null, 1),
);
writeFileSync(join(output, 'routing.svg'), chartOf(summary, exponents));

if (options.json) {
  console.log(
    JSON.stringify(
      { cases: cases.length, summary, exponents, beaten, inCircles, gaps, inexact: inexact.length, skipped },
      null,
      2,
    ),
  );
} else {
  console.log(tableOf(summary));
  console.log(`\n${cases.length} cases. Loss is against the bound that our certificate proves, in basis points of it;`);
  console.log('markets of the shape "wild" count in the duels only: what their bound leaves open is printed below.');
  console.log(
    `The judge paid what our route said, to the atom of every hop, in ${own.length - inexact.length} of ${own.length}.`,
  );
  for (const [name, { withGas, withoutGas }] of Object.entries(exponents)) {
    const of = (value) => (value === undefined ? '–' : value.toFixed(2));
    console.log(
      `Time grows with pools to the power of: ${name} ${of(withoutGas)} without gas, ${of(withGas)} with gas.`,
    );
  }
  console.log(beaten.length === 0 ? 'No peer was better in any case.' : `A peer was better in ${beaten.length} cases:`);
  for (const { behindBps, by, curves, gwei, maxHops, pools, seed, shape, usd } of beaten.slice(0, 20)) {
    const how = maxHops === undefined ? '' : `, within its ${maxHops} hops`;
    console.log(
      `  ${by}: ${pools} pools, ${shape}, ${curves}, ${usd} USD, ${gwei} gwei, seed ${seed}: by ${behindBps.toFixed(4)} bp${how}`,
    );
  }
  if (inCircles > 0) {
    console.log(
      `In ${inCircles} a peer got more by running in a circle through pools that contradict each other. Ours takes no such`,
    );
    console.log(
      'route: only stale prices pay for it, and who reads them first has taken it. At equal rules these cases have no rival.',
    );
  }
  for (const { medianBps, shape, worstBps } of gaps) {
    console.log(
      `Gap left by our certificate, ${shape}: ${medianBps.toFixed(5)} bp median, ${worstBps.toFixed(3)} worst.`,
    );
  }
  for (const line of skipped) console.log(`Not asked: ${line}.`);
  console.log(`Plot: ${join(output, 'routing.svg')}`);
}
process.exit(0);
