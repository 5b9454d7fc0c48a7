import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { memoryJournal } from '@evenkeel/core/execution';
import { sqliteJournal } from '@evenkeel/core/journal-sqlite';
import { reportToJson } from '@evenkeel/core/report';
import { systemRandom } from '../assemble/ambient.js';
import { assemble, rebalancerOf } from '../assemble/portfolio.js';
import { loadConfig } from '../config/load.js';
import type { PortfolioConfig } from '../config/complete.js';
import { reportText } from '../render/sections.js';
import { screen } from '../render/show.js';
import { parseDeltaChange } from './delta-change.js';
import { runRebalancing } from './run-rebalancing.js';
import { signerOf } from './signer.js';

export interface HedgeOptions {
  readonly config: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly deltaChange?: string;
  readonly keepMargin: boolean;
}

/** One rebalancing of a configured portfolio, on any chains. @returns the exit code */
export async function hedge(options: HedgeOptions, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now();
  const { dryRun, json, keepMargin } = options;
  const deltaChange = options.deltaChange === undefined ? undefined : parseDeltaChange(options.deltaChange);
  const config = loadConfig(options.config);
  const out = await screen(json);
  const journal = dryRun ? memoryJournal() : await sqliteJournal({ path: journalPath(config) });
  try {
    const assembled = assemble(config, {
      signer: signerOf(config),
      journal,
      random: systemRandom,
      env: process.env,
      tables: {},
    });
    return await runRebalancing(assembled, out, {
      json,
      dryRun,
      keepMargin,
      startedAtMs,
      signal,
      ...(deltaChange === undefined ? {} : { deltaChangeUnits: deltaChange }),
    });
  } finally {
    await journal.close();
  }
}

/** Brings what a crash left behind to its end. @returns the exit code: 1 while something is still open */
export async function resume(options: Pick<HedgeOptions, 'config' | 'json'>, signal: AbortSignal): Promise<number> {
  const config = loadConfig(options.config);
  const journal = await sqliteJournal({ path: journalPath(config) });
  try {
    const { instruments, portfolio, ports } = assemble(config, {
      signer: signerOf(config),
      journal,
      random: systemRandom,
      env: process.env,
    });
    const results = await rebalancerOf(portfolio, ports, instruments).resume(signal);
    const stopped = results.some(({ state }) => state === 'stopped');
    const reports = [...new Map(results.map(({ intentId, report }) => [intentId, report])).values()].filter(isThere);
    if (options.json) {
      const slices = results.map(({ intentId, slice, state, steps }) => ({ intentId, slice, state, steps }));
      const outcome = stopped ? 'stopped' : slices.length === 0 ? 'nothing-to-resume' : 'resumed';
      const document = { outcome, slices, reports: reports.map(reportToJson) };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else if (results.length === 0) {
      process.stdout.write('Nothing was left behind.\n');
    } else {
      for (const { intentId, slice, state } of results) {
        process.stdout.write(`Slice ${slice} of intent ${intentId}: ${state}.\n`);
      }
      for (const report of reports) process.stdout.write(`${reportText(report)}\n`);
    }
    return stopped ? 1 : 0;
  } finally {
    await journal.close();
  }
}

function isThere<T>(value: T | null): value is T {
  return value !== null;
}

function journalPath({ journal, name }: PortfolioConfig): string {
  const path = journal ?? join('.evenkeel', `${name.replaceAll(/[^\w.-]/g, '_')}.journal.db`);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
