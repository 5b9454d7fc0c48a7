import type { EvenkeelError } from '@evenkeel/intents';
import { abortError } from './errors.js';
import { whenAborted } from './when-aborted.js';

/**
 * Runs `task` until it ends, the caller aborts or the time is over, whichever comes first; the task is told through its
 * signal, and is not waited for if it does not listen.
 * @throws `timedOut()` after `timeoutMs`, or the abort error.
 */
export async function withDeadline<T>(
  task: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  timedOut: () => EvenkeelError,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal?.aborted) throw abortError(signal);
  const controller = new AbortController();
  let stop: (error: EvenkeelError) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = (error) => {
      reject(error);
      controller.abort(error);
    };
  });
  const timer = setTimeout(() => stop(timedOut()), timeoutMs);
  const ignoreAbort = whenAborted(signal, () => stop(abortError(signal!)));
  try {
    return await Promise.race([task(controller.signal), stopped]);
  } finally {
    clearTimeout(timer);
    ignoreAbort();
  }
}
