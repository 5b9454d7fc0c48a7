import type { PositionChange, PositionMemory } from '../exposure/doubt-vanished.js';
import { Decimal, type DecimalString, fromAtoms } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import type { Pool } from '../model/curve.js';
import type { PositionReading } from '../model/position.js';
import type { QuoteRequest } from '../model/quote.js';
import { type Token, type TokenAmount, tokenKey } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { ReferencePrice } from '../route/reference-price.js';
import type { Solicitation } from '../solicit/solicit.js';
import { agreedPrice, type PriceDispute } from './agreed-price.js';
import { askMarket, marketOn } from './ask-market.js';
import { doubted } from './doubted.js';
import { hedgeBridge } from './firm-route.js';
import { inFlightOf, lateBridges } from './in-flight.js';
import type { EarlierLook } from './look-memory.js';
import { offerRequests } from './offer-requests.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';
import { readChains, type SilentChain } from './read-chains.js';
import { exposureOf, readPositions } from './read-positions.js';
import { readTrend, type TrendAnswer } from './trend.js';

/** One look at everything: the book, the market, what things cost, what is held. Frozen. */
export interface Survey {
  readonly atSeconds: number;
  readonly exposure: Exposure;
  /** What the position sources said, and what of it is doubted: what the exposure was put together from. */
  readonly readings: readonly PositionReading[];
  /** Positions that vanished or shrank since the look before, with no trade of ours. */
  readonly changes: readonly PositionChange[];
  /** What the next look holds its readings against. */
  readonly memory: PositionMemory;
  readonly reference: ReferencePrice;
  /** Why nothing may be traded at the reference price; undefined when nothing speaks against it. */
  readonly dispute: PriceDispute | undefined;
  readonly annualVolatility: number;
  /** Where the price is expected to drift; undefined where nobody was asked. */
  readonly trend: TrendAnswer | undefined;
  /** On the chains that answer. */
  readonly balances: readonly TokenAmount[];
  /** Chains that give no true answer. Nothing of theirs is traded. */
  readonly silentChains: readonly SilentChain[];
  readonly pools: readonly Pool[];
  readonly bridges: readonly HedgeBridge[];
  readonly solicitation: Solicitation;
  /** Wei per unit of gas, by chain that answers: the next block's base fee and a tip. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain that answers. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  /** JSON-RPC calls that reading all pools of all venues took, by chain. */
  readonly poolCalls: Readonly<Record<number, number>>;
}

const NO_LADDERS = Object.freeze({ pools: [], refusals: [] });

/**
 * Reads everything at once. Chains, venues and bridges that fail are left out and reported; positions that cannot be read
 * widen the exposure; what speaks against the price is said in `dispute`, and it is the caller's to stop.
 *
 * @param earlier the look before: a price that jumps away from its is disputed unless a feed confirms it, and a position
 * that has vanished since is doubted
 * @param requested signed change that somebody asks for, instead of the distance to the target
 * @throws NO_REFERENCE_PRICE when no pool answers, SOLICIT_ABORTED or the signal's reason when it aborts
 */
export async function survey(
  portfolio: Portfolio,
  ports: RebalancerPorts,
  signal: AbortSignal,
  earlier?: EarlierLook,
  requested?: Decimal,
): Promise<Survey> {
  const { chains, clock, prices, volatility } = ports;
  const [read, answers, volatilityNow, trend] = await Promise.all([
    readChains(portfolio, ports, signal),
    readPositions(ports, portfolio, signal),
    volatility.realised(portfolio.underlying, signal),
    readTrend(ports, portfolio.underlying, signal),
  ]);
  const market = marketOn(portfolio, read.live);
  const balances = Object.freeze(read.live.flatMap((chain) => chain.balances));
  const requests = () => Object.fromEntries(chains.map((chain) => [chain.id, chain.requestCount()]));
  const atSeconds = Math.floor(clock.now() / 1000);
  const calledBefore = requests();
  // Pools first and alone, so that what reading them takes can be counted and stated.
  const offered = await askMarket(market, ports, { kind: 'pools' }, signal);
  const calledAfter = requests();
  const price = await agreedPrice(market, offered.pools, { feed: prices, lastSeen: earlier?.price }, atSeconds, signal);
  const { reference } = price;
  const nativePrice = Object.fromEntries(
    read.live.map(({ chainId }) => [chainId, portfolio.nativePrices[chainId] ?? reference.price] as const),
  );
  const { changes, memory, readings } = doubted(portfolio, { atSeconds, reference }, answers, earlier);
  const exposure = exposureOf(portfolio, reference.price, readings, await inFlightOf(portfolio, ports), atSeconds);
  const late = await lateBridges(ports, atSeconds);
  const inTime = late.size === 0 ? ports : { ...ports, bridges: ports.bridges.filter(({ id }) => !late.has(id)) };
  const quoted = await askMarket(
    market,
    inTime,
    {
      kind: 'quotes',
      transfers: transferRequests(market, inTime, balances, reference.price, atSeconds),
      offers: offerRequests(market, ports, {
        exposure,
        price: reference.price,
        held: balances,
        nowSeconds: atSeconds,
        requested,
      }),
    },
    signal,
  );
  const ladders = ports.opaque?.pools(quoted.quotes, atSeconds) ?? NO_LADDERS;
  return Object.freeze({
    atSeconds,
    exposure,
    readings,
    changes,
    memory,
    reference,
    dispute: price.dispute,
    annualVolatility: Number(volatilityNow.value),
    trend,
    balances,
    silentChains: read.silent,
    pools: Object.freeze([...price.pools, ...ladders.pools]),
    bridges: Object.freeze(
      quoted.bridges.map(({ lane, limits, quote }) =>
        hedgeBridge({ ...lane, minAtoms: limits.min, maxAtoms: limits.max }, quote, nativePrice),
      ),
    ),
    solicitation: Object.freeze({
      pools: Object.freeze([...offered.pools, ...ladders.pools]),
      // What they are worth stands in the ladders.
      quotes: Object.freeze([]),
      bridges: quoted.bridges,
      refusals: Object.freeze([...offered.refusals, ...price.refusals, ...quoted.refusals, ...ladders.refusals]),
      answers: Object.freeze([...offered.answers, ...quoted.answers]),
    }),
    gasPriceWei: Object.freeze(
      Object.fromEntries(read.live.map(({ chainId, gasPriceWei }) => [chainId, gasPriceWei] as const)),
    ),
    nativePrice: Object.freeze(nativePrice),
    poolCalls: Object.freeze(
      Object.fromEntries(chains.map(({ id }) => [id, calledAfter[id]! - calledBefore[id]!] as const)),
    ),
  });
}

/** Every lane between two chains on which the account has at least a lot to send, for all that it has. */
function transferRequests(
  { baseTokens, limits, policy, quoteTokens }: Portfolio,
  { account }: RebalancerPorts,
  held: readonly TokenAmount[],
  price: DecimalString,
  nowSeconds: number,
): readonly QuoteRequest[] {
  const atomsOf = (token: Token): bigint => {
    const atoms = held.find((each) => tokenKey(each.token) === tokenKey(token))?.atoms ?? 0n;
    const unitsPerLot = baseTokens.includes(token) ? policy.lotUnits : new Decimal(policy.lotUnits).times(price);
    return new Decimal(fromAtoms(token, atoms)).gte(unitsPerLot) ? atoms : 0n;
  };
  return [baseTokens, quoteTokens].flatMap((tokens) =>
    tokens.flatMap((from) =>
      tokens
        .filter((to) => to.chainId !== from.chainId && atomsOf(from) > 0n)
        .map((to) => ({
          input: { token: from, atoms: atomsOf(from) },
          tokenOut: to,
          sender: account.addressOn(from.chainId),
          recipient: account.addressOn(to.chainId),
          slippageBps: limits.slippageBps,
          deadline: nowSeconds + limits.deadlineSeconds,
        })),
    ),
  );
}
