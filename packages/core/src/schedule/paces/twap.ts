import { type Pace, type Slots, spread } from './pace.js';

/** Equal slices at equal distances. */
export function twap(slots: Slots): Pace {
  return { kind: 'twap', propose: (work) => spread(work, slots, () => 1) };
}
