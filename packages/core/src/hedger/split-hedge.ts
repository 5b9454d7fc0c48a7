import type { InstrumentSplit } from '../choose/choose-split.js';
import { type PartsOutcome, tradeInParts } from '../choose/trade-in-parts.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { CostAttribution, CostsByKind } from '../report/cost-attribution.js';
import type { ExecutionReport } from '../report/execution-report.js';
import type { Reconciliation } from '../report/reconcile.js';
import { isWhole, type MoveParts, negated } from './move-hedge.js';
import { PartStoppedError } from './errors.js';
import type { HedgingResult } from './trade.js';
import type { InstrumentOrder } from './trade-one.js';

export interface SplitTraded {
  readonly trades: readonly HedgingResult[];
  readonly outcome: PartsOutcome | undefined;
}

/** A split as what is traded for it, the largest part first: spot by the rebalancer, the others each by itself. */
export function ordersOf({ parts }: InstrumentSplit): readonly InstrumentOrder[] {
  return parts.map(({ quote: { adapter, chainId, instrument, units } }) => ({ adapter, chainId, instrument, units }));
}

/**
 * Trades one part after another. Where a later one fails, those before it are kept only if the book, read anew, has less risk
 * with them, and taken back else. What is only looked at is looked at part by part.
 *
 * @throws what the first part throws: nothing was done; PARTS_STUCK where one cannot be taken back
 */
export async function tradeSplit(
  orders: readonly InstrumentOrder[],
  { exposure, goals, trade }: MoveParts,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<SplitTraded> {
  const trades: HedgingResult[] = [];
  if (dryRun) {
    for (const order of orders) trades.push(await trade(order, signal));
    return { trades, outcome: undefined };
  }
  const carryOut = async (order: InstrumentOrder, until: AbortSignal): Promise<void> => {
    const traded = await trade(order, until);
    trades.push(traded);
    if (!isWhole(traded)) throw new PartStoppedError(order.adapter, order.chainId, traded.report.reason);
  };
  const parts = orders.map((order) => ({
    name: `${order.units} by ${order.adapter} on ${order.chainId}`,
    make: () => carryOut(order, signal),
    undo: () => carryOut({ ...order, units: negated(order.units) }, new AbortController().signal),
  }));
  return { trades, outcome: await tradeInParts(parts, { goals, exposure }, signal) };
}

/** One report of all parts: from before the first to after the last, with the costs of each. */
export function joined(
  whole: Pick<HedgingResult, 'before' | 'curves' | 'decision'>,
  split: SplitTraded,
): HedgingResult {
  const { outcome, trades } = split;
  const last = trades.at(-1)!;
  const instrument = trades.find((each) => each.instrument !== undefined)?.instrument;
  return Object.freeze({
    ...last,
    ...whole,
    slices: Object.freeze(trades.flatMap(({ slices }) => slices)),
    report: reportOf(trades, outcome),
    ...(instrument === undefined ? {} : { instrument }),
    parts: Object.freeze([...trades]),
  });
}

function reportOf(trades: readonly HedgingResult[], outcome: PartsOutcome | undefined): ExecutionReport {
  const [first, last] = [trades[0]!.report, trades.at(-1)!.report];
  const ended =
    outcome === undefined || outcome.status === 'done'
      ? {}
      : ({ outcome: outcome.status === 'kept' ? 'partly-hedged' : 'failed', reason: outcome.sentence } as const);
  return Object.freeze({
    ...last,
    ...ended,
    delta: Object.freeze({ ...last.delta, before: first.delta.before }),
    costs: costsOf(trades.map(({ report }) => report.costs)),
    reconciliation: booksOf(trades.map(({ report }) => report.reconciliation)),
    startedAtSeconds: first.startedAtSeconds,
  });
}

function costsOf(all: readonly (CostAttribution | null)[]): CostAttribution | null {
  const known = all.filter((each) => each !== null);
  if (known.length < all.length || known.length === 0) return null;
  const sum = (of: (each: CostAttribution) => DecimalString): DecimalString =>
    known.reduce((total, each) => total.plus(of(each)), new Decimal(0)).toFixed();
  const kinds = [...new Set(known.flatMap(({ byKind }) => Object.keys(byKind)))] as (keyof CostsByKind)[];
  return Object.freeze({
    byKind: Object.freeze(
      Object.fromEntries(
        kinds.map((kind) => [kind, sum(({ byKind }) => byKind[kind] ?? '0')]),
      ) as unknown as CostsByKind,
    ),
    total: sum(({ total }) => total),
    unattributed: sum(({ unattributed }) => unattributed),
    prices: known[0]!.prices,
  });
}

/** Each part has books of its own, from its opening to its closing. */
function booksOf(all: readonly (Reconciliation | null)[]): Reconciliation | null {
  const known = all.filter((each) => each !== null);
  if (known.length === 0) return null;
  return Object.freeze({
    lines: Object.freeze(known.flatMap(({ lines }) => lines)),
    unexplainedAtoms: known.reduce((sum, { unexplainedAtoms }) => sum + unexplainedAtoms, 0n),
    exact: known.every(({ exact }) => exact),
  });
}
