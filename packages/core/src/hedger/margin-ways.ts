import type { Contender } from '../choose/choose-instrument.js';
import { type MarginPlan, planMarginCure } from '../margin/cure.js';
import type { CureSource } from '../margin/cure-source.js';
import type { MarginLimits } from '../margin/limits.js';
import type { MarginPayment, MarginReading, MarginVenue, PaymentReading } from '../margin/margin-venue.js';
import { sameToken } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { Consideration } from '../rebalancer.js';
import type { Context } from '../rebalancer/context.js';
import { competition, spotContender } from './consider.js';
import type { HedgeInstruments } from './instruments.js';
import { bridgeSource, heldOf, REDUCE, reductionSource, walletSource, type WayTerms } from './margin-choices.js';
import type { MarginKeeping, MarginWay } from './margin-keeping.js';

/** What a look has seen, and what spot costs where the market agrees on a price. */
export type MarketSeen = Pick<Consideration, 'before'> & Partial<Pick<Consideration, 'curves'>>;

/** How a source of a plan is carried out. */
export type CureWay =
  | {
      readonly way: Exclude<MarginWay, 'reduce'>;
      readonly payment: MarginPayment;
      readonly reading: PaymentReading;
      /** Absent: out of the wallet beside the account. */
      readonly lane?: HedgeBridge;
    }
  | { readonly way: 'reduce'; /** So much of the position can be closed. */ readonly share: number };

export interface WaysInput {
  readonly context: Context;
  readonly instruments: HedgeInstruments;
  readonly keeping: MarginKeeping;
  readonly limits: MarginLimits;
  readonly venue: MarginVenue;
  readonly annualVolatility: number;
  readonly signal: AbortSignal;
}

interface Offered {
  readonly source: CureSource;
  readonly how: CureWay;
}

export interface WaysPlanned {
  readonly plan: MarginPlan;
  /** By the id of the part. */
  readonly ways: ReadonlyMap<string, CureWay>;
}

/** The cheapest cure of the ways that may be taken and have not failed. @throws {MarginUnreachableError} */
export async function planWays(
  input: WaysInput,
  reading: MarginReading,
  seen: MarketSeen,
  failed: ReadonlySet<string>,
): Promise<WaysPlanned> {
  const { annualVolatility, context, keeping, limits, signal } = input;
  const { policy, latencySeconds } = context.portfolio;
  // The next look at it may be two intervals away, and what is decided then has to be mined.
  const terms = { gasCost: gasCostOf(seen), seconds: 2 * policy.monitoringSeconds + latencySeconds };
  const money = await moneyWays(input, reading, seen, terms);
  const offered = [...money, ...(await reductionWays(input, reading, seen, terms))];
  signal.throwIfAborted();
  const tried = offered.filter(({ source }) => !failed.has(source.id));
  const plan = planMarginCure(reading.account, limits, {
    annualVolatility,
    sources: tried.map(({ source }) => source),
    ...(keeping.restoreDistance === undefined ? {} : { restoreDistance: keeping.restoreDistance }),
  });
  return { plan, ways: new Map(tried.map(({ how, source }) => [source.id, how])) };
}

export function gasCostOf({ before: { gasPriceWei, nativePrice } }: MarketSeen): WayTerms['gasCost'] {
  return (chainId, gasUnits) =>
    Number(gasUnits) * Number(gasPriceWei[chainId] ?? 0n) * 1e-18 * Number(nativePrice[chainId] ?? 0);
}

/** Each payment out of the wallet, and over each bridge that brings its token; no second transfer while one is under way. */
async function moneyWays(
  { context, keeping, venue }: WaysInput,
  reading: MarginReading,
  { before }: MarketSeen,
  terms: WayTerms,
): Promise<readonly Offered[]> {
  const may = (way: MarginWay): boolean => keeping.ways.includes(way);
  const underWay = (await context.ports.journal.transfers({ open: true })).map(
    ({ transfer }) => transfer.quote.output.token,
  );
  const isUnderWay = venue.payments.some(({ token }) => underWay.some((other) => sameToken(other, token)));
  return venue.payments.flatMap((payment): readonly Offered[] => {
    const read = reading.payments[payment.id];
    if (read === undefined) return [];
    const how = { payment, reading: read };
    const lanes = may('bridge') && !isUnderWay ? before.bridges.filter(({ to }) => sameToken(to, payment.token)) : [];
    return [
      ...(may('wallet')
        ? [{ source: walletSource(venue, payment, read, terms), how: { ...how, way: 'wallet' as const } }]
        : []),
      ...lanes.map((lane) => ({
        source: bridgeSource(venue, payment, read, lane, heldOf(before, lane.from), terms),
        how: { ...how, way: 'bridge' as const, lane },
      })),
    ];
  });
}

async function reductionWays(
  { context: { portfolio }, instruments, keeping, limits, signal, venue: { carries } }: WaysInput,
  reading: MarginReading,
  { before, curves }: MarketSeen,
  { seconds }: WayTerms,
): Promise<readonly Offered[]> {
  const { position } = reading;
  if (carries === undefined || position === undefined || !keeping.ways.includes(REDUCE)) return [];
  const { contenders, terms } = competition({ instruments, portfolio, spot: { before } });
  const isOwn = ({ adapter, instrument }: Contender): boolean =>
    adapter.id === carries.adapter && instrument === carries.instrument;
  const contender = contenders.find(isOwn);
  if (contender === undefined) return [];
  const others = [
    ...contenders.filter((each) => each !== contender),
    ...(curves === undefined ? [] : [spotContender({ portfolio, spot: { before, curves } })]),
  ];
  const openCostPerUnit = (portfolio.policy.maxCostBps / 10_000) * terms.spot;
  const input = { contender, others, terms, reading, position, limits, seconds, openCostPerUnit };
  const source = await reductionSource(input, signal);
  return source === undefined ? [] : [{ source, how: { way: REDUCE, share: source.available } }];
}
