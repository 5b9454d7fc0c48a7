import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import {
  JournalClaimLostError,
  JournalClosedError,
  JournalConflictError,
  JournalCorruptError,
  JournalDriverMissingError,
  JournalForeignError,
  JournalFullError,
  JournalIoError,
  JournalLockedError,
  JournalStepTakenError,
  JournalVersionError,
} from '../src/execution/journal-errors.js';
import { memoryJournal } from '../src/execution/memory-journal.js';
import { pgPool, postgresJournal, type SharedJournal } from '../src/journal-postgres/index.js';
import { driverOf, sqliteJournal } from '../src/journal-sqlite/index.js';
import type { Hex } from '../src/model/token.js';
import type { Flow, Journal, NonceLane, StepKey, StoredOperation, TransferRecord } from '../src/ports/journal.js';
import { hasPostgres, newSchema, postgres, stopPostgres } from './support/postgres.js';
import { bridgeQuote, crossChainSteps, programmeOf, signedIntent, usdcOn, world } from './support/world.js';

// A server takes its time to be made, and to come back after it was killed.
jest.setTimeout(60_000);
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-journal-'));
afterAll(async () => {
  await stopPostgres();
  rmSync(directory, { recursive: true, force: true });
});
let files = 0;
const newPath = (): string => join(directory, `${files++}.db`);

const INTENT: Hex = `0x${'ab'.repeat(32)}`;
const LANE: NonceLane = { chainId: 1, account: '0x00000000000000000000000000000000000000AA', nonceKey: 0n };
const keyOf = (step: string, attempt = 0): StepKey => ({ intentId: INTENT, slice: 0, step, attempt });
const hashOf = (seed: number): Hex => `0x${seed.toString(16).padStart(64, '0')}`;
const operationOf = (reservationId: number, bump: number, seed: number): StoredOperation => ({
  reservationId,
  bump,
  purpose: 'step',
  raw: `0x${seed.toString(16).padStart(4, '0')}`,
  hash: hashOf(seed),
  gasLimit: 21_000n,
  maxFeePerGasWei: 2n ** 90n,
  maxPriorityFeePerGasWei: 1n,
  signedAtMs: 5,
});
const flowOf = (part: string, atoms: bigint): Flow => ({
  intentId: INTENT,
  slice: 0,
  step: 'a',
  chainId: 1,
  token: usdcOn(1).address,
  atoms,
  kind: 'swap',
  txHash: hashOf(1),
  part,
});

async function onPostgres(): Promise<SharedJournal> {
  return postgresJournal({ connectionString: (await postgres()).url, schema: newSchema() });
}

/** What one who has claimed something sees; closing it closes all. */
async function claimedOnPostgres(): Promise<Journal> {
  const journal = await onPostgres();
  return { ...(await journal.claim('mine')), close: () => journal.close() };
}

type Kind = [name: string, open: () => Promise<Journal>];
const onServer: Kind[] = [
  ['postgres', onPostgres],
  ['postgres, claimed', claimedOnPostgres],
];
describe.each<Kind>([
  ['memory', async () => memoryJournal()],
  ['sqlite', () => sqliteJournal({ path: newPath() })],
  ...(hasPostgres ? onServer : []),
])('a journal in %s', (_, open) => {
  let journal: Journal;
  beforeEach(async () => void (journal = await open()));
  afterEach(() => journal.close());

  test('keeps intents, and refuses another content under the same id', async () => {
    const signed = await signedIntent(world());
    expect(await journal.intent(signed.id)).toBeUndefined();
    expect(await journal.putIntent(signed)).toEqual(signed);
    expect(await journal.putIntent(signed)).toEqual(signed);
    expect(await journal.intent(signed.id)).toEqual(signed);
    await expect(journal.putIntent({ ...signed, signature: '0x12' })).rejects.toThrow();
    expect(await journal.intent(signed.id)).toEqual(signed);
  });

  test('keeps programmes as they are, first writer wins', async () => {
    const on = world();
    const programme = programmeOf(
      await signedIntent(on),
      crossChainSteps('0x00000000000000000000000000000000000000AA'),
    );
    const record = await journal.putProgramme(programme, 7);
    expect(record).toEqual({ programme, state: 'running', cancelRequested: false, createdAtMs: 7 });
    expect(await journal.putProgramme(programme, 9)).toEqual(record);
    const other = { ...programme, steps: programme.steps.slice(1) };
    await expect(journal.putProgramme(other, 9)).rejects.toThrow(JournalConflictError);
    expect(await journal.isCancelRequested(programme)).toBe(false);
    await journal.requestCancel(programme);
    expect(await journal.isCancelRequested(programme)).toBe(true);
    await journal.finishProgramme(programme, 'stopped');
    expect(await journal.programmes({ state: 'running' })).toEqual([]);
    expect(await journal.programmes({ intentId: programme.intentId })).toEqual([
      { ...record, cancelRequested: true, state: 'stopped' },
    ]);
    await expect(journal.requestCancel({ ...programme, slice: 4 })).rejects.toThrow(JournalConflictError);
  });

  test('gives every step one nonce of its lane, without gaps and never one that is used up', async () => {
    const first = await journal.reserve(keyOf('a'), LANE, 5n, 1);
    expect(first).toMatchObject({ nonce: 5n, state: 'open', key: keyOf('a') });
    expect(await journal.reserve(keyOf('a'), LANE, 9n, 2)).toEqual(first);
    expect(
      (await journal.reserve(keyOf('b'), { ...LANE, account: LANE.account.toLowerCase() as Hex }, 0n, 2)).nonce,
    ).toBe(6n);
    expect((await journal.reserve(keyOf('c'), { ...LANE, chainId: 2 }, 0n, 2)).nonce).toBe(0n);
    expect((await journal.reserve(keyOf('d'), { ...LANE, nonceKey: 2n ** 190n }, 3n, 2)).nonce).toBe(3n);
    expect((await journal.reserve(keyOf('a', 1), LANE, 20n, 2)).nonce).toBe(20n);
    expect((await journal.openReservations(LANE)).map(({ nonce }) => nonce)).toEqual([5n, 6n, 20n]);
    expect(await journal.reservation(keyOf('z'))).toBeUndefined();
  });

  test('whatever the order of reservations, (lane, nonce) and step keys are unique', async () => {
    let round = 0;
    const plan = fc.array(fc.record({ step: fc.nat(12), lane: fc.nat(2), floor: fc.nat(20) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(plan, async (requests) => {
        round += 1;
        const made = await Promise.all(
          requests.map(({ step, lane, floor }) =>
            journal.reserve(keyOf(`${round}-${step}`), { ...LANE, chainId: 10 + lane }, BigInt(floor), 1),
          ),
        );
        const nonces = new Map(made.map((each) => [each.id, `${each.chainId}/${each.nonce}`]));
        expect(new Set(nonces.values()).size).toBe(nonces.size);
        expect(nonces.size).toBe(new Set(requests.map(({ step }) => step)).size);
      }),
      { numRuns: 20 },
    );
  });

  test('keeps the first raw transaction of a bump, and gives it to whoever comes later', async () => {
    const { id } = await journal.reserve(keyOf('a'), LANE, 0n, 1);
    const stored = await journal.persistOperation(operationOf(id, 0, 1));
    expect(await journal.persistOperation(operationOf(id, 0, 2))).toEqual(stored);
    const bump = await journal.persistOperation(operationOf(id, 1, 3));
    expect(await journal.operations(id)).toEqual([stored, bump]);
    expect(Object.isFrozen(stored)).toBe(true);
    await expect(journal.persistOperation(operationOf(99, 0, 4))).rejects.toThrow(JournalConflictError);
  });

  test('settles together with its flows, takes nothing more afterwards, and can be reopened', async () => {
    const { id } = await journal.reserve(keyOf('a'), LANE, 0n, 1);
    await journal.persistOperation(operationOf(id, 0, 1));
    const outcome = { key: keyOf('a'), state: 'done', code: 'STEP_FILLED', sentence: 'done.' } as const;
    await expect(journal.putOutcome(outcome)).rejects.toThrow(JournalStepTakenError);
    const settled = await journal.settle(id, { state: 'filled', finalHash: hashOf(1), success: true }, [
      flowOf('gas', -3n),
    ]);
    expect(settled).toMatchObject({ state: 'filled', finalHash: hashOf(1), success: true });
    expect(await journal.openReservations(LANE)).toEqual([]);
    await expect(journal.persistOperation(operationOf(id, 1, 2))).rejects.toThrow(JournalConflictError);
    expect(await journal.putOutcome(outcome)).toEqual(outcome);
    expect(await journal.putOutcome({ ...outcome, state: 'failed' })).toEqual(outcome);

    await journal.settle(id, { state: 'filled', finalHash: hashOf(1), success: true }, [
      flowOf('gas', -4n),
      flowOf('log:0', 7n),
    ]);
    expect((await journal.flows({ intentId: INTENT })).map(({ atoms }) => atoms)).toEqual([-4n, 7n]);
    expect(await journal.flows({ intentId: INTENT, slice: 1 })).toEqual([]);

    const reopened = await journal.reopen(id);
    expect(reopened).toMatchObject({ state: 'open', nonce: 0n });
    expect(reopened).not.toHaveProperty('finalHash');
    expect([await journal.flows(), await journal.outcomes(keyOf('a'))]).toEqual([[], []]);
    expect(await journal.operations(id)).toHaveLength(1);
  });

  test('a step that has ended gets no nonce', async () => {
    await journal.putOutcome({ key: keyOf('a'), state: 'failed', code: 'GUARD_CALL_REVERTS', sentence: 'no.' });
    await expect(journal.reserve(keyOf('a'), LANE, 0n, 1)).rejects.toThrow(JournalStepTakenError);
    expect(await journal.reservation(keyOf('a'))).toBeUndefined();
  });

  test('keeps transfers to their end, which is written once', async () => {
    const transfer = { id: 't', adapter: 'b', quote: bridgeQuote(2n, 1n), originTxHash: hashOf(1), sentAtSeconds: 3 };
    const record: TransferRecord = {
      key: keyOf('t'),
      transfer,
      status: { state: 'pending', reason: 'sent' },
      updatedAtMs: 1,
    };
    expect(await journal.putTransfer(record)).toEqual(record);
    expect(await journal.putTransfer({ ...record, updatedAtMs: 9 })).toEqual(record);
    const refund = { state: 'refund-pending', reason: 'late', needsClaim: true } as const;
    expect((await journal.updateTransfer(keyOf('t'), refund, [], 2)).status).toEqual(refund);
    expect(await journal.transfers({ open: true })).toHaveLength(1);
    const refunded = { state: 'refunded', received: { token: usdcOn(1), atoms: 2n }, txHash: hashOf(1) } as const;
    await journal.updateTransfer(keyOf('t'), refunded, [flowOf('log:0', 2n)], 3);
    expect((await journal.updateTransfer(keyOf('t'), refund, [], 4)).status).toEqual(refunded);
    expect(await journal.transfers({ open: true })).toEqual([]);
    expect(await journal.transfers({ intentId: INTENT, open: false })).toHaveLength(1);
    expect((await journal.flows()).map(({ atoms }) => atoms)).toEqual([2n]);
    await expect(journal.updateTransfer(keyOf('x'), refund, [], 4)).rejects.toThrow(JournalConflictError);
  });

  test('keeps what others moved in our name, and replaces it as a whole', async () => {
    await journal.putOutsideFlows('an order', [flowOf('log:0', 2n), flowOf('log:1', 3n)]);
    await journal.putOutsideFlows('an order', [flowOf('log:0', 5n)]);
    await journal.putOutsideFlows('another', [flowOf('log:7', 1n)]);
    expect((await journal.flows({ intentId: INTENT })).map(({ atoms }) => atoms)).toEqual([5n, 1n]);
  });

  test('keeps the decision log in order', async () => {
    const decision = { atMs: 1, code: 'HOLD', sentence: 'inside the band.', simulated: false, details: { width: '1' } };
    await journal.appendDecision(decision);
    await journal.appendDecision({ ...decision, intentId: INTENT, slice: 0, step: 'a', code: 'STEP_SENT' });
    expect((await journal.decisions()).map(({ code }) => code)).toEqual(['HOLD', 'STEP_SENT']);
    expect(await journal.decisions({ intentId: INTENT })).toHaveLength(1);
    expect(await journal.decisions({ code: 'HOLD' })).toMatchObject([{ code: 'HOLD' }]);
    expect(await journal.decisions({ intentId: INTENT, code: 'HOLD' })).toEqual([]);
  });

  test('is of no use once it is closed', async () => {
    await journal.close();
    await journal.close();
    await expect(journal.decisions()).rejects.toThrow(JournalClosedError);
  });
});

describe('the file of a journal', () => {
  test('survives being closed', async () => {
    const path = newPath();
    const journal = await sqliteJournal({ path });
    const reservation = await journal.reserve(keyOf('a'), LANE, 3n, 1);
    await journal.close();
    const again = await sqliteJournal({ path });
    expect(await again.reservation(keyOf('a'))).toEqual(reservation);
    await again.close();
  });

  test('is locked for a second executor of this process, and says so', async () => {
    const path = newPath();
    const journal = await sqliteJournal({ path });
    await expect(sqliteJournal({ path })).rejects.toThrow(JournalLockedError);
    // The first one is not disturbed by it.
    expect((await journal.reserve(keyOf('a'), LANE, 0n, 1)).nonce).toBe(0n);
    await journal.close();
    await (await sqliteJournal({ path })).close();
  });

  test('is locked for a second process, keeps what was written when the first is killed, and is free then', async () => {
    const path = newPath();
    const child = spawn(
      process.execPath,
      [
        '-e',
        // Only what a process of ours would do: the exclusive lock and a committed row, then the end.
        `const Database = require('libsql'); const db = new Database(${JSON.stringify(path)});
       db.prepare('PRAGMA locking_mode = EXCLUSIVE').all(); db.prepare('PRAGMA journal_mode = WAL').all();
       db.prepare('PRAGMA synchronous = FULL').all();
       db.exec("INSERT INTO decisions (body) VALUES ('" + JSON.stringify({ atMs: 1, code: 'LAST_WORDS', sentence: 's', simulated: false, details: {} }) + "')");
       console.log('ready'); setInterval(() => {}, 1000);`,
      ],
      { cwd: join(__dirname, '..') },
    );
    await (await sqliteJournal({ path })).close();
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.stderr.once('data', (text: Buffer) => reject(new Error(text.toString())));
    });
    await expect(sqliteJournal({ path })).rejects.toThrow(JournalLockedError);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const journal = await sqliteJournal({ path });
    expect((await journal.decisions()).map(({ code }) => code)).toEqual(['LAST_WORDS']);
    await journal.close();
  });

  test.each<[string, (path: string) => void, new (...args: never[]) => Error]>([
    ['a text file', (path) => writeFileSync(path, 'portfolios:\n'.repeat(400)), JournalForeignError],
    ['a database of something else', (path) => void new Database(path).exec('CREATE TABLE t (a)'), JournalForeignError],
    ['an empty file', (path) => writeFileSync(path, ''), JournalCorruptError],
  ])('%s is refused and left as it was', async (_, make, error) => {
    const path = newPath();
    make(path);
    const before = readFileSync(path);
    await expect(sqliteJournal({ path })).rejects.toThrow(error);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  async function filled(): Promise<string> {
    const path = newPath();
    const journal = await sqliteJournal({ path });
    for (let index = 0; index < 60; index++) await journal.reserve(keyOf(`step ${index}`), LANE, 0n, 1);
    await journal.close();
    return path;
  }

  test('that is cut short is refused', async () => {
    const path = await filled();
    truncateSync(path, 20_000);
    await expect(sqliteJournal({ path })).rejects.toThrow(JournalCorruptError);
  });

  test('with a page of noise is refused', async () => {
    const path = await filled();
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(8_192, 0x5a), 0, 8_192, 4_096);
    closeSync(file);
    await expect(sqliteJournal({ path })).rejects.toThrow(JournalCorruptError);
  });

  test.each([
    ["UPDATE reservations SET state = 'maybe'", 'reservations.state'],
    ["UPDATE reservations SET account = 'nobody'", 'reservations.account'],
    ["UPDATE reservations SET nonce = -1 WHERE step = 'step 7'", 'reservations.nonce'],
    ["UPDATE reservations SET nonce_key = 'x'", 'reservations.nonceKey'],
  ])('with a row changed by hand (%s) says which', async (sql, field) => {
    const path = await filled();
    new Database(path).exec(sql);
    const journal = await sqliteJournal({ path });
    await expect(journal.reservation(keyOf('step 7'))).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', field });
    await journal.close();
  });

  test('of a newer release is refused', async () => {
    const path = await filled();
    new Database(path).exec('PRAGMA user_version = 99');
    await expect(sqliteJournal({ path })).rejects.toThrow(JournalVersionError);
  });

  test('in a directory that is not there cannot be made', async () => {
    await expect(sqliteJournal({ path: join(directory, 'no', 'where.db') })).rejects.toThrow(JournalIoError);
  });

  test('on a full disk: the write fails as a whole, and what was there stays', async () => {
    const path = newPath();
    const journal = await sqliteJournal({ path, driver: limitedDriver(40) });
    let written = 0;
    await expect(
      (async () => {
        for (; written < 10_000; written++) await journal.reserve(keyOf(`step ${written}`), LANE, 0n, 1);
      })(),
    ).rejects.toThrow(JournalFullError);
    expect((await journal.openReservations(LANE)).length).toBe(written);
    await journal.close();
  });

  test('needs a driver', async () => {
    const driver = {
      open: () => {
        throw new JournalDriverMissingError('libsql');
      },
    };
    await expect(sqliteJournal({ path: newPath(), driver })).rejects.toThrow(JournalDriverMissingError);
  });
});

/** A disk of so many pages. */
function limitedDriver(pages: number): ReturnType<typeof driverOf> {
  const driver = driverOf(Database);
  return {
    open: (path) => {
      const connection = driver.open(path);
      connection.all(`PRAGMA max_page_count = ${pages}`, []);
      return connection;
    },
  };
}

const describeShared = hasPostgres ? describe : describe.skip;
describeShared('a journal that processes share', () => {
  let journal: SharedJournal;
  let schema: string;
  const again = async (): Promise<SharedJournal> =>
    postgresJournal({ connectionString: (await postgres()).url, schema });
  beforeEach(async () => {
    schema = newSchema();
    journal = await again();
  });
  afterEach(() => journal.close());

  test('is one, whoever opens it, also both at once', async () => {
    schema = newSchema();
    const [a, b] = await Promise.all([again(), again()]);
    const reservation = await a.reserve(keyOf('a'), LANE, 3n, 1);
    expect(await b.reserve(keyOf('a'), LANE, 9n, 2)).toEqual(reservation);
    await Promise.all([a.close(), b.close()]);
  });

  test('gives each nonce of a lane out once, however many ask at once', async () => {
    const others = await Promise.all([again(), again()]);
    const asked = Array.from({ length: 30 }, (_, i) =>
      [journal, ...others][i % 3]!.reserve(keyOf(`${i}`), LANE, 7n, 1),
    );
    const nonces = (await Promise.all(asked)).map(({ nonce }) => nonce).sort((a, b) => Number(a - b));
    expect(nonces).toEqual(Array.from({ length: 30 }, (_, i) => 7n + BigInt(i)));
    await Promise.all(others.map((each) => each.close()));
  });

  test('a step either gets a nonce or an end, when two executors want both', async () => {
    const other = await again();
    for (let i = 0; i < 10; i++) {
      const key = keyOf(`${i}`);
      const outcome = { key, state: 'failed', code: 'GUARD_CALL_REVERTS', sentence: 'no.' } as const;
      const [reserved, ended] = await Promise.allSettled([
        journal.reserve(key, LANE, 0n, 1),
        other.putOutcome(outcome),
      ]);
      expect([reserved.status, ended.status].sort()).toEqual(['fulfilled', 'rejected']);
      const loser = reserved.status === 'rejected' ? reserved : ended;
      expect((loser as PromiseRejectedResult).reason).toBeInstanceOf(JournalStepTakenError);
    }
    await other.close();
  });

  test('whoever has lost a claim writes nothing more, and may still read', async () => {
    const first = await journal.claim('book');
    const other = await journal.claim('another book');
    const { id } = await first.reserve(keyOf('a'), LANE, 0n, 1);
    const elsewhere = await again();
    const second = await elsewhere.claim('book');
    const refused: ((on: Journal) => Promise<unknown>)[] = [
      (on) => on.reserve(keyOf('b'), LANE, 0n, 1),
      (on) => on.persistOperation(operationOf(id, 0, 1)),
      (on) => on.settle(id, { state: 'lost' }, []),
      (on) => on.reopen(id),
      (on) => on.putOutcome({ key: keyOf('c'), state: 'failed', code: 'X', sentence: 'x.' }),
      (on) => on.appendDecision({ atMs: 1, code: 'X', sentence: 'x.', simulated: false, details: {} }),
    ];
    for (const write of refused) await expect(write(first)).rejects.toThrow(JournalClaimLostError);
    expect(await first.reservation(keyOf('a'))).toMatchObject({ id, state: 'open' });
    expect((await second.persistOperation(operationOf(id, 0, 1))).hash).toBe(hashOf(1));
    expect((await other.reserve(keyOf('d'), LANE, 0n, 1)).nonce).toBe(1n);
    await elsewhere.close();
  });

  test('a row changed by hand says which', async () => {
    await journal.reserve(keyOf('a'), LANE, 0n, 1);
    const pool = await pgPool((await postgres()).url);
    const connection = await pool.connect();
    await connection.query(`UPDATE "${schema}".reservations SET state = 'maybe'`);
    await expect(journal.reservation(keyOf('a'))).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      field: 'reservations.state',
    });
    await connection.query(`UPDATE "${schema}".evenkeel_version SET version = 99`);
    await expect(again()).rejects.toThrow(JournalVersionError);
    await connection.query(`DROP TABLE "${schema}".evenkeel_version`);
    await expect(again()).rejects.toThrow(JournalForeignError);
    connection.release();
    await pool.end();
  });

  test('says when there is no server, and when a name is none', async () => {
    const nowhere = 'postgresql://postgres@127.0.0.1:1/postgres';
    await expect(postgresJournal({ connectionString: nowhere })).rejects.toThrow(JournalIoError);
    await expect(postgresJournal({ connectionString: nowhere, schema: 'a"b' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(postgresJournal({})).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('keeps what was committed when the server is killed', async () => {
    const reservation = await journal.reserve(keyOf('a'), LANE, 3n, 1);
    const server = await postgres();
    await server.kill();
    await expect(journal.reserve(keyOf('b'), LANE, 0n, 1)).rejects.toThrow(JournalIoError);
    await server.restart();
    expect(await journal.reservation(keyOf('a'))).toEqual(reservation);
    expect((await journal.reserve(keyOf('b'), LANE, 0n, 1)).nonce).toBe(4n);
  });
});
