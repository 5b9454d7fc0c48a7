import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import type { World, WorldOptions } from '@evenkeel/devnet';
import { EvenkeelError } from '@evenkeel/intents';
import { Wallet } from 'ethers';
import { seededRandom } from '../assemble/ambient.js';
import { assemble } from '../assemble/portfolio.js';
import { parseConfig } from '../config/load.js';
import { openPortfolio } from '../demo/open-portfolio.js';
import { readPricePath } from '../demo/options/price-path.js';
import { screen } from '../render/show.js';
import { parseDeltaChange } from './delta-change.js';
import { demoOptions } from './demo-options.js';
import { showProgress, startLocalWorld } from './local-world.js';
import { runRebalancing } from './run-rebalancing.js';

export interface DemoOptions {
  /** Which book is hedged: short calls and liquidity with spot, or options with whatever is cheapest to hold. */
  readonly book: 'calls' | 'options';
  /** Of the options book, between two looks. */
  readonly stepHours: number;
  /** Of the options book: a file with the way of the price. Default: drawn by the seed. */
  readonly path?: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly seed: number;
  readonly deltaChange?: string;
  readonly schedule: 'auto' | 'single' | 'twap' | 'vwap' | 'almgren-chriss' | 'obizhaeva-wang' | 'optimal';
}

/** The options book is one whole run, to which some options of the command mean nothing. Code `BOOK_OPTION`. */
class BookOptionError extends EvenkeelError {
  constructor() {
    super('BOOK_OPTION', 'The options book takes no --delta-change and no --schedule.', {
      field: 'book',
      value: 'options',
      hint: 'Leave them out, or leave --book options out.',
    });
  }
}

/** Only the options book follows a path. Code `BOOK_OPTION`. */
class PathOptionError extends EvenkeelError {
  constructor() {
    super('BOOK_OPTION', 'Only the options book follows a path of prices.', {
      field: 'path',
      hint: 'Add --book options, or leave --path out.',
    });
  }
}

const DERIVATIVE_PARTS: NonNullable<WorldOptions['parts']> = ['perp-v2', 'lyra', 'aave-v3'];

/**
 * Brings up three local chains with real protocol contracts, opens a portfolio on them, and does the main job.
 *
 * @returns the exit code
 */
export async function demo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now();
  const { dryRun, json, schedule, seed } = options;
  if (options.book === 'options' && (options.deltaChange !== undefined || schedule !== 'auto')) {
    throw new BookOptionError();
  }
  if (options.book !== 'options' && options.path !== undefined) throw new PathOptionError();
  const deltaChange = options.deltaChange === undefined ? undefined : parseDeltaChange(options.deltaChange);
  const way = options.path === undefined ? {} : { path: readPricePath(options.path) };
  const out = await screen(json);
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  let world: World | undefined;
  try {
    out.slow('Starting three local chains with real contracts …');
    const parts = options.book === 'options' ? DERIVATIVE_PARTS : [];
    world = await startLocalWorld({ seed, signal, parts, onProgress: (event) => showProgress(event, out) });
    out.print(
      `Three local chains with real contracts: ${world.chains.map(({ id, rpcUrl }) => `${id} at ${rpcUrl}`).join(', ')}`,
    );
    if (options.book === 'options') {
      const stepSeconds = options.stepHours * 3_600;
      const journal = await sqliteJournal({ path: join(folder, 'journal.db') });
      try {
        const request = { json, seed, startedAtMs, stepSeconds, dryRun, journal, ...way };
        return await demoOptions(world, request, out, signal);
      } finally {
        await journal.close();
      }
    }
    out.busy('Opening a portfolio …');
    const config = parseConfig({
      ...(await openPortfolio(world)),
      schedule: { kind: schedule, spanSeconds: 12, recoverySeconds: 2 },
      pollMs: 50,
    });
    await world.startActors({ arbitrageur: true });
    const journal = await sqliteJournal({ path: join(folder, 'journal.db') });
    try {
      const signer = new Wallet(world.accounts.owner.privateKey);
      const assembled = assemble(config, { signer, journal, random: seededRandom(seed), env: process.env, tables: {} });
      return await runRebalancing(assembled, out, {
        json,
        dryRun,
        startedAtMs,
        signal,
        ...(deltaChange === undefined ? {} : { deltaChangeUnits: deltaChange }),
      });
    } finally {
      await journal.close();
    }
  } finally {
    out.idle();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
