import { deltaVolatility, type HalfBand, type Market } from './market.js';

/** −ζ(½)/√(2π): mean overshoot of a random walk over a barrier, in steps. */
const OVERSHOOT = 0.5826;

/**
 * A band for a book that is looked at only every so often: by the time a trade is seen to be due, the deviation has on
 * average overshot by 0.5826·ν√dt, so the trigger moves in by as much, at most to a quarter.
 *
 * Source: Broadie, Glasserman and Kou, "A continuity correction for discrete barrier options" (1997).
 */
export function monitoredBand(market: Market, { inner, outer }: HalfBand): HalfBand {
  const overshoot = OVERSHOOT * deltaVolatility(market) * Math.sqrt(market.monitoringYears);
  const trigger = Math.max(outer - overshoot, outer / 4);
  return { outer: trigger, inner: Math.min(inner, trigger) };
}
