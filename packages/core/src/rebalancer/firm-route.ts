import { EvenkeelError } from '@evenkeel/intents';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { NATIVE_ADDRESS, sameAddress, sameToken } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { BridgeAdapter } from '../ports/bridge.js';
import { ExecutionPartMissingError } from '../execution/errors.js';
import type { HedgeBridge, HedgeRequest, HedgeRoute, HedgeTransfer } from '../route/hedge.js';
import { gapCloser } from '../route/close-gap.js';
import { routeHedge } from '../route/route-hedge.js';
import { checkQuote } from '../solicit/check-quote.js';
import { plainCopy } from '../solicit/plain-copy.js';
import { QuoteShape, shapeProblem } from '../solicit/shapes.js';
import type { OpaqueOffers } from '../solicit/opaque-offers.js';
import type { TrustChange, TrustRecord } from '../solicit/trust.js';
import type { VenueAdapter } from '../ports/venue.js';
import { RouteUnsettledError } from './errors.js';
import { correctedLadder, firmSwaps } from './firm-swaps.js';

/** A route whose transfers, and swaps with venues that have no curve, are all quoted for their exact amounts. */
export interface FirmRoute {
  readonly route: HedgeRoute;
  /** In the order of the route's transfers. */
  readonly firmQuotes: readonly Quote[];
  /** Of swaps, by the index of their hop. */
  readonly swapQuotes: ReadonlyMap<number, Quote>;
}

export interface FirmRouteInput {
  readonly request: HedgeRequest;
  readonly bridges: readonly BridgeAdapter[];
  readonly venues: readonly VenueAdapter[];
  readonly opaque: OpaqueOffers | undefined;
  readonly account: Pick<Account, 'addressOn'>;
  /** Unix seconds. */
  readonly deadline: number;
  /** Unix seconds. */
  readonly nowSeconds: number;
  /** How long a bridge or venue has for a firm quote. */
  readonly limitMs: number;
  /** Told of everybody who is left out for what it does. */
  readonly onRefusal: (adapter: string, code: string, sentence: string) => void;
  /** Told of every broken word. */
  readonly onDistrust: (change: TrustChange, record: TrustRecord) => Promise<void>;
}

/** From here on a lane that does not keep its word is left out, instead of believed once more. */
const PATIENCE = 2;
/** Each further attempt leaves a lane out; so many that do not keep their word are no market. */
const ATTEMPTS = 8;

/**
 * Routes, asks the bridges of the route and its venues without a curve for firm quotes of its exact amounts, and routes
 * again as long as one of them gives less than the route lives on. One that gives no firm quote, or one that is refused, is
 * left out.
 *
 * @throws {RouteUnsettledError} ROUTE_UNSETTLED, and what {@link routeHedge} throws
 */
export async function firmRoute(input: FirmRouteInput, signal: AbortSignal): Promise<FirmRoute> {
  let { request } = input;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const route = routeHedge(request, { closeGap: gapCloser() });
    const transfers = route.hops.filter((hop) => hop.kind === 'bridge');
    const [firmQuotes, swaps] = await Promise.all([
      Promise.all(transfers.map((transfer) => quoteFirmly(input, transfer, signal))),
      firmSwaps(input, route, signal),
    ]);
    const isFirm = transfers.every((transfer, i) => (firmQuotes[i]?.minReceived ?? -1n) >= transfer.amountOut);
    if (isFirm && swaps.every(({ hop, quote }) => (quote?.minReceived ?? -1n) >= hop.amountOut)) {
      return Object.freeze({
        route,
        firmQuotes: Object.freeze(firmQuotes.filter((quote) => quote !== undefined)),
        swapQuotes: new Map(swaps.map(({ index, quote }) => [index, quote!])),
      });
    }
    const { nativePrice } = request;
    const isPatient = attempt + 1 < PATIENCE;
    const lanes = transfers.map(({ amountOut, bridge }, i) => {
      const quote = firmQuotes[i];
      const isWorse = quote === undefined || quote.minReceived < amountOut;
      const isOut = quote === undefined || (isWorse && !isPatient);
      return { bridge, update: isOut ? undefined : hedgeBridge(bridge, quote, nativePrice) };
    });
    request = {
      ...request,
      pools: request.pools.flatMap((pool) => {
        const swap = swaps.find(({ hop }) => hop.pool === pool);
        return swap === undefined ? [pool] : correctedLadder(swap, isPatient);
      }),
      bridges: request.bridges.flatMap((each) => {
        const lane = lanes.find(({ bridge }) => isSameLane(bridge, each));
        return lane === undefined ? [each] : lane.update === undefined ? [] : [lane.update];
      }),
    };
  }
  throw new RouteUnsettledError(ATTEMPTS);
}

/** Undefined when the bridge fails, does not answer in time, or answers something else than was asked. */
async function quoteFirmly(
  { account, bridges, deadline, limitMs, nowSeconds, onRefusal, request }: FirmRouteInput,
  transfer: HedgeTransfer,
  signal: AbortSignal,
): Promise<Quote | undefined> {
  const bridge = bridges.find(({ id }) => id === transfer.adapter);
  if (bridge === undefined) throw new ExecutionPartMissingError('adapters', transfer.adapter);
  const asked: QuoteRequest = {
    input: { token: transfer.tokenIn, atoms: transfer.amountIn },
    tokenOut: transfer.tokenOut,
    sender: account.addressOn(transfer.chainId),
    recipient: account.addressOn(transfer.toChainId),
    slippageBps: request.slippageBps,
    deadline,
  };
  const timeout = AbortSignal.timeout(limitMs);
  const own = AbortSignal.any([signal, timeout]);
  try {
    const answer = plainCopy(await Promise.race([bridge.quote(asked, own), aborted(own)]));
    const wrongShape = shapeProblem(QuoteShape, answer);
    const quote = answer as Quote;
    const objection = wrongShape === undefined ? checkQuote(quote, asked, nowSeconds)?.sentence : `${wrongShape}.`;
    if (objection === undefined) return quote;
    onRefusal(bridge.id, 'FIRM_QUOTE_REFUSED', `The firm quote of ${bridge.id} is refused: ${objection}`);
  } catch (error) {
    signal.throwIfAborted();
    const code = timeout.aborted ? 'TIMED_OUT' : error instanceof EvenkeelError ? error.code : 'ADAPTER_FAILED';
    onRefusal(bridge.id, code, `${bridge.id} gives no firm quote: ${code}.`);
  }
  return undefined;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/**
 * A lane as the router sees it, from a quote on it: what the quote keeps as a share of its amount (one atom more, for
 * rounding at another size), and what it wants on top in native coin as a fixed cost.
 */
export function hedgeBridge(
  lane: Pick<HedgeBridge, 'from' | 'to' | 'minAtoms' | 'maxAtoms' | 'stock'>,
  quote: Quote,
  nativePrice: HedgeRequest['nativePrice'],
): HedgeBridge {
  const scale = 10 ** (lane.from.decimals - lane.to.decimals);
  const kept = Number(quote.input.atoms) - (Number(quote.minReceived) - 1) * scale;
  const messageWei = quote.fees
    .filter(({ amount, included }) => !included && sameAddress(amount.token.address, NATIVE_ADDRESS))
    .reduce((sum, { amount }) => sum + amount.atoms, 0n);
  const price = Number(nativePrice[lane.from.chainId] ?? '0');
  const gasUnits = quote.gas
    .filter(({ chainId }) => chainId === lane.from.chainId)
    .reduce((sum, { units }) => sum + units, 0n);
  return Object.freeze({
    adapter: quote.adapter,
    from: lane.from,
    to: lane.to,
    feeBps: Math.max(0, (kept / Number(quote.input.atoms)) * 10_000),
    fixedCostNumeraire: ((Number(messageWei) / 1e18) * price).toFixed(12),
    gasUnits,
    minAtoms: lane.minAtoms,
    maxAtoms: lane.maxAtoms,
    timeSeconds: quote.timeSeconds.expected,
    quote,
    ...(lane.stock === undefined ? {} : { stock: lane.stock }),
  });
}

function isSameLane(a: HedgeBridge, b: HedgeBridge): boolean {
  return a.adapter === b.adapter && sameToken(a.from, b.from) && sameToken(a.to, b.to);
}
