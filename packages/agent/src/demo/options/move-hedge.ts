import { chooseMove, type HedgeMove } from '@evenkeel/core/choose';
import type { HoldingComparison } from '@evenkeel/core/holding';
import { contendersOf, termsOf } from './contenders.js';
import { lookAtBook } from './look.js';
import { contextOf, type Run, tell } from './run.js';
import { tradeMove } from './trade-hedge.js';

/** Lets all other instruments compete for what a perpetual holds, and moves it to the cheapest where that pays. */
export async function moveHedge(run: Run, chainId: number, spot: number): Promise<void> {
  const { markets, owner, signal } = run;
  const context = await contextOf(run, spot);
  if (context.nowSeconds >= context.expirySeconds) return;
  const look = await lookAtBook(markets, owner, context, signal);
  const all = contendersOf(look.readings, context, ['perp', 'loan', 'spot']);
  const held = all.find((each) => each.adapter === markets.adapters.perp && each.chainId === chainId)!;
  const others = all.filter((each) => each !== held);
  const move = await chooseMove(held, others, termsOf(context), signal);
  if (move === undefined || move.saving <= 0) return;
  await carryOut(run, move, spot);
}

/** By the loop: the new one first, and taken back where the old one cannot be closed and the risk is no lower with it. */
async function carryOut(run: Run, { close, open, saving }: HedgeMove, spot: number): Promise<void> {
  const orderOf = ({ quote: { adapter, chainId, instrument, units } }: HoldingComparison) => {
    return { adapter, chainId, instrument, units };
  };
  const outcome = await tradeMove(run, await contextOf(run, spot), {
    open: orderOf(open.chosen),
    close: orderOf(close.chosen),
  });
  const { adapter, chainId } = open.chosen.quote;
  const sentence =
    outcome.status === 'done'
      ? `The hedge moved to ${adapter} on ${chainId}, which saves ${saving.toFixed(2)} USD until expiry.`
      : outcome.sentence;
  tell(run, { code: 'HEDGE_MOVED', chainId, sentence, answer: 'compare' });
}
