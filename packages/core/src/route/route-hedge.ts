import { Decimal, fromAtoms } from '../model/decimal.js';
import { RouteInfeasibleError } from './errors.js';
import type { HedgeRequest, HedgeRoute } from './hedge.js';
import { hedgeModel } from './hedge-model.js';
import { hedgeRouteOf } from './hedge-route.js';
import { type GapCloser, solveModel, type SolvedModel } from './solve-model.js';

const DEFAULT_NODE_BUDGET = 1500;
const TOLERANCE_BPS = 1e-3;

export interface RouteHedgeTools {
  /** Of `@evenkeel/core/route`: tightens what the route is proved by, and at times finds a better route. Absent: neither. */
  readonly closeGap?: GapCloser;
}

/**
 * The cheapest way to change the delta: buys (exact-out) or sells (exact-in) `deltaUnits` of the underlying over all
 * chains, venues and bridges at once, from where the inventories are. Pure and deterministic.
 *
 * @throws InvalidInputError, RoutePoolInvalidError, RouteDuplicateError for bad input; RouteDisconnectedError when
 *   nothing leads from the inventories to what is wanted; RouteInfeasibleError when inventories or liquidity serve only a
 *   part and `onShortfall` is not `partial`.
 * @example
 * ```ts
 * const route = routeHedge({
 *   side: 'buy', deltaUnits: '1.5', baseTokens: [weth], quoteTokens: [usdc], pools, bridges: [],
 *   inventories: [{ token: usdc, atoms: 10_000_000_000n }],
 *   gasPriceWei: { 31337: 10n ** 9n }, nativePrice: { 31337: '2000' }, referencePrice: '2000',
 *   timeAtRisk: { kind: 'price', bpsPerHour: '0' }, slippageBps: 30,
 * })
 * route.hops.map((hop) => [hop.adapter, hop.amountIn, hop.amountOut])
 * ```
 */
export function routeHedge(request: HedgeRequest, { closeGap }: RouteHedgeTools = {}): HedgeRoute {
  const { model, kept } = hedgeModel(request);
  const options = {
    nodeBudget: request.nodeBudget ?? DEFAULT_NODE_BUDGET,
    referencePrice: Number(request.referencePrice),
    toleranceBps: TOLERANCE_BPS,
    certify: true,
    closeGap,
  };
  const solved = solveModel(model, options);
  const partial = solved.replay.remainder > 0n;
  if (solved.replay.hops.length === 0 || (partial && request.onShortfall !== 'partial')) {
    throw shortfall(request, solved);
  }
  return hedgeRouteOf(request, model, kept, solved);
}

function shortfall(request: HedgeRequest, { compiled: { model }, replay }: SolvedModel): RouteInfeasibleError {
  const remainder = new Decimal(replay.remainder.toString()).shiftedBy(-model.amountDecimals).toFixed();
  const held = request.inventories.map(
    ({ atoms, token }) => `${fromAtoms(token, atoms)} ${token.symbol} on ${token.chainId}`,
  );
  return new RouteInfeasibleError(
    `Only a part of ${request.deltaUnits} units can be served: ${remainder} remain.`,
    'Add inventory or liquidity, widen limits, or accept a partial route with onShortfall "partial".',
    { field: 'deltaUnits', value: request.deltaUnits, details: { remainderUnits: remainder, inventories: held } },
  );
}
