import type { SignedIntent } from '@evenkeel/intents';
import type { DelegationParts } from '../delegate/context.js';
import { programmeSender } from '../delegate/sender.js';
import type { ExecutionParts } from '../execution/context.js';
import type { NetworkOptions } from './options.js';

/** What the orders of an intent are given, followed and ended with. */
export function orderParts(
  { account, pollMs, solvers }: NetworkOptions,
  signedIntent: SignedIntent,
  execution: ExecutionParts,
  isEndWanted: () => boolean,
): DelegationParts {
  const { clock, journal, logger, signal = new AbortController().signal } = execution;
  return {
    signedIntent,
    account,
    solvers,
    send: programmeSender({ signedIntent, account, solvers, execution }),
    journal,
    clock,
    ...(logger === undefined ? {} : { logger }),
    patience: { pollMs },
    isEndWanted,
    signal,
  };
}
