import { EvenkeelError, type SignedIntent } from '@evenkeel/intents';
import type { Account } from '../ports/account.js';
import type { Clock, Logger } from '../ports/ambient.js';
import type { Journal } from '../ports/journal.js';
import type { SolverAdapter } from '../ports/solver.js';
import { DelegationNetworkMissingError } from './errors.js';
import type { Sender } from './sender.js';

/** How long a network is given. */
export interface DelegationPatience {
  /** Unix seconds after which the order is cancelled; its own deadline ends it anyway. Default: that deadline. */
  readonly fallbackAt?: number;
  /** Between two looks. Milliseconds; default: 3,000. */
  readonly pollMs?: number;
  /** Looks until the call gives up and leaves the order live in the journal. Default: 100,000. */
  readonly looks?: number;
}

/** What a delegation works with; the same for a start and a resumption. */
export interface DelegationParts {
  readonly signedIntent: SignedIntent;
  /** Signs the order: the intent's signer. */
  readonly account: Pick<Account, 'signTypedData'>;
  /** Every network that an order of the journal was given to. */
  readonly solvers: readonly SolverAdapter[];
  readonly send: Sender;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly patience?: DelegationPatience;
  /** Somebody wants the order ended now; asked at every look. */
  readonly isEndWanted?: () => boolean;
  readonly signal: AbortSignal;
}

export function solverOf(parts: Pick<DelegationParts, 'solvers'>, adapter: string): SolverAdapter {
  const found = parts.solvers.find(({ id }) => id === adapter);
  if (found === undefined) throw new DelegationNetworkMissingError(adapter);
  return found;
}

/**
 * What a network or a node says, or undefined when it says nothing that can be used: silence, garbage and refusals alike
 * prove nothing, so the order stays live and is asked about again.
 */
export async function answerOf<T>(
  { logger, signal }: DelegationParts,
  what: string,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
    logger?.log('warn', `${what} failed.`, { code: error.code });
    return undefined;
  }
}
