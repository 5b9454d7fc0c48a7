import { valuePosition } from '../exposure/value-position.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { NATIVE_ADDRESS, sameAddress } from '../model/token.js';
import type { LogEntry } from '../ports/chain.js';
import type { InstrumentAdapter, TradeFill, TradeMeasure } from '../ports/instrument.js';
import type { PositionReading } from '../model/position.js';
import { costAttribution, type CostAttribution, type StatedPrice } from '../report/cost-attribution.js';
import type { Flow } from '../report/reconcile.js';
import type { Survey } from '../rebalancer/survey.js';

export interface TradeCostsInput {
  readonly adapter: InstrumentAdapter;
  readonly fill: TradeFill;
  /** Of the receipts of its calls. */
  readonly logs: readonly LogEntry[];
  /** Of the wallet, as recorded. */
  readonly flows: readonly Flow[];
  readonly prices: readonly StatedPrice[];
  readonly before: Survey;
  readonly after: Survey;
}

/**
 * What a trade of an instrument cost, by kind, from what its venue has told: at the mark of the decision, with units u,
 * proceeds p and fees f of the receipts, and cost c and basis b of the quote,
 *
 *   fee = f · spread = b · impact = c − b − f · delay = (f − p − u·mark) − c
 *
 * whose sum is what the trade lost against the mark; gas and funding are as charged. `unattributed` comes from the other
 * end: what tokens, positions and loans on that chain are worth less after the trade than before, both read anew and valued
 * at the one mark; native coins aside, for gas is exact. What funding or interest came up between the two looks is in it; what was settled is not, for it had
 * been owed before.
 *
 * @returns null where the adapter cannot tell what was done
 */
export function tradeCosts(input: TradeCostsInput): CostAttribution | null {
  const { adapter, before, fill, flows, logs, prices } = input;
  const measured = adapter.measure?.(fill, logs);
  if (measured === undefined) return null;
  const mark = new Decimal(before.reference.price);
  const trade = tradedAt(mark, fill, measured);
  const { byKind } = costAttribution({ swaps: [], flows: flows.filter(({ kind }) => kind === 'gas'), prices });
  const funding = new Decimal(measured.funding);
  const total = trade.lost.plus(byKind.gas).plus(funding);
  const unattributed = valueLost(input, Number(mark)).minus(trade.lost);
  return Object.freeze({
    byKind: Object.freeze({ ...byKind, ...trade.byKind, funding: funding.toFixed() }),
    total: total.toFixed(),
    unattributed: unattributed.toFixed(),
    prices: Object.freeze([...prices]),
  });
}

interface TradedAt {
  readonly lost: Decimal;
  readonly byKind: Readonly<Record<'delay' | 'fee' | 'impact' | 'spread', DecimalString>>;
}

function tradedAt(mark: Decimal, { quote }: TradeFill, { fees, proceeds, units }: TradeMeasure): TradedAt {
  const lost = new Decimal(fees).minus(proceeds).minus(mark.times(units));
  // Of a programme that stopped on its way the quote says as much as was done.
  const share = quote.greeks.deltaUnits === 0 ? new Decimal(0) : new Decimal(units).div(quote.greeks.deltaUnits);
  const [cost, spread] = [share.times(quote.cost), share.times(quote.basis)];
  return {
    lost,
    byKind: {
      fee: fees,
      spread: spread.toFixed(),
      impact: cost.minus(spread).minus(fees).toFixed(),
      delay: lost.minus(cost).toFixed(),
    },
  };
}

function valueLost({ after, before, fill }: TradeCostsInput, mark: number): Decimal {
  const { chainId } = fill.quote;
  // Both at one time: options that are beside it do not age in between.
  const worth = (readings: readonly PositionReading[]): Decimal =>
    readings
      .filter((each) => each.asOf.chainId === chainId && each.status === 'known')
      .reduce((sum, each) => sum.plus(worthOf(each, mark, before.atSeconds)), new Decimal(0));
  return worth(before.readings).minus(worth(after.readings));
}

/** What a trade may touch: tokens, perpetuals and loans. */
const TOUCHED: ReadonlySet<string> = new Set(['holding', 'lending', 'perpetual']);

function worthOf(reading: PositionReading, mark: number, atSeconds: number): number {
  if (reading.status !== 'known' || !TOUCHED.has(reading.position.kind)) return 0;
  const { position } = reading;
  if (position.kind === 'holding' && sameAddress(position.amount.token.address, NATIVE_ADDRESS)) return 0;
  return valuePosition(position, mark, atSeconds).value;
}
