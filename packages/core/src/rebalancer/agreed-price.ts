import { hasJumped } from '../exposure/spot-jump.js';
import type { Pool } from '../model/curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { PriceFeed } from '../ports/feeds.js';
import { poolPrices, type ReferencePrice, referencePrice } from '../route/reference-price.js';
import type { Refusal } from '../solicit/solicit.js';
import type { Portfolio, RebalanceLimits } from './portfolio.js';

/** What the market says, which pools are believed, and what speaks against it. */
export interface AgreedPrice {
  readonly reference: ReferencePrice;
  /** Pools whose price is near the median. */
  readonly pools: readonly Pool[];
  /** Pools whose price is not: nothing is traded there. */
  readonly refusals: readonly Refusal[];
  readonly dispute: PriceDispute | undefined;
}

/** Why nothing may be traded at this price. */
export interface PriceDispute {
  readonly sentence: string;
  /** Null where there is nothing to compare with. */
  readonly disagreementBps: number | null;
}

/** Whose price it is, and how far it may be doubted. */
export interface PricedMarket extends Pick<Portfolio, 'baseTokens' | 'quoteTokens' | 'underlying'> {
  readonly limits: Pick<RebalanceLimits, 'maxAgeSeconds' | 'maxDisagreementBps'>;
}

/** What the pools' price is held against. */
export interface PriceWitnesses {
  readonly feed?: PriceFeed | undefined;
  /** What the last look took for the price; undefined in the first one. */
  readonly lastSeen?: DecimalString | undefined;
}

/**
 * Outlying pools with less than this share of all depth are left out; with more, nobody can say who is right. A tiny
 * pool at an absurd price must not be able to stop a hedge, and a large one not to pass for the market.
 */
const OUTLYING_SHARE = 0.25;

/**
 * The pools' median, held against the pools themselves, and against the feed where there is one. A feed that fails or
 * is stale disputes: it was asked for because the pools alone were not enough. Without a feed, pools that say more than
 * double or less than half of what the last look saw are not believed before the next look sees it again.
 *
 * @throws NO_REFERENCE_PRICE when no pool answers
 */
export async function agreedPrice(
  { baseTokens, limits, quoteTokens, underlying }: PricedMarket,
  all: readonly Pool[],
  { feed, lastSeen }: PriceWitnesses,
  nowSeconds: number,
  signal: AbortSignal,
): Promise<AgreedPrice> {
  const { maxAgeSeconds, maxDisagreementBps } = limits;
  const reference = referencePrice(all, baseTokens, quoteTokens);
  const priced = poolPrices(all, baseTokens, quoteTokens).map((each) => ({
    ...each,
    awayBps: bpsApart(each.price, reference.price),
  }));
  const outlying = priced.filter(({ awayBps }) => awayBps > maxDisagreementBps);
  const sum = (part: typeof priced): Decimal => part.reduce((total, { depth }) => total.plus(depth), new Decimal(0));
  const share = sum(outlying).div(sum(priced)).toNumber();
  const refusals = outlying.map(({ awayBps, pool: { adapter, chainId, id } }): Refusal => {
    const sentence = `Pool ${id} is ${awayBps.toFixed(0)} bps from the market's ${reference.price}.`;
    return Object.freeze({ adapter, kind: 'venue', chainId, poolId: id, code: 'PRICE_OUTLYING', sentence });
  });
  const ofPools: PriceDispute | undefined =
    share < OUTLYING_SHARE
      ? undefined
      : {
          sentence: `Pools with ${(share * 100).toFixed(0)} % of all depth are further than ${maxDisagreementBps} bps from the median ${reference.price}.`,
          disagreementBps: Math.max(...outlying.map(({ awayBps }) => awayBps)),
        };
  const ofWitness =
    feed === undefined
      ? heldAgainstLast(reference, lastSeen)
      : await heldAgainst(feed, { maxAgeSeconds, maxDisagreementBps, nowSeconds, reference, signal, underlying });
  const dispute = ofPools ?? ofWitness;
  const outlyingPools = new Set(outlying.map(({ pool }) => pool));
  return Object.freeze({
    reference,
    pools: Object.freeze(all.filter((pool) => !outlyingPools.has(pool))),
    refusals: Object.freeze(refusals),
    dispute: dispute === undefined ? undefined : Object.freeze(dispute),
  });
}

function heldAgainstLast({ price }: ReferencePrice, lastSeen: DecimalString | undefined): PriceDispute | undefined {
  if (lastSeen === undefined || !hasJumped(Number(price), Number(lastSeen))) return undefined;
  const sentence = `Pools say ${price} after ${lastSeen} in the last look, and no price feed confirms such a jump.`;
  return { sentence, disagreementBps: bpsApart(price, lastSeen) };
}

interface FeedQuestion {
  readonly reference: ReferencePrice;
  readonly underlying: string;
  readonly maxAgeSeconds: number;
  readonly maxDisagreementBps: number;
  readonly nowSeconds: number;
  readonly signal: AbortSignal;
}

async function heldAgainst(feed: PriceFeed, question: FeedQuestion): Promise<PriceDispute | undefined> {
  const { maxAgeSeconds, maxDisagreementBps, nowSeconds, reference, signal, underlying } = question;
  const unusable = (why: string): PriceDispute => ({
    sentence: `The price feed cannot confirm ${reference.price}: ${why}.`,
    disagreementBps: null,
  });
  let said: Awaited<ReturnType<PriceFeed['price']>>;
  try {
    said = await feed.price(underlying, signal);
  } catch {
    signal.throwIfAborted();
    return unusable('it does not answer');
  }
  const price = new Decimal(said.value);
  if (!price.isFinite() || !price.gt(0)) return unusable('what it says is no price');
  const ageSeconds = nowSeconds - said.asOf.timeSeconds;
  if (!(Math.abs(ageSeconds) <= maxAgeSeconds)) return unusable(`its price is ${ageSeconds} s old`);
  const disagreementBps = bpsApart(reference.price, said.value);
  if (disagreementBps <= maxDisagreementBps) return undefined;
  const sentence = `Pools say ${reference.price}, the price feed ${said.value}: ${disagreementBps.toFixed(0)} bps apart.`;
  return { sentence, disagreementBps };
}

function bpsApart(price: Decimal | DecimalString, from: DecimalString): number {
  return new Decimal(price).div(from).minus(1).abs().times(10_000).toNumber();
}
