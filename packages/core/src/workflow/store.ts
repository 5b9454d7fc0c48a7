import type { JsonValue } from '../model/curve.js';
import type { WorkflowEnd } from './context.js';

/** A run, as it was begun. */
export interface WorkflowRecord {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly input: JsonValue;
  /** Undefined while it has not ended. */
  readonly end?: WorkflowEnd;
}

/** How one call of a run has ended. `body` of a wait: which signal came, counted from 0, or null for none. */
export interface WorkflowEntry {
  readonly kind: 'step' | 'now' | 'signal';
  readonly name: string;
  readonly body: JsonValue;
}

/** Where the embedded engine keeps its runs. What was written is there when the promise resolves, whatever crashes. */
export interface WorkflowStore {
  /** First writer wins: answers with what is stored. */
  create(record: WorkflowRecord): Promise<WorkflowRecord>;
  find(id: string): Promise<WorkflowRecord | undefined>;
  /** Those that have not ended, oldest first. */
  running(): Promise<readonly WorkflowRecord[]>;
  /** In the order in which they were written. */
  entries(id: string): Promise<readonly WorkflowEntry[]>;
  append(id: string, seq: number, entry: WorkflowEntry): Promise<void>;
  finish(id: string, end: WorkflowEnd): Promise<void>;
  /** @returns how many signals the run had before */
  addSignal(id: string, signal: JsonValue): Promise<number>;
  signals(id: string): Promise<readonly JsonValue[]>;
  close(): Promise<void>;
}
