import { GREEKS, type Greek, type ProfileProblem, type Range } from './profile.js';

/** What the change of one greek has to be, seen from the exposure as an interval. */
export interface GreekGoal {
  readonly greek: Greek;
  readonly weight: number;
  /** The change that puts both ends of the exposure into the band; one point where no change does. */
  readonly wanted: Range;
  /** Changes that raise the risk at neither end; everything for a certain exposure. */
  readonly allowed: Range;
  /** How much wider the exposure is than its band: out of reach whatever is traded. */
  readonly doubt: number;
}

/**
 * The bands as bounds on the *change* of each greek, in the order of {@link GREEKS}.
 *
 * An exposure that fits into its band has to be in it at both ends. One that is wider cannot; it is brought to where one
 * end is on its edge, as far as that lowers the risk at one end without raising it at the other, and not at all when
 * its ends lie on both sides.
 */
export function goalsOf({ exposure, target }: Pick<ProfileProblem, 'exposure' | 'target'>): readonly GreekGoal[] {
  return GREEKS.flatMap((greek) => {
    const band = target[greek];
    return band === undefined || band.weight === 0 ? [] : [goalOf(greek, exposure[greek], band, band.weight)];
  });
}

function goalOf(greek: Greek, exposure: Range, band: Range, weight: number): GreekGoal {
  const lowEnd = band.low - exposure.low;
  const highEnd = band.high - exposure.high;
  if (exposure.low === exposure.high) {
    return { greek, weight, wanted: { low: lowEnd, high: highEnd }, allowed: EVERYTHING, doubt: 0 };
  }
  const allowed = meet(noWorse(exposure.low, band), noWorse(exposure.high, band));
  if (lowEnd <= highEnd) return { greek, weight, wanted: { low: lowEnd, high: highEnd }, allowed, doubt: 0 };
  const nearest = Math.min(Math.max(0, highEnd), lowEnd);
  return { greek, weight, wanted: { low: nearest, high: nearest }, allowed, doubt: lowEnd - highEnd };
}

const EVERYTHING: Range = Object.freeze({ low: -Infinity, high: Infinity });

/** Changes after which a value is no farther from the band than it was. */
function noWorse(value: number, band: Range): Range {
  const distance = distanceTo(band, value);
  return { low: band.low - distance - value, high: band.high + distance - value };
}

function meet(a: Range, b: Range): Range {
  // Both hold zero; the last bits must not say otherwise.
  return { low: Math.min(0, Math.max(a.low, b.low)), high: Math.max(0, Math.min(a.high, b.high)) };
}

/** How far a value lies outside of a range. */
export function distanceTo({ high, low }: Range, value: number): number {
  return Math.max(0, low - value, value - high);
}
