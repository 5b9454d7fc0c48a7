import {
  decisionSchema,
  decode,
  decodeIntent,
  encode,
  encodeIntent,
  flowSchema,
  isSameRecord,
  outcomeSchema,
  transferRecordSchema,
} from '../execution/journal-codec.js';
import {
  conflictingIntent,
  conflictingProgramme,
  endedAlready,
  nextNonce,
  reservedAlready,
  settledAlready,
  unknownProgramme,
  unknownReservation,
  unknownTransfer,
} from '../execution/journal-rules.js';
import { isTerminal } from '../model/transfer.js';
import type {
  Flow,
  Journal,
  NonceLane,
  ProgrammeKey,
  ProgrammeRecord,
  Reservation,
  StepKey,
  StepOutcome,
} from '../ports/journal.js';
import { InvalidInputError } from '@evenkeel/intents';
import { pgPool, type PostgresPool, type PostgresValue } from './driver.js';
import { journalError, migrate } from './open.js';
import { operationOf, programmeOf, reservationOf } from './rows.js';
import { type Claim, type Statements, transactions } from './transactions.js';

export interface PostgresJournalOptions {
  /** As `postgresql://user:password@host:5432/database`. Left out where a pool is given. */
  readonly connectionString?: string;
  /** Default: one of `pg` 8. */
  readonly pool?: PostgresPool;
  /** Where the tables are; made when it is missing. Default: `evenkeel`. */
  readonly schema?: string;
}

/** The outbox of several processes that share accounts. */
export interface SharedJournal extends Journal {
  /**
   * The same journal for one who has taken something in hand: a portfolio, an intent. Whoever claims a name takes it from
   * the one who had it before, whose writes are refused with `JOURNAL_CLAIM_LOST` from then on; and nothing is sent that was
   * not written down. So an engine may hand work on without knowing whether the one who had it is dead or only slow.
   */
  claim(name: string): Promise<Journal>;
}

/**
 * The outbox in a schema of a PostgreSQL database, for processes that share accounts. Every write is one transaction,
 * committed when its promise resolves; nonces of one account are given out one after another, whoever asks.
 *
 * @throws JOURNAL_FOREIGN the schema holds something else
 * @throws JOURNAL_VERSION a newer release wrote it
 * @throws JOURNAL_IO the server cannot be reached or refuses
 * @throws JOURNAL_DRIVER_MISSING `pg` is not installed and no pool was given
 *
 * @example
 * ```ts
 * const journal = await postgresJournal({ connectionString: process.env.EVENKEEL_POSTGRES_URL })
 * const mine = await journal.claim('treasury')
 * ```
 */
export async function postgresJournal(options: PostgresJournalOptions): Promise<SharedJournal> {
  const { connectionString, schema = 'evenkeel' } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new InvalidInputError('schema', schema, 'it is no name of a schema', 'Use lower case letters, digits and _.');
  }
  if (options.pool === undefined && connectionString === undefined) {
    throw new InvalidInputError('connectionString', undefined, 'it is missing', 'Give it, or a pool.');
  }
  const pool = options.pool ?? (await pgPool(connectionString!));
  try {
    await migrate(pool, schema);
  } catch (error) {
    if (options.pool === undefined) await pool.end();
    throw error;
  }
  let closed = false;
  const isClosed = (): boolean => closed;
  const journal = journalOn(pool, schema, isClosed, undefined);
  const { write } = transactions(pool, schema, isClosed, undefined);
  return Object.freeze({
    ...journal,
    claim: async (name) => {
      const epoch = await write(async ({ first }) => {
        const row = await first(
          `INSERT INTO claims (name, epoch) VALUES ($1, 1)
           ON CONFLICT (name) DO UPDATE SET epoch = claims.epoch + 1 RETURNING epoch`,
          [name],
        );
        return String(row!.epoch);
      });
      return journalOn(pool, schema, isClosed, { name, epoch });
    },
    close: async () => {
      if (closed) return;
      closed = true;
      try {
        if (options.pool === undefined) await pool.end();
      } catch (error) {
        throw journalError(schema, error);
      }
    },
  } satisfies SharedJournal);
}

const STEP = 'intent_id = $1 AND slice = $2 AND step = $3 AND attempt = $4';
const LANE = 'chain_id = $1 AND account = $2 AND nonce_key = $3';

function stepValues(key: StepKey): PostgresValue[] {
  return [key.intentId, key.slice, key.step, key.attempt];
}

function laneValues(lane: NonceLane): PostgresValue[] {
  return [lane.chainId, lane.account.toLowerCase(), lane.nonceKey.toString()];
}

/** What is written of one step at a time. */
function stepName(key: StepKey): string {
  return `step/${stepValues(key).join('/')}`;
}

function journalOn(pool: PostgresPool, schema: string, isClosed: () => boolean, claim: Claim | undefined): Journal {
  const { read, write } = transactions(pool, schema, isClosed, claim);
  return Object.freeze<Journal>({
    putIntent: (signed) =>
      write(async ({ first, run }) => {
        const text = encodeIntent(signed);
        await run('INSERT INTO intents (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [signed.id, text]);
        const row = await first('SELECT body FROM intents WHERE id = $1', [signed.id]);
        if (row?.body !== text) throw conflictingIntent(signed.id);
        return decodeIntent(row.body, 'intents.body');
      }),
    intent: (id) =>
      read(async ({ first }) => {
        const row = await first('SELECT body FROM intents WHERE id = $1', [id]);
        return row === undefined ? undefined : decodeIntent(row.body, 'intents.body');
      }),

    putProgramme: (programme, atMs) =>
      write(async (on) => {
        const { intentId, slice } = programme;
        await on.run(
          `INSERT INTO programmes (intent_id, slice, state, cancel_requested, body, created_at_ms)
           VALUES ($1, $2, 'running', false, $3, $4) ON CONFLICT (intent_id, slice) DO NOTHING`,
          [intentId, slice, encode(programme), atMs],
        );
        const stored = await readProgramme(on, programme);
        if (stored === undefined) throw unknownProgramme(programme);
        if (!isSameRecord(stored.programme, programme)) throw conflictingProgramme(programme);
        return stored;
      }),
    programme: (key) => read((on) => readProgramme(on, key)),
    programmes: ({ intentId, state } = {}) =>
      read(async ({ all }) => {
        const rows = await all(
          `SELECT * FROM programmes WHERE state = coalesce($1, state) AND intent_id = coalesce($2, intent_id)
           ORDER BY created_at_ms, intent_id, slice`,
          [state ?? null, intentId ?? null],
        );
        return rows.map(programmeOf);
      }),
    requestCancel: (key) => write((on) => changeProgramme(on, key, 'cancel_requested', true)),
    isCancelRequested: ({ intentId, slice }) =>
      read(async ({ first }) => {
        const sql = 'SELECT cancel_requested FROM programmes WHERE intent_id = $1 AND slice = $2';
        return (await first(sql, [intentId, slice]))?.cancel_requested === true;
      }),
    finishProgramme: (key, state) => write((on) => changeProgramme(on, key, 'state', state)),

    reserve: (key, lane, floor, atMs) =>
      write(async (on) => {
        await on.lock(stepName(key));
        const known = await reservationByKey(on, key);
        if (known !== undefined) return known;
        if ((await readOutcome(on, key)) !== undefined) throw endedAlready(key);
        await on.lock(`lane/${laneValues(lane).join('/')}`);
        const row = await on.first(`SELECT max(nonce) AS highest FROM reservations WHERE ${LANE}`, laneValues(lane));
        const highest = typeof row?.highest === 'string' ? BigInt(row.highest) : undefined;
        const made = await on.first(
          `INSERT INTO reservations
             (intent_id, slice, step, attempt, chain_id, account, nonce_key, nonce, state, reserved_at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9) RETURNING *`,
          [...stepValues(key), ...laneValues(lane), nextNonce(highest, floor).toString(), atMs],
        );
        return reservationOf(made!);
      }),
    reservation: (key) => read((on) => reservationByKey(on, key)),
    openReservations: (lane) =>
      read(async ({ all }) => {
        const sql = `SELECT * FROM reservations WHERE ${LANE} AND state = 'open' ORDER BY nonce`;
        return (await all(sql, laneValues(lane))).map(reservationOf);
      }),
    persistOperation: (operation) =>
      write(async (on) => {
        const { bump, purpose, raw, hash, signedAtMs, reservationId } = operation;
        const { state } = await reservationForUpdate(on, reservationId);
        const same = 'SELECT * FROM operations WHERE reservation_id = $1 AND bump = $2';
        const known = await on.first(same, [reservationId, bump]);
        if (known !== undefined) return operationOf(known);
        if (state !== 'open') throw settledAlready(reservationId);
        const made = await on.first(
          `INSERT INTO operations
             (reservation_id, bump, purpose, raw, hash, gas_limit, max_fee, max_priority_fee, signed_at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
          [
            ...[reservationId, bump, purpose, raw, hash],
            operation.gasLimit.toString(),
            operation.maxFeePerGasWei.toString(),
            operation.maxPriorityFeePerGasWei.toString(),
            signedAtMs,
          ],
        );
        return operationOf(made!);
      }),
    operations: (id) =>
      read(async ({ all }) =>
        (await all('SELECT * FROM operations WHERE reservation_id = $1 ORDER BY bump', [id])).map(operationOf),
      ),
    settle: (id, { finalHash, state, success }, flows) =>
      write(async (on) => {
        await reservationForUpdate(on, id);
        const row = await on.first(
          'UPDATE reservations SET state = $1, final_hash = $2, success = $3 WHERE id = $4 RETURNING *',
          [state, finalHash ?? null, success ?? null, id],
        );
        await replaceFlows(on, `reservation/${id}`, flows);
        return reservationOf(row!);
      }),
    reopen: (id) =>
      write(async (on) => {
        const { key } = await reservationForUpdate(on, id);
        const row = await on.first(
          "UPDATE reservations SET state = 'open', final_hash = NULL, success = NULL WHERE id = $1 RETURNING *",
          [id],
        );
        await on.run(`DELETE FROM outcomes WHERE ${STEP}`, stepValues(key));
        await replaceFlows(on, `reservation/${id}`, []);
        return reservationOf(row!);
      }),

    putOutcome: (outcome) =>
      write(async (on) => {
        await on.lock(stepName(outcome.key));
        const stored = await readOutcome(on, outcome.key);
        if (stored !== undefined) return stored;
        if ((await reservationByKey(on, outcome.key))?.state === 'open') throw reservedAlready(outcome.key);
        const text = encode(outcome);
        await on.run('INSERT INTO outcomes (intent_id, slice, step, attempt, body) VALUES ($1, $2, $3, $4, $5)', [
          ...stepValues(outcome.key),
          text,
        ]);
        return decode(outcomeSchema, text, 'outcomes.body');
      }),
    outcomes: ({ intentId, slice }) =>
      read(async ({ all }) => {
        const sql = 'SELECT body FROM outcomes WHERE intent_id = $1 AND slice = $2 ORDER BY seq';
        return (await all(sql, [intentId, slice])).map(({ body }) => decode(outcomeSchema, body, 'outcomes.body'));
      }),

    putTransfer: (record) =>
      write(async ({ first, run }) => {
        const values = stepValues(record.key);
        await run(
          `INSERT INTO transfers (intent_id, slice, step, attempt, open, body) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (intent_id, slice, step, attempt) DO NOTHING`,
          [...values, !isTerminal(record.status), encode(record)],
        );
        const row = await first(`SELECT body FROM transfers WHERE ${STEP}`, values);
        return decode(transferRecordSchema, row?.body, 'transfers.body');
      }),
    updateTransfer: (key, status, flows, atMs) =>
      write(async (on) => {
        const row = await on.first(`SELECT body FROM transfers WHERE ${STEP} FOR UPDATE`, stepValues(key));
        if (row === undefined) throw unknownTransfer(key);
        const record = decode(transferRecordSchema, row.body, 'transfers.body');
        if (isTerminal(record.status)) return record;
        const text = encode({ ...record, status, updatedAtMs: atMs });
        const changed = decode(transferRecordSchema, text, 'transfers.body');
        await on.run(`UPDATE transfers SET open = $5, body = $6 WHERE ${STEP}`, [
          ...stepValues(key),
          !isTerminal(status),
          text,
        ]);
        if (isTerminal(status)) await replaceFlows(on, `transfer/${stepValues(key).join('/')}`, flows);
        return changed;
      }),
    transfers: ({ intentId, open } = {}) =>
      read(async ({ all }) => {
        const sql =
          'SELECT body FROM transfers WHERE intent_id = coalesce($1, intent_id) AND open = coalesce($2, open) ORDER BY seq';
        const rows = await all(sql, [intentId ?? null, open ?? null]);
        return rows.map(({ body }) => decode(transferRecordSchema, body, 'transfers.body'));
      }),

    putOutsideFlows: (source, flows) => write((on) => replaceFlows(on, `outside/${source}`, flows)),
    flows: ({ intentId, slice } = {}) =>
      read(async ({ all }) => {
        const sql =
          'SELECT body FROM flows WHERE intent_id = coalesce($1, intent_id) AND slice = coalesce($2, slice) ORDER BY id';
        const rows = await all(sql, [intentId ?? null, slice ?? null]);
        return rows.map(({ body }) => decode(flowSchema, body, 'flows.body'));
      }),

    appendDecision: (decision) =>
      write(({ run }) =>
        run('INSERT INTO decisions (intent_id, code, body) VALUES ($1, $2, $3)', [
          decision.intentId ?? null,
          decision.code,
          encode(decision),
        ]),
      ),
    decisions: ({ code, intentId } = {}) =>
      read(async ({ all }) => {
        const wanted = [
          ...(intentId === undefined ? [] : [{ column: 'intent_id', value: intentId }]),
          ...(code === undefined ? [] : [{ column: 'code', value: code }]),
        ];
        const where = wanted.map(({ column }, i) => `${column} = $${i + 1}`).join(' AND ');
        const rows = await all(
          `SELECT body FROM decisions ${where === '' ? '' : `WHERE ${where}`} ORDER BY seq`,
          wanted.map(({ value }) => value),
        );
        return rows.map(({ body }) => decode(decisionSchema, body, 'decisions.body'));
      }),

    close: () => Promise.resolve(),
  });
}

async function readProgramme({ first }: Statements, key: ProgrammeKey): Promise<ProgrammeRecord | undefined> {
  const row = await first('SELECT * FROM programmes WHERE intent_id = $1 AND slice = $2', [key.intentId, key.slice]);
  return row === undefined ? undefined : programmeOf(row);
}

async function changeProgramme(
  { first }: Statements,
  { intentId, slice }: ProgrammeKey,
  column: 'state' | 'cancel_requested',
  value: PostgresValue,
): Promise<void> {
  const sql = `UPDATE programmes SET ${column} = $3 WHERE intent_id = $1 AND slice = $2 RETURNING slice`;
  if ((await first(sql, [intentId, slice, value])) === undefined) throw unknownProgramme({ intentId, slice });
}

async function reservationByKey({ first }: Statements, key: StepKey): Promise<Reservation | undefined> {
  const row = await first(`SELECT * FROM reservations WHERE ${STEP}`, stepValues(key));
  return row === undefined ? undefined : reservationOf(row);
}

/** Nobody else changes it before the transaction has ended. */
async function reservationForUpdate({ first }: Statements, id: number): Promise<Reservation> {
  const row = await first('SELECT * FROM reservations WHERE id = $1 FOR UPDATE', [id]);
  if (row === undefined) throw unknownReservation(id);
  return reservationOf(row);
}

async function readOutcome({ first }: Statements, key: StepKey): Promise<StepOutcome | undefined> {
  const row = await first(`SELECT body FROM outcomes WHERE ${STEP}`, stepValues(key));
  return row === undefined ? undefined : decode(outcomeSchema, row.body, 'outcomes.body');
}

async function replaceFlows({ run }: Statements, owner: string, flows: readonly Flow[]): Promise<void> {
  await run('DELETE FROM flows WHERE owner = $1', [owner]);
  for (const flow of flows) {
    await run(
      `INSERT INTO flows (owner, intent_id, slice, chain_id, tx_hash, part, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (chain_id, tx_hash, part) DO NOTHING`,
      [owner, flow.intentId, flow.slice, flow.chainId, flow.txHash, flow.part, encode(flow)],
    );
  }
}
