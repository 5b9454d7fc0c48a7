import fc from 'fast-check';
import type { BatchFill, BatchMarket, BatchOrder, ClearedMarket } from '@evenkeel/core/batch';
import type { CostCurve } from '@evenkeel/core';
import { costFunction } from '../../src/policy/cost-function.js';

export const NOW = 1_800_000_000;
export const E18: bigint = 10n ** 18n;
export const E6: bigint = 10n ** 6n;

const token = (chainId: number, symbol: string, decimals: number, digit: string) => ({
  chainId,
  address: `0x${digit.repeat(40)}` as const,
  symbol,
  decimals,
});

export interface MarketTerms {
  readonly id: string;
  readonly mid: number;
  readonly spreadBps: number;
  /** Cost of the market's depth of 100 units beyond the spread, of the notional. */
  readonly impact: number;
  readonly power: number;
  /** Numeraire per 100k gas. */
  readonly gas: number;
}

/** Spread and a power of the size, sampled from 0.01 to 4,000 units. */
export function marketOf({ gas, id, impact, mid, power, spreadBps }: MarketTerms): BatchMarket {
  const midPrice = mid.toFixed(6);
  const fixedCost = 1.2 * gas;
  const price = Number(midPrice);
  // Frozen, so that what is made of a curve once is made once.
  const curve = (side: 'buy' | 'sell'): CostCurve =>
    Object.freeze({
      side,
      referencePrice: price,
      fixedCost,
      points: Object.freeze(
        SIZES.map((sizeUnits) => ({
          sizeUnits,
          cost: fixedCost + price * sizeUnits * (spreadBps * 1e-4 + impact * (sizeUnits / 100) ** (power - 1)),
          marginalCost: price * (spreadBps * 1e-4 + power * impact * (sizeUnits / 100) ** (power - 1)),
        })),
      ),
    });
  return {
    id,
    base: token(31_337, 'WETH', 18, 'a'),
    quote: token(31_337, 'USDC', 6, 'b'),
    midPrice,
    buy: curve('buy'),
    sell: curve('sell'),
    gas: { settlement: 0.8 * gas, order: 0.9 * gas, alone: 0.5 * gas },
  };
}

const SIZES = Array.from({ length: 40 }, (_, i) => 0.01 * 1.395 ** i);

export const marketTerms = (id: string): fc.Arbitrary<MarketTerms> =>
  fc.record({
    id: fc.constant(id),
    mid: fc.double({ min: 200, max: 5_000, noNaN: true }),
    spreadBps: fc.double({ min: 0.5, max: 40, noNaN: true }),
    impact: fc.double({ min: 0, max: 0.05, noNaN: true }),
    power: fc.double({ min: 1.3, max: 3, noNaN: true }),
    gas: fc.double({ min: 0.001, max: 8, noNaN: true }),
  });

interface OrderTerms {
  readonly side: 'buy' | 'sell';
  /** Log10 of units. */
  readonly size: number;
  readonly limitBps: number;
  readonly short: number;
  readonly free: boolean;
}

const orderTerms: fc.Arbitrary<OrderTerms> = fc.record({
  side: fc.constantFrom('buy', 'sell'),
  size: fc.double({ min: -1.5, max: 1.7, noNaN: true }),
  limitBps: fc.oneof({ arbitrary: fc.constant(500), weight: 4 }, fc.double({ min: -5, max: 60, noNaN: true })),
  short: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.double({ min: 0, max: 0.3, noNaN: true })),
  free: fc.boolean(),
});

export function orderOf(index: number, { limitBps, short, side, size }: OrderTerms, mid: number): BatchOrder {
  const baseAtoms = BigInt(Math.round(10 ** (size + 9))) * 10n ** 9n;
  const notional = (Number(baseAtoms) / 1e18) * mid;
  const limit = notional * (1 + (side === 'buy' ? 1 : -1) * limitBps * 1e-4);
  return {
    // Scattered, so that the order of ids is no order of anything else.
    id: `0x${((index * 7_919 + 13) % 65_536).toString(16).padStart(4, '0')}`,
    owner: `0x${(index + 1).toString(16).padStart(40, '0')}`,
    side,
    markets: ['m1'],
    baseAtoms,
    limitQuoteAtoms: BigInt(Math.round(limit * 1e6)),
    shortfallAtoms: BigInt(Math.round(Number(baseAtoms) * short)),
    validUntil: NOW + 60,
  };
}

/** One market with 0 to `most` orders. */
export const oneMarket = (most: number) =>
  fc.tuple(marketTerms('m1'), fc.array(orderTerms, { maxLength: most, size: 'max' })).map(([terms, orders]) => ({
    markets: [marketOf(terms)],
    orders: orders.map((order, i) => orderOf(i, order, terms.mid)),
    nowSeconds: NOW,
  }));

/** Two markets of one underlying; some orders may go to either. */
export const twoMarkets = (most: number) =>
  fc
    .tuple(marketTerms('m1'), marketTerms('m2'), fc.array(orderTerms, { maxLength: most, size: 'max' }))
    .map(([first, second, orders]) => ({
      markets: [marketOf(first), marketOf({ ...second, mid: first.mid * 1.0001 })],
      orders: orders.map((order, i) => ({
        ...orderOf(i, order, first.mid),
        markets: order.free ? ['m1', 'm2'] : [i % 2 === 0 ? 'm1' : 'm2'],
      })),
      nowSeconds: NOW,
    }));

/** What moves the market's inventory: a seller's fee is not sold. */
const tradedUnits = ({ baseAtoms, feeAtoms, side }: BatchFill): number =>
  Number(side === 'buy' ? baseAtoms : feeAtoms - baseAtoms) / 1e18;

/**
 * What a coalition pays as a batch of its own when it comes last: after all others who trade in the direction of its net
 * demand. Undefined for one that nets to nothing, which needs no market at all.
 */
export function aloneTogether(
  market: BatchMarket,
  all: readonly BatchFill[],
  coalition: readonly BatchFill[],
): number | undefined {
  const members = new Set(coalition);
  const net = coalition.reduce((sum, fill) => sum + tradedUnits(fill), 0);
  const direction = Math.sign(net);
  const gross = coalition.reduce((sum, fill) => sum + Math.abs(tradedUnits(fill)), 0);
  if (Math.abs(net) <= 1e-9 * gross) return undefined;
  const before = all
    .filter((fill) => !members.has(fill) && Math.sign(tradedUnits(fill)) === direction)
    .reduce((sum, fill) => sum + Math.abs(tradedUnits(fill)), 0);
  const { fixedCost, variableCost } = costFunction(direction > 0 ? market.buy : market.sell);
  const gas = market.gas.settlement + fixedCost + coalition.length * market.gas.order;
  return variableCost(before + Math.abs(net)) - variableCost(before) + gas;
}

export const costOf = (fills: readonly BatchFill[]): number => fills.reduce((sum, { cost }) => sum + cost, 0);

/** Rounding, in numeraire: atoms of amounts, and an atom of the smallest remainder in the price of all. */
export const roundingOf = ({ fills }: ClearedMarket): number => 4e-6 * (fills.length + 1) + 2e-6 * sumOf(fills);

const sumOf = (fills: readonly BatchFill[]): number =>
  fills.reduce((sum, { quoteAtoms }) => sum + Number(quoteAtoms) / 1e6, 0);

/**
 * What each pays when all trade one after another in this order and in the reverse one, on average, gas included. Who
 * trades back towards the middle gets the better prices of that way and pays the spread again.
 */
export function averageOfBothWays({ buy, gas, sell }: BatchMarket, fills: readonly BatchFill[]): readonly number[] {
  const [bought, sold] = [costFunction(buy), costFunction(sell)];
  /** What moving the price to where so many units were bought in all costs beyond the spread. */
  const potential = (units: number): number => {
    const { marginalCost, variableCost } = units > 0 ? bought : sold;
    return variableCost(Math.abs(units)) - Math.abs(units) * marginalCost(0);
  };
  const costs = fills.map(() => 0);
  for (const way of [fills.map((_, i) => i), fills.map((_, i) => i).reverse()]) {
    let at = 0;
    for (const i of way) {
      const units = tradedUnits(fills[i]!);
      const { fixedCost, marginalCost } = units > 0 ? bought : sold;
      const impact = potential(at + units) - potential(at);
      costs[i]! += (gas.alone + fixedCost + Math.abs(units) * marginalCost(0) + impact) / 2;
      at += units;
    }
  }
  return costs;
}
