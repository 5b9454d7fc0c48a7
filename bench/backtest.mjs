// How long one policy takes over a whole history of candles, as a command, start and reading included, on one thread:
//   EVENKEEL_DATA=FOLDER node bench/backtest.mjs (after `npm run build`); prints JSON
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 5;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const data = process.env.EVENKEEL_DATA === undefined ? undefined : join(process.env.EVENKEEL_DATA, 'ETHUSDT-1h.csv');

if (data === undefined || !existsSync(data)) {
  console.log('No candles: set EVENKEEL_DATA to the folder that holds ETHUSDT-1h.csv.');
} else {
  const config = join(root, 'examples/backtest/rolling-call.yaml');
  const cli = join(root, 'packages/agent/dist/cli.js');
  const args = [cli, 'backtest', '--config', config, '--data', data, '--threads', '1', '--json'];
  const runs = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (status !== 0) throw new Error(`The command ended with ${status}.`);
    return { seconds: Number(process.hrtime.bigint() - start) / 1e9, decisions: JSON.parse(stdout).decisions };
  });
  const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
  console.log(
    JSON.stringify({ decisions: runs[0].decisions, bestSeconds: seconds[0], medianSeconds: seconds[RUNS >> 1] }),
  );
}
