#!/usr/bin/env node
// Plays the scenarios, each twice from one seed, and prints what held.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { readOptions } from '../scripts/options.mjs';
import { pageOf } from './harness/report.mjs';
import { play } from './harness/play.mjs';

const HELP = `Usage: npm run scenarios -- [--only N[,N…]] [--seed S] [--jobs N] [--out FOLDER] [--json]

Plays what must be survived on local chains of real contracts, with the agent in it, and checks what must always hold. Writes
one page with plots each into FOLDER (default .cache/scenarios). N of them go on at once (default: a processor each, 2 to 4).`;

const here = fileURLToPath(new URL('.', import.meta.url));
const folders = readdirSync(here)
  .filter((name) => /^\d\d-/.test(name))
  .sort();
const numbers = folders.map((name) => String(Number(name.slice(0, 2))));
const options = readOptions(HELP, {
  only: { type: 'strings', of: numbers, default: numbers },
  seed: { type: 'whole', least: 0, default: 1 },
  out: { type: 'string', default: '.cache/scenarios' },
  jobs: { type: 'whole', least: 1, most: 64, default: Math.max(2, Math.min(4, availableParallelism())) },
  json: { type: 'boolean' },
});
const { seed } = options;
const chosen = folders.filter((_, i) => options.only.includes(numbers[i]));

mkdirSync(options.out, { recursive: true });
const startedAtMs = Date.now();
const results = chosen.length === 1 ? [await playOne(chosen[0])] : await playBeside(chosen);

async function playOne(name) {
  const { default: scenario } = await import(`./${name}/scenario.mjs`);
  const result = { scenario: name, passed: false, reason: '', seconds: 0 };
  const beganMs = Date.now();
  try {
    const played = await play(scenario, seed);
    const broken = played.findings.filter(({ problems }) => problems.length > 0);
    result.passed = broken.length === 0;
    result.reason = result.passed
      ? `${played.findings.length} statements hold${played.note === undefined ? '' : `; ${played.note}`}`
      : broken.map(({ name: statement, problems }) => `${statement}: ${problems[0]}`).join(' | ');
    writeFileSync(join(options.out, `${name}.html`), await pageOf({ ...played, scenario, seed }));
    writeFileSync(join(options.out, `${name}.jsonl`), `${played.record.lines.join('\n')}\n`);
  } catch (error) {
    result.reason = `${error.code ?? error.name}: ${error.message}`;
    if (!options.json) console.error(error);
  }
  result.seconds = Math.round((Date.now() - beganMs) / 1000);
  return result;
}

/** Several at once, each in a process of its own: its time is its own as well, and stands still while a node is asked. */
async function playBeside(names) {
  const done = new Map();
  const waiting = [...names];
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const beganMs = Date.now();
      const result = await inProcess(name);
      done.set(name, { ...result, seconds: Math.round((Date.now() - beganMs) / 1000) });
      if (process.stderr.isTTY) process.stderr.write(`\r${done.size} of ${names.length} played`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, names.length) }, lane));
  return names.map((name) => done.get(name));
}

function inProcess(name) {
  const args = ['--only', String(Number(name.slice(0, 2))), '--seed', String(seed), '--out', options.out, '--json'];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', options.json ? 'ignore' : 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      try {
        const [result] = JSON.parse(stdout);
        resolve(result);
      } catch {
        resolve({ scenario: name, passed: false, reason: `Its process ended with ${signal ?? code}.` });
      }
    });
  });
}

if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
if (options.json) {
  console.log(
    JSON.stringify(
      results.map(({ passed, reason, scenario }) => ({ scenario, passed, reason })),
      null,
      2,
    ),
  );
} else {
  const table = new Table({
    head: ['scenario', 'passed', 's', 'reason'],
    colWidths: [26, 8, 5, 100],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { passed, reason, scenario, seconds } of results)
    table.push([scenario, passed ? 'yes' : 'NO', seconds, reason]);
  console.log(table.toString());
  console.log(`${Math.round((Date.now() - startedAtMs) / 1000)} s in all. Pages are in ${options.out}.`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
