import type { Hex } from '@evenkeel/intents';
import * as v from 'valibot';
import { JournalCorruptError } from '../execution/journal-errors.js';
import type { JsonValue } from '../model/curve.js';
import type { DecimalString } from '../model/decimal.js';
import { midpoint } from '../model/interval.js';
import type { Journal, ProgrammeKey } from '../ports/journal.js';
import type { HedgeRoute } from '../route/hedge.js';
import * as is from './record-schemas.js';
import { marketOf, type StatedMarket } from './stated-prices.js';
import type { Survey } from './survey.js';
import { type QuotedSwap, quotedSwaps } from './swap-records.js';

/** What a slice was begun on: beside its flows, all that its costs need. */
export interface SliceRecord extends StatedMarket {
  readonly slice: number;
  readonly atSeconds: number;
  /** The middle of the book's delta. */
  readonly deltaUnits: DecimalString;
  /** What its route costs at the least by its certificate, numeraire. */
  readonly leastCost: number;
  /** Of our own route; what a network exchanges stands in its order. */
  readonly swaps: readonly QuotedSwap[];
}

/** How a slice is begun. */
export interface SliceBeginning {
  readonly seen: Survey;
  readonly route: HedgeRoute;
  /** Given to a network, so that nothing of the route is executed. */
  readonly isGivenAway: boolean;
}

const CODE = 'SLICE_BEGUN';

const recordSchema = v.object({
  ...is.market,
  atSeconds: is.wholeSeconds,
  deltaUnits: is.decimal,
  leastCost: is.finite,
  swaps: v.array(
    v.object({
      step: v.string(),
      tokenIn: is.token,
      tokenOut: is.token,
      quotedOutputAtoms: is.atoms,
      feePpm: is.finite,
      midPrice: is.decimal,
    }),
  ),
});

/** Writes down what a slice is begun on, before anything of it is sent: a crash loses nothing of what it will have cost. */
export async function recordSlice(
  journal: Journal,
  { intentId, slice }: ProgrammeKey,
  { isGivenAway, route, seen }: SliceBeginning,
  atMs: number,
): Promise<void> {
  const swaps = isGivenAway ? [] : quotedSwaps(route);
  await journal.appendDecision({
    atMs,
    intentId,
    slice,
    code: CODE,
    sentence: `Slice ${slice} is begun at a price of ${seen.reference.price}.`,
    simulated: false,
    details: {
      ...marketOf(seen),
      atSeconds: seen.atSeconds,
      deltaUnits: midpoint(seen.exposure.delta),
      leastCost: leastCostOf(route, seen),
      swaps: swaps.map(({ quotedOutputAtoms, tokenIn, tokenOut, ...quote }): JsonValue => ({
        ...quote,
        tokenIn: { ...tokenIn },
        tokenOut: { ...tokenOut },
        quotedOutputAtoms: quotedOutputAtoms.toString(),
      })),
    },
  });
}

/** The slices of an intent that were begun, in their order; of one that was quoted anew the last. @throws JOURNAL_CORRUPT */
export async function recordedSlices(journal: Journal, intentId: Hex): Promise<readonly SliceRecord[]> {
  const bySlice = new Map<number, SliceRecord>();
  for (const { details, slice } of await journal.decisions({ intentId, code: CODE })) {
    const parsed = v.safeParse(recordSchema, details);
    if (slice === undefined || !parsed.success) {
      throw new JournalCorruptError('journal', `what a slice of intent ${intentId} was begun on is malformed`);
    }
    bySlice.set(slice, Object.freeze({ ...parsed.output, slice }));
  }
  return Object.freeze([...bySlice.values()].sort((a, b) => a.slice - b.slice));
}

/** What a route costs at the least: its cost less what could at most have been saved. */
function leastCostOf({ cost, optimalityGapBps, servedUnits }: HedgeRoute, { reference }: Survey): number {
  const notional = Number(servedUnits) * Number(reference.price);
  return Math.max(0, Number(cost) - (optimalityGapBps / 10_000) * notional);
}
