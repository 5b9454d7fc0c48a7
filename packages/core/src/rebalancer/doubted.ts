import { type DoubtedLook, doubtVanished } from '../exposure/doubt-vanished.js';
import type { PositionReading } from '../model/position.js';
import type { ReferencePrice } from '../route/reference-price.js';
import type { EarlierLook } from './look-memory.js';
import type { Portfolio } from './portfolio.js';

const DOUBT_VANISHED_SECONDS = 3600;

/** What the sources say now, held against what the look before has seen. */
export function doubted(
  { limits, underlying }: Pick<Portfolio, 'limits' | 'underlying'>,
  { atSeconds, reference }: { readonly atSeconds: number; readonly reference: Pick<ReferencePrice, 'price'> },
  readings: readonly PositionReading[],
  earlier: EarlierLook | undefined,
): DoubtedLook {
  return doubtVanished({
    readings,
    memory: earlier?.memory ?? new Map(),
    underlying,
    spot: Number(reference.price),
    nowSeconds: atSeconds,
    hasTraded: earlier?.hasTraded ?? false,
    believeAfterSeconds: limits.doubtVanishedSeconds ?? DOUBT_VANISHED_SECONDS,
  });
}
