import { lyraWatch } from '@evenkeel/adapters/lyra';
import { perpV2Margin, perpV2Watch, planPerpV2Deposit, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import { moneyPaidIn, perpetualMargin, planMarginCure } from '@evenkeel/core/margin';
import { pollVenues, type VenueWatch } from '@evenkeel/core/watch';
import { EvenkeelError } from '@evenkeel/intents';
import { ANNUAL_VOLATILITY, MARGIN_LIMITS } from './terms.js';
import type { DerivativeChain, Markets } from './markets.js';
import { moveHedge } from './move-hedge.js';
import { type Run, send, tell } from './run.js';
import { balancesOn } from './wallets.js';

export function watchesOf({ chains }: Markets): readonly VenueWatch[] {
  return chains.flatMap(({ lyra, parts, perp }) => [
    lyraWatch({ ...lyra, optionMarketPricer: parts.lyra.optionMarketPricer }),
    perpV2Watch(perp, { marginLimits: MARGIN_LIMITS }),
  ]);
}

/**
 * Polls all venues and tells what has begun or happened. Margins that are too near to liquidation get money here, and a
 * perpetual whose funding has flipped moves where that pays; whatever else is answered by the hedging that follows, which
 * reads the exposure anew and lets all instruments compete.
 */
export async function answerVenues(run: Run, spot: number): Promise<void> {
  const { changes, memory } = await pollVenues(run.watches, run.owner, run.seen, run.signal);
  run.seen = memory;
  for (const change of changes) {
    if (change.change === 'ended') continue;
    const chainId = Number(/-(\d+)/.exec(change.id)?.[1] ?? 0);
    tell(run, { code: change.code, chainId, sentence: change.sentence, answer: change.answer });
    if (change.answer === 'compare') await moveHedge(run, chainId, spot);
  }
  for (const at of run.markets.chains) await keepMargin(run, at, spot);
}

/** Out of the wallet beside the vault. What cannot be brought is told; the next look tries again. */
async function keepMargin(run: Run, at: DerivativeChain, spot: number): Promise<void> {
  const { owner, signal } = run;
  const { chain, perp, tokens } = at;
  const account = perpetualMargin(perpV2Margin(await readPerpV2Account(perp, owner, signal)));
  if (account.gross === 0) return;
  try {
    const held = await balancesOn(at, owner, [tokens.USDC], signal);
    const plan = planMarginCure(account, MARGIN_LIMITS, {
      annualVolatility: ANNUAL_VOLATILITY,
      sources: [
        {
          id: 'wallet',
          change: moneyPaidIn(1),
          available: Number(held[0]!.atoms) / 1e6,
          seconds: 0,
          cost: () => 0,
        },
      ],
    });
    if (plan.status === 'fine') return;
    const dollars = Math.ceil(plan.cure.parts[0]!.amount);
    const calls = await planPerpV2Deposit(perp, BigInt(dollars) * 10n ** 6n, signal);
    await send(run, at, calls, [perp.vault], { spot, gasOf: 'hedge' });
    const sentence = `${dollars} USDC were added to the margin of the perpetual.`;
    tell(run, { code: 'MARGIN_ADDED', chainId: chain.id, sentence, answer: 'add-margin' });
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    tell(run, { code: error.code, chainId: chain.id, sentence: error.message, answer: 'wait' });
  }
}
