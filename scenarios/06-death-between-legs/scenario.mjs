// An executor is killed when its first leg is mined; two others wake at once.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { START_SECONDS } from '../harness/stage.mjs';

/** One executor in a process of its own, to its end or its death. */
function execute(stage, options) {
  const program = fileURLToPath(new URL('executor.mjs', import.meta.url));
  const { HOME = '', PATH = '' } = env;
  const child = spawn(execPath, [program, JSON.stringify(options)], {
    env: { HOME, PATH, NO_COLOR: '1', EVENKEEL_PRIVATE_KEY: stage.owner.privateKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
      resolve({ signal, lines, last: lines.at(-1) });
    });
  });
}

export default {
  number: 6,
  title: 'Death between legs',
  story:
    'An executor gets SIGKILL when its first swap is mined and before that is written down. Two others wake at the same time on its journal: exactly one takes it over and finishes, the other says that the journal is in use.',
  url: import.meta.url,
  tMaxSeconds: 600,
  world: { chains: 2 },
  play: async ({ stage, record, expect }) => {
    const { actors, config, folder, seed, world } = stage;
    for (const chain of world.chains) await chain.rpc('evm_setAutomine', [true]);
    actors.acrossRelayer.resume();
    const configFile = join(folder, 'book.json');
    const adapters = ['uniswap-v2', 'uniswap-v3', 'across'];
    writeFileSync(
      configFile,
      JSON.stringify({ ...config, adapters, nodeBudget: 3, pollMs: 50, schedule: { kind: 'single' } }),
    );
    const journalFile = join(folder, 'journal.db');
    const options = { configFile, journalFile, startMs: START_SECONDS * 1000, seed };

    const dead = await execute(stage, { ...options, window: 'mined → settled', count: 2 });
    // What a process holds is let go of when it is gone: the two that wake find the journal free.
    const [one, other] = await Promise.all([execute(stage, options), execute(stage, options)]);
    expect('the first is killed', dead.signal === 'SIGKILL', dead.last);
    expect(
      'its first leg is mined',
      dead.lines.some(({ type }) => type === 'step-signed'),
      dead.lines,
    );
    const woken = [one, other];
    const takers = woken.filter(({ last }) => last?.type === 'ended' && last.resumed > 0);
    expect('exactly one takes it over', takers.length === 1, woken);
    // It finds the journal in use; or, where it was slower to wake, everything done.
    const isIdle = ({ last, lines }) =>
      last?.code === 'JOURNAL_LOCKED' || !lines.some(({ type }) => type === 'step-signed');
    const idle = woken.filter((each) => !takers.includes(each));
    expect('the other does nothing', idle.every(isIdle), idle);
    // Who of the two was first is chance; what was done is not.
    const told = [...dead.lines, ...(takers[0]?.lines ?? [])];
    for (const { delta, type, units } of told) {
      if (type === 'routed') record.looks.push({ t: 0, name: 'book', delta, units, target: 0 });
    }
    record.lines.push(
      ...told
        .filter(({ type }) => type === 'step-done')
        .map((line) => JSON.stringify(line))
        .sort(),
    );
    const journal = await sqliteJournal({ path: journalFile });
    stage.closing(() => journal.close());
    actors.acrossRelayer.pause();
    const agent = { config: () => ({ totalLimits: {} }), keepers: () => [] };
    return { agent, journal };
  },
};
