import { InvalidInputError } from '@evenkeel/intents';
import type { Pool } from '../model/curve.js';
import { Decimal, parseDecimal } from '../model/decimal.js';
import { sameToken, type Token, tokenKey } from '../model/token.js';
import { checkHedge, nonNegative } from './check-hedge.js';
import { assertPools } from './check-pools.js';
import { RouteDuplicateError } from './errors.js';
import type { HedgeBridge, HedgeRequest } from './hedge.js';
import type { RouteBridge, RouteModel } from './model.js';

const DEFAULT_MAX_HOPS = 16;
const SECONDS_PER_YEAR = 365 * 86_400;

/** The request in the router's own terms, with the pools that its constraints leave. */
export function hedgeModel(request: HedgeRequest): {
  model: RouteModel;
  kept: readonly Pool[];
  bridges: readonly HedgeBridge[];
} {
  const delta = checkHedge(request);
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
    stocks: request.bridgeStocks ?? [],
    inputs: (exactOut ? request.quoteTokens : request.baseTokens).map((token) => ({
      token,
      atoms: spendable(request, token),
    })),
    outputs: exactOut ? request.baseTokens : request.quoteTokens,
    exactOut,
    amount,
    amountDecimals,
    gasCost: gasCosts(request),
    ...keepValueOf(request),
    waitCost: (token) => rate * (isBase(token) ? reference : 1),
    limitPrice: limit === undefined ? undefined : reference * (1 + ((exactOut ? 1 : -1) * limit) / 1e4),
    maxHops: request.maxHops ?? DEFAULT_MAX_HOPS,
    limitMargin: 1e-8,
  };
  return { model, kept, bridges };
}

function keepValueOf({ inventoryValues }: HedgeRequest): Pick<RouteModel, 'keepValue'> {
  const values = new Map(inventoryValues?.map(({ perUnit, token }) => [tokenKey(token), Number(perUnit)]));
  if (![...values.values()].some((value) => value > 0)) return {};
  return { keepValue: (token) => values.get(tokenKey(token)) ?? 0 };
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

export function bridgeId({ adapter, from, to }: HedgeBridge): string {
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
    stock: bridge.stock === undefined ? undefined : request.bridgeStocks?.findIndex(({ id }) => id === bridge.stock),
    minReceivedRatio: ratio,
  };
}
