import type { BatchClearing } from '@evenkeel/core/batch';
import { savingOf } from '@evenkeel/core/batch';
import { type ReadMarket, settledBy, type WayKind } from './market.js';
import { type BatchRun, prepareBatch, type ReadyBatch, sameBatch } from './settle-batch.js';

/** One way of settling, cleared at its own gas. Numeraire. */
export interface WeighedWay {
  readonly way: WayKind;
  readonly orders: number;
  /** Of its settlements, as simulated. */
  readonly gasUsed: number;
  readonly gasCost: number;
  /** What all save together against each alone, with the gas as simulated. */
  readonly saving: number;
}

/** Which way a batch is settled, and why. */
export interface WayChoice {
  readonly way: WayKind;
  readonly batch: ReadyBatch;
  readonly markets: readonly ReadMarket[];
  readonly weighed: readonly WeighedWay[];
  /** The chosen batch, settled the other way: the same fills to the atom. Undefined where it does not hold that way. */
  readonly other: ReadyBatch | undefined;
  readonly sentence: string;
}

const NAMES: Readonly<Record<WayKind, string>> = {
  gpv2: 'GPv2Settlement',
  multicall: 'one operation of the owner',
};

/**
 * Clears a batch of accounts of one owner both ways, each at its own gas, plays both, and chooses the one by which all save
 * more together; the owner's own operation wins ties.
 *
 * @throws as `prepareBatch`
 */
export async function chooseWay(
  run: Omit<BatchRun, 'way'>,
  feeReceivers: Record<WayKind, BatchRun['feeReceiver']>,
): Promise<WayChoice> {
  const runs = (['multicall', 'gpv2'] as const).map((way): BatchRun & { readonly way: WayKind } => {
    const markets = run.markets.map((read) => settledBy(way, read));
    return { ...run, way, markets, feeReceiver: feeReceivers[way] };
  });
  const tried = await Promise.all(runs.map(async (each) => ({ run: each, batch: await prepareBatch(each) })));
  const weighed = tried.map(({ batch, run: { markets, way } }) => weighedOf(way, batch, markets));
  const best = weighed.reduce((found, each, i) => (each.saving > weighed[found]!.saving ? i : found), 0);
  const { batch, run: chosen } = tried[best]!;
  const other = await sameBatch(runs[1 - best]!, batch.clearing);
  return Object.freeze({
    way: chosen.way,
    batch,
    markets: chosen.markets,
    weighed: Object.freeze(weighed),
    other,
    sentence: sentenceOf(weighed[best]!, weighed[1 - best]!),
  });
}

function weighedOf(
  way: WayKind,
  { clearing, gasCost, gasUsed }: ReadyBatch,
  markets: readonly ReadMarket[],
): WeighedWay {
  const fills = clearing.markets.flatMap((market) => market.fills);
  // Gas shares are paid by what gas was expected to be; what it turns out to be is what counts.
  const saving = savingOf(fills) + feesOf(clearing, markets) - gasCost;
  return Object.freeze({ way, orders: fills.length, gasUsed, gasCost, saving });
}

/** The gas shares of all, numeraire. */
function feesOf({ markets: cleared }: BatchClearing, markets: readonly ReadMarket[]): number {
  return cleared.reduce((sum, { dustQuoteAtoms, fees, marketId }) => {
    const { base, midPrice, quote } = markets.find(({ market }) => market.id === marketId)!.market;
    const quoteUnits = Number(fees.quoteAtoms + dustQuoteAtoms) / 10 ** quote.decimals;
    return sum + quoteUnits + (Number(fees.baseAtoms) / 10 ** base.decimals) * Number(midPrice);
  }, 0);
}

function sentenceOf(best: WeighedWay, other: WeighedWay): string {
  const said = ({ gasUsed, orders, saving, way }: WeighedWay): string =>
    `${NAMES[way]} settles ${orders} orders for ${Math.round(gasUsed).toLocaleString('en')} gas, and all save ${saving.toFixed(2)} together`;
  return `${said(best)}; ${said(other)}: the batch is settled by ${NAMES[best.way]}.`;
}
