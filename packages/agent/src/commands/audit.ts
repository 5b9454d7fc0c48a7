import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '@evenkeel/intents';
import { loadAgentConfig } from '../agent/config/parse-agent.js';
import { auditEntries, type AuditHead, headOf, verifyAudit } from '../agent/state/audit-log.js';
import { CSV_HEADER, readJsonl, toCsv, toJsonl } from '../agent/state/export-audit.js';
import { readAgentState } from '../agent/state/open-state.js';
import { stateFolderOf } from './agent.js';

export interface AuditOptions {
  readonly config?: string;
  readonly state?: string;
  readonly file?: string;
  readonly head?: string;
  readonly export?: 'jsonl' | 'csv';
  readonly json: boolean;
}

/**
 * Verifies an audit log from its first entry to its last, also while the agent runs; or prints it, once it holds.
 *
 * @returns the exit code, 0
 * @throws AUDIT_BROKEN at the first entry that does not hold
 */
export async function audit(options: AuditOptions): Promise<number> {
  const kept = options.head === undefined ? undefined : headIn(options.head);
  if (options.file !== undefined) {
    if (!existsSync(options.file))
      throw new InvalidInputError('--file', options.file, 'is not there', 'Check the path.');
    show(verifyAudit(readJsonl(readFileSync(options.file, 'utf8')), kept), options.json);
    return 0;
  }
  const state = await readAgentState(join(folderOf(options), 'agent.db'));
  try {
    // What is written meanwhile is verified next time: an entry is never taken away again.
    const head = verifyAudit(auditEntries(state), headOf(state));
    if (kept !== undefined) verifyAudit(auditEntries(state), kept);
    if (options.export === undefined) {
      show(head, options.json);
      return 0;
    }
    const write = options.export === 'csv' ? toCsv : toJsonl;
    if (options.export === 'csv') process.stdout.write(CSV_HEADER);
    for (const entry of auditEntries(state)) process.stdout.write(write(entry));
    return 0;
  } finally {
    state.close();
  }
}

function folderOf({ config, state }: AuditOptions): string {
  if (state !== undefined) return state;
  if (config !== undefined) return stateFolderOf(loadAgentConfig(config));
  throw new InvalidInputError('--state', undefined, 'is missing', 'Give --state, --config or --file.');
}

function headIn(text: string): AuditHead {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new InvalidInputError('--head', text, 'is no head of a log', 'Write the number, a colon and the 64 digits.');
}

function show({ hash, seq }: AuditHead, asJson: boolean): void {
  const text = asJson
    ? JSON.stringify({ outcome: 'holds', entries: seq, head: `${seq}:${hash}` }, null, 2)
    : `The audit log holds: ${seq} entries, head ${seq}:${hash}`;
  process.stdout.write(`${text}\n`);
}
