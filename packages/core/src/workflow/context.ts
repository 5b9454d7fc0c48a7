import type { JsonValue } from '../model/curve.js';

/**
 * What a workflow may do besides computing. Everything that is not the same at every run goes through it: time, randomness
 * and whatever reaches the outside belong into a step, and between the calls there is only arithmetic on their answers.
 *
 * An engine writes down how each call has ended. After a crash the workflow runs from its beginning again, maybe in another
 * process; calls whose end is known answer at once with what is written down, so that it comes to where it stood.
 */
export interface WorkflowContext {
  /** Of this run of the workflow, as it was started. */
  readonly id: string;
  /**
   * Does something outside, and answers with what the first run that came to its end has made of it. At least once, not
   * once: a process may die after the deed and before it is written down. What must not be done twice is kept by an
   * outbox of its own.
   *
   * @param name tells the call from its neighbours; the same at every run
   * @param body the signal aborts when the process is to end or another one has taken over
   */
  step<T extends JsonValue>(name: string, body: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @param atMs Unix milliseconds; in the past: at once */
  sleepUntil(atMs: number): Promise<void>;
  /** Unix milliseconds, the same at every run. */
  now(): Promise<number>;
  /**
   * The next signal, in the order in which they were sent; those that came before it was asked for count.
   *
   * @param untilMs Unix milliseconds; waits for ever where it is left out
   * @returns undefined when none has come until then
   */
  waitSignal(untilMs?: number): Promise<JsonValue | undefined>;
}

/** One way to do it. Deterministic but for its context. */
export type WorkflowBody = (context: WorkflowContext, input: JsonValue) => Promise<JsonValue>;

/**
 * A workflow with all its versions that may still be running. A run stays with the version that it was begun with; a new
 * one takes the highest. A version is changed by writing the next one, and goes when none of its runs is left.
 */
export interface WorkflowDefinition {
  /** A name for ever: letters, digits and hyphens. */
  readonly name: string;
  readonly versions: Readonly<Record<number, WorkflowBody>>;
}

/** How a run has ended. A failed one says why, in what may be said of any error. */
export type WorkflowEnd =
  | { readonly state: 'done'; readonly output: JsonValue }
  | { readonly state: 'failed'; readonly code: string; readonly sentence: string };

/** Whatever runs workflows so that they survive the death of their process. */
export interface WorkflowEngine {
  readonly id: string;
  /**
   * Begins a run; resolves when it is written down. The same id is the same run: a second start changes nothing.
   *
   * @throws WORKFLOW_UNKNOWN for a name that the engine was not given
   */
  start(workflow: string, id: string, input: JsonValue): Promise<void>;
  /** Whether there is a run of that id, whether or not it has ended. */
  knows(id: string): Promise<boolean>;
  /** Sends a signal to a run; resolves when it is written down. @throws WORKFLOW_UNKNOWN where there is no such run */
  signal(id: string, signal: JsonValue): Promise<void>;
  /** Waits until a run has come to its end, wherever it runs. @throws WORKFLOW_UNKNOWN where there is no such run */
  result(id: string, signal?: AbortSignal): Promise<WorkflowEnd>;
  /** Stops running workflows here. They go on where the engine is opened next. */
  close(): Promise<void>;
}

/** The version that new runs take. */
export function latestVersion({ versions }: WorkflowDefinition): number {
  return Math.max(...Object.keys(versions).map(Number));
}
