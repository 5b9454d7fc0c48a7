import type { JsonValue } from '../model/curve.js';
import type { AsOf } from '../model/as-of.js';
import type { Exposure } from '../model/exposure.js';

/**
 * What an intent commits to when it names the exposure that it corrects: plain JSON of strings and whole numbers, to be
 * put into canonical form and hashed. Greeks other than delta stay out: they do not bound what the intent may do.
 *
 * @example
 * ```ts
 * const exposureHash = canonicalHash(exposureDigest(exposure))
 * ```
 */
export function exposureDigest(exposure: Exposure): JsonValue {
  return {
    version: 1,
    underlying: exposure.underlying,
    spot: exposure.spot,
    delta: { low: exposure.delta.low, high: exposure.delta.high },
    unbounded: [...exposure.unbounded],
    positions: exposure.positions.map(({ asOf, delta, id, kind }) => ({
      id,
      kind,
      delta: delta === undefined ? null : { low: delta.low, high: delta.high },
      asOf: asOfDigest(asOf),
    })),
    widenings: exposure.widenings.map(({ code, high, low, source }) => ({ code, source, low, high })),
    asOf: asOfDigest(exposure.asOf),
  };
}

function asOfDigest({ blockNumber, chainId, source, timeSeconds }: AsOf): JsonValue {
  return { source, timeSeconds, chainId: chainId ?? null, blockNumber: blockNumber ?? null };
}
