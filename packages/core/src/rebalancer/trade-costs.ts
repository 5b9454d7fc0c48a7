import { Decimal } from '../model/decimal.js';
import { midpoint } from '../model/interval.js';
import type { Flow, TransferRecord } from '../ports/journal.js';
import { costAttribution, type SwapRecord } from '../report/cost-attribution.js';
import type { ExecutionReport } from '../report/execution-report.js';
import {
  type ImplementationShortfall,
  implementationShortfall,
  type ShortfallFill,
} from '../report/implementation-shortfall.js';
import { bookFlows, expectedArrivals } from './book-flows.js';
import type { Context } from './context.js';
import type { PlacedOrder } from './networks-port.js';
import type { Opening, OpeningMarket } from './opening.js';
import { type Portfolio, tokenOfPortfolio } from './portfolio.js';
import { type OpenDelta, realisedEfficiency } from './realised-efficiency.js';
import { filledUnits } from './run-slices.js';
import { recordedSlices, type SliceRecord } from './slice-records.js';
import { statedPrices } from './stated-prices.js';
import type { Survey } from './survey.js';
import { swapRecord } from './swap-records.js';

/** What a trade cost, and how near that came to the best that was possible. */
export type TradeCosts = Pick<ExecutionReport, 'costs' | 'shortfall' | 'efficiency'>;

const UNKNOWN: TradeCosts = Object.freeze({ costs: null, shortfall: null, efficiency: null });

/**
 * From the journal alone, so that it is the same whether one process has carried the trade from its decision to its end or
 * several have, one after another.
 *
 * @param after the look at the end
 * @returns nulls where the journal does not say what all of it was begun on, as one of an earlier version does not
 */
export async function tradeCosts(
  { portfolio, ports: { journal, networks } }: Pick<Context, 'portfolio' | 'ports'>,
  opening: Opening,
  after: Survey,
): Promise<TradeCosts> {
  const { intentId, market } = opening;
  if (market === undefined) return UNKNOWN;
  const flows = await journal.flows({ intentId });
  const underWay = await journal.transfers({ intentId, open: true });
  const orders = (await networks?.orders(intentId)) ?? [];
  const slices = (await recordedSlices(journal, intentId)).map((record) => done(record, flows, orders));
  const begun = slices.filter((slice) => slice.flows.length > 0);
  const known = new Set(begun.flatMap((slice) => slice.flows));
  if (flows.some((flow) => flow.kind === 'swap' && !known.has(flow))) return UNKNOWN;
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const costs = costAttribution({
    swaps: slices.flatMap(({ swaps }) => swaps),
    flows: [...bookFlows(flows, describe), ...expectedArrivals(underWay)],
    prices: statedPrices(portfolio, market),
  });
  const efficiency = realisedEfficiency({
    riskAversion: opening.plan.riskAversion,
    annualVolatility: market.annualVolatility,
    spot: Number(market.reference.price),
    path: openPath(opening, slices, after),
    monitoringSeconds: portfolio.policy.monitoringSeconds,
    cost: Number(costs.total),
    leastCost: begun.reduce((sum, { record }) => sum + record.leastCost, 0),
    plannedUnits: market.plannedUnits,
  });
  return Object.freeze({
    costs,
    efficiency,
    shortfall: shortfallOf(portfolio, opening, market, slices, underWay, after),
  });
}

/** A slice that was begun, and what it did. */
interface DoneSlice {
  readonly record: SliceRecord;
  /** Those around its order as well. */
  readonly flows: readonly Flow[];
  readonly swaps: readonly SwapRecord[];
}

function done(record: SliceRecord, all: readonly Flow[], orders: readonly PlacedOrder[]): DoneSlice {
  const own = orders.filter(({ slice }) => slice === record.slice);
  const flows = all.filter(
    ({ slice }) => slice === record.slice || own.some(({ slots }) => slice >= slots.first && slice <= slots.last),
  );
  const swaps = [...own.map(({ swap }) => swap), ...record.swaps.map((quoted) => swapRecord(quoted, flows))];
  return { record, flows, swaps: swaps.filter((swap) => swap !== undefined) };
}

/** The open delta at the decision, before each further slice, and at the end; distances from the target. */
function openPath(
  { band, delta, startedAtSeconds }: Opening,
  slices: readonly DoneSlice[],
  after: Survey,
): OpenDelta[] {
  const looks = [
    { atSeconds: startedAtSeconds, deltaUnits: midpoint(delta) },
    ...slices.slice(1).map(({ record }) => record),
    { atSeconds: after.atSeconds, deltaUnits: midpoint(after.exposure.delta) },
  ];
  return looks.map(({ atSeconds, deltaUnits }) => ({
    atSeconds,
    units: new Decimal(deltaUnits).minus(band.target).toNumber(),
  }));
}

/**
 * What the trade cost against having had all of it at the decision's price. Market prices are those of the looks: at the
 * decision, before each slice, and at the end. Null where a slice cost so much that nothing was got for it.
 */
function shortfallOf(
  portfolio: Portfolio,
  { plan }: Opening,
  { reference }: OpeningMarket,
  slices: readonly DoneSlice[],
  underWay: readonly TransferRecord[],
  after: Survey,
): ImplementationShortfall | null {
  const fills = slices.flatMap((slice) => fillOf(portfolio, slice, underWay) ?? []);
  if (fills.some(({ price }) => !new Decimal(price).gt(0))) return null;
  return implementationShortfall({
    intendedDeltaUnits: plan.deltaChangeUnits,
    decisionPrice: reference.price,
    arrivalPrice: slices[0]?.record.reference.price ?? reference.price,
    endPrice: after.reference.price,
    fills,
  });
}

/** Undefined where a slice has not moved the delta. */
function fillOf(
  portfolio: Portfolio,
  { flows, record, swaps }: DoneSlice,
  underWay: readonly TransferRecord[],
): ShortfallFill | undefined {
  const units = filledUnits(portfolio, flows);
  if (units.isZero()) return undefined;
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const { byKind, total } = costAttribution({
    swaps,
    flows: [
      ...bookFlows(flows, describe),
      ...expectedArrivals(underWay.filter(({ key }) => key.slice === record.slice)),
    ],
    prices: statedPrices(portfolio, record),
  });
  const charged = [byKind.fee, byKind.gas, byKind.message, byKind.bridge];
  // A bridge that paid is part of the price.
  const fees = Decimal.max(0, Decimal.sum(...charged));
  const priceBefore = record.reference.price;
  const price = new Decimal(priceBefore).plus(new Decimal(total).minus(fees).div(units));
  return { deltaUnits: units.toFixed(), price: price.toFixed(), priceBefore, fees: fees.toFixed() };
}
