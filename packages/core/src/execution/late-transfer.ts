import type { Transfer } from '../model/transfer.js';

/** A fill that takes ten times as long as it should is no fill that is about to come. */
const LATE_TIMES = 10;
/** Bridges that promise seconds are given minutes. */
const PATIENCE_SECONDS = 300;

/**
 * Whether a transfer takes so long that nothing may wait for it any more. It may still come, or come back: it is tracked on,
 * and what it would bring stays uncertain.
 */
export function isLate(
  { quote, sentAtSeconds }: Pick<Transfer, 'quote' | 'sentAtSeconds'>,
  nowSeconds: number,
): boolean {
  const { expected, worst } = quote.timeSeconds;
  return nowSeconds - sentAtSeconds > Math.min(worst, Math.max(LATE_TIMES * expected, PATIENCE_SECONDS));
}
