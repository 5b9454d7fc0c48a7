import * as v from 'valibot';
import { parseText } from '../execution/journal-codec.js';
import { JournalClosedError, JournalCorruptError } from '../execution/journal-errors.js';
import type { JsonValue } from '../model/curve.js';
import type { WorkflowEnd } from '../workflow/context.js';
import type { WorkflowEntry, WorkflowRecord, WorkflowStore } from '../workflow/store.js';
import { libsqlDriver, type SqlValue } from './driver.js';
import { closeConnection, journalError, openConnection } from './open.js';
import type { SqliteJournalOptions } from './sqlite-journal.js';
import { WORKFLOW_LAYOUT } from './tables.js';

type Row = Readonly<Record<string, unknown>>;

const endSchema = v.variant('state', [
  v.strictObject({ state: v.literal('done'), output: v.custom<JsonValue>((value) => value !== undefined) }),
  v.strictObject({ state: v.literal('failed'), code: v.string(), sentence: v.string() }),
]);
const kindSchema = v.picklist(['step', 'now', 'signal']);

/**
 * Runs of workflows in one SQLite file, beside the journal. What is asked for within one turn of the event loop is written in
 * one transaction, so that a thousand runs share the disk's time; each promise resolves once it is on disk.
 *
 * @throws JOURNAL_LOCKED, JOURNAL_FOREIGN, JOURNAL_CORRUPT, JOURNAL_VERSION, JOURNAL_FULL, JOURNAL_IO and
 * JOURNAL_DRIVER_MISSING, as a journal does
 *
 * @example
 * ```ts
 * const store = await sqliteWorkflowStore({ path: 'workflows.db' })
 * ```
 */
export async function sqliteWorkflowStore(options: SqliteJournalOptions): Promise<WorkflowStore> {
  const { path } = options;
  const connection = openConnection(options.driver ?? (await libsqlDriver()), path, WORKFLOW_LAYOUT);
  let closed = false;
  let waiting: { readonly write: () => () => void; readonly fail: (error: unknown) => void }[] = [];

  const run = (sql: string, parameters: readonly SqlValue[]): void => void connection.run(sql, parameters);
  const all = (sql: string, parameters: readonly SqlValue[] = []): readonly Row[] =>
    connection.all(sql, parameters).map((row) => row as Row);

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    let done: (() => void)[];
    try {
      connection.exec('BEGIN IMMEDIATE');
      try {
        done = batch.map(({ write }) => write());
        connection.exec('COMMIT');
      } catch (error) {
        rollback();
        throw error;
      }
    } catch (error) {
      for (const { fail } of batch) fail(journalError(path, error));
      return;
    }
    for (const each of done) each();
  };
  const rollback = (): void => {
    try {
      connection.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself; the first error is the one to report.
    }
  };
  /** On disk when the promise resolves, together with whatever else is asked for now. */
  const transaction = <T>(body: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) {
        reject(new JournalClosedError());
        return;
      }
      const write = (): (() => void) => {
        const value = body();
        return () => resolve(value);
      };
      if (waiting.push({ write, fail: reject }) === 1) setImmediate(flush);
    });
  const find = (id: string): WorkflowRecord | undefined => {
    const [row] = all('SELECT * FROM runs WHERE id = ?', [id]);
    return row === undefined ? undefined : recordOf(row);
  };

  return Object.freeze({
    create: ({ id, input, version, workflow }) =>
      transaction(() => {
        run('INSERT INTO runs (id, workflow, version, input) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING', [
          id,
          workflow,
          version,
          JSON.stringify(input),
        ]);
        return find(id)!;
      }),
    find: (id) => transaction(() => find(id)),
    running: () => transaction(() => all('SELECT * FROM runs WHERE ended IS NULL ORDER BY rowid').map(recordOf)),
    entries: (id) =>
      transaction(() =>
        all('SELECT * FROM entries WHERE id = ? ORDER BY seq', [id]).map((row, seq) => entryOf(row, seq)),
      ),
    append: (id, seq, { body, kind, name }) =>
      transaction(() =>
        run('INSERT INTO entries (id, seq, kind, name, body) VALUES (?, ?, ?, ?, ?)', [
          id,
          seq,
          kind,
          name,
          JSON.stringify(body),
        ]),
      ),
    finish: (id, end) => transaction(() => run('UPDATE runs SET ended = ? WHERE id = ?', [JSON.stringify(end), id])),
    addSignal: (id, signal) =>
      transaction(() => {
        const [row] = all('SELECT count(*) AS seq FROM signals WHERE id = ?', [id]);
        const seq = Number(row!.seq);
        run('INSERT INTO signals (id, seq, body) VALUES (?, ?, ?)', [id, seq, JSON.stringify(signal)]);
        return seq;
      }),
    signals: (id) =>
      transaction(() =>
        all('SELECT body FROM signals WHERE id = ? ORDER BY seq', [id]).map(({ body }) => json(body, 'signals.body')),
      ),
    close: async () => {
      if (closed) return;
      // After whatever was asked for before.
      await transaction(() => undefined);
      closed = true;
      closeConnection(connection);
    },
  } satisfies WorkflowStore);
}

function recordOf(row: Row): WorkflowRecord {
  const { ended, id, version, workflow } = row;
  const end = ended === null ? undefined : endFrom(ended);
  return Object.freeze({
    id: String(id),
    workflow: String(workflow),
    version: Number(version),
    input: json(row.input, 'runs.input'),
    ...(end === undefined ? {} : { end }),
  });
}

function endFrom(text: unknown): WorkflowEnd {
  const parsed = v.safeParse(endSchema, json(text, 'runs.ended'));
  if (!parsed.success) throw new JournalCorruptError('runs.ended', 'it is no end of a run');
  return parsed.output;
}

function entryOf(row: Row, seq: number): WorkflowEntry {
  const kind = v.safeParse(kindSchema, row.kind);
  if (!kind.success || row.seq !== seq) throw new JournalCorruptError('entries', `entry ${seq} is missing or strange`);
  return Object.freeze({ kind: kind.output, name: String(row.name), body: json(row.body, 'entries.body') });
}

function json(text: unknown, where: string): JsonValue {
  return parseText(text, where) as JsonValue;
}
