import { type Certificate, prepareCertificate } from './certificate.js';
import { closerOf } from './close-gap.js';
import { assertAmount, defaultBudget, type ExactRoute, routeOf } from './exact-route.js';
import { type CompiledModel, compileModel, type RouteModel } from './model.js';
import { mostServable } from './most-servable.js';
import { parseProblem, type RouteProblem } from './problem.js';
import { prepareAny } from './prepare-any.js';
import type { MixedSearch, MixedSolution } from './search/mixed.js';
import { prepareSearch } from './search/search.js';
import { certificateProblem, playMixed, type PlayOptions } from './solve-model.js';
import { prepareSwiftReplay, type SwiftReplayer } from './swift-replay.js';

export interface PrepareRouteOptions {
  /** Convex problems that may be solved for one route; absent: 3000, and fewer the larger the network, down to 150. */
  readonly nodeBudget?: number;
  /** Numeraire per unit of the exact side that `costBps` is measured against; absent: the middle at zero size. */
  readonly referencePrice?: number;
  /** Absent: true. Without it `optimalityGapBps` is 0 and says nothing. */
  readonly certify?: boolean;
  /**
   * Convex problems that may be solved for a better proof where the search leaves a gap: with few hops, or where prices
   * contradict each other. Absent: up to 200, fewer the larger the network; 0: none.
   */
  readonly proofBudget?: number;
}

/** A problem that was checked, laid out and brought into typed arrays once, to be solved at one amount after another. */
export interface PreparedRoute {
  /**
   * Every call solves: from the prices and the support of the call before, which it proves still good enough or replaces.
   *
   * @param amount Atoms of the exact side; absent: those of the problem.
   */
  readonly solve: (amount?: bigint) => ExactRoute;
}

const TOLERANCE_BPS = 1e-3;
/** Of a tolerance that follows what can be served of a demand: beyond it lie only the solver's own digits. */
const LEAST_SHARE = 1e-6;
/** A warm support is kept while its certified gap grows by no more than this, and by no more than this share. */
const KEPT_WITHIN_BPS = 0.01;
const KEPT_WITHIN = 0.01;

/**
 * Prepares a problem for being solved many times: the same demand again, or demands of other sizes.
 *
 * @throws InvalidInputError, RoutePoolInvalidError, RouteDuplicateError, RouteDisconnectedError
 * @example
 * ```ts
 * const prepared = prepareRoute(problem)
 * const first = prepared.solve()
 * const larger = prepared.solve(2n * first.amountIn) // warm
 * ```
 */
export function prepareRoute(problem: RouteProblem, options: PrepareRouteOptions = {}): PreparedRoute {
  return prepareModel(parseProblem(problem), options);
}

/** Where most of a demand stays undone, only as much is asked for as there can be, twice over. */
function prepareModel(model: RouteModel, options: PrepareRouteOptions): PreparedRoute {
  const whole = prepareSized(model, options);
  let most: bigint | undefined;
  let sensible: PreparedRoute | undefined;
  return {
    solve: (amount = model.amount) => {
      if (sensible === undefined || most === undefined || amount <= most) {
        const route = whole.solve(amount);
        if (route.remainder < amount / 2n) return route;
        const units = 2 * mostServable(compileModel(model)) * 10 ** model.amountDecimals;
        most = Number.isFinite(units) ? BigInt(Math.ceil(units)) : amount;
        if (most === 0n || amount <= most) return route;
        sensible = prepareSized({ ...model, amount: most }, options, TOLERANCE_BPS * shareServed(route, most));
      }
      const route = sensible.solve();
      return { ...route, remainder: route.remainder + amount - most };
    },
  };
}

/**
 * What a route is worth, as a share of what the whole of a demand would be at the price at zero size: a gap that is small
 * against a demand beyond all liquidity may be a large one of what can be done of it.
 */
function shareServed(route: ExactRoute, demand: bigint): number {
  const { compiled, netValue } = route.details();
  const whole = (Number(demand) / 10 ** compiled.model.amountDecimals) * compiled.spotPrice;
  return Math.min(1, Math.max(LEAST_SHARE, Math.abs(netValue) / whole));
}

function prepareSized(model: RouteModel, options: PrepareRouteOptions, toleranceBps = TOLERANCE_BPS): PreparedRoute {
  return isPlain(model) ? preparePlain(model, options, toleranceBps) : prepareAny(model, options, toleranceBps);
}

/** From one token to another over the pools of one chain, as much as given: no inventories, no bridges. */
function isPlain(model: RouteModel): boolean {
  return (
    !model.exactOut &&
    model.bridges.length === 0 &&
    model.inputs.length === 1 &&
    model.inputs[0]!.atoms === undefined &&
    model.outputs.length === 1 &&
    model.limitPrice === undefined &&
    model.keepValue === undefined
  );
}

/** What one layout of the network holds from call to call. */
interface Layout {
  readonly compiled: CompiledModel;
  readonly search: MixedSearch;
  readonly certificate: Certificate;
  readonly replayer: SwiftReplayer;
  readonly supply: Float64Array;
  last?: { mixed: MixedSolution; readonly gapBps: number };
}

function preparePlain(model: RouteModel, options: PrepareRouteOptions, toleranceBps: number): PreparedRoute {
  let layout = layOut(model);
  return {
    solve: (amount = model.amount) => {
      assertAmount(amount);
      // The edge that takes what is unserved has room for twice the amount that the network was laid out for.
      if (amount > (layout.compiled.model.amount * 3n) / 2n) layout = layOut({ ...model, amount });
      return solvePlain(layout, amount, options, toleranceBps);
    },
  };
}

function layOut(model: RouteModel): Layout {
  const compiled = compileModel(model);
  const { network, nodes, sink, source } = compiled;
  return {
    compiled,
    search: prepareSearch({ network, source, sink, exactOut: false, maxHops: model.maxHops }),
    certificate: prepareCertificate(certificateProblem(compiled)),
    replayer: prepareSwiftReplay(compiled),
    supply: new Float64Array(nodes.length),
  };
}

function solvePlain(layout: Layout, atoms: bigint, options: PrepareRouteOptions, toleranceBps: number): ExactRoute {
  const { compiled, search } = layout;
  const { model, source, spotPrice } = compiled;
  const amount = Number(atoms) / 10 ** model.amountDecimals;
  layout.supply[source] = amount;
  const { last } = layout;
  if (last !== undefined) {
    const mixed = search.again(amount, last.mixed);
    const route = mixed.isSettled ? swiftRoute(layout, atoms, mixed, options) : undefined;
    if (route !== undefined && route.optimalityGapBps <= last.gapBps * (1 + KEPT_WITHIN) + KEPT_WITHIN_BPS) {
      last.mixed = mixed;
      return route;
    }
  }
  const nodeBudget = options.nodeBudget ?? defaultBudget(compiled.network.edgeCount);
  const tolerance = amount * spotPrice * toleranceBps * 1e-4;
  const limits = { amount, nodeBudget, tolerance };
  const closeGap = closerOf(options);
  const mixed =
    closeGap === undefined
      ? search.solve(limits, last?.mixed)
      : closeGap(sized(compiled, atoms), search, limits, options, last?.mixed);
  const route =
    swiftRoute(layout, atoms, mixed, options) ?? routeOf(playMixed(sized(compiled, atoms), mixed, settings(options)));
  layout.last = { mixed, gapBps: route.optimalityGapBps };
  return route;
}

/** Undefined where the flows run in a circle, where some remain unserved, or where a pool does not take its share. */
function swiftRoute(
  layout: Layout,
  atoms: bigint,
  mixed: MixedSolution,
  options: PrepareRouteOptions,
): ExactRoute | undefined {
  const { certificate, compiled, replayer, search, supply } = layout;
  const { model, midPrice, network, sink, source } = compiled;
  for (const e of mixed.edges) if (network.isHop[e] === 0) return undefined;
  const served = replayer.replay(atoms, mixed.edges, search.workspace.flowIn);
  if (served === undefined) return undefined;
  const { gas, gasCost, hops, received } = served;
  const net = Number(received) / 10 ** model.outputs[0]!.decimals - gasCost;
  const bound = options.certify === false ? net : certificate.prove(mixed.proof, supply);
  const notional = supply[source]! * (options.referencePrice ?? midPrice);
  return {
    amountIn: atoms,
    amountOut: received,
    remainder: 0n,
    hops,
    gas,
    costBps: (1 - net / notional) * 1e4,
    optimalityGapBps: Math.max(0, ((bound - net) / Math.abs(bound)) * 1e4),
    nodesUsed: mixed.nodesUsed,
    details: () =>
      playMixed(sized(compiled, atoms), mixed, settings(options), {
        hops,
        spent: new Map([[source, atoms]]),
        received: new Map([[sink, received]]),
        remainder: 0n,
        dust: new Map(),
      }),
  };
}

function sized(compiled: CompiledModel, atoms: bigint): CompiledModel {
  const { model } = compiled;
  return { ...compiled, model: { ...model, amount: atoms }, amount: Number(atoms) / 10 ** model.amountDecimals };
}

function settings(options: PrepareRouteOptions): PlayOptions {
  return { referencePrice: options.referencePrice, certify: options.certify ?? true };
}
