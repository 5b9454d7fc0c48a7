/** Who waits for an abort, by signal: however many there are, the signal has one listener. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Runs `react` once when the signal aborts. Many requests share a caller's long-lived signal; platforms warn of a leak
 * when each of them listens by itself, and it is one when they do not stop.
 *
 * @returns stops waiting; to be called as soon as the abort does not matter any more.
 */
export function whenAborted(signal: AbortSignal | undefined, react: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const reactions = waiting.get(signal) ?? listenTo(signal);
  const own = (): void => react();
  reactions.add(own);
  return () => {
    reactions.delete(own);
    if (reactions.size === 0 && waiting.get(signal) === reactions) ignore(signal);
  };
}

const listeners = new WeakMap<AbortSignal, () => void>();

function listenTo(signal: AbortSignal): Set<() => void> {
  const reactions = new Set<() => void>();
  const listener = (): void => {
    for (const react of [...reactions]) react();
  };
  waiting.set(signal, reactions);
  listeners.set(signal, listener);
  signal.addEventListener('abort', listener, { once: true });
  return reactions;
}

function ignore(signal: AbortSignal): void {
  signal.removeEventListener('abort', listeners.get(signal)!);
  waiting.delete(signal);
  listeners.delete(signal);
}
