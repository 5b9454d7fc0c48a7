import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driverOf } from '@evenkeel/core/journal-sqlite';
import fc from 'fast-check';
import Database from 'libsql';
import { auditEntries, type AuditEntry, auditLog, headOf, verifyAudit } from '../../src/agent/state/audit-log.js';
import { CSV_HEADER, readJsonl, toCsv, toJsonl } from '../../src/agent/state/export-audit.js';
import { openAgentState, readAgentState } from '../../src/agent/state/open-state.js';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `${(files += 1)}.db`);

async function filled(path: string, count = 6): Promise<readonly AuditEntry[]> {
  const state = await openAgentState(path);
  const log = auditLog(state);
  for (let i = 0; i < count; i += 2) {
    log.append(1000 + i, [
      {
        kind: 'decision',
        body: { portfolio: 'a', code: 'INSIDE_BAND', sentence: `All, "well" ${i}.`, atoms: 10n ** 20n },
      },
      { kind: 'alert', body: { sentence: '=1+1' } },
    ]);
  }
  const entries = [...auditEntries(state)];
  expect(verifyAudit(entries, headOf(state))).toEqual(log.head());
  state.close();
  return entries;
}

test('the chain goes on after a restart, and holds', async () => {
  const path = fresh();
  await filled(path, 4);
  const entries = await filled(path, 2);
  expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(new Set(entries.map(({ hash }) => hash)).size).toBe(6);
});

test('the file itself lets nothing be changed or taken out', async () => {
  const path = fresh();
  await filled(path);
  const state = await openAgentState(path);
  for (const sql of ["UPDATE audit SET body = '{}' WHERE seq = 2", 'DELETE FROM audit WHERE seq = 6']) {
    expect(() => state.run(sql, [])).toThrow(expect.objectContaining({ code: 'AGENT_STATE_IO' }));
  }
  state.close();
});

/** Somebody with the file and a tool of their own. */
function tamper(path: string, sql: string): void {
  const connection = driverOf(Database as never).open(path);
  connection.exec('DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;');
  connection.exec(sql);
  connection.close();
}

test.each([
  ['changed', "UPDATE audit SET body = '{}' WHERE seq = 3", 3],
  ['of another time', 'UPDATE audit SET at_ms = 7 WHERE seq = 2', 2],
  ['of another kind', "UPDATE audit SET kind = 'x' WHERE seq = 4", 4],
  ['taken out of the middle', 'DELETE FROM audit WHERE seq = 3', 3],
  ['taken off the end', 'DELETE FROM audit WHERE seq = 6', 6],
  ['all gone', 'DELETE FROM audit', 1],
  ['moved', 'UPDATE audit SET seq = seq + 100 WHERE seq = 2', 2],
])('an entry that is %s is found', async (_name, sql, at) => {
  const path = fresh();
  await filled(path);
  tamper(path, sql);
  const state = await readAgentState(path);
  expect(() => verifyAudit(auditEntries(state), headOf(state))).toThrow(
    expect.objectContaining({ code: 'AUDIT_BROKEN', value: at }),
  );
  state.close();
});

test('any change to any export is found, whatever it is', async () => {
  const entries = await filled(fresh());
  const kept = { seq: 6, hash: entries[5]!.hash };
  const lines = entries.map(toJsonl);
  expect(verifyAudit(readJsonl(lines.join('')), kept)).toEqual(kept);
  const index = fc.nat({ max: lines.length - 1 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(index, fc.nat(), fc.constantFrom('0', 'a', ' ', '}')).map(([i, at, by]) => {
          const line = lines[i]!;
          const place = at % (line.length - 1);
          return lines.with(i, `${line.slice(0, place)}${by}${line.slice(place + 1)}`);
        }),
        index.map((i) => lines.filter((_, j) => j !== i)),
        fc.tuple(index, index).map(([i, j]) => lines.with(i, lines[j]!).with(j, lines[i]!)),
        fc.tuple(index, index).map(([i, j]) => lines.toSpliced(i, 0, lines[j]!)),
      ),
      (changed) => {
        if (changed.join('') === lines.join('')) return;
        expect(() => verifyAudit(readJsonl(changed.join('')), kept)).toThrow(
          expect.objectContaining({ code: 'AUDIT_BROKEN' }),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a whole new chain does not pass for the one whose head was kept', async () => {
  const one = await filled(fresh(), 6);
  const other = await filled(fresh(), 8);
  const kept = { seq: 5, hash: one[4]!.hash };
  expect(verifyAudit(one, kept).seq).toBe(6);
  // Same content, same hashes: what differs is where it was cut.
  expect(verifyAudit(other, kept).seq).toBe(8);
  expect(() => verifyAudit(one.slice(0, 4), kept)).toThrow(expect.objectContaining({ code: 'AUDIT_BROKEN', value: 5 }));
});

test('the table for a spreadsheet quotes what it must and runs nothing', async () => {
  const [decision, alert] = await filled(fresh(), 2);
  expect(CSV_HEADER.split(',')).toHaveLength(9);
  expect(toCsv(decision!)).toContain('1,1970-01-01T00:00:01.000Z,decision,a,INSIDE_BAND,"All, ""well"" 0.",');
  expect(toCsv(alert!)).toContain(",'=1+1,");
});

test('what is no state of an agent is refused', async () => {
  const path = fresh();
  writeFileSync(path, 'not a database at all, and long enough to be read as one by mistake, or so one would think');
  await expect(openAgentState(path)).rejects.toMatchObject({ code: 'AGENT_STATE_INVALID' });
  await expect(readAgentState(fresh())).rejects.toMatchObject({ code: 'AGENT_STATE_INVALID' });
  const foreign = fresh();
  const connection = driverOf(Database as never).open(foreign);
  connection.exec('CREATE TABLE x (y)');
  connection.close();
  await expect(openAgentState(foreign)).rejects.toMatchObject({ code: 'AGENT_STATE_INVALID' });
});

test('a file that was cut to nothing is damage, and no start from nothing; what a crash left of a new one is', async () => {
  const path = fresh();
  writeFileSync(path, '');
  await expect(openAgentState(path)).rejects.toMatchObject({ code: 'AGENT_STATE_INVALID' });
  const young = fresh();
  writeFileSync(`${young}.new`, '');
  const state = await openAgentState(young);
  const identity = state.identity();
  state.close();
  const again = await openAgentState(young);
  expect(again.identity()).toBe(identity);
  again.close();
});
