import { sameAddress } from '../model/token.js';
import { resumeDelegations } from '../delegate/delegate.js';
import { liveDelegations } from '../delegate/book.js';
import type { Delegation } from '../delegate/delegation.js';
import type { ExecutionParts } from '../execution/context.js';
import type { ExecutionResult } from '../execution/execute-programme.js';
import type { Journal } from '../ports/journal.js';
import type { NetworksPort, OwnBook } from '../rebalancer/networks-port.js';
import type { NetworkOptions } from './options.js';
import { executionOf } from './order-execution.js';
import { orderParts } from './order-parts.js';

/** Live orders of a book: those of its owner's intents for its underlying. */
export async function liveOrders(journal: Journal, { owner, underlying }: OwnBook): Promise<readonly Delegation[]> {
  const live = await liveDelegations(journal);
  const intents = await Promise.all(live.map(({ intentId }) => journal.intent(intentId)));
  return live.filter((_, i) => {
    const intent = intents[i]?.intent;
    // One whose intent is missing may be anybody's: it counts.
    return intent === undefined || (intent.underlying === underlying && sameAddress(intent.signer, owner));
  });
}

/** Brings the live orders of a book to their end; one whose trade is closed at once. */
export async function resumeOrders(
  options: NetworkOptions,
  book: OwnBook,
  parts: ExecutionParts,
  isOver: Parameters<NetworksPort['resume']>[2],
): Promise<readonly ExecutionResult[]> {
  const { journal } = parts;
  const intentIds = new Set((await liveOrders(journal, book)).map(({ intentId }) => intentId));
  const ended: ExecutionResult[] = [];
  for (const intentId of intentIds) {
    const signed = await journal.intent(intentId);
    if (signed === undefined) continue;
    for (const delegation of await resumeDelegations(orderParts(options, signed, parts, () => isOver(intentId)))) {
      const { endingReason, proof } = delegation;
      const isAsked = endingReason === 'ASKED' && proof?.drawn.atoms !== delegation.order.input.atoms;
      ended.push(await executionOf(journal, delegation, { state: isAsked ? 'cancelled' : 'completed', steps: [] }));
    }
  }
  return ended;
}
