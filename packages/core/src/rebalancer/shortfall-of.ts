import { Decimal } from '../model/decimal.js';
import type { TradeDecision } from '../policy/decision.js';
import type { TransferRecord } from '../ports/journal.js';
import { costAttribution, type SwapRecord } from '../report/cost-attribution.js';
import {
  type ImplementationShortfall,
  implementationShortfall,
  type ShortfallFill,
} from '../report/implementation-shortfall.js';
import { bookFlows, expectedArrivals } from './book-flows.js';
import { type Portfolio, tokenOfPortfolio } from './portfolio.js';
import { filledUnits, type SliceResult } from './run-slices.js';
import { statedPrices } from './stated-prices.js';
import type { Survey } from './survey.js';

export interface ShortfallOfInput {
  readonly portfolio: Portfolio;
  readonly decision: TradeDecision;
  readonly before: Survey;
  readonly slices: readonly SliceResult[];
  /** Of a slice, from its receipts. */
  readonly swapsOf: (slice: SliceResult) => readonly SwapRecord[];
  readonly after: Survey;
  /** Transfers that the trade has let go of, open still. */
  readonly underWay: readonly TransferRecord[];
}

/**
 * What the trade cost against having had all of it at the decision's price. Market prices are those of the looks: at the
 * decision, before each slice, and at the end. Null where a slice cost so much that nothing was got for it.
 */
export function shortfallOf(input: ShortfallOfInput): ImplementationShortfall | null {
  const { after, before, decision, slices } = input;
  const fills = slices.flatMap((slice) => fillOf(input, slice) ?? []);
  if (fills.some(({ price }) => !new Decimal(price).gt(0))) return null;
  return implementationShortfall({
    intendedDeltaUnits: decision.deltaChangeUnits,
    decisionPrice: before.reference.price,
    arrivalPrice: slices[0]?.survey.reference.price ?? before.reference.price,
    endPrice: after.reference.price,
    fills,
  });
}

/** Undefined where a slice has not moved the delta. */
function fillOf({ portfolio, swapsOf, underWay }: ShortfallOfInput, slice: SliceResult): ShortfallFill | undefined {
  const { execution, survey: seen } = slice;
  const units = filledUnits(portfolio, execution.flows);
  if (units.isZero()) return undefined;
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const isOwn = ({ key }: TransferRecord): boolean => key.slice === slice.slice.index;
  const { byKind, total } = costAttribution({
    swaps: swapsOf(slice),
    flows: [...bookFlows(execution.flows, describe), ...expectedArrivals(underWay.filter(isOwn))],
    prices: statedPrices(portfolio, seen),
  });
  const charged = [byKind.fee, byKind.gas, byKind.message, byKind.bridge];
  // A bridge that paid is part of the price.
  const fees = Decimal.max(0, Decimal.sum(...charged));
  const priceBefore = seen.reference.price;
  const price = new Decimal(priceBefore).plus(new Decimal(total).minus(fees).div(units));
  return { deltaUnits: units.toFixed(), price: price.toFixed(), priceBefore, fees: fees.toFixed() };
}
