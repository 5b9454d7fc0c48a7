import { EvenkeelError } from '@evenkeel/intents';
import { assembleExposure, type InFlight } from '../exposure/assemble-exposure.js';
import type { DecimalString } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import type { PositionReading } from '../model/position.js';
import type { PositionSource } from '../ports/position-source.js';
import type { Portfolio, RebalancerPorts } from './portfolio.js';

/** How a stale reading widens: by this share of the position's largest delta, for each hour of its age. */
const STALE_SHARE_PER_HOUR = '0.25';

/** All sources at once. One that fails is one unknown position, without bounds: never nothing. */
export async function readPositions(
  { account, chains, clock, sources }: Pick<RebalancerPorts, 'account' | 'chains' | 'clock' | 'sources'>,
  { limits }: Pick<Portfolio, 'limits'>,
  signal: AbortSignal,
): Promise<readonly PositionReading[]> {
  const owner = account.addressOn(chains[0]!.id);
  const own = AbortSignal.any([signal, AbortSignal.timeout(limits.solicitMs)]);
  const read = async (source: PositionSource): Promise<readonly PositionReading[]> => {
    try {
      return await source.read(owner, own);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof EvenkeelError ? `${error.code}: ${error.message}` : 'the source failed';
      const asOf = { source: source.id, timeSeconds: Math.floor(clock.now() / 1000) };
      return [{ status: 'unknown', id: source.id, label: source.name, reason, asOf }];
    }
  };
  return (await Promise.all(sources.map(read))).flat();
}

/** What was read, as one exposure. @throws EXPOSURE_EMPTY, INVALID_INPUT */
export function exposureOf(
  { limits, underlying }: Pick<Portfolio, 'limits' | 'underlying'>,
  spot: DecimalString,
  readings: readonly PositionReading[],
  inFlight: readonly InFlight[],
  nowSeconds: number,
): Exposure {
  return assembleExposure({
    underlying,
    spot,
    readings,
    inFlight,
    nowSeconds,
    rules: { maxAgeSeconds: limits.maxAgeSeconds, staleSharePerHour: STALE_SHARE_PER_HOUR },
  });
}
