import { openSlots, type Pace, type Slots, spread } from './pace.js';

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
      const slots = openSlots(work, { parts: bins, ...(jitter === undefined ? {} : { jitter }) });
      return spread(work, slots, (index) => Math.max(0, volume[index] ?? 0));
    },
  };
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
      const volume = expectedVolume(work.nowSeconds);
      let left = work.leftUnits;
      return openSlots(work, { parts: bins, ...(jitter === undefined ? {} : { jitter }) }).map(
        ({ atSeconds, index }) => {
          const units = Math.min(left, participation * Math.max(0, volume[index] ?? 0));
          left -= units;
          return { atSeconds, units };
        },
      );
    },
  };
}
