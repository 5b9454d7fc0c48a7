import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import type { Pool } from '../model/curve.js';
import { Decimal, decimalFromNumber, type DecimalString, fromAtoms, parseDecimal } from '../model/decimal.js';
import type { Quote } from '../model/quote.js';
import { sameToken, type Token, type TokenAmount, tokenKey } from '../model/token.js';
import { assertPools } from './check-pools.js';
import { findInconsistencies, type Inconsistency } from './consistency.js';
import { type CostKind, type CostsByKind, gasOfHop, totalCost } from './costs.js';
import { RouteDuplicateError, RouteInfeasibleError } from './errors.js';
import type { RouteBridge, RouteModel } from './model.js';
import type { ReplayedHop } from './replay.js';
import { solveModel, type SolvedModel } from './solve-model.js';

/** A lane between chains that may carry funds, from a bridge's quote and its limits. */
export interface HedgeBridge {
  readonly adapter: string;
  readonly from: Token;
  readonly to: Token;
  /** Kept on the way, in basis points of the amount; may be fractional. */
  readonly feeBps: number;
  /** Numeraire, once for a transfer, paid beside the amount. */
  readonly fixedCostNumeraire: DecimalString;
  /** Gas of the origin transaction, in units. */
  readonly gasUnits: bigint;
  readonly minAtoms: bigint;
  readonly maxAtoms: bigint;
  readonly timeSeconds: number;
  /** The quote it was derived from, handed on with the hop. */
  readonly quote?: Quote;
}

/** What it costs that a part of the hedge waits on a bridge. */
export type TimeAtRisk =
  | {
      readonly kind: 'volatility';
      /** Per √year: "0.7" is 70 %. */
      readonly annualVolatility: DecimalString;
      /** Absolute risk aversion γ, per unit of numeraire. */
      readonly riskAversion: DecimalString;
    }
  | { readonly kind: 'price'; readonly bpsPerHour: DecimalString };

export interface HedgeConstraints {
  /** Ids of the adapters that may be used; absent: all. */
  readonly adapters?: readonly string[];
  /** The most that may be given of a token on its chain; a token without an entry is limited by the inventory alone. */
  readonly maxSpend?: readonly TokenAmount[];
}

/** A change of delta that is wanted, and all that may serve it. */
export interface HedgeRequest {
  readonly side: 'buy' | 'sell';
  /** Units of the underlying, positive; the side says the sign. */
  readonly deltaUnits: DecimalString;
  /** Tokens of delta 1, one or more a chain. */
  readonly baseTokens: readonly Token[];
  /** Tokens worth one numeraire each. */
  readonly quoteTokens: readonly Token[];
  readonly pools: readonly Pool[];
  readonly bridges: readonly HedgeBridge[];
  readonly inventories: readonly TokenAmount[];
  /** Wei per unit of gas, by chain. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
  /** Numeraire per native coin, by chain. */
  readonly nativePrice: Readonly<Record<number, DecimalString>>;
  /** Numeraire per unit of the underlying. */
  readonly referencePrice: DecimalString;
  readonly timeAtRisk: TimeAtRisk;
  /** Tolerance of each hop against its quoted output. */
  readonly slippageBps: number;
  /** The most swaps and transfers of one route; absent: 16. */
  readonly maxHops?: number;
  /** The price beyond which the rest had better stay undone, as a distance from the reference; absent: no such price. */
  readonly limitBps?: number;
  /** What to do when not all can be served. Absent: `error`. */
  readonly onShortfall?: 'error' | 'partial';
  readonly constraints?: HedgeConstraints;
  /** Convex problems that may be solved for the route; absent: 1500. */
  readonly nodeBudget?: number;
}

interface HopBase {
  readonly adapter: string;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Atoms of `tokenOut`. */
  readonly minReceived: bigint;
  readonly gasUnits: bigint;
  /** Numeraire, by kind. */
  readonly costs: Readonly<Record<CostKind, DecimalString>>;
}

export interface HedgeSwap extends HopBase {
  readonly kind: 'swap';
  readonly chainId: number;
  readonly poolId: string;
  readonly pool: Pool;
}

export interface HedgeTransfer extends HopBase {
  readonly kind: 'bridge';
  /** The origin chain. */
  readonly chainId: number;
  readonly toChainId: number;
  readonly bridgeId: string;
  readonly bridge: HedgeBridge;
  readonly timeSeconds: number;
}

export type HedgeHop = HedgeSwap | HedgeTransfer;

/** Another way to do the same, priced for comparison. */
export type HedgeAlternative =
  | {
      readonly status: 'feasible';
      readonly costBps: number;
      readonly cost: DecimalString;
      /** The chain or the pool that it would use. */
      readonly chainId?: number;
      readonly poolId?: string;
      readonly adapter?: string;
    }
  | { readonly status: 'infeasible'; readonly code: string; readonly reason: string };

/** The cheapest way found, exact to the atom, and how far from the best it can be at most. Frozen. */
export interface HedgeRoute {
  readonly status: 'complete' | 'partial';
  readonly side: 'buy' | 'sell';
  /** What the route changes the delta by, without sign. */
  readonly servedUnits: DecimalString;
  /** What remains of the demand. */
  readonly remainderUnits: DecimalString;
  /** In executable order: a hop's inputs are inventories or outputs of hops before it. */
  readonly hops: readonly HedgeHop[];
  readonly spent: readonly TokenAmount[];
  readonly received: readonly TokenAmount[];
  /** Left between hops by rounding; stays with the owner. */
  readonly dust: readonly TokenAmount[];
  readonly gas: readonly { readonly chainId: number; readonly units: bigint; readonly wei: bigint }[];
  /** Longest time that a part of it waits on bridges. */
  readonly timeSeconds: number;
  /** Numeraire by kind; the kinds sum to `cost`. */
  readonly costs: Readonly<Record<CostKind, DecimalString>>;
  readonly cost: DecimalString;
  /** `cost` against the notional at the reference price. */
  readonly costBps: number;
  /** Numeraire per further unit. */
  readonly marginalPrice: DecimalString;
  /** What one more unit of each inventory would save, in numeraire, where it is what limits the route. */
  readonly inventoryPrices: readonly { readonly token: Token; readonly premium: DecimalString }[];
  /** No route over the same offers is better by more than this share of the notional. */
  readonly optimalityGapBps: number;
  readonly alternatives: {
    readonly bestSingleChain: HedgeAlternative;
    readonly bestWithoutBridging: HedgeAlternative;
    readonly bestSinglePool: HedgeAlternative;
  };
  /** Offers that contradict each other beyond their fees: at least one of them is stale. */
  readonly inconsistencies: readonly Inconsistency[];
  readonly nodesUsed: number;
}

const DEFAULT_MAX_HOPS = 16;
const DEFAULT_NODE_BUDGET = 1500;
const ALTERNATIVE_NODE_BUDGET = 150;
const TOLERANCE_BPS = 1e-3;
const SECONDS_PER_YEAR = 365 * 86_400;

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
export function routeHedge(request: HedgeRequest): HedgeRoute {
  const { model, kept } = hedgeModel(request);
  const options = {
    nodeBudget: request.nodeBudget ?? DEFAULT_NODE_BUDGET,
    referencePrice: Number(request.referencePrice),
    toleranceBps: TOLERANCE_BPS,
    certify: true,
  };
  const solved = solveModel(model, options);
  const partial = solved.replay.remainder > 0n;
  if (solved.replay.hops.length === 0 || (partial && request.onShortfall !== 'partial')) {
    throw shortfall(request, solved);
  }
  return freezeRoute(request, model, kept, solved);
}

/** The request in the router's own terms, with the pools that its constraints leave. */
export function hedgeModel(request: HedgeRequest): {
  model: RouteModel;
  kept: readonly Pool[];
  bridges: readonly HedgeBridge[];
} {
  const delta = checkRequest(request);
  const allowed = request.constraints?.adapters;
  const isAllowed = ({ adapter }: { adapter: string }): boolean => allowed === undefined || allowed.includes(adapter);
  const kept = request.pools.filter(isAllowed);
  assertPools(kept);
  const bridges = request.bridges.filter(isAllowed);
  const ids = bridges.map(bridgeId);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new RouteDuplicateError('bridges', twice);
  const exactOut = request.side === 'buy';
  const reference = Number(request.referencePrice);
  const exactTokens = request.baseTokens;
  const amountDecimals = Math.max(...exactTokens.map(({ decimals }) => decimals));
  const amount = BigInt(delta.shiftedBy(amountDecimals).toFixed(0, Decimal.ROUND_HALF_EVEN));
  const rate = waitRate(request);
  const isBase = (token: Token): boolean => exactTokens.some((base) => sameToken(base, token));
  const limit = request.limitBps;
  const model: RouteModel = {
    pools: kept,
    bridges: bridges.map((bridge) => toRouteBridge(request, bridge)),
    inputs: (exactOut ? request.quoteTokens : request.baseTokens).map((token) => ({
      token,
      atoms: spendable(request, token),
    })),
    outputs: exactOut ? request.baseTokens : request.quoteTokens,
    exactOut,
    amount,
    amountDecimals,
    gasCost: gasCosts(request),
    waitCost: (token) => rate * (isBase(token) ? reference : 1),
    limitPrice: limit === undefined ? undefined : reference * (1 + ((exactOut ? 1 : -1) * limit) / 1e4),
    maxHops: request.maxHops ?? DEFAULT_MAX_HOPS,
    limitMargin: 1e-8,
  };
  return { model, kept, bridges };
}

function checkRequest(request: HedgeRequest): Decimal {
  const delta = parseDecimal(request.deltaUnits, 'deltaUnits');
  if (delta.lte(0)) {
    throw new InvalidInputError(
      'deltaUnits',
      request.deltaUnits,
      'is not positive',
      'Give the size; the side says the sign.',
    );
  }
  if (parseDecimal(request.referencePrice, 'referencePrice').lte(0)) {
    throw new InvalidInputError(
      'referencePrice',
      request.referencePrice,
      'is not positive',
      'Give numeraire per unit.',
    );
  }
  for (const field of ['baseTokens', 'quoteTokens'] as const) {
    if (request[field].length === 0) {
      throw new InvalidInputError(field, [], 'is empty', 'Name at least one token.');
    }
    const keys = request[field].map(tokenKey);
    const twice = keys.find((key, i) => keys.indexOf(key) !== i);
    if (twice !== undefined) throw new RouteDuplicateError(field, twice);
  }
  const both = request.baseTokens.find((base) => request.quoteTokens.some((quote) => sameToken(base, quote)));
  if (both !== undefined) {
    throw new InvalidInputError('quoteTokens', both.symbol, 'is a base token as well', 'A token has one role.');
  }
  const { maxHops, slippageBps, limitBps } = request;
  if (maxHops !== undefined && !(Number.isSafeInteger(maxHops) && maxHops > 0)) {
    throw new InvalidInputError('maxHops', maxHops, 'is not a positive whole number', 'Use 1 or more.');
  }
  if (!(slippageBps >= 0 && slippageBps < 10_000 && Number.isInteger(slippageBps))) {
    throw new InvalidInputError(
      'slippageBps',
      slippageBps,
      'is not a whole number from 0 to 9,999',
      'Use 30 for 0.3 %.',
    );
  }
  if (limitBps !== undefined && !(limitBps > 0 && limitBps < 10_000)) {
    throw new InvalidInputError('limitBps', limitBps, 'is not between 0 and 10,000', 'Use 200 for 2 %.');
  }
  for (const { atoms, token } of request.inventories) {
    if (atoms < 0n)
      throw new InvalidInputError(`inventories.${token.symbol}`, atoms, 'is negative', 'Give what is there.');
  }
  request.bridges.forEach(checkBridge);
  return delta;
}

function checkBridge(bridge: HedgeBridge): void {
  const field = `bridges.${bridge.adapter}`;
  if (!(Number.isFinite(bridge.feeBps) && bridge.feeBps >= 0 && bridge.feeBps < 10_000)) {
    throw new InvalidInputError(`${field}.feeBps`, bridge.feeBps, 'is not within 0 to 9,999', 'Use 5 for 0.05 %.');
  }
  if (parseDecimal(bridge.fixedCostNumeraire, `${field}.fixedCostNumeraire`).lt(0)) {
    throw new InvalidInputError(
      `${field}.fixedCostNumeraire`,
      bridge.fixedCostNumeraire,
      'is negative',
      'Use 0 or more.',
    );
  }
  if (bridge.minAtoms < 0n || bridge.maxAtoms < 0n || bridge.gasUnits < 0n) {
    throw new InvalidInputError(`${field}.minAtoms`, bridge.minAtoms, 'or another limit is negative', 'Use 0 or more.');
  }
  if (!(Number.isFinite(bridge.timeSeconds) && bridge.timeSeconds >= 0)) {
    throw new InvalidInputError(
      `${field}.timeSeconds`,
      bridge.timeSeconds,
      'is not a duration',
      'Use seconds, 0 or more.',
    );
  }
  if (bridge.from.chainId === bridge.to.chainId) {
    throw new InvalidInputError(
      `${field}.to`,
      tokenKey(bridge.to),
      'is on the chain it comes from',
      'Bridges join chains.',
    );
  }
}

function spendable(request: HedgeRequest, token: Token): bigint {
  const held = request.inventories.reduce((sum, item) => (sameToken(item.token, token) ? sum + item.atoms : sum), 0n);
  const cap = request.constraints?.maxSpend?.find((item) => sameToken(item.token, token))?.atoms;
  return cap !== undefined && cap < held ? cap : held;
}

function gasCosts(request: HedgeRequest): Map<number, number> {
  const chains = new Set([
    ...request.pools.map(({ chainId }) => chainId),
    ...request.bridges.map(({ from }) => from.chainId),
  ]);
  const costs = new Map<number, number>();
  for (const chainId of chains) {
    const wei = request.gasPriceWei[chainId];
    const native = request.nativePrice[chainId];
    if (wei === undefined || wei < 0n) {
      throw new InvalidInputError(
        `gasPriceWei.${chainId}`,
        wei,
        'is not known',
        'Give wei per unit of gas for each chain.',
      );
    }
    const price = parseDecimal(native, `nativePrice.${chainId}`);
    if (price.lt(0)) throw new InvalidInputError(`nativePrice.${chainId}`, native, 'is negative', 'Use 0 or more.');
    costs.set(chainId, Number(wei) * 1e-18 * price.toNumber());
  }
  return costs;
}

/**
 * Numeraire per numeraire of notional and second of delay. From volatility: a delta d that is open for T costs
 * (γ/2)·(σSd)²·T under CARA; taken per unit at the whole trade's size, which is exact when all of it waits and an upper
 * bound when a part does.
 */
function waitRate(request: HedgeRequest): number {
  const { timeAtRisk } = request;
  switch (timeAtRisk.kind) {
    case 'price':
      return nonNegative(timeAtRisk.bpsPerHour, 'timeAtRisk.bpsPerHour') / 1e4 / 3600;
    case 'volatility': {
      const sigma = nonNegative(timeAtRisk.annualVolatility, 'timeAtRisk.annualVolatility');
      const gamma = nonNegative(timeAtRisk.riskAversion, 'timeAtRisk.riskAversion');
      const notional = Number(request.deltaUnits) * Number(request.referencePrice);
      return ((gamma / 2) * sigma * sigma * notional) / SECONDS_PER_YEAR;
    }
  }
}

function nonNegative(value: DecimalString, field: string): number {
  const number = parseDecimal(value, field).toNumber();
  if (number < 0) throw new InvalidInputError(field, value, 'is negative', 'Use 0 or more.');
  return number;
}

function bridgeId({ adapter, from, to }: HedgeBridge): string {
  return `${adapter}:${tokenKey(from)}>${tokenKey(to)}`;
}

function toRouteBridge(request: HedgeRequest, bridge: HedgeBridge): RouteBridge {
  const { quote } = bridge;
  const ratio =
    quote === undefined || quote.output.atoms === 0n
      ? 1 - request.slippageBps / 1e4
      : Math.min(1, Number(quote.minReceived) / Number(quote.output.atoms));
  return {
    id: bridgeId(bridge),
    adapter: bridge.adapter,
    from: bridge.from,
    to: bridge.to,
    feePpm: bridge.feeBps * 100,
    messageCost: Number(bridge.fixedCostNumeraire),
    gasUnits: bridge.gasUnits,
    minAtoms: bridge.minAtoms,
    maxAtoms: bridge.maxAtoms,
    timeSeconds: bridge.timeSeconds,
    minReceivedRatio: ratio,
  };
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

function freezeRoute(request: HedgeRequest, model: RouteModel, kept: readonly Pool[], solved: SolvedModel): HedgeRoute {
  const { compiled, costs, replay } = solved;
  const { nodes } = compiled;
  const amounts = (flows: ReadonlyMap<number, bigint>): TokenAmount[] =>
    [...flows].flatMap(([node, atoms]) => {
      const at = nodes[node]!;
      return at.kind === 'token' ? [Object.freeze({ token: at.token, atoms })] : [];
    });
  const units = (atoms: bigint): string => new Decimal(atoms.toString()).shiftedBy(-model.amountDecimals).toFixed();
  const served = model.amount - replay.remainder;
  const hops = replay.hops.map((hop, i) =>
    toHop(request, kept, compiled.specs[hop.edge]!.source, hop, solved.costsPerHop[i]!),
  );
  return Object.freeze({
    status: replay.remainder > 0n ? 'partial' : 'complete',
    side: request.side,
    servedUnits: units(served),
    remainderUnits: units(replay.remainder),
    hops: Object.freeze(hops),
    spent: Object.freeze(amounts(replay.spent)),
    received: Object.freeze(amounts(replay.received)),
    dust: Object.freeze(amounts(replay.dust)),
    gas: Object.freeze(gasByChain(request, hops)),
    timeSeconds: longestWait(solved),
    costs: costStrings(costs),
    cost: decimalFromNumber(totalCost(costs), 'cost'),
    costBps: solved.costBps,
    marginalPrice: decimalFromNumber(solved.marginalPrice, 'marginalPrice'),
    inventoryPrices: Object.freeze(inventoryPrices(solved)),
    optimalityGapBps: solved.gapBps,
    alternatives: Object.freeze(alternatives(request, model, solved)),
    inconsistencies: findInconsistencies(kept),
    nodesUsed: solved.mixed.nodesUsed,
  });
}

function toHop(
  request: HedgeRequest,
  kept: readonly Pool[],
  source: SolvedModel['compiled']['specs'][number]['source'],
  hop: ReplayedHop,
  costs: CostsByKind,
): HedgeHop {
  const shared = {
    amountIn: hop.amountIn,
    amountOut: hop.amountOut,
    gasUnits: gasOfHop(hop),
    costs: costStrings(costs),
  };
  if (hop.kind === 'pool' && source.kind === 'pool') {
    const pool = kept[source.poolIndex]!;
    return Object.freeze({
      ...shared,
      kind: 'swap',
      adapter: pool.adapter,
      chainId: pool.chainId,
      poolId: pool.id,
      pool,
      tokenIn: pool.tokens[hop.tokenInIndex],
      tokenOut: pool.tokens[(1 - hop.tokenInIndex) as 0 | 1],
      minReceived: (hop.amountOut * BigInt(10_000 - request.slippageBps)) / 10_000n,
    });
  }
  if (hop.kind !== 'bridge') throw new RangeError('A pool hop has a pool as its source.');
  const bridge = request.bridges.find((item) => bridgeId(item) === hop.bridge.id)!;
  return Object.freeze({
    ...shared,
    kind: 'bridge',
    adapter: bridge.adapter,
    chainId: bridge.from.chainId,
    toChainId: bridge.to.chainId,
    bridgeId: hop.bridge.id,
    bridge,
    timeSeconds: bridge.timeSeconds,
    tokenIn: bridge.from,
    tokenOut: bridge.to,
    minReceived: (hop.amountOut * BigInt(Math.floor(hop.bridge.minReceivedRatio * 1e9))) / 1_000_000_000n,
  });
}

export function costStrings(costs: CostsByKind): Readonly<Record<CostKind, DecimalString>> {
  const kinds = Object.keys(costs) as CostKind[];
  const entries = kinds.map((kind) => [kind, decimalFromNumber(costs[kind], kind)] as const);
  return Object.freeze(Object.fromEntries(entries) as Record<CostKind, DecimalString>);
}

function gasByChain(request: HedgeRequest, hops: readonly HedgeHop[]): HedgeRoute['gas'][number][] {
  const units = new Map<number, bigint>();
  for (const hop of hops) units.set(hop.chainId, (units.get(hop.chainId) ?? 0n) + hop.gasUnits);
  return [...units].map(([chainId, total]) =>
    Object.freeze({ chainId, units: total, wei: total * request.gasPriceWei[chainId]! }),
  );
}

/** Transfers that follow one another add up; those side by side do not. */
function longestWait({ compiled: { network }, replay: { hops } }: SolvedModel): number {
  const readyAt = new Map<number, number>();
  let longest = 0;
  for (const hop of hops) {
    const start = readyAt.get(network.nodeIn[hop.edge]!) ?? 0;
    const end = start + (hop.kind === 'bridge' ? hop.bridge.timeSeconds : 0);
    const to = network.nodeOut[hop.edge]!;
    readyAt.set(to, Math.max(readyAt.get(to) ?? 0, end));
    longest = Math.max(longest, end);
  }
  return longest;
}

/** The shadow price of an inventory is its node's price above (selling: below) what the source counts it at. */
function inventoryPrices({ compiled, mixed }: SolvedModel): HedgeRoute['inventoryPrices'][number][] {
  const { model, network, nodes, source, specs } = compiled;
  return specs.flatMap((spec, e) => {
    if (spec.source.kind !== 'linear' || spec.source.role.kind !== 'inventory') return [];
    const node = nodes[network.nodeOut[e]!]!;
    if (node.kind !== 'token' || !mixed.edges.includes(e)) return [];
    const premium = Math.max(0, mixed.prices[network.nodeOut[e]!]! - mixed.prices[source]!);
    // Below the smoothing of straight edges there is no premium to speak of.
    const shown = premium <= mixed.prices[source]! * 1e-6 ? 0 : premium;
    return model.inputs.length > 0
      ? [Object.freeze({ token: node.token, premium: decimalFromNumber(shown, 'premium') })]
      : [];
  });
}

function alternatives(request: HedgeRequest, model: RouteModel, solved: SolvedModel): HedgeRoute['alternatives'] {
  const reference = Number(request.referencePrice);
  const price = (restricted: RouteModel, budget: number): HedgeAlternative => {
    try {
      const other = solveModel(restricted, {
        nodeBudget: budget,
        referencePrice: reference,
        toleranceBps: 0.01,
        certify: false,
      });
      if (other.replay.remainder > solved.replay.remainder || other.replay.hops.length === 0) {
        const missing = new Decimal(other.replay.remainder.toString()).shiftedBy(-model.amountDecimals);
        const reason = `${missing.toPrecision(6)} units would remain undone.`;
        return Object.freeze({ status: 'infeasible', code: 'ROUTE_INFEASIBLE', reason });
      }
      const cost = decimalFromNumber(totalCost(other.costs), 'cost');
      return Object.freeze({ status: 'feasible', costBps: other.costBps, cost });
    } catch (error) {
      if (!(error instanceof EvenkeelError)) throw error;
      return Object.freeze({ status: 'infeasible', code: error.code, reason: error.message });
    }
  };
  const noBridge = { ...model, bridges: [] };
  const chains = [...new Set(model.pools.map(({ chainId }) => chainId))];
  const perChain = chains.map((chainId) => {
    const here = ({ token }: { token: Token }): boolean => token.chainId === chainId;
    const inputs = model.inputs.filter(here);
    const outputs = model.outputs.filter((token) => token.chainId === chainId);
    if (inputs.length === 0 || outputs.length === 0) {
      const reason = `Chain ${chainId} has no token to give or none to take.`;
      return Object.freeze({ status: 'infeasible', code: 'ROUTE_DISCONNECTED', reason } as const);
    }
    const pools = model.pools.filter((pool) => pool.chainId === chainId);
    return tag(price({ ...noBridge, inputs, outputs, pools }, ALTERNATIVE_NODE_BUDGET), { chainId });
  });
  const isEnd = (token: Token): boolean => request.baseTokens.some((base) => sameToken(base, token));
  const isQuote = (token: Token): boolean => request.quoteTokens.some((quote) => sameToken(quote, token));
  const direct = model.pools.filter(({ tokens: [a, b] }) => (isEnd(a) && isQuote(b)) || (isEnd(b) && isQuote(a)));
  const perPool = direct.map((pool) => {
    const on = (token: Token): boolean => pool.tokens.some((other) => sameToken(other, token));
    const inputs = model.inputs.filter(({ token }) => on(token));
    const only = { ...noBridge, pools: [pool], inputs, outputs: model.outputs.filter(on) };
    return tag(price(only, 4), { chainId: pool.chainId, poolId: pool.id, adapter: pool.adapter });
  });
  return {
    bestSingleChain: cheapest(perChain),
    bestWithoutBridging: price(noBridge, ALTERNATIVE_NODE_BUDGET),
    bestSinglePool: cheapest(perPool),
  };
}

function tag(
  alternative: HedgeAlternative,
  where: { chainId: number; poolId?: string; adapter?: string },
): HedgeAlternative {
  return alternative.status === 'feasible' ? Object.freeze({ ...alternative, ...where }) : alternative;
}

function cheapest(all: readonly HedgeAlternative[]): HedgeAlternative {
  let best: HedgeAlternative =
    all[0] ??
    Object.freeze({
      status: 'infeasible',
      code: 'ROUTE_DISCONNECTED',
      reason: 'No pool trades the underlying against the numeraire directly.',
    });
  for (const each of all) {
    if (each.status !== 'feasible') continue;
    if (best.status !== 'feasible' || each.costBps < best.costBps) best = each;
  }
  return best;
}
