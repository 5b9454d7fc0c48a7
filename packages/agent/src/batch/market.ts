import {
  type Address,
  type Call,
  type CostCurve,
  costCurve,
  type DecimalString,
  fromAtoms,
  type HedgeRequest,
  type HedgeRoute,
  type Pool,
  referencePrice,
  routeHedge,
} from '@evenkeel/core';
import type { BatchGas, BatchMarket } from '@evenkeel/core/batch';
import type { BatchPlace } from './place.js';

/** The router over a place's pools as they were read. */
export interface Router {
  readonly place: BatchPlace;
  /** Numeraire per unit of the underlying: the middle that costs are counted from. */
  readonly midPrice: DecimalString;
  readonly gasPriceWei: bigint;
  /** Numeraire per unit of gas. */
  readonly gasCost: number;
  /** The best route on the market as it was read; the same question is answered once. */
  route(side: 'buy' | 'sell', baseAtoms: bigint): HedgeRoute;
  /** Cost of trading from small to large on one side. */
  costs(side: 'buy' | 'sell'): CostCurve;
}

/** A market with the router behind it. */
export interface ReadMarket extends Router {
  readonly market: BatchMarket;
}

/**
 * Units of gas, measured on GPv2Settlement with standing allowances: an order beside others; a settlement without what is
 * in it, and a second swap of its route with the approval for it; a swap of its own through a router, with the
 * transaction around it.
 */
export const GAS_UNITS = Object.freeze({ order: 60_000, settlement: 40_000 + 130_000, swap: 112_000 });

/** The same for one operation of an owner's account. */
export const OWNER_GAS_UNITS = Object.freeze({ order: 28_000, settlement: 22_000 + 130_000 });

/** How a batch is settled on a chain: by the settlement contract, or by one operation of the owner of all its accounts. */
export type WayKind = 'gpv2' | 'multicall';

/** Sizes at which the market's costs are sampled, units of the underlying. */
const SIZES = [0.02, 0.1, 0.3, 0.7, 1.5, 3, 6, 12, 25, 50, 100];
const ENOUGH = 1n << 120n;

/** Reads the pools of a place. */
export async function readRouter(place: BatchPlace, signal: AbortSignal): Promise<Router> {
  const { base, chain, quote, venues } = place;
  const request = { chainId: chain.id, tokens: [base, quote], signal };
  const [found, fees] = await Promise.all([
    Promise.all(venues.map(async (venue) => (await venue.liquidity?.(request)) ?? [])),
    chain.fees(signal),
  ]);
  const pools = found.flat().map(withStandingAllowance);
  const { price } = referencePrice(pools, [base], [quote]);
  const gasPriceWei = fees.baseFeeWei + fees.priorityFeeWei;
  const asked = (side: 'buy' | 'sell'): Omit<HedgeRequest, 'deltaUnits'> => ({
    side,
    baseTokens: [base],
    quoteTokens: [quote],
    pools,
    bridges: [],
    inventories: [base, quote].map((token) => ({ token, atoms: ENOUGH })),
    gasPriceWei: { [chain.id]: gasPriceWei },
    nativePrice: { [chain.id]: place.nativePrice ?? price },
    referencePrice: price,
    timeAtRisk: { kind: 'price', bpsPerHour: '0' },
    slippageBps: 0,
  });
  const known = new Map<string, HedgeRoute>();
  return {
    place,
    midPrice: price,
    gasPriceWei,
    gasCost: (Number(gasPriceWei) / 1e18) * Number(place.nativePrice ?? price),
    route: (side, baseAtoms) => {
      const key = `${side} ${baseAtoms}`;
      const route = known.get(key) ?? routeHedge({ ...asked(side), deltaUnits: fromAtoms(base, baseAtoms) });
      known.set(key, route);
      return route;
    },
    costs: (side) => costCurve(asked(side), SIZES),
  };
}

/** Reads a place and samples what trading costs there, for an auction. */
export async function readMarket(place: BatchPlace, signal: AbortSignal, way: WayKind = 'gpv2'): Promise<ReadMarket> {
  const router = await readRouter(place, signal);
  const { gasCost, midPrice } = router;
  return {
    ...router,
    market: Object.freeze({
      id: String(place.chain.id),
      base: place.base,
      quote: place.quote,
      midPrice,
      buy: router.costs('buy'),
      sell: router.costs('sell'),
      gas: gasOf(way, gasCost),
    }),
  };
}

/** A market as it is where it is settled another way. */
export function settledBy(way: WayKind, read: ReadMarket): ReadMarket {
  return { ...read, market: Object.freeze({ ...read.market, gas: gasOf(way, read.gasCost) }) };
}

function gasOf(way: WayKind, gasCost: number): BatchGas {
  const { order, settlement } = way === 'gpv2' ? GAS_UNITS : OWNER_GAS_UNITS;
  return Object.freeze({ settlement: settlement * gasCost, order: order * gasCost, alone: 0 });
}

/** The adapters count an exact approval with each swap; here allowances stand, for trades alone as for the batch. */
function withStandingAllowance(pool: Pool): Pool {
  return { ...pool, gas: { ...pool.gas, base: BigInt(GAS_UNITS.swap) } };
}

/** Quote atoms that a route spends or brings. */
export function quoteAtomsOf({ received, side, spent }: HedgeRoute): bigint {
  return (side === 'buy' ? spent : received).reduce((sum, { atoms }) => sum + atoms, 0n);
}

/** The calls of a route in the name of `account`. */
export function callsOf({ hops }: HedgeRoute, { venues }: BatchPlace, account: Address, deadline: number): Call[] {
  return hops.flatMap((hop) => {
    if (hop.kind !== 'swap') throw new RangeError('A route on one chain has no transfers.');
    const venue = venues.find(({ id }) => id === hop.adapter)!;
    const { amountIn, minReceived, pool, tokenIn, tokenOut } = hop;
    const fill = { kind: 'swap', pool, tokenIn, tokenOut, amountIn, minReceived } as const;
    return venue.build({ ...fill, sender: account, recipient: account, deadline });
  });
}
