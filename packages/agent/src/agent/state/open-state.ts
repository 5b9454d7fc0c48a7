import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { libsqlDriver, type SqliteConnection, type SqliteDriver } from '@evenkeel/core/journal-sqlite';
import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import { AgentStateInvalidError, AgentStateIoError } from './errors.js';

/** "EKag" in ASCII: tells the agent's file from any other SQLite file. */
const APPLICATION_ID = 0x454b6167;

/** One entry a version of the schema; never changed once it was released. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE audit (
     seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
     previous TEXT NOT NULL, hash TEXT NOT NULL
   ) STRICT;
   CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
   CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
   CREATE TABLE audit_head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
   CREATE TABLE use (
     id INTEGER PRIMARY KEY, portfolio TEXT NOT NULL, at_ms INTEGER NOT NULL, settled INTEGER NOT NULL,
     notional REAL NOT NULL, gas REAL NOT NULL, loss REAL NOT NULL, slippage REAL NOT NULL
   ) STRICT;
   CREATE INDEX use_by_time ON use (at_ms);
   CREATE TABLE stop (
     scope TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (scope, kind)
   ) STRICT;
   CREATE TABLE alert (
     id INTEGER PRIMARY KEY, key TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX alert_by_key ON alert (key, at_ms);
   CREATE TABLE delivery (
     alert INTEGER NOT NULL REFERENCES alert (id), webhook TEXT NOT NULL, attempts INTEGER NOT NULL,
     next_ms INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (alert, webhook)
   ) STRICT;
   CREATE TABLE paper (
     chain INTEGER NOT NULL, owner TEXT NOT NULL, token TEXT NOT NULL, atoms TEXT NOT NULL,
     PRIMARY KEY (chain, owner, token)
   ) STRICT;
   CREATE TABLE outside (portfolio TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT;`,
  // What tells this file's entries from those of others in a database that several agents share.
  `CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT;
   INSERT INTO identity (id, name) VALUES (1, lower(hex(randomblob(16))));
   ALTER TABLE stop ADD COLUMN told INTEGER NOT NULL DEFAULT 0;`,
  `CREATE TABLE venue (
     portfolio TEXT NOT NULL, watch TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (portfolio, watch)
   ) STRICT;`,
];

/** The agent's own file, beside the journal: audit log, use of limits, stops, alerts. Synchronous. */
export interface AgentState extends Pick<SqliteConnection, 'run' | 'all'> {
  readonly path: string;
  /** Of this file, and no other. */
  identity(): string;
  /** All or nothing, on disk when it returns. */
  transaction<T>(body: () => T): T;
  close(): void;
}

/**
 * Opens or makes the file. Others may read it at the same time; that one agent alone writes is the journal's lock to
 * ensure, which stands in the same folder.
 *
 * @throws {AgentStateInvalidError} AGENT_STATE_INVALID
 * @throws {AgentStateIoError} AGENT_STATE_IO
 */
export async function openAgentState(path: string): Promise<AgentState> {
  const driver = await libsqlDriver();
  return guarded(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) create(driver, path);
    else if (statSync(path).size === 0) throw new AgentStateInvalidError(path, 'is empty, which it never is');
    const connection = driver.open(path);
    try {
      if (pragma(connection, 'application_id') !== APPLICATION_ID) {
        throw new AgentStateInvalidError(path, 'is something else');
      }
      connection.all('PRAGMA journal_mode = WAL', []);
      connection.all('PRAGMA synchronous = FULL', []);
      connection.all('PRAGMA busy_timeout = 5000', []);
      migrate(connection, path);
      return state(connection, path);
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

/**
 * Beside its place, and moved there when it is whole: a file that is there but empty can only mean damage, and limits and stops
 * may not start from nothing by it.
 */
function create(driver: SqliteDriver, path: string): void {
  const draft = `${path}.new`;
  for (const leftover of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`]) rmSync(leftover, { force: true });
  const connection = driver.open(draft);
  try {
    connection.all('PRAGMA synchronous = FULL', []);
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    migrate(connection, path);
  } finally {
    connection.close();
  }
  renameSync(draft, path);
}

/** Opens the file to look at it only. @throws as {@link openAgentState}, and when it is not there */
export async function readAgentState(path: string): Promise<AgentState> {
  if (!existsSync(path)) throw new AgentStateInvalidError(path, 'is not there');
  const driver = await libsqlDriver();
  return guarded(path, () => {
    const connection = driver.open(path);
    try {
      if (pragma(connection, 'application_id') !== APPLICATION_ID) {
        throw new AgentStateInvalidError(path, 'is something else');
      }
      connection.all('PRAGMA query_only = ON', []);
      connection.all('PRAGMA busy_timeout = 5000', []);
      return state(connection, path);
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

function state(connection: SqliteConnection, path: string): AgentState {
  let depth = 0;
  const transaction = <T>(body: () => T): T => {
    if (depth > 0) return body();
    connection.exec('BEGIN IMMEDIATE');
    depth += 1;
    try {
      const result = body();
      connection.exec('COMMIT');
      return result;
    } catch (error) {
      rollBack(connection);
      throw error;
    } finally {
      depth -= 1;
    }
  };
  return Object.freeze({
    path,
    identity: () =>
      guarded(path, () => {
        const [row] = connection.all('SELECT name FROM identity', []);
        return v.parse(v.object({ name: v.string() }), row).name;
      }),
    run: (sql, parameters) => guarded(path, () => connection.run(sql, parameters)),
    all: (sql, parameters) => guarded(path, () => connection.all(sql, parameters)),
    transaction: <T>(body: () => T) => guarded(path, () => transaction(body)),
    close: () => connection.close(),
  } satisfies AgentState);
}

/** A full disk ends the transaction by itself; why it has ended is what counts. */
function rollBack(connection: SqliteConnection): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // None is open any more.
  }
}

function migrate(connection: SqliteConnection, path: string): void {
  const found = pragma(connection, 'user_version');
  if (found > MIGRATIONS.length) throw new AgentStateInvalidError(path, 'was written by a newer release');
  for (let version = found; version < MIGRATIONS.length; version++) {
    connection.exec(`BEGIN EXCLUSIVE; ${MIGRATIONS[version]!} PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}

function pragma(connection: SqliteConnection, name: 'application_id' | 'user_version'): number {
  const [row] = connection.all(`PRAGMA ${name}`, []);
  return Number(row === null || typeof row !== 'object' ? NaN : Object.values(row)[0]);
}

function guarded<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof EvenkeelError) throw error;
    const code = String((error as { code?: unknown } | null)?.code);
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) throw new AgentStateInvalidError(path, 'is damaged', { cause: error });
    throw new AgentStateIoError(path, error);
  }
}
