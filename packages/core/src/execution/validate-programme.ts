import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import type { CallStep, Programme, Step } from '../model/programme.js';
import { ProgrammeInvalidError } from './errors.js';
import { encode, programmeSchema } from './journal-codec.js';

/**
 * A programme whose steps have unique ids, depend only on one another and without a cycle, and whose waits follow the
 * step that puts the funds into the bridge. Answers a frozen copy with the steps in an order in which they can be run.
 *
 * @throws INVALID_INPUT for a field of the wrong shape, PROGRAMME_INVALID for steps that do not fit together
 */
export function validateProgramme(given: Programme): Programme {
  const shape = v.safeParse(programmeSchema, JSON.parse(encode(given)) as unknown);
  if (!shape.success) {
    const [issue] = shape.issues;
    const field = `programme.${v.getDotPath(issue) ?? ''}`;
    throw new InvalidInputError(
      field,
      issue.received,
      'has the wrong shape',
      `Expected ${issue.expected ?? 'a Programme'}.`,
    );
  }
  const programme = shape.output;
  const steps = new Map<string, Step>();
  for (const step of programme.steps) {
    if (steps.has(step.id)) throw invalid('steps', step.id, `two steps have the id "${step.id}"`, 'Give each its own.');
    steps.set(step.id, step);
  }
  if (steps.size === 0) throw invalid('steps', [], 'there are no steps', 'Do not execute an empty programme.');
  for (const step of programme.steps) {
    for (const before of step.after) {
      if (!steps.has(before)) {
        throw invalid(
          `steps.${step.id}.after`,
          before,
          `there is no step "${before}"`,
          'Name a step of the programme.',
        );
      }
    }
    if (step.kind === 'calls') assertCalls(step);
    else assertWait(step, steps);
  }
  return Object.freeze({ ...programme, steps: Object.freeze(inOrder(programme.steps)) });
}

function assertCalls(step: CallStep): void {
  if (step.calls.length === 0) {
    throw invalid(`steps.${step.id}.calls`, [], 'there is no call', 'Leave the step out.');
  }
  const foreign = step.calls.find((call) => call.chainId !== step.chainId);
  if (foreign !== undefined) {
    throw invalid(
      `steps.${step.id}.calls`,
      foreign.chainId,
      `a call is for chain ${foreign.chainId}, the step for ${step.chainId}`,
      'A step is one transaction on one chain.',
    );
  }
}

function assertWait(step: Exclude<Step, CallStep>, steps: ReadonlyMap<string, Step>): void {
  const field = `steps.${step.id}.source`;
  const source = steps.get(step.source);
  if (source?.kind !== 'calls' || !step.after.includes(step.source)) {
    throw invalid(
      field,
      step.source,
      'the source is not a call step that the wait comes after',
      'Name it in after, too.',
    );
  }
  if (source.adapter !== step.bridge || step.quote.adapter !== step.bridge) {
    throw invalid(field, source.adapter, `the transfer is not made by ${step.bridge}`, 'Track it with its own bridge.');
  }
}

/** Kahn's algorithm, ties in the given order. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const placed = new Set<string>();
  const ordered: Step[] = [];
  while (ordered.length < steps.length) {
    const next = steps.find((step) => !placed.has(step.id) && step.after.every((before) => placed.has(before)));
    if (next === undefined) {
      const left = steps.filter((step) => !placed.has(step.id)).map((step) => step.id);
      throw invalid('steps', left, `${left.join(', ')} wait for one another`, 'Break the cycle.');
    }
    placed.add(next.id);
    ordered.push(next);
  }
  return ordered;
}

function invalid(field: string, value: unknown, problem: string, hint: string): ProgrammeInvalidError {
  return new ProgrammeInvalidError(field, value, problem, hint);
}
