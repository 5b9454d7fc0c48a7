import { JournalDriverMissingError } from '../execution/journal-errors.js';

/** What may be bound to a statement. */
export type SqlValue = string | number | null;

/** One connection, synchronous. Errors carry SQLite's own code (`SQLITE_BUSY`) as `code`. */
export interface SqliteConnection {
  exec(sql: string): void;
  run(sql: string, parameters: readonly SqlValue[]): { readonly changes: number };
  all(sql: string, parameters: readonly SqlValue[]): readonly unknown[];
  close(): void;
}

/** Any synchronous SQLite: libsql, better-sqlite3, node:sqlite. */
export interface SqliteDriver {
  open(path: string): SqliteConnection;
}

/** The part of the better-sqlite3 interface that is used; libsql offers the same. */
interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(parameters: readonly SqlValue[]): { changes: number };
    all(parameters: readonly SqlValue[]): unknown[];
  };
  close(): unknown;
}

/**
 * A driver over a constructor with the interface of better-sqlite3.
 *
 * @example
 * ```ts
 * import Database from 'better-sqlite3'
 * const journal = await sqliteJournal({ path: 'journal.db', driver: driverOf(Database) })
 * ```
 */
export function driverOf(Constructor: new (path: string) => Database): SqliteDriver {
  return Object.freeze({
    open: (path: string) => {
      const database = new Constructor(path);
      return Object.freeze<SqliteConnection>({
        exec: (sql) => void database.exec(sql),
        run: (sql, parameters) => ({ changes: database.prepare(sql).run(parameters).changes }),
        all: (sql, parameters) => database.prepare(sql).all(parameters),
        close: () => void database.close(),
      });
    },
  });
}

/** libsql 0.5, an optional peer: loaded when first wanted. @throws JOURNAL_DRIVER_MISSING */
export async function libsqlDriver(): Promise<SqliteDriver> {
  let libsql: { readonly default: unknown };
  try {
    libsql = await import('libsql');
  } catch (cause) {
    throw new JournalDriverMissingError('libsql@0.5.29', { cause });
  }
  return driverOf(libsql.default as new (path: string) => Database);
}
