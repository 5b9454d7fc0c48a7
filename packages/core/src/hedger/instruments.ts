import type { ChoiceTerms, Contender } from '../choose/choose-instrument.js';
import type { InstrumentAdapter } from '../ports/instrument.js';
import type { Survey } from '../rebalancer/survey.js';
import type { MarginKeeping } from './margin-keeping.js';
import type { Settlement } from './settle.js';

/** What was just seen of the portfolio that instruments may have to know. */
export type Seen = Pick<Survey, 'balances' | 'readings' | 'reference'>;

/** What competes with spot for a portfolio's hedge. */
export interface HedgeInstruments {
  /** Those that contenders are of, and those of which something may still be held. */
  readonly adapters: readonly InstrumentAdapter[];
  /** Who competes now, each with what is held of it. */
  readonly contenders: (seen: Seen) => readonly Contender[];
  /** How long a hedge is expected to be held, what capital would earn, and what no margin may break. */
  readonly terms: Pick<ChoiceTerms, 'capitalRate' | 'days' | 'marginLimits' | 'riskWeight'>;
  /** A size may be split over so many instruments. Absent: 1. */
  readonly maxParts?: number;
  /** Margins that are kept within the limits of the terms. Absent: none is. */
  readonly margin?: MarginKeeping;
  /** Venues on which positions come to an end. Absent: none. */
  readonly settlements?: readonly Settlement[];
}
