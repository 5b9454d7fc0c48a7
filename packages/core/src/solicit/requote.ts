import { EvenkeelError } from '@evenkeel/intents';
import type { Quote, QuoteRequest } from '../model/quote.js';
import type { VenueAdapter } from '../ports/venue.js';
import { checkQuote, type RefusalCode } from './check-quote.js';
import { plainCopy } from './plain-copy.js';
import { QuoteShape, shapeProblem } from './shapes.js';
import { lowerTrust, type Trust, type TrustChange, type TrustRecord } from './trust.js';

export interface RequoteInput {
  readonly venue: VenueAdapter;
  /** For the exact amount that the route wants of the venue. */
  readonly asked: QuoteRequest;
  /** What the route counts on for it: the ladder's output, in atoms. */
  readonly promised: bigint;
  readonly trust: Trust;
  /** How long the venue has. */
  readonly limitMs: number;
}

/** A firm quote that may be used, or why there is none and what the adapter is trusted from now on. */
export type Requote =
  | { readonly accepted: true; readonly quote: Quote; readonly records: readonly TrustRecord[] }
  | {
      readonly accepted: false;
      readonly code: RefusalCode;
      readonly sentence: string;
      readonly records: readonly TrustRecord[];
      /** Only where it fell short of its ladder. */
      readonly change?: TrustChange;
    };

/**
 * Asks a venue without a curve for a firm quote of the size that was chosen from its ladder. One that guarantees less than
 * the ladder by more than the tolerance is refused and remembered: route again without the venue, or with the ladder that
 * {@link laddersOf} makes of the new records. One that fails, is late or contradicts itself is refused, too; that is no
 * broken word and changes no trust.
 */
export async function requote(input: RequoteInput, signal: AbortSignal): Promise<Requote> {
  const { asked, promised, trust, venue } = input;
  signal.throwIfAborted();
  const answer = await firmAnswer(input, signal);
  if ('code' in answer) return Object.freeze({ accepted: false, ...answer, records: trust.records });
  const missing = promised - answer.quote.minReceived;
  const shortfallBps = missing <= 0n ? 0 : Number((missing * 10_000_000n) / promised) / 1000;
  if (shortfallBps <= trust.rules.toleranceBps) {
    return Object.freeze({ accepted: true, quote: answer.quote, records: trust.records });
  }
  const { change, records } = lowerTrust(trust, venue.id, shortfallBps);
  const sentence =
    `The firm quote of ${venue.id} guarantees ${answer.quote.minReceived} atoms of ${asked.tokenOut.symbol} ` +
    `where its ladder said ${promised}: ${shortfallBps.toFixed(1)} bp less.`;
  return Object.freeze({ accepted: false, code: 'WORSE_THAN_LADDER', sentence, records, change });
}

async function firmAnswer(
  { asked, limitMs, trust, venue }: RequoteInput,
  signal: AbortSignal,
): Promise<{ readonly quote: Quote } | { readonly code: RefusalCode; readonly sentence: string }> {
  const timeout = AbortSignal.timeout(limitMs);
  const own = AbortSignal.any([signal, timeout]);
  try {
    if (venue.quote === undefined) throw new TypeError('has no quote method');
    const answer = plainCopy(await Promise.race([venue.quote(plainCopy(asked) as QuoteRequest, own), aborted(own)]));
    const wrongShape = shapeProblem(QuoteShape, answer);
    if (wrongShape !== undefined) return { code: 'INVALID_SHAPE', sentence: `Its quote is malformed: ${wrongShape}.` };
    const quote = answer as Quote;
    if (quote.adapter !== venue.id || quote.kind !== 'venue') {
      return { code: 'WRONG_ADAPTER', sentence: `It gave a quote in the name of ${quote.adapter}.` };
    }
    return checkQuote(quote, asked, trust.nowSeconds) ?? { quote };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { code: 'TIMED_OUT', sentence: `${venue.id} gave no firm quote within ${limitMs} ms.` };
    const why = error instanceof EvenkeelError ? error.code : error instanceof Error ? error.message : String(error);
    return { code: 'ADAPTER_FAILED', sentence: `${venue.id} gave no firm quote: ${why}.` };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
