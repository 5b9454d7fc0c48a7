import { doneUnits, openSlots, type Pace, type Slots, spread, total } from './pace.js';

export interface VwapOptions extends Omit<Slots, 'parts'> {
  /** Volume that is expected in each bin of the span, one slice a bin; what is seen on the way may change it. */
  readonly expectedVolume: (nowSeconds: number) => readonly number[];
  readonly bins: number;
}

/**
 * Slices in proportion to the volume that is expected in their bins; with {@link forecastVolume} behind `expectedVolume`
 * the rest follows the day as it comes.
 *
 * Source: Bialkowski, Darolles, Le Fol, "Improving VWAP strategies" (2008).
 */
export function vwap({ bins, expectedVolume, jitter }: VwapOptions): Pace {
  return {
    kind: 'vwap',
    propose: (work) => {
      const volume = expectedVolume(work.nowSeconds);
      return spread(work, slotsOf(bins, jitter), (index) => Math.max(0, volume[index] ?? 0));
    },
  };
}

function slotsOf(parts: number, jitter: Slots['jitter']): Slots {
  return { parts, ...(jitter === undefined ? {} : { jitter }) };
}

export interface PovOptions extends VwapOptions {
  /** Part of everybody's volume, from 0 to 1. */
  readonly participation: number;
}

/** A fixed share of the volume, as long as something is left; what the volume does not allow stays undone. */
export function pov({ bins, expectedVolume, jitter, participation }: PovOptions): Pace {
  return {
    kind: 'pov',
    propose: (work) => {
      const allowed = expectedVolume(work.nowSeconds).map((volume) => participation * Math.max(0, volume));
      const slots = openSlots(work, slotsOf(bins, jitter));
      let left = work.leftUnits;
      // What was done ahead of the volume, by a slice that was joined of several, is not done again.
      let ahead = Math.max(0, doneUnits(work) - total(allowed.slice(0, slots[0]!.index)));
      return slots.map(({ atSeconds, index }) => {
        const own = allowed[index] ?? 0;
        const units = Math.min(left, Math.max(0, own - ahead));
        ahead = Math.max(0, ahead - own);
        left -= units;
        return { atSeconds, units };
      });
    },
  };
}
