import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { EvenkeelError } from '@evenkeel/intents';
import {
  JournalCorruptError,
  JournalForeignError,
  JournalFullError,
  JournalIoError,
  JournalLockedError,
  JournalVersionError,
} from '../execution/journal-errors.js';
import type { SqliteConnection, SqliteDriver } from './driver.js';
import { type FileLayout, JOURNAL_LAYOUT } from './tables.js';

/** SQLite's complaint as one of ours. */
export function journalError(path: string, cause: unknown): EvenkeelError {
  if (cause instanceof EvenkeelError) return cause;
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new JournalLockedError(path, { cause });
  if (code === 'SQLITE_NOTADB') return new JournalForeignError(path, { cause });
  if (code.startsWith('SQLITE_CORRUPT')) return new JournalCorruptError(path, message, { cause });
  if (code === 'SQLITE_FULL') return new JournalFullError(path, { cause });
  return new JournalIoError(path, message, { cause });
}

function codeOf(cause: unknown): string {
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : '';
  return typeof code === 'string' ? code : '';
}

/**
 * Opens or creates the file, alone: the lock is exclusive and is held until `close`, or until the process dies.
 *
 * A new journal is made beside its place and moved there when it is whole, so that a file that is there but empty can
 * only mean damage, never a start from nothing.
 */
export function openConnection(
  driver: SqliteDriver,
  path: string,
  layout: FileLayout = JOURNAL_LAYOUT,
): SqliteConnection {
  try {
    if (!existsSync(path)) create(driver, path, layout);
    else if (statSync(path).size === 0)
      throw new JournalCorruptError(path, 'the file is empty, which no journal ever is');
    const connection = lock(driver, path, layout);
    try {
      migrate(connection, path, layout);
      verify(connection, path);
      return connection;
    } catch (error) {
      closeConnection(connection);
      throw error;
    }
  } catch (error) {
    throw journalError(path, error);
  }
}

/** Gives the lock back at once: closing alone would wait for the last statement to be collected. */
export function closeConnection(connection: SqliteConnection): void {
  try {
    connection.all('PRAGMA journal_mode = DELETE', []);
    connection.all('PRAGMA locking_mode = NORMAL', []);
    connection.all('SELECT count(*) AS tables FROM sqlite_schema', []);
  } catch {
    // A file that cannot be read any more holds no lock worth returning.
  }
  connection.close();
}

function create(driver: SqliteDriver, path: string, layout: FileLayout): void {
  const draft = `${path}.new`;
  for (const leftover of [draft, `${draft}-wal`, `${draft}-journal`]) rmSync(leftover, { force: true });
  const connection = driver.open(draft);
  connection.all('PRAGMA synchronous = FULL', []);
  connection.exec(`PRAGMA application_id = ${layout.applicationId}`);
  migrate(connection, draft, layout);
  closeConnection(connection);
  renameSync(draft, path);
}

function lock(driver: SqliteDriver, path: string, { applicationId }: FileLayout): SqliteConnection {
  const connection = driver.open(path);
  try {
    connection.all('PRAGMA locking_mode = EXCLUSIVE', []);
    // Reading the header first tells a foreign file from a journal before anything is written to it.
    if (pragma(connection, 'application_id') !== applicationId) throw new JournalForeignError(path);
    connection.all('PRAGMA journal_mode = WAL', []);
    connection.all('PRAGMA synchronous = FULL', []);
    connection.all('PRAGMA foreign_keys = ON', []);
    // The lock is taken by the first write, and this is one.
    connection.exec('BEGIN EXCLUSIVE; COMMIT');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function migrate(connection: SqliteConnection, path: string, { migrations }: FileLayout): void {
  const found = pragma(connection, 'user_version');
  if (found > migrations.length) throw new JournalVersionError(path, found, migrations.length);
  for (let version = found; version < migrations.length; version++) {
    connection.exec(`BEGIN EXCLUSIVE; ${migrations[version]!} PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}

function verify(connection: SqliteConnection, path: string): void {
  const [row] = connection.all('PRAGMA quick_check(1)', []);
  const verdict: unknown = row === null || typeof row !== 'object' ? row : Object.values(row)[0];
  if (verdict !== 'ok') throw new JournalCorruptError(path, String(verdict).replaceAll(/\s+/g, ' '));
}

function pragma(connection: SqliteConnection, name: 'application_id' | 'user_version'): number {
  const [row] = connection.all(`PRAGMA ${name}`, []);
  return Number(row === null || typeof row !== 'object' ? NaN : Object.values(row)[0]);
}
