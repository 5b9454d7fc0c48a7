import type { JsonValue } from '../model/curve.js';
import type { WorkflowEntry, WorkflowRecord, WorkflowStore } from './store.js';

/** A store without a disk: for a wallet in a browser, and for tests. Lives as long as it is held. */
export function memoryWorkflowStore(): WorkflowStore {
  const records = new Map<string, WorkflowRecord>();
  const entries = new Map<string, WorkflowEntry[]>();
  const signals = new Map<string, JsonValue[]>();
  const listOf = <T>(lists: Map<string, T[]>, id: string): T[] => {
    const list = lists.get(id) ?? [];
    lists.set(id, list);
    return list;
  };
  /** As a disk would: one turn later, and with a promise that rejects. */
  const written = async <T>(write: () => T): Promise<T> => {
    await Promise.resolve();
    return write();
  };
  return Object.freeze({
    create: (record) =>
      written(() => {
        const stored = records.get(record.id) ?? record;
        records.set(record.id, stored);
        return stored;
      }),
    find: (id) => written(() => records.get(id)),
    running: () => written(() => [...records.values()].filter(({ end }) => end === undefined)),
    entries: (id) => written(() => [...listOf(entries, id)]),
    append: (id, seq, entry) => written(() => void (listOf(entries, id)[seq] = entry)),
    finish: (id, end) => written(() => void records.set(id, { ...records.get(id)!, end })),
    addSignal: (id, signal) => written(() => listOf(signals, id).push(signal) - 1),
    signals: (id) => written(() => [...listOf(signals, id)]),
    close: () => written(() => undefined),
  } satisfies WorkflowStore);
}
