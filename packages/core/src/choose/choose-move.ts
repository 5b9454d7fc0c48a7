import { Decimal } from '../model/decimal.js';
import { chooseInstrument, type ChoiceTerms, type Contender, type InstrumentChoice } from './choose-instrument.js';
import { NoInstrumentError } from './errors.js';

/** What it would be worth to hold a hedge in another instrument from now on. */
export interface HedgeMove {
  /** Closing it where it is: what that costs, less what holding and closing it later would have cost. */
  readonly close: InstrumentChoice;
  /** The same size in the cheapest of the others. */
  readonly open: InstrumentChoice;
  /** Numeraire, after all costs and for their uncertainty; below zero it stays where it is. */
  readonly saving: number;
}

/**
 * Whether a hedge should move: when funding has flipped, another instrument may have become cheaper by more than the way
 * there costs.
 *
 * @param held with its `heldUnits`
 * @returns undefined where it cannot be closed, or nobody else takes it
 * @throws as {@link chooseInstrument}
 * @example
 * ```ts
 * const move = await chooseMove({ ...perp, heldUnits: '-8' }, [spot, loan], terms, signal)
 * if (move !== undefined && move.saving > 0) await tradeInParts(partsOf(move), …)
 * ```
 */
export async function chooseMove(
  held: Contender,
  others: readonly Contender[],
  terms: Omit<ChoiceTerms, 'deltaUnits'>,
  signal: AbortSignal,
): Promise<HedgeMove | undefined> {
  const units = new Decimal(held.heldUnits ?? '0');
  if (units.isZero() || others.length === 0) return undefined;
  try {
    const [close, open] = await Promise.all([
      chooseInstrument([held], { ...terms, deltaUnits: units.negated().toFixed() }, signal),
      chooseInstrument(others, { ...terms, deltaUnits: units.toFixed() }, signal),
    ]);
    // A move is taken where it pays even if both turn out badly: each score has its own uncertainty on top.
    return Object.freeze({ close, open, saving: -(close.chosen.score + open.chosen.score) });
  } catch (error) {
    if (error instanceof NoInstrumentError) return undefined;
    throw error;
  }
}
