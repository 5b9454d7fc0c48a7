import { KERNEL_REACH } from './kernel.js';
import type { Lattice } from './lattice.js';

/** `now[row, from..to]` = the mean of `next` one step later, at unchanged holdings. */
export function convolveRow(
  { holdings, kernel }: Lattice,
  next: Float64Array,
  now: Float64Array,
  row: number,
  from: number,
  to: number,
): void {
  const stride = holdings.length;
  const first = (row - KERNEL_REACH) * stride;
  const base = row * stride;
  const length = kernel.length;
  for (let m = from; m <= to; m++) {
    let sum = 0;
    let at = first + m;
    for (let j = 0; j < length; j++, at += stride) sum += kernel[j]! * next[at]!;
    now[base + m] = sum;
  }
}
