import { EvenkeelError } from '@evenkeel/intents';
import { type Fail, say } from './check.js';
import type { Patience } from './subject.js';

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'hanging' };

/** What a call comes to within a time; a throw before the first await counts as a rejection. */
export async function outcomeOf(call: () => unknown, withinMs: number): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'hanging' }), withinMs);
  });
  const ran = (async (): Promise<Outcome> => {
    try {
      return { kind: 'value', value: await call() };
    } catch (error) {
      return { kind: 'error', error };
    }
  })();
  try {
    return await Promise.race([ran, time]);
  } finally {
    clearTimeout(timer);
  }
}

/** The value of a call that has to succeed. */
export async function mustAnswer<T>(
  what: string,
  call: (signal: AbortSignal) => T | Promise<T>,
  { timeoutMs }: Patience,
  fail: Fail,
): Promise<T> {
  const controller = new AbortController();
  const outcome = await outcomeOf(() => call(controller.signal), timeoutMs);
  controller.abort();
  if (outcome.kind === 'value') return outcome.value as T;
  const expected = `${what} to answer within ${timeoutMs} ms`;
  if (outcome.kind === 'hanging') {
    return fail(expected, 'it did not', 'Give every request of yours a time limit and pass the signal on.');
  }
  requireOurs(outcome.error, what, fail);
  return fail(
    expected,
    `it threw ${say(outcome.error)}`,
    'Check the sample and the account of the subject first.',
    outcome.error,
  );
}

/** The call has to be refused with one of our errors. */
export async function mustRefuse(
  what: string,
  call: (signal: AbortSignal) => unknown,
  { timeoutMs }: Patience,
  hint: string,
  fail: Fail,
): Promise<void> {
  const controller = new AbortController();
  const outcome = await outcomeOf(() => call(controller.signal), timeoutMs);
  controller.abort();
  if (outcome.kind === 'error') {
    requireOurs(outcome.error, what, fail);
    return;
  }
  const got = outcome.kind === 'hanging' ? `it did neither within ${timeoutMs} ms` : 'it was accepted';
  fail(`${what} to be refused with an EvenkeelError`, got, hint);
}

/** Whatever the call comes to: it ends, and if it throws, then one of our errors. */
export async function mustBehave(
  what: string,
  call: (signal: AbortSignal) => unknown,
  { timeoutMs }: Patience,
  fail: Fail,
): Promise<Outcome> {
  const controller = new AbortController();
  const outcome = await outcomeOf(() => call(controller.signal), timeoutMs);
  controller.abort();
  if (outcome.kind === 'hanging') {
    fail(`${what} to end within ${timeoutMs} ms`, 'it did not', 'Give every request of yours a time limit.');
  }
  if (outcome.kind === 'error') requireOurs(outcome.error, what, fail);
  return outcome;
}

/** A signal that has aborted before, or right after, the call ends it, and with one of our errors. */
export async function mustHeedAbort(
  what: string,
  call: (signal: AbortSignal) => unknown,
  { abortMs }: Patience,
  fail: Fail,
): Promise<void> {
  const hint = 'Pass the signal on to every request, and check signal.aborted before the first one.';
  const gone = await outcomeOf(() => call(AbortSignal.abort()), abortMs);
  if (gone.kind === 'value') fail(`${what} to reject when its signal has aborted`, 'it answered', hint);
  else if (gone.kind === 'hanging') fail(`${what} to reject when its signal has aborted`, 'it went on', hint);
  else requireOurs(gone.error, what, fail);

  const controller = new AbortController();
  const running = outcomeOf(() => call(controller.signal), abortMs);
  controller.abort();
  const stopped = await running;
  if (stopped.kind === 'hanging') fail(`${what} to end within ${abortMs} ms of an abort`, 'it went on', hint);
  if (stopped.kind === 'error') requireOurs(stopped.error, what, fail);
}

function requireOurs(error: unknown, what: string, fail: Fail): void {
  // Two copies of the package may be about, and each has a class of its own: the shape counts.
  if (error instanceof EvenkeelError) return;
  if (error instanceof Error && typeof (error as { code?: unknown }).code === 'string' && 'retryable' in error) return;
  fail(
    `${what} to throw nothing but an EvenkeelError`,
    `it threw ${say(error)}`,
    'Catch it and throw an EvenkeelError with a stable code, the field, and the way out; keep the original as cause.',
    error,
  );
}
