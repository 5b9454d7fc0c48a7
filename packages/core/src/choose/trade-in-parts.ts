import { EvenkeelError } from '@evenkeel/intents';
import type { Exposure } from '../model/exposure.js';
import { PartsStuckError } from './errors.js';
import { isLowerRisk, quadraticRisk, type RiskGoals } from './quadratic-risk.js';

/** One trade of a hedge that is made of several on different venues. */
export interface HedgePart {
  readonly name: string;
  /** Throws with nothing done. */
  readonly make: (signal: AbortSignal) => Promise<void>;
  /** Takes it back. An abort does not stop it: nothing may be left half hedged. */
  readonly undo: () => Promise<void>;
}

export interface PartsTerms {
  readonly goals: RiskGoals;
  /** The whole book as it is at the time of asking. */
  readonly exposure: () => Promise<Exposure>;
}

/** How it ended. `kept`: a part failed, and what was made before it lowers the risk. `undone`: it did not, and is gone. */
export type PartsOutcome =
  | { readonly status: 'done'; readonly made: readonly string[] }
  | {
      readonly status: 'kept' | 'undone';
      readonly made: readonly string[];
      readonly failed: string;
      readonly error: EvenkeelError;
      readonly sentence: string;
    };

/**
 * Makes the parts of a hedge one after another. Where a later one fails, those before it are kept only if the book as it
 * is then, read anew, has less risk than before the first, at both ends of what its delta may be; else they are undone, the
 * last one first.
 *
 * @throws what the first part throws: nothing was done
 * @throws {PartsStuckError} when a part has failed and an earlier one cannot be undone
 * @throws what is no EvenkeelError, after undoing
 * @example
 * ```ts
 * const outcome = await tradeInParts([options, perpetual], { goals, exposure }, signal)
 * if (outcome.status !== 'done') console.log(outcome.sentence)
 * ```
 */
export async function tradeInParts(
  parts: readonly HedgePart[],
  { exposure, goals }: PartsTerms,
  signal: AbortSignal,
): Promise<PartsOutcome> {
  const before = quadraticRisk(await exposure(), goals);
  const made: HedgePart[] = [];
  for (const part of parts) {
    try {
      signal.throwIfAborted();
      await part.make(signal);
      made.push(part);
    } catch (error) {
      if (made.length === 0) throw error;
      const names = made.map(({ name }) => name);
      const isKept = error instanceof EvenkeelError && (await lowersRisk(before, { exposure, goals }));
      if (!isKept) await undo(made, part.name, error);
      if (!(error instanceof EvenkeelError)) throw error;
      const what = isKept ? 'is kept, for the risk is lower with it' : 'was undone, for the risk was no lower with it';
      const sentence = `"${part.name}" failed with ${error.code}; "${names.join('", "')}" ${what}.`;
      return Object.freeze({
        status: isKept ? 'kept' : 'undone',
        made: isKept ? names : [],
        failed: part.name,
        error,
        sentence,
      });
    }
  }
  return Object.freeze({ status: 'done', made: made.map(({ name }) => name) });
}

/** What cannot be read is no reason to keep anything. */
async function lowersRisk(before: readonly [number, number], { exposure, goals }: PartsTerms): Promise<boolean> {
  try {
    return isLowerRisk(quadraticRisk(await exposure(), goals), before);
  } catch (error) {
    if (error instanceof EvenkeelError) return false;
    throw error;
  }
}

async function undo(made: readonly HedgePart[], failed: string, cause: unknown): Promise<void> {
  for (const [at, part] of [...made.entries()].reverse()) {
    try {
      await part.undo();
    } catch (error) {
      const left = made.slice(0, at + 1).map(({ name }) => name);
      throw new PartsStuckError(failed, left, error, cause);
    }
  }
}
