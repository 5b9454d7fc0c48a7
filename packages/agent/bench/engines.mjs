// How much each engine carries: concurrent TWAPs as the workflow of an intent, with turns that touch no chain, so that what
// is measured is the engine. Steps a second, and the memory of this process and of the engine's server.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dbosEngine, restateEngine, systemClock } from '@evenkeel/agent';
import { sqliteWorkflowStore } from '@evenkeel/core/journal-sqlite';
import { embeddedEngine, intentWorkflow, memoryWorkflowStore } from '@evenkeel/core/workflow';
import { findPostgres, startPostgres, startRestate } from '@evenkeel/devnet';
import { readOptions } from '../../../scripts/options.mjs';

const NAMES = ['memory', 'sqlite', 'restate', 'dbos'];
const HELP = `Usage: npm run bench -- engines [--engines ${NAMES.join(',')}] [--runs N] [--slices N] [--json]

So many concurrent TWAPs (1,000) of so many slices (20), as runs of the workflow of an intent on each engine.`;
const options = readOptions(HELP, {
  engines: { type: 'strings', of: NAMES, default: NAMES },
  runs: { type: 'whole', least: 1, default: 1000 },
  slices: { type: 'whole', least: 1, default: 20 },
  json: { type: 'boolean' },
});
const { runs, slices } = options;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));

/** Slices that are due at once: the engine is never idle. */
const done = new Map();
const turns = {
  next: async ({ portfolio }) => {
    const count = (done.get(portfolio) ?? 0) + 1;
    done.set(portfolio, count);
    const untilSeconds = Math.floor(Date.now() / 1000);
    return count < slices
      ? { state: 'waiting', untilSeconds }
      : { state: 'ended', outcome: 'hedged', sentence: 'Done.' };
  },
  cancel: async () => ({ state: 'ended', outcome: 'cancelled', sentence: 'Cancelled.' }),
};
const workflows = [intentWorkflow(turns)];

const engines = {
  memory: async () => ({
    engine: await embeddedEngine({ store: memoryWorkflowStore(), workflows, clock: systemClock }),
  }),
  sqlite: async () => {
    const store = await sqliteWorkflowStore({ path: join(folder, 'workflows.db') });
    return { engine: await embeddedEngine({ store, workflows, clock: systemClock }) };
  },
  restate: async () => {
    const server = await startRestate();
    const { adminUrl, ingressUrl } = server;
    const listen = { port: await freePort() };
    return { server, engine: await restateEngine({ workflows, adminUrl, ingressUrl, listen }) };
  },
  dbos: async () => {
    if (findPostgres() === undefined) return undefined;
    const server = await startPostgres();
    return { server, engine: await dbosEngine({ workflows, databaseUrl: server.url, executorId: 'bench' }) };
  },
};

const say = (text) => options.json || console.log(text);
const rows = [];
say(`${runs} concurrent TWAPs of ${slices} slices`);
say('engine       steps   seconds   steps/s   MB here   MB server');
for (const name of options.engines) {
  done.clear();
  const opened = await engines[name]();
  if (opened === undefined) {
    console.error(`${name.padEnd(10)} not measured: its server is not installed on this machine`);
    continue;
  }
  const { engine, server } = opened;
  const startedMs = performance.now();
  let mostHere = 0;
  let mostServer = 0;
  const look = () => {
    mostHere = Math.max(mostHere, process.memoryUsage().rss / 1e6);
    if (server !== undefined) mostServer = Math.max(mostServer, descendantsMegabytes());
  };
  const watch = setInterval(look, 2_000);
  const ids = Array.from({ length: runs }, (_, i) => `${name}-${i}`);
  await inBatches(ids, 100, (id) => engine.start('intent', id, { portfolio: id }));
  const ends = await Promise.all(ids.map((id) => engine.result(id)));
  const seconds = (performance.now() - startedMs) / 1000;
  look();
  clearInterval(watch);
  const steps = [...done.values()].reduce((sum, count) => sum + count, 0);
  const failed = ends.filter(({ state }) => state !== 'done').length;
  const stepsPerSecond = steps / seconds;
  const serverMegabytes = server === undefined ? null : mostServer;
  rows.push({
    engine: name,
    runs,
    slices,
    steps,
    seconds,
    stepsPerSecond,
    megabytes: mostHere,
    serverMegabytes,
    failed,
  });
  say(
    [
      name.padEnd(8),
      String(steps).padStart(9),
      seconds.toFixed(1).padStart(9),
      stepsPerSecond.toFixed(0).padStart(9),
      mostHere.toFixed(0).padStart(9),
      (serverMegabytes?.toFixed(0) ?? '–').padStart(11),
      failed === 0 ? '' : `  ${failed} failed`,
    ].join(' '),
  );
  await engine.close();
  await server?.stop();
}
rmSync(folder, { recursive: true, force: true });
if (options.json) console.log(JSON.stringify(rows, null, 2));
process.exit(rows.every(({ failed }) => failed === 0) ? 0 : 1);

async function inBatches(items, size, work) {
  for (let i = 0; i < items.length; i += size) await Promise.all(items.slice(i, i + size).map(work));
}

/** What all processes below this one hold; pages that several share are counted once for each. */
function descendantsMegabytes() {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = new Set([process.pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const [pid, parent] of rows) if (below.has(parent)) below.add(pid);
  }
  return (
    rows.reduce((sum, [pid, , kilobytes]) => (pid !== process.pid && below.has(pid) ? sum + kilobytes : sum), 0) / 1e3
  );
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
