import { chooseMove, type HedgeMove, tradeInParts } from '@evenkeel/core/choose';
import type { HoldingComparison } from '@evenkeel/core/holding';
import { contendersOf, termsOf } from './contenders.js';
import { lookAtBook } from './look.js';
import { contextOf, type Run, tell } from './run.js';
import { tradeOrder } from './trade-hedge.js';

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

/** Opens first: the book is never without the hedge, and where it cannot be closed the new one is taken back. */
async function carryOut(run: Run, { close, open, saving }: HedgeMove, spot: number): Promise<void> {
  const { markets, owner, signal } = run;
  const part = (name: string, { quote }: HoldingComparison) => {
    const { adapter, chainId, instrument, units } = quote;
    const order = { adapter, chainId, instrument };
    return {
      name,
      make: async () => tradeOrder(run, await contextOf(run, spot), { ...order, units }, 'move'),
      undo: async () => tradeOrder(run, await contextOf(run, spot), { ...order, units: negated(units) }, 'move'),
    };
  };
  const outcome = await tradeInParts(
    [part('the new hedge', open.chosen), part('closing the old one', close.chosen)],
    {
      goals: { delta: { target: 0, weight: 1 } },
      exposure: async () => {
        const nowSeconds = await run.world.clockSeconds();
        return (await lookAtBook(markets, owner, { spot, nowSeconds }, signal)).exposure;
      },
    },
    signal,
  );
  const { adapter, chainId } = open.chosen.quote;
  const sentence =
    outcome.status === 'done'
      ? `The hedge moved to ${adapter} on ${chainId}, which saves ${saving.toFixed(2)} USD until expiry.`
      : outcome.sentence;
  tell(run, { code: 'HEDGE_MOVED', chainId, sentence, answer: 'compare' });
}

const negated = (units: string): string => (units.startsWith('-') ? units.slice(1) : `-${units}`);
