import type { JsonValue } from '@evenkeel/core';
import type { WorkflowContext } from '@evenkeel/core/workflow';
import type * as Restate from '@restatedev/restate-sdk';
import { answerOf, recordStep } from '../recorded-step.js';

/** The name of the promise that a run's signals arrive by: one each, in their order. */
export function signalName(place: number): string {
  return `signal-${place}`;
}

/** A run's context over that of Restate, whose server keeps what each call has come to. */
export function restateContext(restate: typeof Restate, on: Restate.WorkflowContext): WorkflowContext {
  let taken = 0;
  return Object.freeze({
    id: on.key,
    step: async <T extends JsonValue>(name: string, body: (signal: AbortSignal) => Promise<T>) => {
      const { attemptCompletedSignal: signal } = on.request();
      return answerOf(await on.run(name, () => recordStep(() => body(signal), signal))) as T;
    },
    // Always asked for, also when it is over: what is asked for has to be the same at every run.
    sleepUntil: async (atMs) => {
      await on.sleep(fromNow(atMs));
    },
    now: () => on.date.now(),
    waitSignal: async (untilMs) => {
      const promise = on.promise<JsonValue>(signalName(taken));
      const early = await promise.peek();
      if (early !== undefined) {
        taken += 1;
        return early;
      }
      try {
        const signal = await (untilMs === undefined ? promise.get() : promise.get().orTimeout(fromNow(untilMs)));
        taken += 1;
        return signal;
      } catch (error) {
        if (error instanceof restate.TimeoutError) return undefined;
        throw error;
      }
    },
  } satisfies WorkflowContext);
}

function fromNow(atMs: number): number {
  return Math.max(0, Math.ceil(atMs - Date.now()));
}
