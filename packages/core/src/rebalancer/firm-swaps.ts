import type { Pool } from '../model/curve.js';
import type { Quote } from '../model/quote.js';
import { sameToken } from '../model/token.js';
import type { HedgeRoute, HedgeSwap } from '../route/hedge.js';
import type { FirmRouteInput } from './firm-route.js';

/** A swap with a venue that has no curve, and its firm quote; undefined where it gave none that may be used. */
export interface FirmSwap {
  readonly index: number;
  readonly hop: HedgeSwap;
  readonly quote: Quote | undefined;
}

/** Firm quotes for the swaps of a route that rest on ladders of venues without a curve. */
export async function firmSwaps(
  input: FirmRouteInput,
  route: HedgeRoute,
  signal: AbortSignal,
): Promise<readonly FirmSwap[]> {
  const swaps = route.hops.flatMap((hop, index) => {
    const venue = hop.kind === 'swap' ? input.venues.find(({ id }) => id === hop.adapter) : undefined;
    return hop.kind !== 'swap' || venue?.capabilities.curve !== false ? [] : [{ hop, index, venue }];
  });
  return Promise.all(
    swaps.map(async ({ hop, index, venue }) => {
      const { account, deadline, limitMs, nowSeconds, onDistrust, onRefusal, opaque, request } = input;
      // Without the port no such venue was asked, and there is no ladder of one.
      if (opaque === undefined) return { index, hop, quote: undefined };
      const self = account.addressOn(hop.chainId);
      const asked = {
        input: { token: hop.tokenIn, atoms: hop.amountIn },
        tokenOut: hop.tokenOut,
        sender: self,
        recipient: self,
        slippageBps: request.slippageBps,
        deadline,
      };
      const answer = await opaque.firm({ venue, asked, promised: hop.amountOut, limitMs, nowSeconds }, signal);
      if (answer.accepted) {
        const { quote } = answer;
        if (quote.validUntil >= nowSeconds + waitFor(route, hop)) return { index, hop, quote };
        onRefusal(venue.id, 'EXPIRED', `The firm quote of ${venue.id} ends before a bridge brings what it is to take.`);
        return { index, hop, quote: undefined };
      }
      onRefusal(venue.id, answer.code, answer.sentence);
      const record = answer.records.find(({ adapter }) => adapter === venue.id);
      if (answer.change !== undefined && record !== undefined) await onDistrust(answer.change, record);
      return { index, hop, quote: undefined };
    }),
  );
}

/** Seconds until the transfers of the route have brought what a swap takes; 0 where none brings any of it. */
function waitFor({ hops }: HedgeRoute, { tokenIn }: HedgeSwap): number {
  return hops.reduce(
    (most, hop) => (hop.kind === 'bridge' && sameToken(hop.tokenOut, tokenIn) ? Math.max(most, hop.timeSeconds) : most),
    0,
  );
}

/**
 * The ladder of a venue after its firm quote: gone where there is none, believed so much less where the quote is a little
 * below what was said, as it is where it kept its word. One that gives less each time it is asked is not asked for ever.
 */
export function correctedLadder({ hop, quote }: FirmSwap, isPatient: boolean): readonly Pool[] {
  const { amountOut, pool } = hop;
  if (quote === undefined || pool.curve.kind !== 'ladder') return [];
  if (quote.minReceived >= amountOut) return [pool];
  if (!isPatient) return [];
  // One atom below the quote, for rounding at another size.
  const points = pool.curve.points.map((point) => ({
    ...point,
    amountOut: (point.amountOut * (quote.minReceived - 1n)) / amountOut,
  }));
  return [{ ...pool, curve: { ...pool.curve, points } }];
}
