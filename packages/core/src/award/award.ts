import { decimalFromNumber, type DecimalString, parseDecimal } from '../model/decimal.js';
import type { Bid } from '../ports/solver.js';
import type { Book, TokenInBook } from './book.js';
import { checkAwardBasis } from './check-basis.js';
import type { FillRecord } from './outcomes.js';
import { type Improvement, improvementOfBid, improvementOfRoute } from './improvement.js';

/** The scale on which our own route and outside bids meet: what they do to the book. */
export interface AwardBasis {
  readonly book: Book;
  /** Every token that is given or received. A bid in any other is refused. */
  readonly tokens: readonly TokenInBook[];
  /** Numeraire that a unit of gas costs, by chain. */
  readonly gasPrice: Readonly<Record<number, number>>;
  /** Unix seconds; bids must outlive it. */
  readonly nowSeconds: number;
  /** How long after an order's end it is proven dead: the finality of its chain. */
  readonly proofSeconds: number;
  /** How networks kept their word so far; one without a record counts as new. */
  readonly records: readonly FillRecord[];
  /** How much better a bid must be than our route, of what it gives: what it is worth that we control our own execution. */
  readonly handicapBps: number;
  /** The most that a trade may cost of what it gives, as the intent says. */
  readonly maxCostBps: number;
}

/** Our own route as a contestant; absent where there is none. */
export interface OwnRoute {
  /** All-in cost in numeraire against the reference price, gas included. */
  readonly cost: DecimalString;
  /** Signed change of delta, units. */
  readonly deltaUnits: DecimalString;
  /** Until it is done. */
  readonly timeSeconds: number;
}

export type AwardReason =
  | 'BEST'
  /** Our own route, when nobody else was asked. */
  | 'UNOPPOSED'
  | 'LESS_IMPROVEMENT'
  | 'WITHIN_HANDICAP'
  | 'NO_IMPROVEMENT'
  | 'RISK_NOT_LOWER'
  | 'OVER_BUDGET'
  | 'EXPIRED'
  | 'WRONG_TOKEN'
  | 'INVALID';

export interface Contestant {
  readonly kind: 'own' | 'bid';
  readonly adapter: string;
  readonly bidId: string | undefined;
  /** Numeraire against the reference when it is filled, gas included; undefined where the offer is not comparable. */
  readonly cost: DecimalString | undefined;
  readonly costBps: number | undefined;
  /** How much better the book is expected to be for it, in numeraire, and what that is made of; undefined like `cost`. */
  readonly improvement: Improvement | undefined;
  readonly won: boolean;
  readonly code: AwardReason;
  readonly sentence: string;
}

/** Who gets the slice, and why everybody else did not. Frozen. */
export type Award = {
  /** Winner first, then by improvement; those that cannot take part at the end. */
  readonly contestants: readonly Contestant[];
} & ({ readonly winner: 'own' } | { readonly winner: 'bid'; readonly bid: Bid } | { readonly winner: 'none' });

interface Scored {
  readonly bid: Bid | undefined;
  readonly adapter: string;
  readonly improvement: Improvement;
  /** What the handicap is counted on: numeraire. */
  readonly notional: number;
  readonly score: number;
}

/**
 * Puts our own route and all bids on one scale, the net improvement of the post-trade book: the risk that is expected to
 * be gone, less what that is expected to cost, at the worse end of what the exposure may be. A bid counts by what it
 * *guarantees*, by when it fills, by how likely it is to be filled at all, and by what is left to do when it is not. It
 * must beat our own route by `handicapBps`. Ties go to our own route, then to the lower bid id.
 *
 * @param bids As they came in; those that cannot take part are kept in the result with their reason.
 * @throws InvalidInputError for a basis that is none.
 * @example
 * ```ts
 * const result = award({ cost: '3.4', deltaUnits: '2', timeSeconds: 12 }, bids, basis)
 * if (result.winner === 'bid') await wallet.signTypedData(result.bid.typedData)
 * ```
 */
export function award(own: OwnRoute | undefined, bids: readonly Bid[], basis: AwardBasis): Award {
  checkAwardBasis(basis);
  const route = own === undefined ? undefined : scoreRoute(own, basis);
  // What a network leaves is done by our own route only where that would be taken by itself.
  const fallback = route === undefined || objection(route, basis) !== undefined ? undefined : route.improvement;
  const judged = bids.map((bid) => judge(bid, fallback, basis));
  const scored = [
    ...(route === undefined ? [] : [route]),
    ...judged.flatMap((each) => ('score' in each ? [each] : [])),
  ];
  scored.sort(byScore);
  const best = scored.find((each) => objection(each, basis) === undefined);
  const ranked = scored
    .map((each) => rank(each, best, basis))
    .sort((a, b) => Number(b.won) - Number(a.won) || Number(isOut(a)) - Number(isOut(b)));
  const contestants = Object.freeze([...ranked, ...judged.flatMap((each) => ('score' in each ? [] : [each]))]);
  if (best === undefined) return Object.freeze({ winner: 'none', contestants });
  return best.bid === undefined
    ? Object.freeze({ winner: 'own', contestants })
    : Object.freeze({ winner: 'bid', bid: best.bid, contestants });
}

function scoreRoute(own: OwnRoute, basis: AwardBasis): Scored {
  const units = parseDecimal(own.deltaUnits, 'own.deltaUnits').toNumber();
  const cost = parseDecimal(own.cost, 'own.cost').toNumber();
  const improvement = improvementOfRoute({ cost, deltaUnits: units, timeSeconds: own.timeSeconds }, basis);
  const notional = Math.abs(units) * basis.book.spot;
  return { bid: undefined, adapter: 'own route', improvement, notional, score: improvement.net };
}

function judge(bid: Bid, own: Improvement | undefined, basis: AwardBasis): Scored | Contestant {
  if (!(bid.validUntil > basis.nowSeconds)) return out(bid, 'EXPIRED', 'It had expired before the award.');
  if (bid.guaranteedOutput.atoms <= 0n) return out(bid, 'INVALID', 'It guarantees nothing.');
  const judged = improvementOfBid(bid, own, basis);
  if ('code' in judged) return out(bid, judged.code, judged.sentence);
  const { improvement, notional } = judged;
  const handicap = (basis.handicapBps / 1e4) * notional;
  return { bid, adapter: bid.adapter, improvement, notional, score: improvement.net - handicap };
}

function out(bid: Bid, code: AwardReason, sentence: string): Contestant {
  return Object.freeze({
    kind: 'bid',
    adapter: bid.adapter,
    bidId: bid.id,
    cost: undefined,
    costBps: undefined,
    improvement: undefined,
    won: false,
    code,
    sentence,
  });
}

function byScore(a: Scored, b: Scored): number {
  return (
    b.score - a.score ||
    Number(a.bid !== undefined) - Number(b.bid !== undefined) ||
    ((a.bid?.id ?? '') < (b.bid?.id ?? '') ? -1 : 1)
  );
}

/** Why somebody could not win even if alone. */
function objection({ improvement, notional }: Scored, { maxCostBps }: AwardBasis): [AwardReason, string] | undefined {
  const costBps = (improvement.costWhenFilled / notional) * 1e4;
  if (!improvement.lowersRisk) return ['RISK_NOT_LOWER', 'It does not lower the risk at both ends of the exposure.'];
  if (costBps > maxCostBps) {
    return ['OVER_BUDGET', `It costs ${costBps.toFixed(2)} bp, and the intent allows ${maxCostBps}.`];
  }
  if (improvement.net <= 0) {
    const { expectedCost, riskRemoved } = improvement;
    return [
      'NO_IMPROVEMENT',
      `The risk that it is expected to remove is worth ${money(riskRemoved)}, and that is expected to cost ${money(expectedCost)}.`,
    ];
  }
  return undefined;
}

function isOut({ code }: Contestant): boolean {
  return code === 'RISK_NOT_LOWER' || code === 'OVER_BUDGET' || code === 'NO_IMPROVEMENT';
}

function rank(each: Scored, best: Scored | undefined, basis: AwardBasis): Contestant {
  const [code, sentence] =
    objection(each, basis) ??
    (each === best ? (['BEST', won(each.improvement)] as const) : behind(each, best!, basis.handicapBps));
  return Object.freeze({
    kind: each.bid === undefined ? 'own' : 'bid',
    adapter: each.adapter,
    bidId: each.bid?.id,
    cost: decimalFromNumber(each.improvement.costWhenFilled, 'cost'),
    costBps: (each.improvement.costWhenFilled / each.notional) * 1e4,
    improvement: each.improvement,
    won: each === best,
    code,
    sentence,
  });
}

function won({ expectedCost, net, riskRemoved }: Improvement): string {
  return `It improves the book most, by ${money(net)}: risk worth ${money(riskRemoved)} less, for a cost of ${money(expectedCost)}.`;
}

function behind(each: Scored, best: Scored, handicapBps: number): readonly [AwardReason, string] {
  const gap = best.improvement.net - each.improvement.net;
  if (gap < 0) {
    const sentence = `It improves the book by ${money(-gap)} more than our own route, less than the ${handicapBps} bp that a bid has to.`;
    return ['WITHIN_HANDICAP', sentence];
  }
  return ['LESS_IMPROVEMENT', `It improves the book by ${money(gap)} less than ${best.adapter}.`];
}

function money(amount: number): string {
  return amount.toFixed(4);
}
