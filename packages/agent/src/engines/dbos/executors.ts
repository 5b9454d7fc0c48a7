import type { PostgresConnection, PostgresPool } from '@evenkeel/core/journal-postgres';
import { EngineExecutorTakenError } from '../errors.js';

/** Which executors there are, and which of them are alive: one that is holds a lock that goes with its connection. */
export interface Executors {
  /** Runs `takeOver` for each executor that was found dead, by one of those who look. Resolves with their ids. */
  look(takeOver: (executorId: string) => Promise<void>): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * An executor is dead when its lock was free at so many looks in a row: after the database was away, everybody needs a moment
 * to take the own lock again.
 */
const LOOKS = 3;
const TRY_AGAIN_MS = 100;

/**
 * Enters this process as an executor.
 *
 * @throws {EngineExecutorTakenError} ENGINE_EXECUTOR_TAKEN while a process that is alive has the id
 */
export async function openExecutors(pool: PostgresPool, schema: string, executorId: string): Promise<Executors> {
  const lockOf = `hashtextextended('evenkeel-executor/' || current_database() || '/${schema}/' || $1, 0)`;
  let holder: PostgresConnection | undefined;

  const holdOn = async (): Promise<void> => {
    if (holder !== undefined) {
      try {
        await holder.query('SELECT 1');
        return;
      } catch {
        // The connection is gone, and the lock with it.
        holder.release(true);
        holder = undefined;
      }
    }
    const connection = await pool.connect();
    let isOurs = false;
    try {
      isOurs =
        (await connection.query(`SELECT pg_try_advisory_lock(${lockOf}) AS held`, [executorId])).rows[0]?.held === true;
      if (!isOurs) throw new EngineExecutorTakenError(executorId);
      await connection.query(`INSERT INTO "${schema}".executors (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, [
        executorId,
      ]);
      holder = connection;
    } catch (error) {
      connection.release(true);
      throw error;
    }
  };

  await oneAfterAnother(pool, schema, async (make) => {
    await make.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await make.query(`CREATE TABLE IF NOT EXISTS "${schema}".executors (id text PRIMARY KEY)`);
  });
  await holdOn();

  const absences = new Map<string, number>();
  /** One that nobody holds is held for as long as it is taken over, so that nobody else does the same. */
  const takeOverIfDead = async (id: string, takeOver: (executorId: string) => Promise<void>): Promise<boolean> => {
    const connection = await pool.connect();
    try {
      const { rows } = await connection.query(`SELECT pg_try_advisory_lock(${lockOf}) AS held`, [id]);
      if (rows[0]?.held !== true) {
        absences.delete(id);
        return false;
      }
      const times = (absences.get(id) ?? 0) + 1;
      absences.set(id, times);
      if (times < LOOKS) return false;
      absences.delete(id);
      await takeOver(id);
      await connection.query(`DELETE FROM "${schema}".executors WHERE id = $1`, [id]);
      return true;
    } finally {
      // With its connection goes the lock.
      connection.release(true);
    }
  };

  return Object.freeze({
    look: async (takeOver) => {
      await holdOn();
      const dead: string[] = [];
      const connection = await pool.connect();
      let others: readonly string[];
      try {
        const { rows } = await connection.query(`SELECT id FROM "${schema}".executors WHERE id <> $1`, [executorId]);
        others = rows.map(({ id }) => String(id));
      } finally {
        connection.release();
      }
      for (const id of others) if (await takeOverIfDead(id, takeOver)) dead.push(id);
      return dead;
    },
    close: async () => {
      holder?.release(true);
      holder = undefined;
      await Promise.resolve();
    },
  } satisfies Executors);
}

/** Tables are made by one process at a time: those that start together would meet half way. */
export async function oneAfterAnother(
  pool: PostgresPool,
  schema: string,
  body: (connection: PostgresConnection) => Promise<void>,
): Promise<void> {
  const connection = await pool.connect();
  try {
    // Tried again and again: one that waits inside of a statement would hold up an index that is made concurrently.
    const sql = `SELECT pg_try_advisory_lock(hashtextextended('evenkeel-tables/' || $1, 0)) AS held`;
    while ((await connection.query(sql, [schema])).rows[0]?.held !== true) {
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    await body(connection);
  } finally {
    // With its connection goes the lock.
    connection.release(true);
  }
}
