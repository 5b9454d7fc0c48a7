import * as v from 'valibot';
import type { AuditEntry } from './audit-log.js';
import { AuditBrokenError } from './errors.js';

const entrySchema = v.strictObject({
  seq: v.number(),
  atMs: v.number(),
  kind: v.string(),
  body: v.string(),
  previous: v.string(),
  hash: v.string(),
});

/** One entry a line, as JSON: what {@link readJsonl} reads back and can verify. */
export function toJsonl({ atMs, body, hash, kind, previous, seq }: AuditEntry): string {
  return `${JSON.stringify({ seq, atMs, kind, body, previous, hash })}\n`;
}

/** @throws {AuditBrokenError} AUDIT_BROKEN for a line that is no entry */
export function* readJsonl(text: string): Generator<AuditEntry> {
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      parsed = undefined;
    }
    const result = v.safeParse(entrySchema, parsed);
    if (!result.success) throw new AuditBrokenError(index + 1, 'its line is no entry');
    yield result.output;
  }
}

export const CSV_HEADER = 'seq,time,kind,portfolio,code,sentence,body,previous,hash\r\n';

/** For a spreadsheet (RFC 4180); what most entries have in common stands in columns of its own. */
export function toCsv({ atMs, body, hash, kind, previous, seq }: AuditEntry): string {
  const known = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const text = (key: string): string => (typeof known[key] === 'string' ? known[key] : '');
  const cells = [
    String(seq),
    new Date(atMs).toISOString(),
    kind,
    text('portfolio'),
    text('code'),
    text('sentence'),
    body,
    previous,
    hash,
  ];
  return `${cells.map(cell).join(',')}\r\n`;
}

/** Quoted where it has to be; a text that a spreadsheet would take for a formula starts with an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
