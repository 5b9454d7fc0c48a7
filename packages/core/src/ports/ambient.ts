/** Time, injected so that live, paper and backtest run the same code. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when it aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, injected and seeded. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Unpredictable where it matters (nonces), reproducible where it is seeded. */
  bytes(length: number): Uint8Array;
}

/** Structured log lines. Never given a key. */
export interface Logger {
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>): void;
}
