import type { Hex } from '@evenkeel/intents';
import { isTerminal } from '../model/transfer.js';
import type {
  Flow,
  Journal,
  NonceLane,
  ProgrammeKey,
  ProgrammeRecord,
  Reservation,
  StepKey,
  StoredOperation,
  TransferRecord,
} from '../ports/journal.js';
import {
  decisionSchema,
  decode,
  decodeIntent,
  encode,
  encodeIntent,
  flowSchema,
  isSameRecord,
  operationSchema,
  outcomeSchema,
  programmeRecordSchema,
  reservationSchema,
  transferRecordSchema,
} from './journal-codec.js';
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
} from './journal-rules.js';
import { JournalClosedError } from './journal-errors.js';

const programmeId = (key: ProgrammeKey): string => `${key.intentId}/${key.slice}`;
const stepId = (key: StepKey): string => `${programmeId(key)}/${key.step}/${key.attempt}`;
const sameLane = (a: NonceLane, b: NonceLane): boolean =>
  a.chainId === b.chainId && a.account.toLowerCase() === b.account.toLowerCase() && a.nonceKey === b.nonceKey;

/**
 * The outbox in memory: for browser wallets, dry runs and tests. Same rules and same text as on disk, gone with the
 * process; whoever moves real money with it loses the promise that a crash does nothing twice.
 *
 * @example
 * ```ts
 * const journal = memoryJournal()
 * await executeProgramme({ journal, ...rest })
 * ```
 */
export function memoryJournal(): Journal {
  const intents = new Map<Hex, string>();
  const programmes = new Map<string, string>();
  const cancelled = new Set<string>();
  const reservations: string[] = [];
  const operations = new Map<string, string>();
  const outcomes = new Map<string, string>();
  const transfers = new Map<string, string>();
  const flows = new Map<string, { readonly owner: string; readonly text: string }>();
  const decisions: string[] = [];
  let closed = false;

  /** Each method runs in one turn of the event loop, which is what makes it a transaction here. */
  const transaction = async <T>(body: () => T): Promise<T> => {
    await Promise.resolve();
    if (closed) throw new JournalClosedError();
    return body();
  };
  const readProgramme = (key: ProgrammeKey): ProgrammeRecord | undefined => {
    const text = programmes.get(programmeId(key));
    return text === undefined ? undefined : decode(programmeRecordSchema, text, 'programmes');
  };
  const changeProgramme = (key: ProgrammeKey, change: Partial<ProgrammeRecord>): void => {
    const record = readProgramme(key);
    if (record === undefined) throw unknownProgramme(key);
    programmes.set(programmeId(key), encode({ ...record, ...change }));
  };
  const allReservations = (): readonly Reservation[] =>
    reservations.map((text) => decode(reservationSchema, text, 'reservations'));
  const readReservation = (id: number): Reservation => {
    const text = reservations[id - 1];
    if (text === undefined) throw unknownReservation(id);
    return decode(reservationSchema, text, 'reservations');
  };
  const operationsOf = (id: number): readonly StoredOperation[] =>
    [...operations.values()]
      .map((text) => decode(operationSchema, text, 'operations'))
      .filter((operation) => operation.reservationId === id)
      .sort((a, b) => a.bump - b.bump);
  const replaceFlows = (owner: string, replacement: readonly Flow[]): void => {
    for (const [key, flow] of flows) if (flow.owner === owner) flows.delete(key);
    for (const flow of replacement) {
      const key = `${flow.chainId}/${flow.txHash}/${flow.part}`;
      if (!flows.has(key)) flows.set(key, { owner, text: encode(flow) });
    }
  };

  return Object.freeze<Journal>({
    putIntent: (signed) =>
      transaction(() => {
        const text = encodeIntent(signed);
        const stored = intents.get(signed.id) ?? text;
        if (stored !== text) throw conflictingIntent(signed.id);
        intents.set(signed.id, stored);
        return decodeIntent(stored, 'intents');
      }),
    intent: (id) =>
      transaction(() => {
        const text = intents.get(id);
        return text === undefined ? undefined : decodeIntent(text, 'intents');
      }),

    putProgramme: (programme, atMs) =>
      transaction(() => {
        const stored = readProgramme(programme);
        if (stored !== undefined) {
          if (!isSameRecord(stored.programme, programme)) throw conflictingProgramme(programme);
          return stored;
        }
        const record = { programme, state: 'running', cancelRequested: false, createdAtMs: atMs };
        const text = encode(record);
        const checked = decode(programmeRecordSchema, text, 'programmes');
        programmes.set(programmeId(programme), text);
        return checked;
      }),
    programme: (key) => transaction(() => readProgramme(key)),
    programmes: (filter = {}) =>
      transaction(() =>
        [...programmes.values()]
          .map((text) => decode(programmeRecordSchema, text, 'programmes'))
          .filter((record) => filter.state === undefined || record.state === filter.state)
          .filter((record) => filter.intentId === undefined || record.programme.intentId === filter.intentId),
      ),
    requestCancel: (key) =>
      transaction(() => {
        changeProgramme(key, { cancelRequested: true });
        cancelled.add(programmeId(key));
      }),
    isCancelRequested: (key) => transaction(() => cancelled.has(programmeId(key))),
    finishProgramme: (key, state) => transaction(() => changeProgramme(key, { state })),

    reserve: (key, lane, floor, atMs) =>
      transaction(() => {
        const all = allReservations();
        const known = all.find((each) => stepId(each.key) === stepId(key));
        if (known !== undefined) return known;
        if (outcomes.has(stepId(key))) throw endedAlready(key);
        const used = all.filter((each) => sameLane(each, lane)).map((each) => each.nonce);
        const highest = used.reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
        const { chainId, nonceKey } = lane;
        const account = lane.account.toLowerCase();
        const id = reservations.length + 1;
        const nonce = nextNonce(highest, floor);
        reservations.push(encode({ id, key, chainId, account, nonceKey, nonce, state: 'open', reservedAtMs: atMs }));
        return readReservation(id);
      }),
    reservation: (key) => transaction(() => allReservations().find((each) => stepId(each.key) === stepId(key))),
    openReservations: (lane) =>
      transaction(() =>
        allReservations()
          .filter((each) => each.state === 'open' && sameLane(each, lane))
          .sort((a, b) => Number(a.nonce - b.nonce)),
      ),
    persistOperation: (operation) =>
      transaction(() => {
        const key = `${operation.reservationId}/${operation.bump}`;
        const stored = operations.get(key);
        if (stored !== undefined) return decode(operationSchema, stored, 'operations');
        if (readReservation(operation.reservationId).state !== 'open') throw settledAlready(operation.reservationId);
        const text = encode(operation);
        operations.set(key, text);
        return decode(operationSchema, text, 'operations');
      }),
    operations: (id) => transaction(() => operationsOf(id)),
    settle: (id, settlement, settledFlows) =>
      transaction(() => {
        const { key, chainId, account, nonceKey, nonce, reservedAtMs } = readReservation(id);
        const { finalHash, success, state } = settlement;
        reservations[id - 1] = encode({
          id,
          key,
          chainId,
          account,
          nonceKey,
          nonce,
          state,
          reservedAtMs,
          finalHash,
          success,
        });
        replaceFlows(`reservation/${id}`, settledFlows);
        return readReservation(id);
      }),

    reopen: (id) =>
      transaction(() => {
        const { key, chainId, account, nonceKey, nonce, reservedAtMs } = readReservation(id);
        reservations[id - 1] = encode({ id, key, chainId, account, nonceKey, nonce, state: 'open', reservedAtMs });
        outcomes.delete(stepId(key));
        replaceFlows(`reservation/${id}`, []);
        return readReservation(id);
      }),

    putOutcome: (outcome) =>
      transaction(() => {
        const key = stepId(outcome.key);
        const stored = outcomes.get(key);
        if (stored !== undefined) return decode(outcomeSchema, stored, 'outcomes');
        const reservation = allReservations().find((each) => stepId(each.key) === key);
        if (reservation?.state === 'open') throw reservedAlready(outcome.key);
        const text = encode(outcome);
        outcomes.set(key, text);
        return decode(outcomeSchema, text, 'outcomes');
      }),
    outcomes: (key) =>
      transaction(() =>
        [...outcomes.values()]
          .map((text) => decode(outcomeSchema, text, 'outcomes'))
          .filter((outcome) => programmeId(outcome.key) === programmeId(key)),
      ),

    putTransfer: (record) =>
      transaction(() => {
        const key = stepId(record.key);
        const text = transfers.get(key) ?? encode(record);
        transfers.set(key, text);
        return decode(transferRecordSchema, text, 'transfers');
      }),
    updateTransfer: (key, status, broughtFlows, atMs) =>
      transaction(() => {
        const text = transfers.get(stepId(key));
        if (text === undefined) throw unknownTransfer(key);
        const record: TransferRecord = decode(transferRecordSchema, text, 'transfers');
        if (isTerminal(record.status)) return record;
        const changed = encode({ ...record, status, updatedAtMs: atMs });
        transfers.set(stepId(key), changed);
        if (isTerminal(status)) replaceFlows(`transfer/${stepId(key)}`, broughtFlows);
        return decode(transferRecordSchema, changed, 'transfers');
      }),
    transfers: (filter = {}) =>
      transaction(() =>
        [...transfers.values()]
          .map((text) => decode(transferRecordSchema, text, 'transfers'))
          .filter((record) => filter.intentId === undefined || record.key.intentId === filter.intentId)
          .filter((record) => filter.open === undefined || isTerminal(record.status) !== filter.open),
      ),

    putOutsideFlows: (source, outside) => transaction(() => replaceFlows(`outside/${source}`, outside)),
    flows: (filter = {}) =>
      transaction(() =>
        [...flows.values()]
          .map(({ text }) => decode(flowSchema, text, 'flows'))
          .filter((flow) => filter.intentId === undefined || flow.intentId === filter.intentId)
          .filter((flow) => filter.slice === undefined || flow.slice === filter.slice),
      ),

    appendDecision: (decision) =>
      transaction(() => {
        decisions.push(encode(decision));
      }),
    decisions: (filter = {}) =>
      transaction(() =>
        decisions
          .map((text) => decode(decisionSchema, text, 'decisions'))
          .filter((decision) => filter.intentId === undefined || decision.intentId === filter.intentId)
          .filter((decision) => filter.code === undefined || decision.code === filter.code),
      ),

    close: async () => {
      await Promise.resolve();
      closed = true;
    },
  });
}
