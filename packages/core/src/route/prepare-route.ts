import { InvalidInputError } from '@evenkeel/intents';
import { type Certificate, prepareCertificate } from './certificate.js';
import { gasOfHop } from './costs.js';
import { type CompiledModel, compileModel, type RouteModel } from './model.js';
import { parseProblem, type RouteProblem } from './problem.js';
import type { ReplayedHop } from './replay.js';
import type { MixedSearch, MixedSolution } from './search/mixed.js';
import { prepareSearch } from './search/search.js';
import { playMixed, type PlayOptions, solveModel, type SolvedModel } from './solve-model.js';
import { prepareSwiftReplay, type SwiftReplayer } from './swift-replay.js';

export interface PrepareRouteOptions {
  /** Convex problems that may be solved for one route; absent: 1500, and fewer the larger the network, down to 150. */
  readonly nodeBudget?: number;
  /** Numeraire per unit of the exact side that `costBps` is measured against; absent: the middle at zero size. */
  readonly referencePrice?: number;
  /** Absent: true. Without it `optimalityGapBps` is 0 and says nothing. */
  readonly certify?: boolean;
}

/** A route in atoms. Made anew by every call; its hops are not frozen, which would cost more than finding them. */
export interface ExactRoute {
  /** Atoms used and obtained, summed at the highest decimals of each side's tokens. */
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Atoms of the exact side that could not be served. */
  readonly remainder: bigint;
  /** In executable order, replayed to the atom. */
  readonly hops: readonly ReplayedHop[];
  /** Units of gas over all hops. */
  readonly gas: bigint;
  readonly costBps: number;
  readonly optimalityGapBps: number;
  readonly nodesUsed: number;
  /** Everything else that is known of it, on demand. */
  readonly details: () => SolvedModel;
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

const DEFAULT_NODE_BUDGET = 1500;
const LEAST_NODE_BUDGET = 150;
/** The default budget times the number of edges stays within this. */
const DEFAULT_EFFORT = 240_000;
const TOLERANCE_BPS = 1e-3;
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

function prepareModel(model: RouteModel, options: PrepareRouteOptions): PreparedRoute {
  return isPlain(model) ? preparePlain(model, options) : prepareAny(model, options);
}

function assertAmount(amount: bigint): void {
  if (amount <= 0n) throw new InvalidInputError('amount', amount, 'asks for nothing', 'Use 1 atom or more.');
}

function defaultBudget(edges: number): number {
  return Math.max(LEAST_NODE_BUDGET, Math.min(DEFAULT_NODE_BUDGET, Math.round(DEFAULT_EFFORT / edges)));
}

/** From one token to another over the pools of one chain, as much as given: no inventories, no bridges. */
function isPlain(model: RouteModel): boolean {
  return (
    !model.exactOut &&
    model.bridges.length === 0 &&
    model.inputs.length === 1 &&
    model.inputs[0]!.atoms === undefined &&
    model.outputs.length === 1 &&
    model.limitPrice === undefined
  );
}

/** Any problem: each call lays it out anew and starts from the last prices. */
function prepareAny(model: RouteModel, options: PrepareRouteOptions): PreparedRoute {
  let warm: MixedSolution | undefined;
  return {
    solve: (amount = model.amount) => {
      assertAmount(amount);
      const solved = solveModel(
        { ...model, amount },
        {
          nodeBudget: options.nodeBudget ?? defaultBudget(2 * model.pools.length),
          referencePrice: options.referencePrice,
          toleranceBps: TOLERANCE_BPS,
          certify: options.certify ?? true,
          ...(warm === undefined ? {} : { warm }),
        },
      );
      warm = solved.mixed;
      return routeOf(solved);
    },
  };
}

function routeOf(solved: SolvedModel): ExactRoute {
  const { compiled, replay } = solved;
  return {
    amountIn: totalAtoms(compiled, replay.spent),
    amountOut: totalAtoms(compiled, replay.received),
    remainder: replay.remainder,
    hops: replay.hops,
    gas: gasOf(replay.hops),
    costBps: solved.costBps,
    optimalityGapBps: solved.gapBps,
    nodesUsed: solved.mixed.nodesUsed,
    details: () => solved,
  };
}

function totalAtoms({ nodes }: CompiledModel, flows: ReadonlyMap<number, bigint>): bigint {
  const decimals = Math.max(0, ...[...flows.keys()].map((node) => nodes[node]!.decimals));
  let total = 0n;
  for (const [node, atoms] of flows) total += atoms * 10n ** BigInt(decimals - nodes[node]!.decimals);
  return total;
}

function gasOf(hops: readonly ReplayedHop[]): bigint {
  let units = 0n;
  for (const hop of hops) units += gasOfHop(hop);
  return units;
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

function preparePlain(model: RouteModel, options: PrepareRouteOptions): PreparedRoute {
  let layout = layOut(model);
  return {
    solve: (amount = model.amount) => {
      assertAmount(amount);
      // The edge that takes what is unserved has room for twice the amount that the network was laid out for.
      if (amount > (layout.compiled.model.amount * 3n) / 2n) layout = layOut({ ...model, amount });
      return solvePlain(layout, amount, options);
    },
  };
}

function layOut(model: RouteModel): Layout {
  const compiled = compileModel(model);
  const { network, nodes, sink, source, specs } = compiled;
  return {
    compiled,
    search: prepareSearch({ network, source, sink, exactOut: false, maxHops: model.maxHops }),
    certificate: prepareCertificate({ edges: specs, numeraire: sink, maxHops: model.maxHops }),
    replayer: prepareSwiftReplay(compiled),
    supply: new Float64Array(nodes.length),
  };
}

function solvePlain(layout: Layout, atoms: bigint, options: PrepareRouteOptions): ExactRoute {
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
  const tolerance = amount * spotPrice * TOLERANCE_BPS * 1e-4;
  const mixed = search.solve({ amount, nodeBudget, tolerance }, last?.mixed);
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
