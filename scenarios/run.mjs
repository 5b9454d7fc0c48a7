#!/usr/bin/env node
// Plays the scenarios, each twice from one seed, and prints what held.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { readOptions } from '../scripts/options.mjs';
import { pageOf } from './harness/report.mjs';
import { play } from './harness/play.mjs';

const HELP = `Usage: npm run scenarios -- [--only N[,N…]] [--seed S] [--out FOLDER] [--json]

Plays what must be survived on local chains of real contracts, with the agent in it, and checks what must always hold. Writes
one page with plots each into FOLDER (default .cache/scenarios).`;

const here = fileURLToPath(new URL('.', import.meta.url));
const folders = readdirSync(here)
  .filter((name) => /^\d\d-/.test(name))
  .sort();
const numbers = folders.map((name) => String(Number(name.slice(0, 2))));
const options = readOptions(HELP, {
  only: { type: 'strings', of: numbers, default: numbers },
  seed: { type: 'whole', least: 0, default: 1 },
  out: { type: 'string', default: '.cache/scenarios' },
  json: { type: 'boolean' },
});
const { seed } = options;
const chosen = folders.filter((_, i) => options.only.includes(numbers[i]));

mkdirSync(options.out, { recursive: true });
const results = [];
for (const name of chosen) {
  const { default: scenario } = await import(`./${name}/scenario.mjs`);
  if (process.stderr.isTTY) process.stderr.write(`\r${name} …`);
  const startedAtMs = Date.now();
  const result = { number: scenario.number, scenario: name, passed: false, reason: '', seconds: 0 };
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
  result.seconds = Math.round((Date.now() - startedAtMs) / 1000);
  results.push(result);
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
  console.log(`Pages are in ${options.out}.`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
