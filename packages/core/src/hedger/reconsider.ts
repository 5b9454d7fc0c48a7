import type { Contender } from '../choose/choose-instrument.js';
import { chooseMove, type HedgeMove } from '../choose/choose-move.js';
import type { HoldingComparison } from '../holding/compare-holding.js';
import type { Consideration } from '../rebalancer.js';
import { competition, spotContender, type ConsiderInput } from './consider.js';
import type { HedgeMoveOrders } from './move-hedge.js';

/** A hedge that would better be held elsewhere from now on. */
export interface BetterPlace {
  readonly orders: HedgeMoveOrders;
  /** Numeraire over the time that hedges are held, after all costs and for their uncertainty. */
  readonly saving: number;
  readonly sentence: string;
}

/**
 * Lets the others compete for what is held of one instrument, spot among them: when its funding has turned, another may have
 * become cheaper by more than the way there costs.
 *
 * @returns undefined where it is cheapest to leave it
 */
export async function betterPlace(
  {
    instruments,
    portfolio,
    spot,
  }: Pick<ConsiderInput, 'instruments' | 'portfolio'> & {
    readonly spot: Pick<Consideration, 'before' | 'curves'>;
  },
  adapter: string,
  signal: AbortSignal,
): Promise<BetterPlace | undefined> {
  const { contenders, terms } = competition({ instruments, portfolio, spot });
  const held = contenders.find((each) => each.adapter.id === adapter && Number(each.heldUnits ?? '0') !== 0);
  if (held === undefined) return undefined;
  const others: readonly Contender[] = [
    ...contenders.filter((each) => each !== held),
    spotContender({ portfolio, spot }),
  ];
  const move = await chooseMove(held, others, terms, signal);
  if (move === undefined || move.saving <= 0) return undefined;
  return Object.freeze({
    orders: { open: orderOf(move.open.chosen), close: orderOf(move.close.chosen) },
    saving: move.saving,
    sentence: sentenceOf(move),
  });
}

function orderOf({ quote: { adapter, chainId, instrument, units } }: HoldingComparison): HedgeMoveOrders['open'] {
  return { adapter, chainId, instrument, units };
}

function sentenceOf({ close, open, saving }: HedgeMove): string {
  const [from, to] = [close.chosen.quote, open.chosen.quote];
  return `${to.units} ${to.instrument} of ${to.adapter} cost ${saving.toFixed(2)} less to hold than ${from.instrument} of ${from.adapter}, the way there included.`;
}
