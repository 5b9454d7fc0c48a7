import type { Hex } from '@evenkeel/intents';
import type { ProgrammeKey, StepKey } from '../ports/journal.js';
import { JournalConflictError, JournalStepTakenError } from './journal-errors.js';

// What every journal says and counts in the same way, wherever it keeps its rows.

/** One more than the highest nonce of the lane, and never one that the chain has used up. */
export function nextNonce(highest: bigint | undefined, floor: bigint): bigint {
  return highest === undefined || highest < floor ? floor : highest + 1n;
}

export function conflictingIntent(id: Hex): JournalConflictError {
  return new JournalConflictError(
    `Intent ${id} is stored with another content or signature`,
    'Give the intent a new nonce and sign it again.',
    { field: 'intent.id', value: id },
  );
}

export function conflictingProgramme(key: ProgrammeKey): JournalConflictError {
  return new JournalConflictError(
    `Slice ${key.slice} of intent ${key.intentId} has another programme already`,
    'Resume the stored one, or plan the rest as a further slice.',
    { field: 'programme.slice', value: key.slice },
  );
}

export function unknownProgramme(key: ProgrammeKey): JournalConflictError {
  return new JournalConflictError(
    `The journal knows no slice ${key.slice} of intent ${key.intentId}`,
    'Check that this is the journal that the programme was started with.',
    { field: 'intentId', value: key.intentId },
  );
}

export function unknownReservation(id: number): JournalConflictError {
  return new JournalConflictError(`There is no reservation ${id}`, 'Reserve a nonce before signing for it.', {
    field: 'reservationId',
    value: id,
  });
}

export function settledAlready(id: number): JournalConflictError {
  return new JournalConflictError(
    `Reservation ${id} is settled, nothing can be signed for it any more`,
    'Read its state again.',
    { field: 'reservationId', value: id },
  );
}

export function unknownTransfer(key: StepKey): JournalConflictError {
  return new JournalConflictError(`There is no transfer of step ${key.step}`, 'Put it before updating it.', {
    field: 'step',
    value: key.step,
  });
}

/** A step that has ended gets no nonce. */
export function endedAlready(key: StepKey): JournalStepTakenError {
  return new JournalStepTakenError(key.step, 'has ended');
}

/** A step whose nonce is still open cannot end: its transaction may yet be mined. */
export function reservedAlready(key: StepKey): JournalStepTakenError {
  return new JournalStepTakenError(key.step, 'has a nonce that is not settled');
}
