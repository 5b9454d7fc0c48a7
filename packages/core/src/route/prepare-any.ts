import { isAcyclic } from './acyclic.js';
import { type Certificate, prepareCertificate } from './certificate.js';
import { closerOf } from './close-gap.js';
import { gasOfHop, inventoryCost } from './costs.js';
import { assertAmount, defaultBudget, type ExactRoute, gasOf, routeOf, totals } from './exact-route.js';
import type { CompiledModel, RouteModel } from './model.js';
import type { PreparedRoute, PrepareRouteOptions } from './prepare-route.js';
import type { Replay } from './replay/collect.js';
import { replay } from './replay/replay.js';
import type { MixedSearch, MixedSolution } from './search/mixed.js';
import { prepareSearch } from './search/search.js';
import { certificateProblem, playMixed, solveModel, type SolvedModel, unservedValue } from './solve-model.js';

/** A network that was laid out for one amount and holds for others nearby, with the last answer over it. */
interface Layout {
  readonly compiled: CompiledModel;
  readonly search: MixedSearch;
  readonly certificate: Certificate;
  readonly supply: Float64Array;
  readonly gapBps: number;
  readonly isWhole: boolean;
  last: MixedSolution;
}

/** A warm support is kept while its certified gap grows by no more than this, and by no more than this share. */
const KEPT_WITHIN_BPS = 0.05;
const KEPT_WITHIN = 0.01;
/** Amounts that a layout holds for, as multiples of its own. */
const LARGEST = 1.5;
const SMALLEST = 0.2;

/** Any problem: bridges, inventories, exact-out. Laid out once, and searched again where the last route does not hold. */
export function prepareAny(model: RouteModel, options: PrepareRouteOptions, toleranceBps: number): PreparedRoute {
  let layout: Layout | undefined;
  let warm: MixedSolution | undefined;
  return {
    solve: (amount = model.amount) => {
      assertAmount(amount);
      const route = layout === undefined ? undefined : solveWarm(layout, amount, options);
      if (route !== undefined) return route;
      const solved = solveModel(
        { ...model, amount },
        {
          nodeBudget: options.nodeBudget ?? defaultBudget(2 * model.pools.length),
          referencePrice: options.referencePrice,
          toleranceBps,
          certify: options.certify ?? true,
          closeGap: closerOf(options),
          ...(warm === undefined ? {} : { warm }),
        },
      );
      warm = solved.mixed;
      layout = layoutOf(model, solved);
      return routeOf(solved);
    },
  };
}

/** Undefined where the answer is one to a part of the question: then each call asks the whole. */
function layoutOf(model: RouteModel, { compiled, gapBps, mixed, replay: played }: SolvedModel): Layout | undefined {
  if (compiled.model.bridges.length < model.bridges.length || !mixed.isSettled) return undefined;
  const { network, nodes, sink, source } = compiled;
  const { exactOut, maxHops } = model;
  return {
    compiled,
    search: prepareSearch({ network, source, sink, exactOut, maxHops }),
    certificate: prepareCertificate(certificateProblem(compiled)),
    supply: new Float64Array(nodes.length),
    gapBps,
    isWhole: played.remainder === 0n,
    last: mixed,
  };
}

/** Undefined where the last route does not hold at this amount. */
function solveWarm(layout: Layout, atoms: bigint, options: PrepareRouteOptions): ExactRoute | undefined {
  const { compiled, search } = layout;
  const share = Number(atoms) / Number(compiled.model.amount);
  if (share > LARGEST || share < SMALLEST) return undefined;
  const amount = share * compiled.amount;
  const mixed = search.again(amount, layout.last);
  if (!mixed.isSettled || !isAcyclic(mixed.edges, compiled.network)) return undefined;
  const here = { ...compiled, model: { ...compiled.model, amount: atoms }, amount };
  const played = replay(here, mixed.edges, mixed.flowIn, mixed.flowOut);
  if (played.hops.length === 0 || (layout.isWhole && played.remainder > 0n)) return undefined;
  if (played.hops.some((hop) => hop.kind === 'bridge' && hop.amountIn <= hop.bridge.minAtoms)) return undefined;
  const measured = measure(layout, here, played, mixed, options);
  if (measured === undefined) return undefined;
  layout.last = mixed;
  return {
    ...totals(here, played),
    remainder: played.remainder,
    hops: played.hops,
    gas: gasOf(played.hops),
    ...measured,
    nodesUsed: mixed.nodesUsed,
    details: () =>
      playMixed(here, mixed, { referencePrice: options.referencePrice, certify: options.certify ?? true }, played),
  };
}

/** Undefined where the gap has grown. */
function measure(
  { certificate, gapBps, supply }: Layout,
  compiled: CompiledModel,
  played: Replay,
  { proof }: MixedSolution,
  options: PrepareRouteOptions,
): Pick<ExactRoute, 'costBps' | 'optimalityGapBps'> | undefined {
  const { amount, midPrice, model, sink, source } = compiled;
  const served = amount * (1 - Number(played.remainder) / Number(model.amount));
  const net = netOf(compiled, played);
  const notional = served * (options.referencePrice ?? midPrice);
  const costBps = (model.exactOut ? -net / notional - 1 : 1 - net / notional) * 1e4;
  if (options.certify === false) return { costBps, optimalityGapBps: 0 };
  supply[model.exactOut ? sink : source] = model.exactOut ? -amount : amount;
  const worth = net + unservedValue(compiled, played);
  const most = gapBps * (1 + KEPT_WITHIN) + KEPT_WITHIN_BPS;
  const bound = certificate.prove(proof, supply);
  const optimalityGapBps = Math.max(0, ((bound - worth) / Math.abs(bound)) * 1e4);
  return optimalityGapBps <= most ? { costBps, optimalityGapBps } : undefined;
}

/** Numeraire that comes out or goes in, less what is paid beside the flows. */
function netOf(compiled: CompiledModel, played: Replay): number {
  const { model, network, nodes } = compiled;
  const { hops, received, spent } = played;
  let net = 0;
  for (const [node, atoms] of model.exactOut ? spent : received) net += Number(atoms) / 10 ** nodes[node]!.decimals;
  if (model.exactOut) net = -net;
  net -= inventoryCost(compiled, played);
  for (const hop of hops) {
    if (hop.kind === 'bridge') {
      const units = Number(hop.amountIn) / 10 ** hop.bridge.from.decimals;
      net -= hop.bridge.messageCost + network.unitCost[hop.edge]! * units;
    }
    const chainId = hop.kind === 'bridge' ? hop.bridge.from.chainId : hop.pool.chainId;
    net -= Number(gasOfHop(hop)) * (model.gasCost.get(chainId) ?? 0);
  }
  return net;
}
