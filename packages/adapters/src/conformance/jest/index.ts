import type { Check } from '../check.js';

interface TestRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>, timeoutMs?: number) => void;
}

/**
 * One `describe` with one `it` a check. For every runner with these two globals: jest, vitest with `globals`, mocha.
 * A check of a capability that the adapter does not have passes without having done anything.
 *
 * @param timeoutMs for one check; default 60,000, since the first one brings up the subject
 *
 * @example
 * ```ts
 * describeConformance('uniswap-v2', venueConformance(async () => subject))
 * ```
 */
export function describeConformance(name: string, checks: readonly Check[], timeoutMs = 60_000): void {
  const { describe, it } = globalThis as unknown as TestRunner;
  describe(`${name} conforms`, () => {
    for (const check of checks) it(check.name, () => check.run(), timeoutMs);
  });
}
