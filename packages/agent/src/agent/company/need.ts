import type { BatchOrder, Waiting } from '@evenkeel/core/batch';
import type { ContestedSlice } from '@evenkeel/core/rebalancer';
import type { ReadMarket } from '../../batch/market.js';
import type { BatchPlace } from '../../batch/place.js';

/** A slice that may be settled with those of others. */
export interface Need {
  readonly portfolio: string;
  readonly slice: ContestedSlice;
  readonly order: BatchOrder;
  /** Number of the child order of its intent. */
  readonly index: number;
  /** What its own route costs against `referencePrice`, gas included, less what an allowance costs it here. Numeraire. */
  readonly ownCost: number;
  readonly referencePrice: number;
  /** What its open delta costs while it waits. */
  readonly waiting: Waiting;
  /** Where it has the funds. */
  readonly places: readonly BatchPlace[];
  /** Unix seconds at which it came. */
  readonly sinceSeconds: number;
}

/** What its own route costs, as a market counts costs: against its own mid. Numeraire. */
export function ownCostIn({ order, ownCost, referencePrice }: Need, { market, midPrice }: ReadMarket): number {
  const sign = order.side === 'buy' ? 1 : -1;
  const units = Number(order.baseAtoms) / 10 ** market.base.decimals;
  return ownCost + sign * units * (referencePrice - Number(midPrice));
}

/** Why a slice is not settled with others. */
export interface Alone {
  readonly kind: 'alone';
  readonly code: string;
  readonly sentence: string;
  readonly details: Readonly<Record<string, unknown>>;
}
