import { lyraSettlement } from '@evenkeel/adapters/lyra';
import { perpV2Withdrawal } from '@evenkeel/adapters/perp-v2';
import { lookAtBook } from './look.js';
import { contextOf, type Run, send, tell } from './run.js';
import { tradeHedge } from './trade-hedge.js';

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

/** Every hedge back, then all margin into the wallets. */
export async function closeHedges(run: Run, spot: number): Promise<void> {
  const { markets, owner, signal } = run;
  const { loan, perp, spot: spots } = markets.adapters;
  const context = await contextOf(run, spot);
  const atSeconds = context.nowSeconds;
  const look = await lookAtBook(markets, owner, context, signal);
  for (const [key, held] of look.holdings) {
    if (Number(held) === 0) continue;
    const adapter = [perp, loan, spots].find(({ id }) => key.startsWith(`${id}/`))!;
    const at = markets.chains.find(({ chain }) => key.endsWith(`/${chain.id}`))!;
    const units = held.startsWith('-') ? held.slice(1) : `-${held}`;
    const instrument = adapter === perp ? at.perp.baseToken.symbol : at.tokens.WETH.symbol;
    const where = { chainId: at.chain.id, instrument, units, owner };
    const quote = await adapter.quote({ ...where, spot, slippageBps: 100, deadline: atSeconds + 600 }, signal);
    const costBps = (quote.cost / (Math.abs(Number(units)) * spot)) * 10_000;
    const traded = { quote, costBps, holdingCostBpsPerDay: 0 };
    await tradeHedge(run, traded, { atSeconds, spot, compared: [], refused: [], why: 'expiry' });
  }
  for (const at of markets.chains) {
    await send(run, at, perpV2Withdrawal(at.perp, 'all'), [at.perp.vault], { spot, gasOf: 'hedge' });
  }
}
