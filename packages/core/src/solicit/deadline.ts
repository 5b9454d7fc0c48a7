import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import type { Clock } from '../ports/ambient.js';
import { SolicitAbortedError } from './errors.js';

/** How long a round of questions may take. */
export interface RoundPatience {
  /** What has not answered by then is left behind and told to stop. */
  readonly deadlineMs: number;
  /** How long after that an adapter may take to stop before it is reported as ignoring the signal. */
  readonly graceMs: number;
}

/** @throws InvalidInputError for a deadline that is not positive. */
export function checkPatience({ deadlineMs, graceMs }: RoundPatience): void {
  if (!(deadlineMs > 0 && Number.isFinite(deadlineMs))) {
    throw new InvalidInputError(
      'deadlineMs',
      deadlineMs,
      'is not a positive duration',
      'Use milliseconds, such as 1500.',
    );
  }
  if (!(graceMs >= 0 && Number.isFinite(graceMs))) {
    throw new InvalidInputError('graceMs', graceMs, 'is not a duration', 'Use milliseconds, 0 or more.');
  }
}

/** Waits for `all` or for the time; an outer abort stops everybody and throws. */
export async function untilDeadline(
  all: Promise<unknown>,
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
  stop: AbortController,
): Promise<void> {
  const timer = new AbortController();
  const cancelled = new Promise<never>((_, reject) => {
    const give = (): void => reject(new SolicitAbortedError(signal.reason));
    // An adapter may have let the caller give up before anybody listened.
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { signal: timer.signal });
  });
  try {
    await Promise.race([all, cancelled, clock.sleep(milliseconds, timer.signal).catch(() => undefined)]);
  } catch (error) {
    stop.abort(signal.reason);
    throw error;
  } finally {
    timer.abort();
  }
}

/** What is wrong with how an adapter answered, whatever it answered. */
export interface RoundObjection {
  readonly code: 'ADAPTER_FAILED' | 'TIMED_OUT' | 'IGNORES_ABORT';
  readonly sentence: string;
}

/** @param ignored It went on when told to stop. */
export function lateness(ignored: boolean, deadlineMs: number): RoundObjection {
  return ignored
    ? { code: 'IGNORES_ABORT', sentence: `It gave no answer within ${deadlineMs} ms and went on when told to stop.` }
    : { code: 'TIMED_OUT', sentence: `It gave no answer within ${deadlineMs} ms.` };
}

/** What went wrong in a stranger's code, as an objection to it. */
export function failure(error: unknown): RoundObjection {
  if (error instanceof EvenkeelError) {
    return { code: 'ADAPTER_FAILED', sentence: `It failed with ${error.code}: ${error.message}` };
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
  return { code: 'ADAPTER_FAILED', sentence: `It threw what is not an EvenkeelError (${text.slice(0, 200)}).` };
}
