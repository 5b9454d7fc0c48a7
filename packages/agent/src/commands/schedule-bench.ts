import { writeFileSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { World } from '@evenkeel/devnet';
import { InvalidInputError } from '@evenkeel/intents';
import { scheduleBenchText, worldBenchText } from '../render/schedule-bench-text.js';
import { type Screen, screen } from '../render/show.js';
import { checkSchedules } from '../schedule-bench/contestants.js';
import { compareSchedules, type Comparison } from '../schedule-bench/compare.js';
import { comparisonHtml, type Pictured } from '../schedule-bench/html.js';
import { type BenchSetting, DEFAULT_SETTING } from '../schedule-bench/setting.js';
import { compareOnWorld, type WorldComparison } from '../schedule-bench/world/compare.js';
import { checkWorldSetting, DEFAULT_WORLD_SETTING, type WorldSetting } from '../schedule-bench/world/setting.js';
import { STAGE_WORLD } from '../schedule-bench/world/stage.js';
import { showProgress, startLocalWorld } from './local-world.js';

export interface ScheduleBenchOptions {
  readonly json: boolean;
  readonly html?: string;
  /** In real pools, on a local chain. */
  readonly world: boolean;
  /** Names of schedules; default: all. */
  readonly schedules?: readonly string[];
  /** What was asked for; the rest is as the kind of comparison has it by default. */
  readonly asked: Partial<BenchSetting & WorldSetting>;
}

const PATHS_BETWEEN_SIGNS = 50;

/**
 * Every schedule against a single trade and a naive TWAP: on simulated paths, or in the real pools of a local chain.
 *
 * @returns the exit code: 1 where the chain has something else than the report says
 * @throws {InvalidInputError} for a setting that makes no sense, or that the other kind of comparison has
 */
export async function scheduleBench(options: ScheduleBenchOptions, signal: AbortSignal): Promise<number> {
  const { html, json } = options;
  const out = await screen(json);
  const { comparison, isExact, place, text } = await (options.world ? inWorld : simulated)(options, out, signal);
  if (html !== undefined) write(html, comparisonHtml(comparison, place));
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : `${text}\n`);
  if (html !== undefined && !json) process.stdout.write(`Pictures: ${html}\n`);
  return isExact ? 0 : 1;
}

interface Compared {
  readonly comparison: Pictured & (Comparison | WorldComparison);
  readonly place: string;
  readonly text: string;
  /** Whether the books hold; there are none of a simulation. */
  readonly isExact: boolean;
}

/** More than decimals lose by rounding. */
const LEAST_DIFFERENCE_USD = 1e-6;

async function simulated(
  { asked, schedules }: ScheduleBenchOptions,
  out: Screen,
  signal: AbortSignal,
): Promise<Compared> {
  refuseOthers(asked, DEFAULT_SETTING, 'belongs to --world', 'Add --world, or leave it out.');
  const setting = { ...DEFAULT_SETTING, ...asked };
  out.busy('Planning');
  const comparison = await compareSchedules(setting, schedules, async (done) => {
    if (done % PATHS_BETWEEN_SIGNS > 0) return;
    out.busy(`${done} of ${setting.paths} paths`);
    await setImmediate();
    signal.throwIfAborted();
  });
  out.idle();
  return {
    comparison,
    isExact: true,
    place: 'a simulated pool that an arbitrageur refills',
    text: scheduleBenchText(comparison),
  };
}

async function inWorld(
  { asked, schedules }: ScheduleBenchOptions,
  out: Screen,
  signal: AbortSignal,
): Promise<Compared> {
  const hint = 'The world has its own pools, prices and gas: leave it out, or leave --world out.';
  refuseOthers(asked, DEFAULT_WORLD_SETTING, 'belongs to the simulation', hint);
  const setting = checkWorldSetting({ ...DEFAULT_WORLD_SETTING, ...asked });
  checkSchedules(schedules);
  setMaxListeners(0, signal);
  let world: World | undefined;
  try {
    out.slow('Starting a local chain with real contracts …');
    world = await startLocalWorld({ ...STAGE_WORLD, signal, onProgress: (event) => showProgress(event, out) });
    out.slow('Measuring how fast its pools are refilled …');
    const comparison = await compareOnWorld(world, setting, { schedules, signal }, (done, all) => {
      if (done === 1 || done % Math.ceil(all / 10) === 0) out.slow(`${done} of ${all} sales …`);
      else out.busy(`${done} of ${all} sales …`);
    });
    out.idle();
    const { largestDifferenceUsd, unexplainedAtoms } = comparison.books;
    return {
      comparison,
      isExact: unexplainedAtoms === '0' && largestDifferenceUsd < LEAST_DIFFERENCE_USD,
      place: 'the real pools of a local chain that an arbitrageur refills',
      text: worldBenchText(comparison),
    };
  } finally {
    out.idle();
    await world?.close();
  }
}

function refuseOthers(asked: Readonly<Record<string, unknown>>, known: object, problem: string, hint: string): void {
  const other = Object.keys(asked).find((key) => !(key in known));
  if (other === undefined) return;
  const option = `--${other.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new InvalidInputError(option, asked[other], problem, hint);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new InvalidInputError('--html', file, 'cannot be written', 'Name a file in a folder that exists.', { cause });
  }
}
