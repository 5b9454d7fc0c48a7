import type { SubstatusDone, SubstatusFailed, SubstatusPending } from '@lifi/sdk';
import type { LifiStatusAnswer } from './schemas.js';

/** What LI.FI claims about a transfer, before anything is checked on chain. */
export type LifiOutcome =
  | { readonly kind: 'pending' | 'refund-pending' | 'failed'; readonly reason: string }
  | { readonly kind: 'done'; readonly how: SubstatusDone | undefined; readonly reason: string };

const PENDING: Readonly<Record<SubstatusPending, string>> = {
  WAIT_SOURCE_CONFIRMATIONS: 'waiting for confirmations on the origin',
  WAIT_DESTINATION_TRANSACTION: 'waiting for the transaction on the destination',
  BRIDGE_NOT_AVAILABLE: 'the status service of the bridge is out of reach',
  CHAIN_NOT_AVAILABLE: 'LI.FI cannot reach a node of one of the chains',
  REFUND_IN_PROGRESS: 'a refund was requested and is on its way',
  UNKNOWN_ERROR: 'LI.FI cannot tell the status now',
  INTENT_AWAITING_FUNDS: 'the intent waits for its funds',
  INTENT_READY: 'the intent has its funds and is being prepared',
  INTENT_EXECUTING: 'a solver executes the intent',
  INTENT_FAILED_RETRYABLE: 'the intent failed and its solver tries again',
  INTENT_SIMULATION_FAILURE: 'the intent failed in simulation and its solver tries again',
};

const DONE: Readonly<Record<SubstatusDone, string>> = {
  COMPLETED: 'completed',
  PARTIAL: 'completed with another token, as the bridge or the swap on arrival could not give the wanted one',
  REFUNDED: 'refunded',
};

const FAILED: Readonly<Record<SubstatusFailed, string>> = {
  INSUFFICIENT_ALLOWANCE: 'the allowance was too small',
  INSUFFICIENT_BALANCE: 'the balance was too small',
  OUT_OF_GAS: 'the transaction ran out of gas',
  EXPIRED: 'the offer had expired',
  SLIPPAGE_EXCEEDED: 'the price moved beyond the tolerance',
  UNKNOWN_FAILED_ERROR: 'LI.FI does not know why',
};

/** Every status and substatus of the LI.FI API has its place here; one that is new to us is quoted, not guessed. */
export function lifiOutcome({ status, substatus, substatusMessage }: LifiStatusAnswer): LifiOutcome {
  switch (status) {
    case 'NOT_FOUND':
      return { kind: 'pending', reason: 'LI.FI has not seen the transaction yet' };
    case 'INVALID':
      return { kind: 'pending', reason: 'LI.FI cannot ask the bridge, or does not know this transaction as its own' };
    case 'PENDING':
      return {
        kind: substatus === 'REFUND_IN_PROGRESS' ? 'refund-pending' : 'pending',
        reason: words(PENDING, substatus, substatusMessage),
      };
    case 'DONE':
      return {
        kind: 'done',
        how: isDone(substatus) ? substatus : undefined,
        reason: words(DONE, substatus, substatusMessage),
      };
    case 'FAILED':
      return { kind: 'failed', reason: words(FAILED, substatus, substatusMessage) };
  }
}

function words(known: Readonly<Record<string, string>>, substatus = 'nothing more', message?: string): string {
  if (Object.hasOwn(known, substatus)) return known[substatus]!;
  return `LI.FI says ${substatus}${message === undefined ? '' : `: ${message}`}`;
}

function isDone(substatus: string | undefined): substatus is SubstatusDone {
  return substatus !== undefined && Object.hasOwn(DONE, substatus);
}
