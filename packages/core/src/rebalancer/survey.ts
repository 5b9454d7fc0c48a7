import { EvenkeelError } from '@evenkeel/intents';
import { assembleExposure, type InFlight } from '../exposure/assemble-exposure.js';
import { Decimal, type DecimalString, fromAtoms } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import type { Pool } from '../model/curve.js';
import type { PositionReading } from '../model/position.js';
import type { QuoteRequest } from '../model/quote.js';
import { type Token, type TokenAmount, tokenKey } from '../model/token.js';
import type { PositionSource } from '../ports/position-source.js';
import type { HedgeBridge } from '../route/hedge.js';
import { type ReferencePrice, referencePrice } from '../route/reference-price.js';
import { solicit, type Solicitation } from '../solicit/solicit.js';
import { readBalances } from './balances.js';
import { PriceDisputedError } from './errors.js';
import { hedgeBridge } from './firm-route.js';
import { inFlightOf } from './in-flight.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** One look at everything: the book, the market, what things cost, what is held. Frozen. */
export interface Survey {
  readonly atSeconds: number;
  readonly exposure: Exposure;
  readonly reference: ReferencePrice;
  readonly annualVolatility: number;
  readonly balances: readonly TokenAmount[];
  readonly pools: readonly Pool[];
  readonly bridges: readonly HedgeBridge[];
  readonly solicitation: Solicitation;
  /** Wei per unit of gas, by chain: the next block's base fee and a tip. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  /** JSON-RPC calls that reading all pools of all venues took, by chain. */
  readonly poolCalls: Readonly<Record<number, number>>;
}

/** How a stale reading widens: by this share of the position's largest delta, for each hour of its age. */
const STALE_SHARE_PER_HOUR = '0.25';
/** How long a straggler may take to stop. */
const GRACE_MS = 50;

/**
 * Reads everything at once. Venues and bridges that fail are left out and reported; positions that cannot be read widen
 * the exposure; a market that disagrees with itself, or with the price feed, stops here.
 *
 * @throws {PriceDisputedError} PRICE_DISPUTED; NO_REFERENCE_PRICE when no pool answers; BALANCE_UNREADABLE and RPC_*
 */
export async function survey(portfolio: Portfolio, ports: RebalancerPorts, signal: AbortSignal): Promise<Survey> {
  const { chains, clock, volatility } = ports;
  const [held, readings, fees, volatilityNow] = await Promise.all([
    readBalances(portfolio, ports, signal),
    readPositions(ports, portfolio, signal),
    Promise.all(chains.map((chain) => chain.fees(signal))),
    volatility.realised(portfolio.underlying, signal),
  ]);
  const requests = () => Object.fromEntries(chains.map((chain) => [chain.id, chain.requestCount()]));
  const atSeconds = Math.floor(clock.now() / 1000);
  const calledBefore = requests();
  // Pools first and alone, so that what reading them takes can be counted and stated.
  const market = await askMarket(portfolio, ports, [], signal, true);
  const calledAfter = requests();
  const reference = await agreedPrice(portfolio, ports, market.pools, signal);
  const offers = await askMarket(
    portfolio,
    ports,
    transferRequests(portfolio, ports, held, reference.price, atSeconds),
    signal,
    false,
  );
  const nativePrice = Object.fromEntries(
    chains.map(({ id }) => [id, portfolio.nativePrices[id] ?? reference.price] as const),
  );
  const gasPriceWei = Object.fromEntries(
    chains.map(({ id }, i) => [id, fees[i]!.baseFeeWei + fees[i]!.priorityFeeWei] as const),
  );
  const inFlight: readonly InFlight[] = await inFlightOf(portfolio, ports);
  const exposure = assembleExposure({
    underlying: portfolio.underlying,
    spot: reference.price,
    readings,
    inFlight,
    nowSeconds: atSeconds,
    rules: { maxAgeSeconds: portfolio.limits.maxAgeSeconds, staleSharePerHour: STALE_SHARE_PER_HOUR },
  });
  return Object.freeze({
    atSeconds,
    exposure,
    reference,
    annualVolatility: Number(volatilityNow.value),
    balances: held,
    pools: market.pools,
    bridges: Object.freeze(
      offers.bridges.map(({ lane, limits, quote }) =>
        hedgeBridge({ ...lane, minAtoms: limits.min, maxAtoms: limits.max }, quote, nativePrice),
      ),
    ),
    solicitation: Object.freeze({
      ...market,
      bridges: offers.bridges,
      refusals: Object.freeze([...market.refusals, ...offers.refusals]),
      answers: Object.freeze([...market.answers, ...offers.answers]),
    }),
    gasPriceWei: Object.freeze(gasPriceWei),
    nativePrice: Object.freeze(nativePrice),
    poolCalls: Object.freeze(
      Object.fromEntries(chains.map(({ id }) => [id, calledAfter[id]! - calledBefore[id]!] as const)),
    ),
  });
}

function askMarket(
  portfolio: Portfolio,
  { bridges, clock, venues }: RebalancerPorts,
  transfers: readonly QuoteRequest[],
  signal: AbortSignal,
  pools: boolean,
): Promise<Solicitation> {
  const tokens = pools ? [...portfolio.baseTokens, ...portfolio.quoteTokens] : [];
  return solicit(
    { tokens, quotes: [], transfers, maxAgeSeconds: portfolio.limits.maxAgeSeconds },
    {
      venues: pools ? venues : [],
      bridges: pools ? [] : bridges,
      clock,
      signal,
      deadlineMs: portfolio.limits.solicitMs,
      graceMs: GRACE_MS,
    },
  );
}

/** All sources at once. One that fails is one unknown position, without bounds: never nothing. */
async function readPositions(
  { account, chains, clock, sources }: RebalancerPorts,
  { limits }: Portfolio,
  signal: AbortSignal,
): Promise<readonly PositionReading[]> {
  const owner = account.addressOn(chains[0]!.id);
  const own = AbortSignal.any([signal, AbortSignal.timeout(limits.solicitMs)]);
  const read = async (source: PositionSource): Promise<readonly PositionReading[]> => {
    try {
      return await source.read(owner, own);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof EvenkeelError ? `${error.code}: ${error.message}` : 'the source failed';
      const asOf = { source: source.id, timeSeconds: Math.floor(clock.now() / 1000) };
      return [{ status: 'unknown', id: source.id, label: source.name, reason, asOf }];
    }
  };
  return (await Promise.all(sources.map(read))).flat();
}

/** The pools' median, held against the pools themselves and against the feed where there is one. */
async function agreedPrice(
  { baseTokens, limits, quoteTokens, underlying }: Portfolio,
  { prices }: RebalancerPorts,
  pools: readonly Pool[],
  signal: AbortSignal,
): Promise<ReferencePrice> {
  const reference = referencePrice(pools, baseTokens, quoteTokens);
  if (prices === undefined) return reference;
  const { value } = await prices.price(underlying, signal);
  const apart = new Decimal(reference.price).div(value).minus(1).abs().times(10_000).toNumber();
  if (apart <= limits.maxDisagreementBps) return reference;
  const sentence = `Pools say ${reference.price}, the price feed ${value}: ${apart.toFixed(0)} bps apart.`;
  throw new PriceDisputedError(sentence, apart, limits.maxDisagreementBps);
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
