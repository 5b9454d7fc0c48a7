import { JournalClaimLostError, JournalClosedError } from '../execution/journal-errors.js';
import {
  inTransaction,
  type PostgresConnection,
  type PostgresPool,
  type PostgresRow,
  type PostgresValue,
} from './driver.js';
import { isCollision, journalError } from './open.js';

/** What a claim is checked by. */
export interface Claim {
  readonly name: string;
  readonly epoch: string;
}

/** Statements of one transaction. */
export interface Statements {
  readonly all: (sql: string, values?: PostgresValue[]) => Promise<readonly PostgresRow[]>;
  readonly first: (sql: string, values?: PostgresValue[]) => Promise<PostgresRow | undefined>;
  readonly run: (sql: string, values?: PostgresValue[]) => Promise<void>;
  /** Nobody else who asks for this name goes on before the transaction has ended. */
  readonly lock: (name: string) => Promise<void>;
}

export interface Transactions {
  readonly read: <T>(body: (statements: Statements) => Promise<T>) => Promise<T>;
  /** All or nothing, on disk when the promise resolves; nothing at all where the claim is lost. */
  readonly write: <T>(body: (statements: Statements) => Promise<T>) => Promise<T>;
}

const TRIES = 8;

export function transactions(
  pool: PostgresPool,
  schema: string,
  isClosed: () => boolean,
  claim: Claim | undefined,
): Transactions {
  const once = async <T>(body: (statements: Statements) => Promise<T>): Promise<T> => {
    if (isClosed()) throw new JournalClosedError();
    return inTransaction(pool, schema, (connection) => body(statementsOf(connection)));
  };
  const run = async <T>(body: (statements: Statements) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await once(body);
      } catch (error) {
        if (tries < TRIES && isCollision(error)) continue;
        throw journalError(schema, error);
      }
    }
  };
  const write: Transactions['write'] = (body) =>
    run(async (statements) => {
      if (claim !== undefined) await assertHeld(statements, claim);
      return body(statements);
    });
  return Object.freeze({ read: run, write });
}

/** Held until the transaction ends: whoever claims it meanwhile waits. @throws JOURNAL_CLAIM_LOST */
async function assertHeld({ first }: Statements, { epoch, name }: Claim): Promise<void> {
  const held = await first('SELECT 1 FROM claims WHERE name = $1 AND epoch = $2 FOR SHARE', [name, epoch]);
  if (held === undefined) throw new JournalClaimLostError(name);
}

function statementsOf(connection: PostgresConnection): Statements {
  const all: Statements['all'] = async (sql, values = []) => (await connection.query(sql, values)).rows;
  return {
    all,
    first: async (sql, values) => (await all(sql, values))[0],
    run: async (sql, values) => {
      await all(sql, values);
    },
    lock: async (name) => {
      await all('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
    },
  };
}
