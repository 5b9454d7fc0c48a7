import type { JsonValue } from '@evenkeel/core';
import { isParked } from '@evenkeel/core/workflow';
import { EvenkeelError } from '@evenkeel/intents';

/** What a server keeps of a step: what it has answered, or why it has failed. */
type StepRecord =
  { readonly answer: JsonValue } | { readonly failed: { readonly code: string; readonly sentence: string } };

/**
 * A step as a server may keep it. A server tries a step that throws again, which is right for what has only interrupted it;
 * what it has failed by is an answer, so that a run fails in the same way on every engine.
 *
 * @throws what has only interrupted it
 */
export async function recordStep(body: () => Promise<JsonValue>, signal: AbortSignal): Promise<StepRecord> {
  try {
    return { answer: (await body()) ?? null };
  } catch (error) {
    if (signal.aborted || isParked(error)) throw error;
    const code = error instanceof EvenkeelError ? error.code : error instanceof Error ? error.name : 'UNKNOWN';
    const sentence = error instanceof EvenkeelError ? error.message : 'It ended by an error that nobody has foreseen.';
    return { failed: { code, sentence } };
  }
}

/** @throws what the step has failed by */
export function answerOf(record: StepRecord): JsonValue {
  if ('answer' in record) return record.answer;
  throw new EvenkeelError(record.failed.code, record.failed.sentence);
}
