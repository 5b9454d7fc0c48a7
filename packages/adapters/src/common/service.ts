import type { Clock } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { throwIfAborted } from './abort.js';
import { AbortedError, ServiceRateLimitedError, ServiceTimeoutError } from './errors.js';

/** How patiently a service is asked. */
export interface ServicePatience {
  /** Per attempt. */
  readonly timeoutMs: number;
  /** Further attempts after the first; only for what may pass by itself. */
  readonly retries: number;
  /** First pause; doubles each time. A pause that the service asks for goes before it. */
  readonly backoffMs: number;
  /** A longer pause is not made: the error goes to the caller, who knows better what to do meanwhile. */
  readonly maxBackoffMs: number;
}

export const DEFAULT_PATIENCE: ServicePatience = Object.freeze({
  timeoutMs: 10_000,
  retries: 2,
  backoffMs: 500,
  maxBackoffMs: 5_000,
});

/**
 * Asks a service, with a time limit per attempt and pauses between attempts.
 * @throws {AbortedError} at once when the caller gives up.
 * @throws {ServiceTimeoutError}, {ServiceRateLimitedError} and what `attempt` throws, after the last attempt.
 */
export async function askService<T>(
  service: string,
  attempt: (signal: AbortSignal) => Promise<T>,
  patience: ServicePatience,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  for (let round = 0; ; round += 1) {
    throwIfAborted(signal);
    try {
      return await withinTime(service, attempt, patience.timeoutMs, signal);
    } catch (error) {
      throwIfAborted(signal);
      const pauseMs = pauseAfter(error, round, patience);
      if (pauseMs === undefined) throw error;
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }
}

/** Milliseconds to wait before the next attempt; `undefined` when there is to be none. */
function pauseAfter(error: unknown, round: number, patience: ServicePatience): number | undefined {
  if (!(error instanceof EvenkeelError) || !error.retryable || round >= patience.retries) return undefined;
  const asked = error instanceof ServiceRateLimitedError ? error.retryAfterSeconds : undefined;
  const pauseMs = asked === undefined ? patience.backoffMs * 2 ** round : asked * 1_000;
  return pauseMs > patience.maxBackoffMs ? undefined : pauseMs;
}

async function withinTime<T>(
  service: string,
  attempt: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  let stop: (error: EvenkeelError) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = (error) => {
      reject(error);
      controller.abort(error);
    };
  });
  const onAbort = (): void => stop(new AbortedError(signal));
  const timer = setTimeout(() => stop(new ServiceTimeoutError(service, timeoutMs)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([attempt(controller.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** `Retry-After` (RFC 9110, section 10.2.3) in seconds from now: a number of seconds or an HTTP date. */
export function retryAfterSeconds(header: string | null | undefined, clock: Clock): number | undefined {
  if (header === null || header === undefined || header.trim() === '') return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - clock.now()) / 1_000));
}

/** Why a request did not come through: `fetch` itself says only that it failed, its cause says why. */
export function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('cause' in error && error.cause !== undefined) return reasonOf(error.cause);
  return 'message' in error ? String(error.message) : 'of an unknown cause';
}
