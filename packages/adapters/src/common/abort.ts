import { AbortedError } from './errors.js';

/** @throws {AbortedError} when the caller has given up already. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AbortedError(signal);
}
