// Guard: is it safe
export * from '../guard/guard-calls.js';
export * from '../guard/errors.js';
export { pretendFunds } from '../guard/pretend-funds.js';
export type { AllowancePair, GuardStep } from '../guard/check-calls.js';

// Execution: do it once
export * from './execute-programme.js';
export * from './plan-programme.js';
export { followTransfers } from './follow-transfers.js';
export { recoverReservations } from './recover-reservations.js';
export * from './events.js';
export * from './errors.js';
export * from './journal-errors.js';
export type { ExecutionOptions, ExecutionParts } from './context.js';
export { memoryJournal } from './memory-journal.js';
