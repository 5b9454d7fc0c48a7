import type { JsonValue } from '@evenkeel/core';
import type { WorkflowContext } from '@evenkeel/core/workflow';
import { EvenkeelError } from '@evenkeel/intents';
import type { DBOS } from '@dbos-inc/dbos-sdk';
import { answerOf, recordStep } from '../recorded-step.js';

/** What a signal travels as: one that is null is still a signal. */
export interface Letter {
  readonly signal: JsonValue;
}

export const SIGNALS = 'signals';
/** Signals are asked for again after this: a timer of Node that is much longer comes at once. */
const LONGEST_SECONDS = 86_400;
/** Between two tries of a step that something outside has interrupted. */
const RETRY_MS = 1_000;

/** A run's context over that of DBOS, whose database keeps what each call has come to. */
export function dbosContext(dbos: typeof DBOS, id: string, stop: AbortSignal): WorkflowContext {
  return Object.freeze({
    id,
    step: async <T extends JsonValue>(name: string, body: (signal: AbortSignal) => Promise<T>) =>
      answerOf(await dbos.runStep(() => persistently(() => body(stop), stop), { name })) as T,
    // Always asked for, also when it is over: what is asked for has to be the same at every run.
    sleepUntil: (atMs) => dbos.sleepms(Math.max(1, Math.ceil(atMs - Date.now()))),
    now: () => dbos.now(),
    waitSignal: async (untilMs) => {
      for (;;) {
        const seconds = untilMs === undefined ? LONGEST_SECONDS : Math.max(0.001, (untilMs - Date.now()) / 1000);
        const timeoutSeconds = Math.min(LONGEST_SECONDS, seconds);
        const letter = await dbos.recv<Letter>(SIGNALS, { timeoutSeconds });
        if (letter !== null) return letter.signal;
        // By what is written down, so that every run asks as often as the first.
        if (untilMs !== undefined && (await dbos.now()) >= untilMs) return undefined;
      }
    },
  } satisfies WorkflowContext);
}

/**
 * A step to its answer. DBOS writes down what a step throws, so that what has only interrupted it must not leave it: it is
 * tried again, or left for whoever takes the run over.
 */
async function persistently(body: () => Promise<JsonValue>, stop: AbortSignal): ReturnType<typeof recordStep> {
  for (;;) {
    try {
      return await recordStep(body, stop);
    } catch (error) {
      if (stop.aborted || !(error instanceof EvenkeelError && error.retryable)) return leftAlone();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Never answers: the process is to end, or another one has the run. */
export function leftAlone(): Promise<never> {
  return new Promise(() => undefined);
}
