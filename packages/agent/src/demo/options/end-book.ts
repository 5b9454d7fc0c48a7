import { lyraSettlement } from '@evenkeel/adapters/lyra';
import { perpV2Withdrawal } from '@evenkeel/adapters/perp-v2';
import { contendersOf } from './contenders.js';
import { lookAtBook } from './look.js';
import { contextOf, type Run, send, tell } from './run.js';
import { LOT_UNITS } from './terms.js';
import { tradeOrder } from './trade-hedge.js';

const KINDS = ['perp', 'loan', 'spot'] as const;

/** Settles every board that is over, and has the options paid out. */
export async function settleOptions(run: Run, spot: number): Promise<void> {
  const { markets, owner, signal } = run;
  for (const at of markets.chains) {
    const { boardIds, calls, positionIds } = await lyraSettlement(at.lyra, owner, signal);
    if (calls.length === 0) continue;
    await send(run, at, calls, [at.lyra.optionMarket, at.lyra.shortCollateral], { spot, gasOf: 'book' });
    const sentence = `Board ${boardIds.join(', ')} was settled at ${spot}, and ${positionIds.length} positions paid out.`;
    tell(run, { code: 'OPTIONS_SETTLED', chainId: at.chain.id, sentence, answer: 'settle' });
  }
}

/** Every hedge back, each by itself through the loop, then all margin into the wallets. Less than a lot of a token stays. */
export async function closeHedges(run: Run, spot: number): Promise<void> {
  const { markets, owner, signal } = run;
  const context = await contextOf(run, spot);
  const look = await lookAtBook(markets, owner, context, signal);
  for (const { adapter, chainId, heldUnits = '0', instrument } of contendersOf(look.readings, context, KINDS)) {
    if (Math.abs(Number(heldUnits)) < LOT_UNITS) continue;
    const units = heldUnits.startsWith('-') ? heldUnits.slice(1) : `-${heldUnits}`;
    await tradeOrder(run, await contextOf(run, spot), { adapter: adapter.id, chainId, instrument, units }, 'expiry');
  }
  for (const at of markets.chains) {
    await send(run, at, perpV2Withdrawal(at.perp, 'all'), [at.perp.vault], { spot, gasOf: 'hedge' });
  }
}
