import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { InvalidInputError } from '@evenkeel/intents';
import { table } from '../render/format.js';
import { screen } from '../render/show.js';
import { compareSchedules, type Comparison, type Estimate } from '../schedule-bench/compare.js';
import { comparisonHtml } from '../schedule-bench/html.js';
import type { BenchSetting } from '../schedule-bench/setting.js';

export interface ScheduleBenchOptions extends BenchSetting {
  readonly json: boolean;
  readonly html?: string;
}

const PATHS_BETWEEN_SIGNS = 50;

/** Every schedule against a single trade and a naive TWAP, on simulated paths. @returns the exit code */
export async function scheduleBench(options: ScheduleBenchOptions, signal: AbortSignal): Promise<number> {
  const { html, json, ...setting } = options;
  const out = await screen(json);
  out.busy('Planning');
  const comparison = await compareSchedules(setting, async (done) => {
    if (done % PATHS_BETWEEN_SIGNS > 0) return;
    out.busy(`${done} of ${setting.paths} paths`);
    await setImmediate();
    signal.throwIfAborted();
  });
  out.idle();
  if (html !== undefined) write(html, comparisonHtml(comparison));
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : `${comparisonText(comparison)}\n`);
  if (html !== undefined && !json) process.stdout.write(`Pictures: ${html}\n`);
  return 0;
}

function comparisonText({ resiliencePerSecond, results, setting }: Comparison): string {
  const rows = results.map(({ againstNaiveBps, costWithRiskBps, meanByKindBps, name, ...each }) => [
    name,
    String(each.slices.length),
    estimateText(each.shortfallBps),
    estimateText(each.standardDeviationBps),
    costWithRiskBps.toFixed(2),
    name === 'naive-twap' ? '–' : estimateText(againstNaiveBps),
    ...[meanByKindBps.impact, meanByKindBps.fees, meanByKindBps.timing, meanByKindBps.delay].map((bps) =>
      bps.toFixed(2),
    ),
  ]);
  const halfLife = Math.LN2 / resiliencePerSecond.measured;
  return [
    `Selling ${setting.units} units on ${setting.paths} paths; shortfall in bp of the decision's notional, ± for 95 %`,
    `Half-life of the pool's recovery: ${setting.halfLifeSeconds} s, measured ${halfLife.toFixed(0)} s`,
    table(
      ['schedule', 'slices', 'mean', 'sd', 'mean + risk', 'less naive', 'impact', 'fees', 'timing', 'delay'],
      rows,
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ),
  ].join('\n');
}

function estimateText({ high, low, mean }: Estimate): string {
  return `${mean.toFixed(2)} ± ${((high - low) / 2).toFixed(2)}`;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new InvalidInputError('--html', file, 'cannot be written', 'Name a file in a folder that exists.', { cause });
  }
}
