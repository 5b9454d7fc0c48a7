import type { HedgingRebalancer, MarginKept } from '@evenkeel/core/hedger';
import { EvenkeelError } from '@evenkeel/intents';
import { heading } from '../render/format.js';
import type { Screen } from '../render/show.js';

export interface MarginLook {
  readonly dryRun: boolean;
  /** Cures what is too near to liquidation. Else it is told, with what would cure it. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/**
 * Before anything is hedged: accounts on margin that are beyond their limits, or so near to them that a cure is due.
 *
 * @returns one of each, or of each part of a cure; nothing where all margins are as they should be
 * @throws what `keepMargin` throws, where it is to cure; a margin that is only looked at keeps nobody from hedging
 */
export async function lookAtMargins(
  rebalancer: Pick<HedgingRebalancer, 'keepMargin'>,
  out: Screen,
  { dryRun, keep, signal }: MarginLook,
): Promise<readonly MarginKept[]> {
  if (rebalancer.keepMargin === undefined) return [];
  const isTold = dryRun || !keep;
  let all: readonly MarginKept[] = [];
  try {
    all = await rebalancer.keepMargin({ dryRun: isTold, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!isTold || !(error instanceof EvenkeelError)) throw error;
    out.print(`  ${error.code} The margins could not be looked at: ${error.message}`);
  }
  if (all.length === 0) return all;
  out.print(heading(0, 'Margins'));
  for (const { code, sentence } of all) out.print(`  ${code} ${sentence}`);
  if (isTold && !keep) out.print('  Nothing was done for it: --keep-margin cures it before anything is hedged.');
  return all;
}

/** Whether a margin that has to be cured was not, by whatever way was tried last: something is left undone. */
export function isLeftOpen(all: readonly MarginKept[]): boolean {
  const ends = new Map(all.map((kept) => [kept.venue, kept.outcome]));
  return [...ends.values()].some((outcome) => outcome === 'unreachable' || outcome === 'failed');
}

/** As `--json` prints it; what no move liquidates has no distance. */
export function marginJson(kept: MarginKept): Record<string, unknown> {
  const { after, before, chainId, code, intentId, outcome, proposal, rejected, sentence, venue } = kept;
  const state = ({ distance, leverage, liquidationSpot }: MarginKept['before']): Record<string, unknown> => ({
    distance: finite(distance),
    leverage: finite(leverage),
    liquidationSpot: liquidationSpot ?? null,
  });
  return {
    ...{ venue, chainId, outcome, code, sentence },
    way: proposal?.way ?? null,
    cost: proposal?.cost ?? null,
    before: state(before),
    after: after === undefined ? null : state(after),
    rejected,
    intentId: intentId ?? null,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
