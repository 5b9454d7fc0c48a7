import { delegatedInFlight } from '../delegate/in-flight.js';
import { delegationsOf } from '../delegate/book.js';
import { orderSlots } from '../delegate/sender.js';
import type { InFlight } from '../exposure/assemble-exposure.js';
import { sameToken } from '../model/token.js';
import type { Journal } from '../ports/journal.js';
import type { ContestedSlice, NetworksPort, OwnBook } from '../rebalancer/networks-port.js';
import { awardRoute } from '../rebalancer/award-route.js';
import { awardSlice } from './award-slice.js';
import { carryOut } from './carry-out.js';
import { liveOrders, resumeOrders } from './left-behind.js';
import type { NetworkOptions } from './options.js';
import { swapOf } from './order-execution.js';

/**
 * Lets outside solver networks bid for every slice of a rebalancer's trades. Bids and our own route meet on one scale, the
 * book after the trade; a slice that a network wins is given to it as one order, which is followed until it is filled or
 * provably dead, and what it leaves is done by a new route of ours. Everything is journaled, so that a crash loses nothing
 * and nothing is done twice.
 *
 * @example
 * ```ts
 * const networks = solverNetworks({ solvers: [cow(cowOptions)], account, journal, round: { deadlineMs: 2_000, graceMs: 50 },
 *   patienceSeconds: 120, proofSeconds: 30, handicapBps: 1, pollMs: 3_000 })
 * const inFlight = () => ordersInFlight(journal, portfolio)
 * const rebalancer = createRebalancer(portfolio, { ...ports, networks, inFlight })
 * ```
 */
export function solverNetworks(options: NetworkOptions & { readonly journal: Journal }): NetworksPort {
  const { journal, solvers } = options;
  return Object.freeze({
    ids: Object.freeze(solvers.map(({ id }) => id)),
    award: (slice) => awardSlice(options, slice),
    carryOut: (slice, bid, own) => carryOut(options, slice, bid, own),
    live: (book) => liveOrders(journal, book),
    orders: async (intentId) =>
      (await delegationsOf(journal, intentId)).map((delegation) =>
        Object.freeze({ slice: delegation.slice, slots: orderSlots(delegation.index), swap: swapOf(delegation) }),
      ),
    nextSlice: async (intentId) =>
      (await delegationsOf(journal, intentId)).reduce((next, { slice }) => Math.max(next, slice + 1), 0),
    resume: (book, parts, isOver) => resumeOrders(options, book, parts, isOver),
  } satisfies NetworksPort);
}

/** The same networks, none of which is asked for a bid any more: orders that they have are followed and ended as ever. */
export function withoutBids(networks: NetworksPort): NetworksPort {
  return Object.freeze({
    ...networks,
    ids: Object.freeze([]),
    award: ({ route }: ContestedSlice) => Promise.resolve(awardRoute(route)),
  });
}

/** Live orders of a book as doubts of its exposure, for the port `inFlight` and for whoever looks beside the loop. */
export async function ordersInFlight(journal: Journal, book: OwnBook): Promise<readonly InFlight[]> {
  const isBase = (token: OwnBook['baseTokens'][number]): boolean =>
    book.baseTokens.some((each) => sameToken(each, token));
  return delegatedInFlight(await liveOrders(journal, book), (token) => (isBase(token) ? '1' : '0'));
}
