import * as v from 'valibot';
import { JournalCorruptError } from '../execution/journal-errors.js';
import type { Journal } from '../ports/journal.js';
import type { TrustChange, TrustRecord } from '../solicit/trust.js';

const CODE = 'TRUST_LOWERED';

const recordSchema = v.object({
  adapter: v.pipe(v.string(), v.minLength(1)),
  shortfallBps: v.pipe(v.number(), v.minValue(0), v.maxValue(10_000)),
  breaches: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  atSeconds: v.pipe(v.number(), v.finite()),
});

/** Writes a broken word down, so that it outlives the process. */
export async function recordTrust(
  journal: Journal,
  { sentence }: TrustChange,
  { adapter, atSeconds, breaches, shortfallBps }: TrustRecord,
  simulated: boolean,
): Promise<void> {
  const details = { adapter, shortfallBps, breaches, atSeconds };
  await journal.appendDecision({ atMs: atSeconds * 1000, code: CODE, sentence, simulated, details });
}

/** The last record of each adapter. @throws JOURNAL_CORRUPT */
export async function recordedTrust(journal: Journal): Promise<readonly TrustRecord[]> {
  const last = new Map<string, TrustRecord>();
  for (const { details } of await journal.decisions({ code: CODE })) {
    const parsed = v.safeParse(recordSchema, details);
    if (!parsed.success) throw new JournalCorruptError('journal', `a record of ${CODE} is malformed`);
    last.set(parsed.output.adapter, Object.freeze(parsed.output));
  }
  return [...last.values()];
}
