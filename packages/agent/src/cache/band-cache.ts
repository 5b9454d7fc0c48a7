import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { BandTable } from '@evenkeel/core';
import {
  BandTableInvalidError,
  type HedgingProblem,
  type LatticeResolution,
  parseBands,
  prepareBands,
  serialiseBands,
} from '@evenkeel/core/lattice';

/** Raised whenever the same problem would give another table. */
const GENERATION = 3;

/** Where tables are kept unless said otherwise: `$XDG_CACHE_HOME/evenkeel/bands`, or under `~/.cache`. */
export function bandCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'evenkeel', 'bands');
}

/**
 * The table of a problem: from the folder where it was prepared before, or prepared now and put there. The file's name is
 * the hash of all that the table depends on, so that nothing stale is ever read; one that is damaged is prepared again. A
 * folder that cannot be written costs the preparation, nothing else.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 */
export function cachedBands(
  problem: HedgingProblem,
  folder: string = bandCacheFolder(),
  resolution: LatticeResolution = {},
): BandTable {
  const file = join(folder, `${hashOf({ problem, resolution })}.json`);
  return readTable(file) ?? writeTable(folder, file, prepareBands(problem, resolution));
}

/** Key order does not matter, and an infinite range, which JSON has not, is spelled out. */
function hashOf(asked: { readonly problem: HedgingProblem; readonly resolution: LatticeResolution }): string {
  const canonical = (_key: string, value: unknown): unknown => {
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return createHash('sha256')
    .update(JSON.stringify([GENERATION, asked], canonical))
    .digest('hex');
}

function readTable(file: string): BandTable | undefined {
  try {
    return parseBands(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const isExpected = error instanceof BandTableInvalidError || error instanceof SyntaxError || isSystemError(error);
    if (isExpected) return undefined;
    throw error;
  }
}

function writeTable(folder: string, file: string, table: BandTable): BandTable {
  try {
    mkdirSync(folder, { recursive: true });
    // Whole or not at all, whoever else writes the same table.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(serialiseBands(table)));
    renameSync(draft, file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return table;
}

function isSystemError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
