import type { Receipt } from '@evenkeel/core';
import type { InstrumentChoice } from '@evenkeel/core/choose';
import type { ExecutionResult } from '@evenkeel/core/execution';
import {
  type HedgeMoved,
  type HedgeMoveOrders,
  type HedgingResult,
  type InstrumentOrder,
  ROUTED_SPOT,
} from '@evenkeel/core/hedger';
import type { HoldingComparison } from '@evenkeel/core/holding';
import type { SliceResult } from '@evenkeel/core/rebalancer';
import type { HedgeContext } from './contenders.js';
import { hedgeUnitsOf } from './look.js';
import { rebalancerAt } from './loop.js';
import { measureTrade } from './measured-trade.js';
import type { HedgeTrade, LookRecord } from './records.js';
import { contextOf, type Run, tell } from './run.js';

const ALL_KINDS = ['perp', 'loan', 'spot'] as const;

/** One look at the book, one decision, and the trade that it asks for: all of it by the loop. */
export async function lookAndHedge(run: Run, spot: number): Promise<void> {
  const { dryRun, listener, signal } = run;
  const context = await contextOf(run, spot);
  const result = await rebalancerAt(run, context, ['perp', 'loan']).rebalance({ dryRun, signal });
  const { before, choices = [], decision } = result;
  const shares = choices.flatMap(({ compared }) => compared.map((each) => shareOf(each, spot)));
  if (shares.length > 0) run.leastShares.push(Math.max(0, Math.min(...shares)));
  const delta = (Number(before.exposure.delta.low) + Number(before.exposure.delta.high)) / 2;
  const trades = await tradesOf(run, result, context, 'policy');
  const record: LookRecord = {
    atSeconds: context.nowSeconds,
    spot,
    delta,
    bookDelta: delta - hedgeUnitsOf(run.markets, before.readings),
    decision: { action: decision.action, reason: decision.reason, sentence: decision.sentence },
    tradedUnits: trades.reduce((sum, { deltaUnits }) => sum + deltaUnits, 0),
  };
  run.looks.push(record);
  listener.looked(record);
  tellTrades(run, result, trades);
}

/** What a unit costs one way, as a share of its value, and without basis, which is no price of trading. */
function shareOf({ quote }: HoldingComparison, spot: number): number {
  return (quote.cost - quote.basis) / (Math.abs(Number(quote.units)) * spot);
}

/** Trades exactly one instrument, by the loop, and measures what it did. */
export async function tradeOrder(
  run: Run,
  context: HedgeContext,
  order: InstrumentOrder,
  why: HedgeTrade['why'],
): Promise<void> {
  const result = await rebalancerAt(run, context, ALL_KINDS).trade(order, { signal: run.signal });
  tellTrades(run, result, await tradesOf(run, result, context, why));
}

/** Moves a hedge, by the loop, and measures all that it did. */
export async function tradeMove(
  run: Run,
  context: HedgeContext,
  orders: HedgeMoveOrders,
): Promise<HedgeMoved['outcome']> {
  const { outcome, trades } = await rebalancerAt(run, context, ALL_KINDS).move(orders, { signal: run.signal });
  for (const result of trades) tellTrades(run, result, await tradesOf(run, result, context, 'move'));
  return outcome;
}

function tellTrades(run: Run, { instrument, report, slices }: HedgingResult, trades: readonly HedgeTrade[]): void {
  for (const trade of trades) {
    run.trades.push(trade);
    run.listener.traded(trade);
  }
  const executions = instrument === undefined ? slices.map(({ execution }) => execution) : [instrument.execution];
  if (executions.every(({ state }) => state === 'completed' || state === 'simulated')) return;
  const chainId = trades[0]?.chainId ?? 0;
  tell(run, { code: 'HEDGE_FAILED', chainId, sentence: report.reason, answer: 'rehedge' });
}

/** What the loop has traded, one record a chain, measured from the receipts of its programmes. */
async function tradesOf(
  run: Run,
  { choices = [], instrument, slices }: HedgingResult,
  context: HedgeContext,
  why: HedgeTrade['why'],
): Promise<readonly HedgeTrade[]> {
  if (instrument !== undefined) {
    const { choice, execution } = instrument;
    const { chainId } = choice.chosen.quote;
    return [await recordOf(run, choice, { chainId, hashes: hashesOf(execution) }, context, why)];
  }
  const byChain = new Map<number, string[]>();
  for (const { execution, programme } of slices) {
    for (const { id, txHash } of execution.steps) {
      const step = programme.steps.find((each) => each.id === id);
      if (txHash === undefined || step === undefined || !('chainId' in step)) continue;
      byChain.set(step.chainId, [...(byChain.get(step.chainId) ?? []), txHash]);
    }
  }
  if (run.dryRun && slices.length > 0) return plannedSpot(choices.at(-1), slices, context);
  const records: HedgeTrade[] = [];
  for (const [chainId, hashes] of byChain) {
    records.push(await recordOf(run, choices.at(-1), { chainId, hashes }, context, why));
  }
  return records;
}

const hashesOf = ({ steps }: ExecutionResult): readonly string[] => steps.flatMap(({ txHash }) => txHash ?? []);

async function recordOf(
  run: Run,
  choice: InstrumentChoice | undefined,
  { chainId, hashes }: { readonly chainId: number; readonly hashes: readonly string[] },
  { nowSeconds, spot }: HedgeContext,
  why: HedgeTrade['why'],
): Promise<HedgeTrade> {
  const { dryRun, gas, ledger, lenders, markets, signal } = run;
  const at = markets.chains.find(({ chain }) => chain.id === chainId)!;
  const receipts = await Promise.all(
    [...new Set(hashes)].map((hash) => at.chain.receipt(hash as `0x${string}`, signal)),
  );
  const movements = ledger.book(
    chainId,
    receipts.filter((each): each is Receipt => each !== null),
  );
  gas.hedge += Number(movements.gasWei) * 1e-18 * spot;
  const measured = measureTrade(at, movements, lenders.get(chainId) ?? [], spot);
  return {
    ...aboutChoice(choice),
    atSeconds: nowSeconds,
    spot,
    chainId,
    deltaUnits: dryRun ? Number(choice?.chosen.quote.units ?? 0) : measured.units,
    why,
    measured,
  };
}

/** What a dry run would have traded, by the routes that it has drawn. */
function plannedSpot(
  choice: InstrumentChoice | undefined,
  slices: readonly SliceResult[],
  { nowSeconds, spot }: HedgeContext,
): readonly HedgeTrade[] {
  const chainIds = [
    ...new Set(slices.flatMap(({ route }) => route.hops.flatMap((hop) => ('chainId' in hop ? [hop.chainId] : [])))),
  ];
  return [
    {
      ...aboutChoice(choice),
      atSeconds: nowSeconds,
      spot,
      chainId: chainIds[0] ?? choice?.chosen.quote.chainId ?? 0,
      deltaUnits: slices.reduce((sum, { slice }) => sum + Number(slice.deltaUnits), 0),
      why: 'policy',
      measured: { units: 0, tradingCost: 0, funding: 0, borrowedUnits: 0, suppliedDollars: 0 },
    },
  ];
}

type AboutChoice = Pick<
  HedgeTrade,
  'adapter' | 'compared' | 'costBps' | 'holdingCostBpsPerDay' | 'instrument' | 'refused'
>;

function aboutChoice(choice: InstrumentChoice | undefined): AboutChoice {
  if (choice === undefined) {
    const nobody = { costBps: 0, holdingCostBpsPerDay: 0, compared: [], refused: [] };
    return { adapter: ROUTED_SPOT, instrument: 'ETH', ...nobody };
  }
  const { chosen, compared, refused } = choice;
  const { costBps, holdingCostBpsPerDay, quote } = chosen;
  return { adapter: quote.adapter, instrument: quote.instrument, costBps, holdingCostBpsPerDay, compared, refused };
}
