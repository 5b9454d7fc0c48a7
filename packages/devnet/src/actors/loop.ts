import type { Actor, ActorName } from './actors.js';

export interface LoopOptions {
  readonly name: ActorName;
  readonly pollMs: number;
  /** One look at the chains and whatever follows from it. Never runs twice at the same time. */
  readonly pass: () => Promise<void>;
  /** Hears what a pass that ran by itself threw; the loop goes on. */
  readonly onError: (error: unknown) => void;
}

/** Repeats a pass until it is stopped. */
export interface Loop extends Actor {
  /** Waits for the pass under way and lets no other begin, not even by `tick`, until {@link release}. */
  hold(): Promise<void>;
  release(): void;
}

export function createLoop({ name, onError, pass, pollMs }: LoopOptions): Loop {
  let paused = false;
  let stopped = false;
  let held: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  let turn: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const enqueue = (): Promise<void> => {
    const run = turn.then(async () => {
      await held?.promise;
      if (!stopped) await pass();
    });
    turn = run.catch(() => {});
    return run;
  };
  const schedule = (): void => {
    if (!stopped) timer = setTimeout(() => void beat(), pollMs);
  };
  const beat = async (): Promise<void> => {
    if (!paused && held === undefined) await enqueue().catch((error: unknown) => stopped || onError(error));
    schedule();
  };
  schedule();

  return {
    name,
    tick: enqueue,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      held?.resolve();
      await turn;
    },
    async hold() {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => (resolve = done));
      const before = turn;
      held = { promise, resolve };
      await before;
    },
    release() {
      held?.resolve();
      held = undefined;
    },
  };
}
