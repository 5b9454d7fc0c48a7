#!/usr/bin/env node
// Our router against exhaustive enumeration on small random problems: is its route the best there is, and does its
// certificate never promise less than that? `node bench/routing/oracle.mjs --help` says how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions } from '../../scripts/options.mjs';
import { DEAREST, exhaustive } from './oracle/enumerate.mjs';
import { CLASSES, GAS, GAS_PER_TICK, instance } from './oracle/instances.mjs';
import { solveOnce } from './ours.mjs';
import { median, percentile } from './table.mjs';

/** Shortfalls below this are a draw, in basis points of what all offers together would pay without fixed costs. */
const AGREES_BPS = 0.01;

/** What cannot be sold for more than about a millionth of its price is left, and is no shortfall. */
const UNSOLD_WORTH = 4e-6;
const HELP = `Usage: node bench/routing/oracle.mjs [options]      (build first: npm run build)
  --cases N      problems to try; default 1000
  --seed N       default 1
  --case N       only the Nth problem of the seed, printed with both answers
  --also S:N,... problems of other seeds beside these
  --json         one JSON document on standard output
Problems in which the router is worse than the best, or its bound below it, go to bench/routing/.cache/oracle/ as files
that \`evenkeel route --problem\` reads.`;

const options = readOptions(HELP, {
  cases: { type: 'whole', least: 1, default: 1000 },
  seed: { type: 'whole', least: 0, default: 1 },
  case: { type: 'whole', least: 0 },
  also: { type: 'strings', like: /^\d+:\d+$/, default: [] },
  json: { type: 'boolean' },
});

const seed = Number(options.seed);
const own = options.case === undefined ? [...Array(Number(options.cases)).keys()] : [Number(options.case)];
const others = options.also;
const problems = [...own.map((number) => [seed, number]), ...others.map((text) => text.split(':').map(Number))];
const folder = join(import.meta.dirname, '.cache', 'oracle');
const rows = [];
for (const [i, [drawnFrom, number]] of problems.entries()) {
  if (process.stderr.isTTY && i % 20 === 0) process.stderr.write(`\r\u001b[K${i} of ${problems.length}`);
  const row = compare(drawnFrom, number);
  if (row !== undefined) rows.push(row);
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');

/** Undefined where no route is worth what it costs. */
function compare(drawnFrom, number) {
  const drawn = instance(drawnFrom, number);
  const best = exhaustive(drawn);
  if (!(drawn.exactOut ? -best.any < DEAREST * drawn.amount : best.any > 0)) return undefined;
  const started = performance.now();
  const answer = solveOnce(drawn.problem);
  const ms = performance.now() - started;
  const { balances, net } = outcomeOf(answer, drawn);
  // All of an input is to be sold where it can be: a router that does so is held against routes that do.
  const rival = !drawn.exactOut && answer.remainder === '0' ? best.whole : best.any;
  const toBps = 1e4 / best.gross;
  const gap = answer.optimalityGapBps / 1e4;
  const bound = net >= 0 ? net / (1 - gap) : net / (1 + gap);
  return {
    number: `${drawnFrom}-${number}`,
    name: drawn.name,
    shortfallBps: rival === -Infinity ? 0 : (rival - net) * toBps,
    aboveBps: (net - best.any) * toBps,
    agreesBps: AGREES_BPS + (roundings(answer, drawn) * drawn.atomWorth + unsold(answer, drawn) * UNSOLD_WORTH) * toBps,
    // How far the bound is above the best there is; below zero it would be no bound.
    slackBps: (bound - best.any) * toBps,
    isBroken: answer.hops.length > drawn.maxHops || [...balances.values()].some((atoms) => atoms < 0n),
    tried: best.tried,
    ms,
    drawn,
    best,
    answer,
  };
}

/** A hop rounds once; exact-out, a pool rounds what it takes and its fee up at each tick that it crosses. */
function roundings({ gas, hops }, { exactOut }) {
  return hops.length + (exactOut ? 2 * ((Number(gas) - hops.length * GAS) / GAS_PER_TICK) : 0);
}

function unsold({ remainder }, { amount, exactOut, problem: { demand } }) {
  return exactOut ? 0 : amount * (Number(remainder) / Number(demand.amountIn));
}

/**
 * What is held of each token when the hops are done, starting from the inventories or from the input; and what the route
 * is worth in units of the side that is not exact, −∞ where an exact output is not delivered in full.
 */
function outcomeOf(answer, { exactOut, problem: { demand, inventories, tokens } }) {
  const unitsOf = new Map(tokens.map(({ address, decimals }) => [address, 10 ** decimals]));
  const given = new Set((demand.tokensIn ?? [{ address: demand.tokenIn }]).map(({ address }) => address));
  const wanted = new Set((demand.tokensOut ?? [{ address: demand.tokenOut }]).map(({ address }) => address));
  const balances = new Map((inventories ?? []).map(({ address, amount }) => [address, BigInt(amount)]));
  let [spent, received] = [0, 0];
  for (const { amountIn, amountOut, tokenIn, tokenOut } of answer.hops) {
    if (!given.has(tokenIn) || inventories !== undefined) {
      balances.set(tokenIn, (balances.get(tokenIn) ?? 0n) - BigInt(amountIn));
    }
    balances.set(tokenOut, (balances.get(tokenOut) ?? 0n) + BigInt(amountOut));
    if (given.has(tokenIn)) spent += Number(amountIn) / unitsOf.get(tokenIn);
    if (given.has(tokenOut)) spent -= Number(amountOut) / unitsOf.get(tokenOut);
    if (wanted.has(tokenOut)) received += Number(amountOut) / unitsOf.get(tokenOut);
    if (wanted.has(tokenIn)) received -= Number(amountIn) / unitsOf.get(tokenIn);
  }
  const { gas, message, 'time-at-risk': waiting } = answer.costsByKind;
  const costs = Number(gas) + Number(message) + Number(waiting);
  if (exactOut) return { balances, net: answer.remainder === '0' ? -spent - costs : -Infinity };
  return { balances, net: received - costs };
}

const worse = rows.filter(({ agreesBps, isBroken, shortfallBps }) => shortfallBps > agreesBps || isBroken);
// Of what remains unsold a bound counts a millionth of its price.
const unproved = rows.filter(
  ({ answer, slackBps }) => slackBps > -Infinity && slackBps < -AGREES_BPS - (answer.remainder === '0' ? 0 : 0.1),
);
// Should the router find what the enumeration has not, the enumeration is wrong.
const above = rows.filter(({ aboveBps }) => aboveBps > AGREES_BPS);
const reasonOf = (row) =>
  worse.includes(row)
    ? `worse by ${row.shortfallBps.toFixed(4)} bp`
    : unproved.includes(row)
      ? `its bound is below the best by ${(-row.slackBps).toFixed(4)} bp`
      : `better than the enumeration by ${row.aboveBps.toFixed(4)} bp`;
const files = [...new Set([...worse, ...unproved, ...above])].map((row) => {
  const { drawn, name, number } = row;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${number}.json`);
  writeFileSync(file, JSON.stringify(drawn.problem, null, 1));
  return { file, name, reason: reasonOf(row) };
});
const classes = CLASSES.map((name) => {
  const ofKind = rows.filter((row) => row.name === name);
  const slack = ofKind.map(({ slackBps }) => slackBps).filter(Number.isFinite);
  return {
    name,
    cases: ofKind.length,
    exactOut: ofKind.filter(({ drawn }) => drawn.exactOut).length,
    worse: ofKind.filter((row) => worse.includes(row)).length,
    worstShortfallBps: Math.max(0, ...ofKind.map(({ shortfallBps }) => shortfallBps)),
    medianSlackBps: median(slack),
    p95SlackBps: percentile(slack, 0.95),
    worstSlackBps: Math.max(...slack),
    medianMs: median(ofKind.map(({ ms }) => ms)),
  };
});
const totals = {
  seed,
  drawn: problems.length,
  cases: rows.length,
  choices: rows.reduce((sum, { tried }) => sum + tried, 0),
  agree: rows.length - worse.length,
  worstShortfallBps: Math.max(0, ...rows.map(({ shortfallBps }) => shortfallBps)),
  boundsBroken: unproved.length,
  oracleBeaten: above.length,
  classes,
  counterexamples: files,
};

if (options.case !== undefined) {
  for (const { answer, best, drawn, shortfallBps, slackBps } of rows) {
    console.log(JSON.stringify({ problem: drawn.problem, best, answer, shortfallBps, slackBps }, null, 1));
  }
  if (rows.length === 0) console.log('No route is worth what it costs.');
} else if (options.json) console.log(JSON.stringify(totals, null, 2));
else {
  console.table(
    classes.map(
      ({
        cases,
        exactOut,
        medianMs,
        medianSlackBps,
        name,
        p95SlackBps,
        worse: count,
        worstShortfallBps,
        worstSlackBps,
      }) => ({
        'kind of problem': name,
        cases,
        'exact-out': exactOut,
        worse: count,
        'worst shortfall bp': worstShortfallBps.toFixed(4),
        'bound above the best bp, median': medianSlackBps?.toFixed(4),
        '95 of 100': p95SlackBps?.toFixed(3),
        worst: worstSlackBps.toFixed(2),
        'ms median': medianMs?.toFixed(2),
      }),
    ),
  );
  console.log(
    `${totals.cases} of ${totals.drawn} problems had a route worth its cost; ${totals.choices} choices of offers were weighed.`,
  );
  console.log(
    `The router is as good as the best of them in ${totals.agree}; the worst shortfall is ${totals.worstShortfallBps.toFixed(4)} bp.`,
  );
  console.log(
    `Its bound was below the best in ${totals.boundsBroken}; it found what the enumeration had not in ${totals.oracleBeaten}.`,
  );
  for (const { file, name, reason } of files) console.log(`  ${file}: ${name}, ${reason}`);
}
process.exitCode = files.length === 0 ? 0 : 1;
