import { InvalidInputError } from '@evenkeel/intents';
import { Decimal, decimalFromNumber, type DecimalString, parseDecimal } from '../model/decimal.js';
import { sameToken, type Token } from '../model/token.js';
import type { Bid } from '../ports/solver.js';

/** The scale on which our own route and outside bids meet. */
export interface AwardBasis {
  readonly side: 'buy' | 'sell';
  /** Units of the underlying that are to be bought or sold. */
  readonly deltaUnits: DecimalString;
  /** Numeraire per unit of the underlying. */
  readonly referencePrice: DecimalString;
  /** The token that a bid's guaranteed output must be in: the underlying when buying, the numeraire when selling. */
  readonly outputTokens: readonly Token[];
  /** What a solver is given, in numeraire (buying) or in units of the underlying (selling). */
  readonly input: DecimalString;
  /** Unix seconds; bids must outlive it. */
  readonly nowSeconds: number;
  /** How much better a bid must be than our route: what it is worth that we control our own execution. */
  readonly handicapBps: number;
  /** Numeraire that the transaction for a solver costs us where it does not pay for gas itself. */
  readonly gasCost: DecimalString;
}

/** Our own route as a contestant; absent where there is none. */
export interface OwnRoute {
  /** All-in cost in numeraire against the reference price, gas included. */
  readonly cost: DecimalString;
}

export type AwardReason = 'BEST' | 'DEARER' | 'WITHIN_HANDICAP' | 'EXPIRED' | 'WRONG_TOKEN' | 'TOO_LITTLE' | 'INVALID';

export interface Contestant {
  readonly kind: 'own' | 'bid';
  readonly adapter: string;
  readonly bidId: string | undefined;
  /** Numeraire against the reference; undefined where the offer is not comparable. */
  readonly cost: DecimalString | undefined;
  readonly costBps: number | undefined;
  readonly won: boolean;
  readonly code: AwardReason;
  readonly sentence: string;
}

/** Who gets the intent, and why everybody else did not. Frozen. */
export type Award = {
  /** Winner first, then by cost. */
  readonly contestants: readonly Contestant[];
} & ({ readonly winner: 'own' } | { readonly winner: 'bid'; readonly bid: Bid } | { readonly winner: 'none' });

interface Scored {
  readonly contestant: Omit<Contestant, 'won' | 'code' | 'sentence'>;
  readonly bid: Bid | undefined;
  readonly score: number;
}

/**
 * Puts our own route and all bids on one scale, the all-in cost in numeraire against the reference price, and picks the
 * cheapest. A bid must beat our own route by `handicapBps`. Ties go to our own route, then to the earlier bid id.
 *
 * @param bids As they came in; expired, foreign or malformed ones are kept in the result with their reason.
 * @throws InvalidInputError for a basis without size or price.
 * @example
 * ```ts
 * const award = award({ cost: '3.4' }, bids, basis)
 * if (award.winner === 'bid') await solver.submit(award.bid, signature, signal)
 * ```
 */
export function award(own: OwnRoute | undefined, bids: readonly Bid[], basis: AwardBasis): Award {
  const units = parseDecimal(basis.deltaUnits, 'deltaUnits');
  const reference = parseDecimal(basis.referencePrice, 'referencePrice');
  if (units.lte(0)) throw new InvalidInputError('deltaUnits', basis.deltaUnits, 'is not positive', 'Give the size.');
  if (reference.lte(0)) {
    throw new InvalidInputError('referencePrice', basis.referencePrice, 'is not positive', 'Give numeraire per unit.');
  }
  const notional = units.times(reference).toNumber();
  const toBps = (cost: number): number => (cost / notional) * 1e4;
  const scored: Scored[] = [];
  const refused: Contestant[] = [];
  if (own !== undefined) {
    const cost = parseDecimal(own.cost, 'own.cost').toNumber();
    const contestant = {
      kind: 'own',
      adapter: 'own route',
      bidId: undefined,
      cost: own.cost,
      costBps: toBps(cost),
    } as const;
    scored.push({ contestant, bid: undefined, score: cost });
  }
  for (const bid of bids) {
    const judged = judge(bid, basis, units);
    if (judged.kind === 'refused') {
      refused.push(
        Object.freeze({
          kind: 'bid',
          adapter: bid.adapter,
          bidId: bid.id,
          cost: undefined,
          costBps: undefined,
          won: false,
          code: judged.code,
          sentence: judged.sentence,
        }),
      );
      continue;
    }
    const contestant = {
      kind: 'bid',
      adapter: bid.adapter,
      bidId: bid.id,
      cost: decimalFromNumber(judged.cost, 'cost'),
      costBps: toBps(judged.cost),
    } as const;
    scored.push({ contestant, bid, score: judged.cost + (basis.handicapBps / 1e4) * notional });
  }
  scored.sort(
    (a, b) =>
      a.score - b.score ||
      Number(a.bid !== undefined) - Number(b.bid !== undefined) ||
      ((a.bid?.id ?? '') < (b.bid?.id ?? '') ? -1 : 1),
  );
  const best = scored[0];
  const ranked = scored.map((each): Contestant => rank(each, best!));
  const contestants = Object.freeze([...ranked, ...refused]);
  if (best === undefined) return Object.freeze({ winner: 'none', contestants });
  return best.bid === undefined
    ? Object.freeze({ winner: 'own', contestants })
    : Object.freeze({ winner: 'bid', bid: best.bid, contestants });
}

function rank(each: Scored, best: Scored): Contestant {
  if (each === best) {
    const sentence = `Cheapest all in, at ${each.contestant.costBps!.toFixed(2)} bp.`;
    return Object.freeze({ ...each.contestant, won: true, code: 'BEST', sentence });
  }
  const dearer = each.contestant.costBps! - best.contestant.costBps!;
  if (dearer < 0) {
    const sentence = `Cheaper than our own route by ${(-dearer).toFixed(2)} bp, less than the handicap of a bid.`;
    return Object.freeze({ ...each.contestant, won: false, code: 'WITHIN_HANDICAP', sentence });
  }
  const sentence = `${dearer.toFixed(2)} bp dearer than ${best.contestant.adapter}.`;
  return Object.freeze({ ...each.contestant, won: false, code: 'DEARER', sentence });
}

type Judgement =
  | { readonly kind: 'scored'; readonly cost: number }
  | { readonly kind: 'refused'; readonly code: AwardReason; readonly sentence: string };

function judge(bid: Bid, basis: AwardBasis, units: Decimal): Judgement {
  const { atoms, token } = bid.guaranteedOutput;
  if (!basis.outputTokens.some((wanted) => sameToken(wanted, token) && wanted.decimals === token.decimals)) {
    return { kind: 'refused', code: 'WRONG_TOKEN', sentence: `It pays in ${token.symbol} on chain ${token.chainId}.` };
  }
  if (!(bid.validUntil > basis.nowSeconds)) {
    return { kind: 'refused', code: 'EXPIRED', sentence: 'It had expired before the award.' };
  }
  if (atoms <= 0n) return { kind: 'refused', code: 'INVALID', sentence: 'It guarantees nothing.' };
  const output = new Decimal(atoms.toString()).shiftedBy(-token.decimals);
  const gas = bid.gas.paidBy === 'solver' ? 0 : parseDecimal(basis.gasCost, 'gasCost').toNumber();
  const input = parseDecimal(basis.input, 'input');
  const reference = new Decimal(basis.referencePrice);
  if (basis.side === 'buy') {
    if (output.lt(units)) {
      const sentence = `It guarantees ${output.toFixed()} of the ${units.toFixed()} units that are wanted.`;
      return { kind: 'refused', code: 'TOO_LITTLE', sentence };
    }
    return { kind: 'scored', cost: input.minus(output.times(reference)).toNumber() + gas };
  }
  return { kind: 'scored', cost: input.times(reference).minus(output).toNumber() + gas };
}
