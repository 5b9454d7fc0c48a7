import { InvalidArgumentError, Option } from 'commander';

/** What a command is told besides its options: what ends it, and where its exit code goes. */
export interface Surroundings {
  readonly signal: AbortSignal;
  readonly ended: (exitCode: number) => void;
}

/** @throws {InvalidArgumentError} unless the text is 0, 1, 2 … */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Use a whole number, 0 or more.');
}

/** @throws {InvalidArgumentError} unless the text is 1, 2, 3 … */
export function positiveNumber(text: string): number {
  if (wholeNumber(text) > 0) return Number(text);
  throw new InvalidArgumentError('Use a whole number, 1 or more.');
}

/** @throws {InvalidArgumentError} unless the text is a finite number */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Use a number.');
}

export const json: Option = new Option('--json', 'print one JSON document on standard output and nothing else').default(
  false,
);

export const EXIT_CODES = `
Exit codes:
  0    done: hedged, held or simulated; resumed; verified; computed
  1    anything else, with a stable code and the way out; with --json as { "outcome": "failed", "error": { "code" } }
  130  interrupted (143 by SIGTERM); what was sent is in the journal`;
