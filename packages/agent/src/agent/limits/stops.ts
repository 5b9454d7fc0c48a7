/** All portfolios. */
export const EVERYWHERE = '*';

/**
 * `killed`: no new risk until a person resets it; exits go on. `paused`: nothing new at all until a person resumes it.
 * What is under way comes to its end in both.
 */
export interface Stop {
  readonly kind: 'killed' | 'paused';
  /** Name of a portfolio, or {@link EVERYWHERE}. */
  readonly scope: string;
  readonly atMs: number;
  readonly reason: string;
}

/** An exit makes what is held as a hedge smaller, and does not turn it around. Units of delta, signed. */
export function isExit(hedgeUnits: number, changeUnits: number): boolean {
  const after = hedgeUnits + changeUnits;
  return Math.abs(after) < Math.abs(hedgeUnits) && (after === 0 || Math.sign(after) === Math.sign(hedgeUnits));
}

/** The stop that keeps a trade from being begun; undefined when none does. */
export function stoppedBy(
  stops: readonly Stop[],
  trade: { readonly portfolio: string; readonly isExit: boolean },
): Stop | undefined {
  return stops.find(
    ({ kind, scope }) => (scope === EVERYWHERE || scope === trade.portfolio) && (kind === 'paused' || !trade.isExit),
  );
}
