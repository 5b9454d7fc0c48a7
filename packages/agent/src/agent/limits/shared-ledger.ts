import { inTransaction, pgPool, type PostgresConnection, type PostgresPool } from '@evenkeel/core/journal-postgres';
import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import { SharedLimitsUnreachableError } from './errors.js';
import type { Amounts, Use } from './limits.js';
import type { Stop } from './stops.js';

/** What the other agents on an engine have used and have under way, and what anybody has stopped. */
export interface Others {
  readonly uses: readonly Use[];
  /** Portfolios with a trade under way. */
  readonly underWay: readonly string[];
  readonly stops: readonly Stop[];
}

/** The entries of all agents, for as long as nobody else can change them. Own entries have the numbers of the own file. */
export interface LedgerEntries {
  others(sinceMs: number): Promise<Others>;
  /** Writes an own use, or what has become of it. */
  put(id: number, use: Use, underWay: boolean): Promise<void>;
  /** Nothing was signed. */
  remove(id: number): Promise<void>;
  /** A portfolio's turn is here now: what others had set aside for it stays used, and is under way no more. */
  takeOver(portfolio: string): Promise<void>;
  putStop(stop: Stop): Promise<void>;
  removeStop(kind: Stop['kind'], scope: string): Promise<void>;
}

/** The use of limits and the stops of all agents on one engine, in its database. */
export interface SharedLedger {
  /** All or nothing, and one after another over all agents. @throws SHARED_LIMITS_UNREACHABLE, and what the body throws */
  alone<T>(body: (entries: LedgerEntries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const TABLES = `
CREATE TABLE IF NOT EXISTS limit_use (
  writer text NOT NULL, id bigint NOT NULL, portfolio text NOT NULL, at_ms bigint NOT NULL, under_way boolean NOT NULL,
  notional double precision NOT NULL, gas double precision NOT NULL, loss double precision NOT NULL,
  slippage double precision NOT NULL, PRIMARY KEY (writer, id)
);
CREATE INDEX IF NOT EXISTS limit_use_by_time ON limit_use (at_ms);
CREATE TABLE IF NOT EXISTS limit_stop (
  scope text NOT NULL, kind text NOT NULL, at_ms bigint NOT NULL, reason text NOT NULL, PRIMARY KEY (scope, kind)
);`;

const count = v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.safeInteger());
const useRow = v.object({
  portfolio: v.string(),
  at_ms: count,
  notional: v.number(),
  gas: v.number(),
  loss: v.number(),
  slippage: v.number(),
});
const underWayRow = v.object({ portfolio: v.string() });
const stopRow = v.object({
  scope: v.string(),
  kind: v.picklist(['killed', 'paused']),
  at_ms: count,
  reason: v.string(),
});

/**
 * Opens the ledger in a schema of its own, and makes it where there is none.
 *
 * @param writer tells the entries of this agent's file from those of all others, for ever
 * @throws SHARED_LIMITS_UNREACHABLE, JOURNAL_DRIVER_MISSING
 */
export async function sharedLedger(connectionString: string, schema: string, writer: string): Promise<SharedLedger> {
  const pool = await pgPool(connectionString);
  const alone = <T>(body: (connection: PostgresConnection) => Promise<T>): Promise<T> => inTurn(pool, schema, body);
  try {
    await alone(async (connection) => {
      await connection.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
      await connection.query(TABLES);
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
  return Object.freeze({
    alone: (body) => alone((connection) => body(entriesOf(connection, writer))),
    close: () => pool.end(),
  } satisfies SharedLedger);
}

async function inTurn<T>(
  pool: PostgresPool,
  schema: string,
  body: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(pool, schema, async (connection) => {
      await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schema]);
      return body(connection);
    });
  } catch (error) {
    throw error instanceof EvenkeelError ? error : new SharedLimitsUnreachableError(error);
  }
}

function entriesOf(connection: PostgresConnection, writer: string): LedgerEntries {
  const rows = async (sql: string, values: (string | number | boolean)[]) => (await connection.query(sql, values)).rows;
  return {
    others: async (sinceMs) => {
      await rows('DELETE FROM limit_use WHERE at_ms <= $1 AND NOT under_way', [sinceMs]);
      const uses = await rows('SELECT * FROM limit_use WHERE writer <> $1 AND at_ms > $2', [writer, sinceMs]);
      const underWay = await rows('SELECT DISTINCT portfolio FROM limit_use WHERE writer <> $1 AND under_way', [
        writer,
      ]);
      const stops = await rows('SELECT * FROM limit_stop', []);
      return {
        uses: v.parse(v.array(useRow), uses).map(useOf),
        underWay: v.parse(v.array(underWayRow), underWay).map(({ portfolio }) => portfolio),
        stops: v
          .parse(v.array(stopRow), stops)
          .map(({ at_ms: atMs, kind, reason, scope }) => Object.freeze({ kind, scope, atMs, reason })),
      };
    },
    put: async (id, { atMs, gasUsd, lossUsd, notionalUsd, portfolio, slippageUsd }, underWay) => {
      await rows(
        `INSERT INTO limit_use (writer, id, portfolio, at_ms, under_way, notional, gas, loss, slippage)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (writer, id) DO UPDATE SET under_way = excluded.under_way, notional = excluded.notional,
           gas = excluded.gas, loss = excluded.loss, slippage = excluded.slippage`,
        [writer, id, portfolio, atMs, underWay, notionalUsd, gasUsd, lossUsd, slippageUsd],
      );
    },
    remove: async (id) => {
      await rows('DELETE FROM limit_use WHERE writer = $1 AND id = $2', [writer, id]);
    },
    takeOver: async (portfolio) => {
      await rows('UPDATE limit_use SET under_way = false WHERE writer <> $1 AND portfolio = $2', [writer, portfolio]);
    },
    putStop: async ({ atMs, kind, reason, scope }) => {
      await rows(
        'INSERT INTO limit_stop (scope, kind, at_ms, reason) VALUES ($1, $2, $3, $4) ON CONFLICT (scope, kind) DO NOTHING',
        [scope, kind, atMs, reason],
      );
    },
    removeStop: async (kind, scope) => {
      await rows('DELETE FROM limit_stop WHERE scope = $1 AND kind = $2', [scope, kind]);
    },
  };
}

function useOf({ at_ms: atMs, gas, loss, notional, portfolio, slippage }: v.InferOutput<typeof useRow>): Use {
  const amounts: Amounts = { notionalUsd: notional, gasUsd: gas, lossUsd: loss, slippageUsd: slippage };
  return { portfolio, atMs, ...amounts };
}
