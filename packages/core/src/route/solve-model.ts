import { prepareCertificate } from './certificate.js';
import type { CaseProblem } from './certificate-case.js';
import { type CostsByKind, routeCosts, totalCost } from './costs.js';
import type { MixedOptions, MixedSearch, MixedSolution } from './search/mixed.js';
import { prepareSearch } from './search/search.js';
import { RouteDisconnectedError } from './errors.js';
import { type CompiledModel, compileModel, type RouteModel } from './model.js';
import type { Replay } from './replay/collect.js';
import { replay } from './replay/replay.js';

export interface SolveModelOptions {
  /** Convex problems that may be solved for one route. */
  readonly nodeBudget: number;
  /** Numeraire per unit of the exact side that costs are measured against; undefined: the middle at zero size. */
  readonly referencePrice: number | undefined;
  /** A remaining gap that is not worth closing. */
  readonly toleranceBps: number;
  /** Whether to evaluate the certificate. */
  readonly certify: boolean;
  /** What looks for a better proof, and so for a better route, where the search leaves a gap; absent: nothing. */
  readonly closeGap?: GapCloser | undefined;
  /** Prices of an earlier solution of the same network. */
  readonly warm?: Pick<MixedSolution, 'prices' | 'edges'>;
}

/** Searches, and looks for a better proof than the search's own; where it meets a better route, that is the answer. */
export type GapCloser = (
  compiled: CompiledModel,
  search: MixedSearch,
  limits: MixedOptions,
  options: Partial<Pick<SolveModelOptions, 'referencePrice'>>,
  warm?: Pick<MixedSolution, 'prices' | 'edges'>,
) => MixedSolution;

/** How a solution is measured, however it was found. */
export type PlayOptions = Pick<SolveModelOptions, 'referencePrice' | 'certify'>;

/** A model solved, replayed to the atom, and measured against its certificate. */
export interface SolvedModel {
  readonly compiled: CompiledModel;
  readonly mixed: MixedSolution;
  readonly replay: Replay;
  readonly costs: CostsByKind;
  readonly costsPerHop: readonly CostsByKind[];
  readonly referencePrice: number;
  /** Numeraire that comes out (positive) or goes in (negative), net of gas, messages and time at risk, exact. */
  readonly netValue: number;
  /** No route can be worth more than this. */
  readonly bound: number;
  readonly gapBps: number;
  /** Served part of the demand, in units. */
  readonly served: number;
  readonly costBps: number;
  /** Numeraire per further unit of the exact side, at the worst place where the route trades it. */
  readonly marginalPrice: number;
}

/**
 * Solves, and checks by exact replay. The relaxation knows no least amount of a transfer: where one falls below its own,
 * the route without that bridge competes with the route that sends the least amount all the same.
 */
export function solveModel(model: RouteModel, options: SolveModelOptions): SolvedModel {
  const solved = solveWithinLimits(model, options);
  const tooSmall = new Set(
    solved.replay.hops.flatMap((hop) =>
      hop.kind === 'bridge' && hop.amountIn <= hop.bridge.minAtoms ? [hop.bridge] : [],
    ),
  );
  const unsent = model.bridges.filter((bridge, i) => !tooSmall.has(bridge) && isBelowLeast(solved, i));
  for (const bridge of unsent) tooSmall.add(bridge);
  if (tooSmall.size === 0) return solved;
  const bridges = model.bridges.filter((bridge) => !tooSmall.has(bridge));
  const other = solveModelIfConnected({ ...model, bridges }, options);
  return other !== undefined && isBetter(other, solved) ? { ...other, bound: solved.bound } : solved;
}

function isBelowLeast({ compiled, mixed }: SolvedModel, bridgeIndex: number): boolean {
  return mixed.edges.some((e, i) => {
    const { source } = compiled.specs[e]!;
    if (source.kind !== 'linear' || source.role.kind !== 'bridge' || source.role.bridgeIndex !== bridgeIndex)
      return false;
    const { from, minAtoms } = compiled.model.bridges[bridgeIndex]!;
    return mixed.flowIn[i]! * 10 ** from.decimals < Number(minAtoms);
  });
}

function solveModelIfConnected(model: RouteModel, options: SolveModelOptions): SolvedModel | undefined {
  try {
    return solveModel(model, options);
  } catch (error) {
    if (error instanceof RouteDisconnectedError) return undefined;
    throw error;
  }
}

function isBetter(a: SolvedModel, b: SolvedModel): boolean {
  if (a.replay.remainder !== b.replay.remainder) return a.replay.remainder < b.replay.remainder;
  return totalCost(a.costs) < totalCost(b.costs);
}

/** Where rounding up broke a limit, leaves more room and solves again. */
function solveWithinLimits(model: RouteModel, options: SolveModelOptions): SolvedModel {
  let solved = attempt(model, options);
  for (let round = 0; round < 3 && isShortByRounding(solved); round++) {
    solved = attempt({ ...model, limitMargin: Math.max(model.limitMargin, 1e-9) * 100 ** (round + 1) }, options);
  }
  return solved;
}

/** A limit was missed by so little that only rounding explains it. */
function isShortByRounding({ compiled, replay: { remainder } }: SolvedModel): boolean {
  return remainder > 0n && Number(remainder) < Number(compiled.model.amount) * 1e-6;
}

function attempt(model: RouteModel, options: SolveModelOptions): SolvedModel {
  const compiled = compileModel(model);
  const { amount, network, sink, source, spotPrice } = compiled;
  const search = prepareSearch({ network, source, sink, exactOut: model.exactOut, maxHops: model.maxHops });
  const tolerance = amount * spotPrice * options.toleranceBps * 1e-4;
  const warm = options.warm?.prices.length === network.nodeCount ? options.warm : undefined;
  const { certify, closeGap, nodeBudget } = options;
  const limits = { amount, nodeBudget, tolerance };
  const mixed =
    certify && closeGap !== undefined ? closeGap(compiled, search, limits, options, warm) : search.solve(limits, warm);
  return playMixed(compiled, mixed, options);
}

/** Replays a solution to the atom and measures it. */
export function playMixed(
  compiled: CompiledModel,
  mixed: MixedSolution,
  options: PlayOptions,
  played: Replay = replay(compiled, mixed.edges, mixed.flowIn, mixed.flowOut),
): SolvedModel {
  const { model } = compiled;
  const referencePrice = options.referencePrice ?? compiled.midPrice;
  const { perHop, total } = routeCosts(compiled, played, mixed.prices, referencePrice);
  const netValue = exactValue(compiled, played, total);
  const bound = options.certify ? certifiedBound(compiled, mixed) : netValue;
  const servedAtoms = model.amount - played.remainder;
  const served = Number(servedAtoms < 0n ? 0n : servedAtoms) / 10 ** model.amountDecimals;
  const notional = served * referencePrice;
  return {
    compiled,
    mixed,
    replay: played,
    costs: total,
    costsPerHop: perHop,
    referencePrice,
    netValue,
    bound,
    gapBps: Math.max(0, ((bound - netValue - unservedValue(compiled, played)) / Math.abs(bound)) * 1e4),
    served,
    costBps: notional > 0 ? (totalCost(total) / notional) * 1e4 : 0,
    marginalPrice: worstPrice(compiled, mixed),
  };
}

/**
 * Where every inventory is spent, the source itself has no price: one more unit cannot be had. The nodes at which the
 * exact side is traded have one.
 */
export function worstPrice(
  { model, network, sink, source, specs }: CompiledModel,
  { edges, prices }: MixedSolution,
): number {
  if (model.exactOut) return prices[sink]!;
  const nodes = edges.flatMap((e) => {
    const { source: kind } = specs[e]!;
    return kind.kind === 'linear' && kind.role.kind === 'inventory'
      ? [prices[network.nodeOut[e]!]! - network.unitCost[e]!]
      : [];
  });
  return nodes.length === 0 ? prices[source]! : Math.min(...nodes);
}

/** No route without circles can be worth more, by the proof that came with the solution. */
export function certifiedBound(compiled: CompiledModel, mixed: MixedSolution): number {
  const { amount, model, sink, source } = compiled;
  const supply = new Float64Array(compiled.nodes.length);
  supply[model.exactOut ? sink : source] = model.exactOut ? -amount : amount;
  return prepareCertificate(certificateProblem(compiled)).prove(mixed.proof, supply);
}

/** What a certificate for a model is about: routes without circles from its source to its sink. */
export function certificateProblem({ model, sink, source, specs }: CompiledModel): CaseProblem {
  const numeraire = model.exactOut ? source : sink;
  return { edges: specs, numeraire, maxHops: model.maxHops, ends: { source, sink } };
}

function exactValue({ model, nodes }: CompiledModel, played: Replay, costs: CostsByKind): number {
  const flows = model.exactOut ? played.spent : played.received;
  let units = 0;
  for (const [node, atoms] of flows) units += Number(atoms) / 10 ** nodes[node]!.decimals;
  const beside = costs.gas + costs.message + costs['time-at-risk'] + costs.inventory;
  return (model.exactOut ? -units : units) - beside;
}

/** What the certificate counts for the part that remains undone. */
export function unservedValue({ model, specs }: CompiledModel, { remainder }: Replay): number {
  if (remainder === 0n) return 0;
  const slack = specs[specs.length - 1]!.source;
  if (slack.kind !== 'linear') return 0;
  const units = Number(remainder) / 10 ** model.amountDecimals;
  return model.exactOut ? -units / slack.price : units * slack.price;
}
