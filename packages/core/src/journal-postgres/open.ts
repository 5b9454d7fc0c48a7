import { EvenkeelError } from '@evenkeel/intents';
import {
  JournalCorruptError,
  JournalForeignError,
  JournalFullError,
  JournalIoError,
  JournalVersionError,
} from '../execution/journal-errors.js';
import type { PostgresConnection, PostgresPool } from './driver.js';
import { MIGRATIONS } from './tables.js';

/** PostgreSQL's complaint as one of ours. */
export function journalError(schema: string, cause: unknown): EvenkeelError {
  if (cause instanceof EvenkeelError) return cause;
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === '53100') return new JournalFullError(schema, { cause });
  if (code.startsWith('XX')) return new JournalCorruptError(schema, message, { cause });
  const hint = 'Check that the server runs and that this user may write to the schema.';
  return new JournalIoError(schema, message || code, { cause, hint, retryable: true });
}

/** Errors after which the same transaction may succeed: others were faster, or it met them half way. */
export function isCollision(cause: unknown): boolean {
  return ['23505', '40001', '40P01'].includes(codeOf(cause));
}

function codeOf(cause: unknown): string {
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : '';
  return typeof code === 'string' ? code : '';
}

/** One that no other program takes. */
const MIGRATION_LOCK = 0x454b4a4c;

/** Makes the schema, or brings it up to date; several processes may do that at once. */
export async function migrate(pool: PostgresPool, schema: string): Promise<void> {
  let connection: PostgresConnection | undefined;
  try {
    connection = await pool.connect();
    await connection.query('BEGIN');
    await connection.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await connection.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await connection.query(`SET LOCAL search_path TO "${schema}"`);
    await migrateWithin(connection, schema);
    await connection.query('COMMIT');
    connection.release();
  } catch (error) {
    connection?.release(true);
    throw journalError(schema, error);
  }
}

async function migrateWithin(connection: PostgresConnection, schema: string): Promise<void> {
  const { rows } = await connection.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [schema]);
  const tables = new Set(rows.map(({ tablename }) => tablename));
  if (tables.size > 0 && !tables.has('evenkeel_version')) {
    throw new JournalForeignError(`schema ${schema}`, { hint: 'Give the name of a schema that is not there yet.' });
  }
  await connection.query('CREATE TABLE IF NOT EXISTS evenkeel_version (version integer NOT NULL)');
  const found = (await connection.query('SELECT version FROM evenkeel_version')).rows[0]?.version;
  const version = typeof found === 'number' ? found : 0;
  if (version > MIGRATIONS.length) throw new JournalVersionError(schema, version, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  for (const migration of MIGRATIONS.slice(version)) await connection.query(migration);
  await connection.query('DELETE FROM evenkeel_version');
  await connection.query('INSERT INTO evenkeel_version (version) VALUES ($1)', [MIGRATIONS.length]);
}
