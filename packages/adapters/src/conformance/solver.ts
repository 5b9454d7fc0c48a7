import { type Check, checkMaker } from './check.js';
import { solverBidChecks } from './solver-bids.js';
import { solverOrderChecks } from './solver-orders.js';
import type { SolverSubject } from './subject.js';

/**
 * What every adapter of a solver network has to do. Bids are held against the request and its intent as the award does;
 * orders are really given to the network and filled, left, cancelled and forged, with the account read before and after.
 *
 * The checks share one world, which each sets back before it begins: run them one after another.
 *
 * @param subject the adapter with a request that must get a bid, or a function that makes it when the first check runs
 *
 * @example
 * ```ts
 * describeConformance('my network', solverConformance(async () => ({ adapter, chains, request, sign, execute, … })))
 * ```
 */
export function solverConformance(
  subject: SolverSubject | (() => SolverSubject | Promise<SolverSubject>),
): readonly Check[] {
  const make = checkMaker(subject);
  return Object.freeze([...solverBidChecks(make), ...solverOrderChecks(make)]);
}
