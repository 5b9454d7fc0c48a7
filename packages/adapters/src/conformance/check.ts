import { describe, EvenkeelError } from '@evenkeel/intents';

/** A check found something that the port does not allow. Code `CONFORMANCE_FAILED`. */
export class ConformanceError extends EvenkeelError {
  constructor(check: string, expected: string, got: string, hint: string, cause?: unknown) {
    super('CONFORMANCE_FAILED', `${check}: expected ${expected}, but ${got}.`, {
      field: check,
      hint,
      details: { check, expected, got },
      cause,
    });
  }
}

/** One thing that an adapter has to do, or must not do. Independent of every other check and of any test runner. */
export interface Check {
  /** Stable: `min-received-is-enforced`. */
  readonly name: string;
  /** The capability without which there is nothing to check: `curve`, `quote`, `execute`. */
  readonly requires?: string;
  /** Whether the subject has that capability. */
  applies(): Promise<boolean>;
  /** @throws ConformanceError that says what was expected, what came, and how to mend it. */
  run(): Promise<void>;
}

export type CheckResult =
  | { readonly name: string; readonly status: 'passed' }
  | { readonly name: string; readonly status: 'skipped'; readonly requires: string }
  | { readonly name: string; readonly status: 'failed'; readonly error: EvenkeelError };

/**
 * Runs checks one after another and never throws.
 *
 * @example
 * ```ts
 * const results = await runChecks(venueConformance(subject))
 * for (const result of results) if (result.status === 'failed') console.error(result.error.message)
 * ```
 */
export async function runChecks(checks: readonly Check[]): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(Object.freeze(await runOne(check)));
  return Object.freeze(results);
}

async function runOne(check: Check): Promise<CheckResult> {
  const { name, requires = 'nothing' } = check;
  try {
    if (!(await check.applies())) return { name, status: 'skipped', requires };
    await check.run();
    return { name, status: 'passed' };
  } catch (error) {
    const ours = error instanceof EvenkeelError;
    const hint = 'See the cause; the subject itself may be wrong.';
    const wrapped = ours
      ? error
      : new ConformanceError(name, 'the check to end', `it threw ${say(error)}`, hint, error);
    return { name, status: 'failed', error: wrapped };
  }
}

/** Ends a check. `got` continues the sentence "expected …, but …". */
export type Fail = (expected: string, got: string, hint: string, cause?: unknown) => never;

/** Makes a check of a body; the subject is made once, when the first check needs it. */
export type MakeCheck<S> = (
  name: string,
  body: (subject: S, fail: Fail) => Promise<void> | void,
  requires?: { readonly name: string; readonly has: (subject: S) => boolean },
) => Check;

export function checkMaker<S>(given: S | (() => S | Promise<S>)): MakeCheck<S> {
  let made: Promise<S> | undefined;
  const subject = (): Promise<S> => {
    made ??= Promise.resolve(typeof given === 'function' ? (given as () => S | Promise<S>)() : given);
    return made;
  };
  return (name, body, requires) => {
    const fail: Fail = (expected, got, hint, cause) => {
      throw new ConformanceError(name, expected, got, hint, cause);
    };
    const applies = async (): Promise<boolean> => requires === undefined || requires.has(await subject());
    return Object.freeze({
      name,
      ...(requires === undefined ? {} : { requires: requires.name }),
      applies,
      run: async () => {
        if (await applies()) await body(await subject(), fail);
      },
    });
  };
}

/** The checks that need nothing, or one of these capabilities. */
export function checksFor(capabilities: readonly string[], checks: readonly Check[]): readonly Check[] {
  return Object.freeze(checks.filter(({ requires }) => requires === undefined || capabilities.includes(requires)));
}

/** Any value or error in a few words. */
export function say(value: unknown): string {
  if (value instanceof EvenkeelError) return `${value.name} ${value.code} ("${value.message}")`;
  if (value instanceof Error) return `${value.name} ("${value.message}")`;
  return describe(value);
}
