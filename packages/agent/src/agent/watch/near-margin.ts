import { isMarginNear } from '@evenkeel/core/margin';
import { EvenkeelError } from '@evenkeel/intents';
import type { Keeper } from '../keeping/keeper.js';

/**
 * Whether a margin of the portfolio is worth a closer look. One that cannot be read is not: its watch tells of it, and
 * nothing could be done for it.
 */
export async function hasNearMargin(
  { instruments, owner, portfolio, ports }: Keeper,
  signal: AbortSignal,
): Promise<boolean> {
  const { margin, terms } = instruments ?? {};
  const limits = terms?.marginLimits;
  if (margin === undefined || limits === undefined) return false;
  const isNear = await Promise.all(
    margin.venues.map(async (venue) => {
      try {
        const [{ account }, volatility] = await Promise.all([
          venue.read(owner, signal),
          ports.volatility.realised(portfolio.underlying, signal),
        ]);
        const annualVolatility = Number(volatility.value);
        return isMarginNear(account, limits, { annualVolatility, seconds: margin.lookAheadSeconds ?? 0 });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EvenkeelError) return false;
        throw error;
      }
    }),
  );
  return isNear.includes(true);
}
