import type { HoldingComparison } from '@evenkeel/core/holding';
import { decideHedge, type KnownCurves } from './hedge.js';
import { type BookLook, hedgeUnits, lookAtBook } from './look.js';
import { measureTrade } from './measured-trade.js';
import type { HedgeTrade, LookRecord } from './records.js';
import { contextOf, type Run, send } from './run.js';

/** One look at the book, one decision, and the trade that it asks for. */
export async function lookAndHedge(run: Run, spot: number, known: KnownCurves): Promise<KnownCurves> {
  const { listener, markets, owner, signal } = run;
  const context = await contextOf(run, spot);
  const look = await lookAtBook(markets, owner, context, signal);
  const { choice, choices, curves, decision } = await decideHedge(look, context, known, signal);
  for (const { compared } of choices) for (const each of compared) rememberCheapest(run, each, spot);
  const record: LookRecord = {
    atSeconds: context.nowSeconds,
    spot,
    delta: middleOf(look),
    bookDelta: middleOf(look) - hedgeUnits(look),
    decision: { action: decision.action, reason: decision.reason, sentence: decision.sentence },
    tradedUnits: choice === undefined ? 0 : Number(choice.chosen.quote.units),
  };
  run.looks.push(record);
  listener.looked(record);
  if (choice !== undefined) {
    const { chosen, compared, refused } = choice;
    await tradeHedge(run, chosen, { atSeconds: context.nowSeconds, spot, compared, refused, why: 'policy' });
  }
  return curves;
}

const middleOf = ({ exposure: { delta } }: BookLook): number => (Number(delta.low) + Number(delta.high)) / 2;

/** The least that a unit was ever offered for, one way and without basis, which is no price of trading. */
function rememberCheapest({ cheapest }: Run, { quote }: HoldingComparison, spot: number): void {
  const share = (quote.cost - quote.basis) / (Math.abs(Number(quote.units)) * spot);
  cheapest.costShare = Math.min(cheapest.costShare, Math.max(0, share));
}

type Traded = Pick<HoldingComparison, 'costBps' | 'holdingCostBpsPerDay' | 'quote'>;

/** Carries a quote out and measures what it did. */
export async function tradeHedge(
  run: Run,
  { costBps, holdingCostBpsPerDay, quote }: Traded,
  about: Pick<HedgeTrade, 'atSeconds' | 'compared' | 'refused' | 'spot' | 'why'>,
): Promise<void> {
  const { lenders, listener, markets, owner } = run;
  const { adapter: adapterId, chainId, instrument } = quote;
  const at = markets.chains.find(({ chain }) => chain.id === chainId)!;
  const adapter = Object.values(markets.adapters).find(({ id }) => id === adapterId)!;
  const calls = adapter.build({ quote, owner, deadline: about.atSeconds + 600 });
  const movements = await send(run, at, calls, adapter.targets(chainId), { spot: about.spot, gasOf: 'hedge' });
  const measured = measureTrade(at, movements, lenders.get(chainId) ?? [], about.spot);
  const record: HedgeTrade = {
    ...about,
    adapter: adapterId,
    chainId,
    instrument,
    deltaUnits: measured.units,
    costBps,
    holdingCostBpsPerDay,
    measured,
  };
  run.trades.push(record);
  listener.traded(record);
}
