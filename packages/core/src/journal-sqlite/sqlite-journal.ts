import {
  check,
  decisionSchema,
  decode,
  decodeIntent,
  encode,
  encodeIntent,
  flowSchema,
  isSameRecord,
  operationSchema,
  outcomeSchema,
  parseText,
  programmeRecordSchema,
  reservationSchema,
  transferRecordSchema,
} from '../execution/journal-codec.js';
import { JournalClosedError, JournalCorruptError } from '../execution/journal-errors.js';
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
  StoredOperation,
} from '../ports/journal.js';
import { libsqlDriver, type SqliteDriver, type SqlValue } from './driver.js';
import { closeConnection, journalError, openConnection } from './open.js';

export interface SqliteJournalOptions {
  /** The file; made when it is missing. One process at a time. */
  readonly path: string;
  /** Default: libsql 0.5. */
  readonly driver?: SqliteDriver;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * The outbox in one SQLite file: every transaction is on disk (fsync) before its promise resolves, and the file is
 * locked for as long as it is open.
 *
 * @throws JOURNAL_LOCKED another executor has it open
 * @throws JOURNAL_FOREIGN the file is something else
 * @throws JOURNAL_CORRUPT the file is damaged, truncated or empty
 * @throws JOURNAL_VERSION a newer release wrote it
 * @throws JOURNAL_FULL there is no space left
 * @throws JOURNAL_IO the file cannot be opened or written
 * @throws JOURNAL_DRIVER_MISSING libsql is not installed and no driver was given
 *
 * @example
 * ```ts
 * const journal = await sqliteJournal({ path: 'evenkeel.db' })
 * ```
 */
export async function sqliteJournal(options: SqliteJournalOptions): Promise<Journal> {
  const { path } = options;
  const connection = openConnection(options.driver ?? (await libsqlDriver()), path);
  let closed = false;

  const run = (sql: string, parameters: readonly SqlValue[]): void => void connection.run(sql, parameters);
  const all = (sql: string, parameters: readonly SqlValue[] = []): readonly Row[] =>
    connection.all(sql, parameters).map((row) => row as Row);
  const first = (sql: string, parameters: readonly SqlValue[]): Row | undefined => all(sql, parameters)[0];

  /** All or nothing, on disk when the promise resolves. */
  const transaction = async <T>(body: () => T): Promise<T> => {
    await Promise.resolve();
    if (closed) throw new JournalClosedError();
    try {
      connection.exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        connection.exec('COMMIT');
        return result;
      } catch (error) {
        rollback();
        throw error;
      }
    } catch (error) {
      throw journalError(path, error);
    }
  };
  const rollback = (): void => {
    try {
      connection.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (disk full, input/output error); the first error is the one to report.
    }
  };

  const programmeParameters = (key: ProgrammeKey): SqlValue[] => [key.intentId, key.slice];
  const stepParameters = (key: StepKey): SqlValue[] => [key.intentId, key.slice, key.step, key.attempt];
  const laneParameters = (lane: NonceLane): SqlValue[] => [
    lane.chainId,
    lane.account.toLowerCase(),
    lane.nonceKey.toString(),
  ];
  const STEP = 'intent_id = ? AND slice = ? AND step = ? AND attempt = ?';
  const LANE = 'chain_id = ? AND account = ? AND nonce_key = ?';

  const programmeOf = (row: Row): ProgrammeRecord =>
    check(
      programmeRecordSchema,
      {
        programme: parseText(row.body, 'programmes.body'),
        state: row.state,
        cancelRequested: flag(row.cancel_requested),
        createdAtMs: row.created_at_ms,
      },
      'programmes',
    );
  const readProgramme = (key: ProgrammeKey): ProgrammeRecord | undefined => {
    const row = first('SELECT * FROM programmes WHERE intent_id = ? AND slice = ?', programmeParameters(key));
    return row === undefined ? undefined : programmeOf(row);
  };
  const changeProgramme = (key: ProgrammeKey, column: 'state' | 'cancel_requested', value: SqlValue): void => {
    if (readProgramme(key) === undefined) throw unknownProgramme(key);
    run(`UPDATE programmes SET ${column} = ? WHERE intent_id = ? AND slice = ?`, [value, ...programmeParameters(key)]);
  };

  const reservationOf = (row: Row): Reservation =>
    check(
      reservationSchema,
      {
        id: row.id,
        key: { intentId: row.intent_id, slice: row.slice, step: row.step, attempt: row.attempt },
        chainId: row.chain_id,
        account: row.account,
        nonceKey: row.nonce_key,
        nonce: typeof row.nonce === 'number' ? row.nonce.toString() : row.nonce,
        state: row.state,
        reservedAtMs: row.reserved_at_ms,
        ...(row.final_hash === null ? {} : { finalHash: row.final_hash }),
        ...(row.success === null ? {} : { success: flag(row.success) }),
      },
      'reservations',
    );
  const reservationByKey = (key: StepKey): Reservation | undefined => {
    const row = first(`SELECT * FROM reservations WHERE ${STEP}`, stepParameters(key));
    return row === undefined ? undefined : reservationOf(row);
  };
  const reservationById = (id: number): Reservation => {
    const row = first('SELECT * FROM reservations WHERE id = ?', [id]);
    if (row === undefined) throw unknownReservation(id);
    return reservationOf(row);
  };

  const readOutcome = (key: StepKey): StepOutcome | undefined => {
    const row = first(`SELECT body FROM outcomes WHERE ${STEP}`, stepParameters(key));
    return row === undefined ? undefined : decode(outcomeSchema, row.body, 'outcomes.body');
  };

  const operationOf = (row: Row): StoredOperation =>
    check(
      operationSchema,
      {
        reservationId: row.reservation_id,
        bump: row.bump,
        purpose: row.purpose,
        raw: row.raw,
        hash: row.hash,
        gasLimit: row.gas_limit,
        maxFeePerGasWei: row.max_fee,
        maxPriorityFeePerGasWei: row.max_priority_fee,
        signedAtMs: row.signed_at_ms,
      },
      'operations',
    );

  const replaceFlows = (owner: string, flows: readonly Flow[]): void => {
    run('DELETE FROM flows WHERE owner = ?', [owner]);
    for (const flow of flows) {
      run(
        `INSERT INTO flows (owner, intent_id, slice, chain_id, tx_hash, part, body) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (chain_id, tx_hash, part) DO NOTHING`,
        [owner, flow.intentId, flow.slice, flow.chainId, flow.txHash, flow.part, encode(flow)],
      );
    }
  };

  return Object.freeze<Journal>({
    putIntent: (signed) =>
      transaction(() => {
        const text = encodeIntent(signed);
        run('INSERT INTO intents (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING', [signed.id, text]);
        const row = first('SELECT body FROM intents WHERE id = ?', [signed.id]);
        if (row?.body !== text) throw conflictingIntent(signed.id);
        return decodeIntent(row.body, 'intents.body');
      }),
    intent: (id) =>
      transaction(() => {
        const row = first('SELECT body FROM intents WHERE id = ?', [id]);
        return row === undefined ? undefined : decodeIntent(row.body, 'intents.body');
      }),

    putProgramme: (programme, atMs) =>
      transaction(() => {
        run(
          `INSERT INTO programmes (intent_id, slice, state, cancel_requested, body, created_at_ms)
           VALUES (?, ?, 'running', 0, ?, ?) ON CONFLICT (intent_id, slice) DO NOTHING`,
          [...programmeParameters(programme), encode(programme), atMs],
        );
        const stored = readProgramme(programme);
        if (stored === undefined) throw unknownProgramme(programme);
        if (!isSameRecord(stored.programme, programme)) throw conflictingProgramme(programme);
        return stored;
      }),
    programme: (key) => transaction(() => readProgramme(key)),
    programmes: (filter = {}) =>
      transaction(() =>
        all(
          `SELECT * FROM programmes WHERE state = coalesce(?, state) AND intent_id = coalesce(?, intent_id)
           ORDER BY created_at_ms, intent_id, slice`,
          [filter.state ?? null, filter.intentId ?? null],
        ).map(programmeOf),
      ),
    requestCancel: (key) => transaction(() => changeProgramme(key, 'cancel_requested', 1)),
    isCancelRequested: (key) =>
      transaction(() => {
        const sql = 'SELECT cancel_requested FROM programmes WHERE intent_id = ? AND slice = ?';
        return first(sql, programmeParameters(key))?.cancel_requested === 1;
      }),
    finishProgramme: (key, state) => transaction(() => changeProgramme(key, 'state', state)),

    reserve: (key, lane, floor, atMs) =>
      transaction(() => {
        const known = reservationByKey(key);
        if (known !== undefined) return known;
        if (readOutcome(key) !== undefined) throw endedAlready(key);
        const row = first(`SELECT max(nonce) AS highest FROM reservations WHERE ${LANE}`, laneParameters(lane));
        const highest = typeof row?.highest === 'number' ? BigInt(row.highest) : undefined;
        run(
          `INSERT INTO reservations
             (intent_id, slice, step, attempt, chain_id, account, nonce_key, nonce, state, reserved_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)`,
          [...stepParameters(key), ...laneParameters(lane), safeNumber(nextNonce(highest, floor)), atMs],
        );
        return reservationByKey(key)!;
      }),
    reservation: (key) => transaction(() => reservationByKey(key)),
    openReservations: (lane) =>
      transaction(() =>
        all(`SELECT * FROM reservations WHERE ${LANE} AND state = 'open' ORDER BY nonce`, laneParameters(lane)).map(
          reservationOf,
        ),
      ),
    persistOperation: (operation) =>
      transaction(() => {
        const { reservationId, bump } = operation;
        const read = (): Row | undefined =>
          first('SELECT * FROM operations WHERE reservation_id = ? AND bump = ?', [reservationId, bump]);
        const stored = read();
        if (stored !== undefined) return operationOf(stored);
        if (reservationById(reservationId).state !== 'open') throw settledAlready(reservationId);
        run(
          `INSERT INTO operations
             (reservation_id, bump, purpose, raw, hash, gas_limit, max_fee, max_priority_fee, signed_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            reservationId,
            bump,
            operation.purpose,
            operation.raw,
            operation.hash,
            operation.gasLimit.toString(),
            operation.maxFeePerGasWei.toString(),
            operation.maxPriorityFeePerGasWei.toString(),
            operation.signedAtMs,
          ],
        );
        return operationOf(read()!);
      }),
    operations: (id) =>
      transaction(() => all('SELECT * FROM operations WHERE reservation_id = ? ORDER BY bump', [id]).map(operationOf)),
    settle: (id, settlement, flows) =>
      transaction(() => {
        reservationById(id);
        run('UPDATE reservations SET state = ?, final_hash = ?, success = ? WHERE id = ?', [
          settlement.state,
          settlement.finalHash ?? null,
          settlement.success === undefined ? null : Number(settlement.success),
          id,
        ]);
        replaceFlows(`reservation/${id}`, flows);
        return reservationById(id);
      }),

    reopen: (id) =>
      transaction(() => {
        const { key } = reservationById(id);
        run("UPDATE reservations SET state = 'open', final_hash = NULL, success = NULL WHERE id = ?", [id]);
        run(`DELETE FROM outcomes WHERE ${STEP}`, stepParameters(key));
        replaceFlows(`reservation/${id}`, []);
        return reservationById(id);
      }),

    putOutcome: (outcome) =>
      transaction(() => {
        const stored = readOutcome(outcome.key);
        if (stored !== undefined) return stored;
        if (reservationByKey(outcome.key)?.state === 'open') throw reservedAlready(outcome.key);
        run('INSERT INTO outcomes (intent_id, slice, step, attempt, body) VALUES (?, ?, ?, ?, ?)', [
          ...stepParameters(outcome.key),
          encode(outcome),
        ]);
        return readOutcome(outcome.key)!;
      }),
    outcomes: (key) =>
      transaction(() =>
        all('SELECT body FROM outcomes WHERE intent_id = ? AND slice = ? ORDER BY rowid', programmeParameters(key)).map(
          (row) => decode(outcomeSchema, row.body, 'outcomes.body'),
        ),
      ),

    putTransfer: (record) =>
      transaction(() => {
        const parameters = stepParameters(record.key);
        run(
          `INSERT INTO transfers (intent_id, slice, step, attempt, open, body) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (intent_id, slice, step, attempt) DO NOTHING`,
          [...parameters, Number(!isTerminal(record.status)), encode(record)],
        );
        return decode(
          transferRecordSchema,
          first(`SELECT body FROM transfers WHERE ${STEP}`, parameters)?.body,
          'transfers.body',
        );
      }),
    updateTransfer: (key, status, flows, atMs) =>
      transaction(() => {
        const row = first(`SELECT body FROM transfers WHERE ${STEP}`, stepParameters(key));
        if (row === undefined) throw unknownTransfer(key);
        const record = decode(transferRecordSchema, row.body, 'transfers.body');
        if (isTerminal(record.status)) return record;
        const text = encode({ ...record, status, updatedAtMs: atMs });
        const changed = decode(transferRecordSchema, text, 'transfers.body');
        run(`UPDATE transfers SET open = ?, body = ? WHERE ${STEP}`, [
          Number(!isTerminal(status)),
          text,
          ...stepParameters(key),
        ]);
        if (isTerminal(status)) replaceFlows(`transfer/${stepParameters(key).join('/')}`, flows);
        return changed;
      }),
    transfers: (filter = {}) =>
      transaction(() =>
        all(
          'SELECT body FROM transfers WHERE intent_id = coalesce(?, intent_id) AND open = coalesce(?, open) ORDER BY rowid',
          [filter.intentId ?? null, filter.open === undefined ? null : Number(filter.open)],
        ).map((row) => decode(transferRecordSchema, row.body, 'transfers.body')),
      ),

    putOutsideFlows: (source, flows) => transaction(() => replaceFlows(`outside/${source}`, flows)),
    flows: (filter = {}) =>
      transaction(() =>
        all(
          'SELECT body FROM flows WHERE intent_id = coalesce(?, intent_id) AND slice = coalesce(?, slice) ORDER BY id',
          [filter.intentId ?? null, filter.slice ?? null],
        ).map((row) => decode(flowSchema, row.body, 'flows.body')),
      ),

    appendDecision: (decision) =>
      transaction(() =>
        run('INSERT INTO decisions (intent_id, body) VALUES (?, ?)', [decision.intentId ?? null, encode(decision)]),
      ),
    decisions: ({ code, intentId } = {}) =>
      transaction(() => {
        // The log of an agent is long: rows of another intent or code are passed over before they are decoded.
        const wanted = [
          ...(intentId === undefined ? [] : [{ sql: 'intent_id = ?', value: intentId }]),
          ...(code === undefined ? [] : [{ sql: 'instr(body, ?) > 0', value: JSON.stringify(code) }]),
        ];
        const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(({ sql }) => sql).join(' AND ')}`;
        return all(
          `SELECT body FROM decisions ${where} ORDER BY seq`,
          wanted.map(({ value }) => value),
        )
          .map((row) => decode(decisionSchema, row.body, 'decisions.body'))
          .filter((decision) => code === undefined || decision.code === code);
      }),

    close: async () => {
      await Promise.resolve();
      if (closed) return;
      closed = true;
      closeConnection(connection);
    },
  });
}

function flag(value: unknown): unknown {
  return value === 0 ? false : value === 1 ? true : value;
}

/** SQLite compares integers of 64 bits, JavaScript of 53: a nonce beyond them is not one of this world. */
function safeNumber(nonce: bigint): number {
  if (nonce > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new JournalCorruptError('reservations.nonce', `nonce ${nonce} is out of range`);
  }
  return Number(nonce);
}
