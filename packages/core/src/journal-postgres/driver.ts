import type Pg from 'pg';
import { JournalDriverMissingError } from '../execution/journal-errors.js';

export type PostgresValue = string | number | boolean | null;
export type PostgresRow = Readonly<Record<string, unknown>>;

/** One connection. Errors carry PostgreSQL's own code (`23505`) as `code`. */
export interface PostgresConnection {
  query(sql: string, values?: PostgresValue[]): Promise<{ readonly rows: PostgresRow[] }>;
  /** Gives it back; one that is broken is thrown away. */
  release(broken?: boolean): void;
}

/** The part of a pool of `pg` that is used. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
  end(): Promise<void>;
}

/** A pool of `pg`, an optional peer: loaded when first wanted. @throws JOURNAL_DRIVER_MISSING */
export async function pgPool(connectionString: string): Promise<PostgresPool> {
  let pg: { readonly default: typeof Pg };
  try {
    pg = await import('pg');
  } catch (cause) {
    throw new JournalDriverMissingError('pg@8.23.1', { cause });
  }
  const pool = new pg.default.Pool({ connectionString, max: 16, application_name: 'evenkeel' });
  // A connection that breaks while nothing is asked of it is replaced; whoever asks something hears of it then.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** All or nothing, with the schema's tables in reach; a connection that breaks on the way goes with its transaction. */
export async function inTransaction<T>(
  pool: PostgresPool,
  schema: string,
  body: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  const connection = await pool.connect();
  let isBroken = true;
  try {
    await connection.query(`BEGIN; SET LOCAL search_path TO "${schema}"`);
    try {
      const result = await body(connection);
      await connection.query('COMMIT');
      isBroken = false;
      return result;
    } catch (error) {
      await connection.query('ROLLBACK');
      isBroken = false;
      throw error;
    }
  } finally {
    connection.release(isBroken);
  }
}
