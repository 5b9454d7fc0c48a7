import type { Clock } from '../ports/ambient.js';
import { findInconsistencies, type Inconsistency } from './consistency.js';
import type { CostKind } from './costs.js';
import { costStrings } from './hedge-route.js';
import type { DecimalString } from '../model/decimal.js';
import { type ExactRoute, prepareRoute, type PrepareRouteOptions } from './prepare-route.js';
import type { RouteProblem } from './problem.js';

export interface SolveRouteOptions extends PrepareRouteOptions {
  /** Tolerance of each hop for `minReceived`; absent: 0. */
  readonly slippageBps?: number;
  /** Times the call where it is given. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** One hop in plain JSON; amounts in atoms as decimal strings. */
export interface RouteHop {
  readonly kind: 'swap' | 'bridge';
  readonly poolId?: string;
  readonly bridgeId?: string;
  readonly adapter?: string;
  readonly chainId: number;
  readonly toChainId?: number;
  readonly tokenIn: string;
  readonly tokenOut: string;
  readonly amountIn: string;
  readonly amountOut: string;
  readonly minReceived: string;
}

/** A solved problem in plain JSON. */
export interface RouteSolution {
  /** Atoms used and obtained, summed at the highest decimals of each side's tokens. */
  readonly amountIn: string;
  readonly amountOut: string;
  /** Atoms of the exact side that could not be served. */
  readonly remainder: string;
  readonly hops: readonly RouteHop[];
  /** Units of gas over all hops. */
  readonly gas: string;
  readonly costBps: number;
  /** Numeraire by kind. */
  readonly costsByKind: Readonly<Record<CostKind, DecimalString>>;
  readonly optimalityGapBps: number;
  /** Circles of pools that pay more than their fees at zero size: signs of stale or false state. */
  readonly inconsistencies: readonly Inconsistency[];
  readonly nodesUsed: number;
  readonly solveMs?: number;
}

/**
 * Solves a route problem given as plain JSON. Deterministic: the same problem and options give the same answer.
 *
 * @throws InvalidInputError, RoutePoolInvalidError, RouteDuplicateError, RouteDisconnectedError
 * @example
 * ```ts
 * const { amountOut, hops, optimalityGapBps } = solveRoute({
 *   tokens: [
 *     { chainId: 1, address: '0x' + '0a'.repeat(20), symbol: 'USDC', decimals: 6 },
 *     { chainId: 1, address: '0x' + '0b'.repeat(20), symbol: 'WETH', decimals: 18 },
 *   ],
 *   pools: [{
 *     id: 'pair', chainId: 1, kind: 'constant-product', feePpm: 3000,
 *     tokens: ['0x' + '0a'.repeat(20), '0x' + '0b'.repeat(20)],
 *     reserves: ['2000000000000', '1000000000000000000000'],
 *   }],
 *   demand: {
 *     chainId: 1, tokenIn: '0x' + '0a'.repeat(20), tokenOut: '0x' + '0b'.repeat(20), amountIn: '1000000000',
 *   },
 * })
 * ```
 */
export function solveRoute(problem: RouteProblem, options: SolveRouteOptions = {}): RouteSolution {
  const start = options.clock?.now();
  const solution = routeSolution(prepareRoute(problem, options).solve(), options.slippageBps);
  return options.clock === undefined ? solution : { ...solution, solveMs: options.clock.now() - start! };
}

/**
 * A route in plain JSON.
 *
 * @param slippageBps Tolerance of each hop for `minReceived`.
 */
export function routeSolution(route: ExactRoute, slippageBps: number = 0): RouteSolution {
  const { compiled, costs } = route.details();
  const hops = route.hops.map((hop): RouteHop => {
    const amounts = { amountIn: hop.amountIn.toString(), amountOut: hop.amountOut.toString() };
    if (hop.kind === 'bridge') {
      const { adapter, from, id, minReceivedRatio, to } = hop.bridge;
      return {
        kind: 'bridge',
        bridgeId: id,
        ...(adapter === '' ? {} : { adapter }),
        chainId: from.chainId,
        toChainId: to.chainId,
        tokenIn: from.address,
        tokenOut: to.address,
        ...amounts,
        minReceived: ((hop.amountOut * BigInt(Math.floor(minReceivedRatio * 1e9))) / 1_000_000_000n).toString(),
      };
    }
    const { adapter, chainId, id, tokens } = hop.pool;
    return {
      kind: 'swap',
      poolId: id,
      ...(adapter === '' ? {} : { adapter }),
      chainId,
      tokenIn: tokens[hop.tokenInIndex].address,
      tokenOut: tokens[(1 - hop.tokenInIndex) as 0 | 1].address,
      ...amounts,
      minReceived: ((hop.amountOut * BigInt(10_000 - slippageBps)) / 10_000n).toString(),
    };
  });
  return Object.freeze({
    amountIn: route.amountIn.toString(),
    amountOut: route.amountOut.toString(),
    remainder: route.remainder.toString(),
    hops: Object.freeze(hops.map((hop) => Object.freeze(hop))),
    gas: route.gas.toString(),
    costBps: route.costBps,
    costsByKind: costStrings(costs),
    optimalityGapBps: route.optimalityGapBps,
    inconsistencies: findInconsistencies(compiled.model.pools),
    nodesUsed: route.nodesUsed,
  });
}
