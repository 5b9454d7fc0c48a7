import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { AuditBrokenError } from './errors.js';
import type { AgentState } from './open-state.js';

/** One thing that happened. Each carries the hash of the one before it, so that none can change, go or move unseen. */
export interface AuditEntry {
  /** From 1, without a gap. */
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  /** JSON, byte for byte as it was hashed. */
  readonly body: string;
  /** Hash of the entry before; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256 over the five fields above. */
  readonly hash: string;
}

/** What was last: whoever keeps it elsewhere can tell later that nothing up to there was changed or cut off. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditRecord {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AuditLog {
  /** All of them or none, on disk when it returns. */
  append(atMs: number, records: readonly AuditRecord[]): AuditHead;
  head(): AuditHead;
}

const NOTHING = '0'.repeat(64);
const START: AuditHead = Object.freeze({ seq: 0, hash: NOTHING });

/** The audit log in the agent's file. The file itself refuses to change or delete an entry. */
export function auditLog(state: AgentState): AuditLog {
  let head = headOf(state);
  const append = (atMs: number, records: readonly AuditRecord[]): AuditHead => {
    if (records.length === 0) return head;
    let next = head;
    state.transaction(() => {
      for (const { body, kind } of records) {
        const text = JSON.stringify(body, plain);
        const entry = { seq: next.seq + 1, atMs, kind, body: text, previous: next.hash };
        const hash = hashOf(entry);
        state.run('INSERT INTO audit (seq, at_ms, kind, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?)', [
          entry.seq,
          atMs,
          kind,
          text,
          entry.previous,
          hash,
        ]);
        next = { seq: entry.seq, hash };
      }
      state.run(
        'INSERT INTO audit_head (id, seq, hash) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash',
        [next.seq, next.hash],
      );
    });
    head = Object.freeze(next);
    return head;
  };
  return Object.freeze({ append, head: () => head });
}

/** The hash that an entry must have. */
export function hashOf({ atMs, body, kind, previous, seq }: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify([seq, atMs, kind, body, previous]))
    .digest('hex');
}

const rowSchema = v.pipe(
  v.object({
    seq: v.number(),
    at_ms: v.number(),
    kind: v.string(),
    body: v.string(),
    previous: v.string(),
    hash: v.string(),
  }),
  v.transform(({ at_ms: atMs, body, hash, kind, previous, seq }): AuditEntry =>
    Object.freeze({ seq, atMs, kind, body, previous, hash }),
  ),
);
const PAGE = 1000;

/** Entries in their order, a page at a time, so that a log of any length can be read. */
export function* auditEntries(state: AgentState, fromSeq = 1): Generator<AuditEntry> {
  for (let next = fromSeq; ;) {
    const rows = state.all('SELECT * FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?', [next, PAGE]);
    for (const row of rows) {
      const entry = v.parse(rowSchema, row);
      yield entry;
      next = entry.seq + 1;
    }
    if (rows.length < PAGE) return;
  }
}

/** What the file says was last. */
export function headOf(state: AgentState): AuditHead {
  const [row] = state.all('SELECT seq, hash FROM audit_head', []);
  return row === undefined ? START : v.parse(v.object({ seq: v.number(), hash: v.string() }), row);
}

/**
 * Walks the chain from its start.
 *
 * @param kept a head that was written down elsewhere: the chain has to pass through it
 * @returns the last entry's head
 * @throws {AuditBrokenError} AUDIT_BROKEN at the first entry that does not hold, or where the log was cut off
 */
export function verifyAudit(entries: Iterable<AuditEntry>, kept?: AuditHead): AuditHead {
  let last: AuditHead = START;
  for (const entry of entries) {
    const { hash, previous, seq } = entry;
    if (seq !== last.seq + 1) throw new AuditBrokenError(last.seq + 1, `entry ${seq} stands in its place`);
    if (previous !== last.hash) throw new AuditBrokenError(seq, 'it does not follow the entry before it');
    if (hashOf(entry) !== hash) throw new AuditBrokenError(seq, 'its content is not what was hashed');
    if (kept?.seq === seq && kept.hash !== hash) throw new AuditBrokenError(seq, 'it is not the one that was kept');
    last = { seq, hash };
  }
  if (kept !== undefined && kept.seq > last.seq) {
    throw new AuditBrokenError(last.seq + 1, `the log ends before entry ${kept.seq}, which there was`);
  }
  return Object.freeze(last);
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
