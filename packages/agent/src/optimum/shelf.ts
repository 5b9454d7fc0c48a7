import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BandTable } from '@evenkeel/core';
import { BandTableInvalidError, type BandTableJson, parseBands } from '@evenkeel/core/lattice';
import type { TableRequest } from './table-request.js';

type Shelved = Pick<TableRequest, 'family' | 'key'>;

/** Prepared tables in memory and on disk. Reading never prepares anything. */
export interface Shelf {
  /** Every table at hand that may serve the request, and whether the one that was asked for is among them. */
  look(request: Shelved): { readonly tables: readonly BandTable[]; readonly isExact: boolean };
  put(request: Shelved, table: BandTable): void;
}

/** Of one book: neighbours of a market that has moved on. Older ones are of no use. */
const MOST_OF_A_FAMILY = 8;
const MOST_FAMILIES = 64;

/**
 * A shelf over a folder: one sub-folder a family, one file a table. What is damaged counts as absent; a folder that cannot
 * be read or written costs the memory over restarts, nothing else.
 */
export function shelf(folder: string): Shelf {
  const known = new Map<string, Map<string, BandTable>>();
  const familyOf = (family: string): Map<string, BandTable> => {
    const tables = known.get(family) ?? new Map<string, BandTable>();
    known.set(family, tables);
    return tables;
  };
  /** Other processes put tables there as well: what is new in the folder is read. */
  const refresh = (family: string): Map<string, BandTable> => {
    const tables = familyOf(family);
    for (const name of newestFirst(join(folder, family)).slice(0, MOST_OF_A_FAMILY)) {
      const key = name.replace(/\.json$/, '');
      if (!name.endsWith('.json') || tables.has(key)) continue;
      const table = readTable(join(folder, family, name));
      if (table !== undefined) tables.set(key, table);
    }
    return tables;
  };
  return Object.freeze({
    look: ({ family, key }) => {
      const tables = refresh(family);
      return { tables: [...tables.values()], isExact: tables.has(key) };
    },
    put: ({ family, key }, table) => void familyOf(family).set(key, table),
  } satisfies Shelf);
}

/** Puts a table into the folder, whole or not at all, and takes away what is too old to be of use. */
export function storeTable(folder: string, { family, key }: Shelved, table: BandTableJson): void {
  const own = join(folder, family);
  try {
    mkdirSync(own, { recursive: true });
    const draft = join(own, `${key}.${process.pid}.draft`);
    writeFileSync(draft, JSON.stringify(table));
    renameSync(draft, join(own, `${key}.json`));
    for (const old of newestFirst(own).slice(MOST_OF_A_FAMILY)) rmSync(join(own, old), { force: true });
    for (const old of newestFirst(folder).slice(MOST_FAMILIES)) rmSync(join(folder, old), { recursive: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

function newestFirst(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
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

function isSystemError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
