import { Decimal } from '../model/decimal.js';
import type { CostCurve } from '../model/cost-curve.js';
import { costFunction, type CostFunction } from '../policy/cost-function.js';
import { BatchInputInvalidError } from './errors.js';
import type { BatchMarket, BatchOrder } from './order.js';

/** A market in floating numbers, for the search; what is decided is checked in atoms afterwards. */
export interface Stage {
  readonly market: BatchMarket;
  readonly mid: number;
  readonly buy: CostFunction;
  readonly sell: CostFunction;
  /** Marginal cost of the first atom: half the spread. Numeraire per unit. */
  readonly firstCost: { readonly buy: number; readonly sell: number };
  readonly baseScale: number;
  readonly quoteScale: number;
}

/** One order on its stage. */
export interface Bidder {
  readonly order: BatchOrder;
  readonly sign: 1 | -1;
  readonly units: number;
  /** Units that it may be filled short by. */
  readonly room: number;
  readonly notional: number;
  /** Numeraire against mid that its limit leaves. */
  readonly limitCost: number;
  /** What it would pay elsewhere instead: it leaves for less. */
  readonly outsideCost: number;
  /** What a batch spares it before the shared gas is paid, where sellers are more, where none are, and where buyers are. */
  readonly gains: readonly [sellers: number, none: number, buyers: number];
}

/** @throws {BatchInputInvalidError} when the price is not above zero, a gas cost is negative, or a curve belongs to another price or side. */
export function stageOf(market: BatchMarket): Stage {
  const field = (name: string): string => `markets.${market.id}.${name}`;
  const mid = Number(market.midPrice);
  if (!(mid > 0 && Number.isFinite(mid))) {
    throw new BatchInputInvalidError(field('midPrice'), market.midPrice, 'is not above zero', 'Give a price.');
  }
  for (const [name, cost] of Object.entries(market.gas)) {
    if (cost >= 0 && Number.isFinite(cost)) continue;
    throw new BatchInputInvalidError(field(`gas.${name}`), cost, 'is no cost', 'Give numeraire, from 0.');
  }
  for (const side of ['buy', 'sell'] as const) assertOwnCurve(market[side], side, mid, field(side));
  const buy = costFunction(market.buy);
  const sell = costFunction(market.sell);
  return {
    market,
    mid,
    buy,
    sell,
    firstCost: { buy: buy.marginalCost(0), sell: sell.marginalCost(0) },
    baseScale: 10 ** market.base.decimals,
    quoteScale: 10 ** market.quote.decimals,
  };
}

const SAME_PRICE = 1e-9;

function assertOwnCurve(curve: CostCurve, side: 'buy' | 'sell', mid: number, field: string): void {
  if (curve.side === side && Math.abs(curve.referencePrice / mid - 1) < SAME_PRICE) return;
  const hint = 'Sample both curves of a market against its mid price.';
  throw new BatchInputInvalidError(field, { side: curve.side, price: curve.referencePrice }, 'is another curve', hint);
}

export function unitsOf({ baseScale }: Stage, baseAtoms: bigint): number {
  return Number(baseAtoms) / baseScale;
}

export function costsOf(stage: Stage, sign: number): CostFunction {
  return sign > 0 ? stage.buy : stage.sell;
}

/** What a trade costs on a market that nobody else moves, gas included. */
export function aloneCost(stage: Stage, side: 'buy' | 'sell', units: number): number {
  const { fixedCost, variableCost } = stage[side];
  return stage.market.gas.alone + fixedCost + variableCost(units);
}

export function bidderOf(stage: Stage, order: BatchOrder, outsideCost: number): Bidder {
  const { mid, quoteScale } = stage;
  const units = unitsOf(stage, order.baseAtoms);
  const sign = order.side === 'buy' ? 1 : -1;
  const notional = mid * units;
  const limit = Number(order.limitQuoteAtoms) / quoteScale;
  const room = unitsOf(stage, order.shortfallAtoms ?? 0n);
  const gains = [
    gainOf(stage, order, units, -1),
    gainOf(stage, order, units, 0),
    gainOf(stage, order, units, 1),
  ] as const;
  return { order, sign, units, room, notional, limitCost: sign * (limit - notional), outsideCost, gains };
}

/**
 * Alone, each pays a whole transaction, and its half of the spread on all that it trades; together the light side is paid
 * that of the heavy side instead. What lies beyond the spread is the same for all: on average over who comes first it is
 * what the price moves by, with and without a batch.
 */
function gainOf(stage: Stage, { side }: BatchOrder, units: number, heavy: 1 | 0 | -1): number {
  const { alone, order } = stage.market.gas;
  const isHeavy = (side === 'buy' ? 1 : -1) === heavy;
  const paid = heavy === 0 ? stage.firstCost[side === 'buy' ? 'sell' : 'buy'] : 0;
  const spared = isHeavy ? 0 : stage.firstCost[side] + paid;
  return alone + stage[side].fixedCost - order + spared * units;
}

/** Mid price as a fraction of atoms. */
export function midFraction({ base, midPrice, quote }: Pick<BatchMarket, 'base' | 'midPrice' | 'quote'>): {
  quoteAtoms: bigint;
  baseAtoms: bigint;
} {
  const scaled = new Decimal(midPrice).shiftedBy(quote.decimals + EXTRA_DIGITS);
  return { quoteAtoms: BigInt(scaled.toFixed(0)), baseAtoms: 10n ** BigInt(base.decimals + EXTRA_DIGITS) };
}

/** More than any price has that we can sample. */
const EXTRA_DIGITS = 12;
