import type { Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { ladderRequests, laddersOf } from './ladder.js';
import { requote, type Requote, type RequoteInput } from './requote.js';
import type { Refusal } from './solicit.js';
import { DEFAULT_TRUST_RULES, explainTrust, type TrustChange, type TrustRecord, type TrustRules } from './trust.js';

/**
 * What the loop does with venues that have no curve: asks them for ladders, believes them as far as they have kept their
 * word, and takes them at it for the size that was chosen. Remembers who has not, over rounds.
 */
export interface OpaqueOffers {
  /** The same question at several sizes. */
  readonly ladder: (whole: QuoteRequest) => readonly QuoteRequest[];
  /** Accepted answers as pools for the router, less what each venue is known to fall short by. */
  readonly pools: (
    quotes: readonly Quote[],
    nowSeconds: number,
  ) => { readonly pools: readonly Pool[]; readonly refusals: readonly Refusal[] };
  /** A firm quote for the chosen size. A broken word is remembered before the answer is there. */
  readonly firm: (
    input: Omit<RequoteInput, 'trust'> & { readonly nowSeconds: number },
    signal: AbortSignal,
  ) => Promise<Requote>;
  /** Adds what an earlier process has remembered; what this one knows of an adapter stays. */
  readonly remember: (records: readonly TrustRecord[]) => void;
  readonly records: () => readonly TrustRecord[];
  /** What every record means now, in sentences. */
  readonly explain: (nowSeconds: number) => readonly TrustChange[];
}

export interface OpaqueOptions {
  /** Sizes of a ladder, 1 to 32. Default 6: the whole down to a 32nd. */
  readonly rungs?: number;
  readonly rules?: TrustRules;
}

const RUNGS = 6;

/**
 * Offers of venues without a curve, for the port `opaque` of a rebalancer. It holds what is remembered of broken words.
 *
 * @example
 * ```ts
 * const rebalancer = createRebalancer(portfolio, { ...ports, opaque: opaqueOffers() })
 * ```
 */
export function opaqueOffers({ rules = DEFAULT_TRUST_RULES, rungs = RUNGS }: OpaqueOptions = {}): OpaqueOffers {
  let records: readonly TrustRecord[] = Object.freeze([]);
  const trustAt = (nowSeconds: number) => ({ records, rules, nowSeconds });
  return Object.freeze({
    ladder: (whole) => ladderRequests(whole, rungs),
    pools: (quotes, nowSeconds) => laddersOf(quotes, trustAt(nowSeconds)),
    firm: async ({ nowSeconds, ...input }, signal) => {
      const answer = await requote({ ...input, trust: trustAt(nowSeconds) }, signal);
      const own = answer.records.find(({ adapter }) => adapter === input.venue.id);
      // Others may have been asked meanwhile: only this venue's record is this answer's to change.
      if (!answer.accepted && answer.change !== undefined && own !== undefined) {
        records = Object.freeze([...records.filter(({ adapter }) => adapter !== own.adapter), own]);
      }
      return answer;
    },
    remember: (earlier) => {
      const news = earlier.filter((each) => !records.some(({ adapter }) => adapter === each.adapter));
      records = Object.freeze([...records, ...news]);
    },
    records: () => records,
    explain: (nowSeconds) => explainTrust(trustAt(nowSeconds)),
  } satisfies OpaqueOffers);
}
