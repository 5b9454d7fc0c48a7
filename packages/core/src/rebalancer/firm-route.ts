import type { Quote, QuoteRequest } from '../model/quote.js';
import { NATIVE_ADDRESS, sameAddress, sameToken } from '../model/token.js';
import type { Account } from '../ports/account.js';
import type { BridgeAdapter } from '../ports/bridge.js';
import { ExecutionPartMissingError } from '../execution/errors.js';
import {
  type HedgeBridge,
  type HedgeRequest,
  type HedgeRoute,
  type HedgeTransfer,
  routeHedge,
} from '../route/hedge.js';
import { checkQuote } from '../solicit/check-quote.js';
import { FirmQuoteRefusedError, RouteUnsettledError } from './errors.js';

/** A route whose transfers are all quoted for their exact amounts. */
export interface FirmRoute {
  readonly route: HedgeRoute;
  /** In the order of the route's transfers. */
  readonly firmQuotes: readonly Quote[];
}

export interface FirmRouteInput {
  readonly request: HedgeRequest;
  readonly bridges: readonly BridgeAdapter[];
  readonly account: Pick<Account, 'addressOn'>;
  /** Unix seconds. */
  readonly deadline: number;
  /** Unix seconds. */
  readonly nowSeconds: number;
}

const ATTEMPTS = 4;

/**
 * Routes, asks the bridges of the route for firm quotes of its exact amounts, and routes again as long as one of them
 * gives less than the route lives on.
 *
 * @throws {RouteUnsettledError} ROUTE_UNSETTLED, FIRM_QUOTE_REFUSED, and what {@link routeHedge} and the bridges throw
 */
export async function firmRoute(input: FirmRouteInput, signal: AbortSignal): Promise<FirmRoute> {
  let { request } = input;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const route = routeHedge(request);
    const transfers = route.hops.filter((hop) => hop.kind === 'bridge');
    const firmQuotes = await Promise.all(transfers.map((transfer) => quoteFirmly(input, transfer, signal)));
    if (transfers.every((transfer, i) => firmQuotes[i]!.minReceived >= transfer.amountOut)) {
      return Object.freeze({ route, firmQuotes: Object.freeze(firmQuotes) });
    }
    const updates = transfers.map((transfer, i) => hedgeBridge(transfer.bridge, firmQuotes[i]!, request.nativePrice));
    const others = request.bridges.filter((bridge) => !updates.some((update) => isSameLane(update, bridge)));
    request = { ...request, bridges: [...others, ...updates] };
  }
  throw new RouteUnsettledError(ATTEMPTS);
}

async function quoteFirmly(input: FirmRouteInput, transfer: HedgeTransfer, signal: AbortSignal): Promise<Quote> {
  const bridge = input.bridges.find(({ id }) => id === transfer.adapter);
  if (bridge === undefined) throw new ExecutionPartMissingError('adapters', transfer.adapter);
  const asked: QuoteRequest = {
    input: { token: transfer.tokenIn, atoms: transfer.amountIn },
    tokenOut: transfer.tokenOut,
    sender: input.account.addressOn(transfer.chainId),
    recipient: input.account.addressOn(transfer.toChainId),
    slippageBps: input.request.slippageBps,
    deadline: input.deadline,
  };
  const quote = await bridge.quote(asked, signal);
  const objection = checkQuote(quote, asked, input.nowSeconds);
  if (objection !== undefined) throw new FirmQuoteRefusedError(bridge.id, objection.sentence);
  return quote;
}

/**
 * A lane as the router sees it, from a quote on it: what the quote keeps as a share of its amount (one atom more, for
 * rounding at another size), and what it wants on top in native coin as a fixed cost.
 */
export function hedgeBridge(
  lane: Pick<HedgeBridge, 'from' | 'to' | 'minAtoms' | 'maxAtoms'>,
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
  });
}

function isSameLane(a: HedgeBridge, b: HedgeBridge): boolean {
  return a.adapter === b.adapter && sameToken(a.from, b.from) && sameToken(a.to, b.to);
}
