import { isAcyclic } from './acyclic.js';
import { type BoundProof, type Certificate, prepareCertificate } from './certificate.js';
import { type CompiledModel, compileModel, type RouteModel } from './model.js';
import type { MixedSearch, MixedSolution } from './search/mixed.js';
import { prepareSearch } from './search/search.js';
import { worstPrice } from './solve-model.js';

/** What one size costs. */
export interface SizedCost {
  readonly sizeUnits: number;
  /** Numeraire against the reference price. */
  readonly cost: number;
  /** Numeraire per further unit. */
  readonly marginalCost: number;
  /** The part that is paid once whatever the size. */
  readonly fixedCost: number;
  /** Numeraire by which no route costs less than this one at the most. */
  readonly openCost: number;
}

export interface SizesOptions {
  /** Convex problems that may be solved for the first size. */
  readonly nodeBudget: number;
  /** Numeraire per unit of the exact side. */
  readonly referencePrice: number;
  /** A gap that is not worth closing. */
  readonly toleranceBps: number;
  /** Whether the price of waiting is that of the largest size and in proportion to the size. */
  readonly waitGrows: boolean;
}

/** One network for many sizes. */
export interface SizedCosts {
  /**
   * @param sizeUnits At most the amount of the model. Cheapest from the largest downwards.
   * @returns Undefined where the flows alone do not tell: a part would remain, a transfer would be too small.
   */
  readonly at: (sizeUnits: number) => SizedCost | undefined;
}

/** Convex problems for each further size whose support may change, and again where those leave it widely open. */
const NODES_TO_REFINE = [40, 160] as const;
/** Times the tolerance. */
const WIDELY_OPEN = 50;
/** Largest size over smallest of one layout: beyond it, the room of straight edges would cost precision. */
const LAYOUT_SPAN = 30;
/** Share of the demand below which what the solver leaves unserved is its own rounding. */
const NOTHING_UNSERVED = 1e-7;

interface Known {
  readonly amount: number;
  readonly solution: MixedSolution;
  /** Numeraire by which its proof says that any other route is better at the most. */
  readonly open: number;
}

/** The network as it is laid out for sizes down to a part of its amount. */
interface Layout {
  readonly compiled: CompiledModel;
  readonly search: MixedSearch;
  readonly certificate: Certificate;
  /** Transfers of which the price of waiting grows with the size, with that at the model's own amount. */
  readonly bridges: readonly { readonly e: number; readonly waiting: number }[];
}

/** Lays out a model, whose amount is the largest of the sizes. */
export function prepareSizes(model: RouteModel, options: SizesOptions): SizedCosts {
  const largest = Number(model.amount) / 10 ** model.amountDecimals;
  const layouts: Layout[] = [];
  const layoutFor = (amount: number): Layout => {
    const level = Math.max(0, Math.floor(Math.log(largest / amount) / Math.log(LAYOUT_SPAN)));
    return (layouts[level] ??= layOut(
      { ...model, amount: model.amount / BigInt(LAYOUT_SPAN) ** BigInt(level) },
      options,
    ));
  };
  /** The size before. */
  let near: Known | undefined;
  /** Undefined where no route comes of it. */
  const solveAt = (layout: Layout, amount: number): Known | undefined => {
    const { compiled, search } = layout;
    const { nodeBudget } = options;
    const tolerance = amount * compiled.spotPrice * options.toleranceBps * 1e-4;
    const certificate = layout.bridges.length > 0 ? certificateFor(compiled) : layout.certificate;
    const supply = new Float64Array(compiled.nodes.length);
    supply[model.exactOut ? compiled.sink : compiled.source] = model.exactOut ? -amount : amount;
    let best: MixedSolution | undefined;
    let proof: BoundProof | undefined;
    let bound = Infinity;
    const take = (solution: MixedSolution | undefined): void => {
      if (solution === undefined) return;
      const proved = certificate.prove(solution.proof, supply);
      if (proved < bound) [bound, proof] = [proved, solution.proof];
      if (isUsable(compiled, solution) && (!best || best.value < solution.value)) best = solution;
    };
    if (near) {
      // What could not be closed nearby is not worth trying to close here.
      let enough = tolerance + near.open * Math.min(1, amount / near.amount);
      take(search.again(amount, near.solution));
      for (const nodes of NODES_TO_REFINE) {
        if (best && (best.within || bound - best.value <= enough)) break;
        const limits = { amount, nodeBudget: Math.min(nodes, nodeBudget), tolerance: enough };
        take(search.refine(limits, best ?? near.solution));
        enough += tolerance * WIDELY_OPEN;
      }
    }
    if (!best) take(search.solve({ amount, nodeBudget, tolerance }));
    return best && proof && { amount, solution: { ...best, proof }, open: Math.max(0, bound - best.value) };
  };
  return {
    at: (amount) => {
      const layout = layoutFor(amount);
      const { bridges, compiled } = layout;
      for (const { e, waiting } of bridges) compiled.network.unitCost[e] = (waiting * amount) / largest;
      near = solveAt(layout, amount);
      return near && isServed(compiled, near.solution, amount)
        ? costOf(compiled, near, options.referencePrice)
        : undefined;
    },
  };
}

function layOut(model: RouteModel, { waitGrows }: SizesOptions): Layout {
  const compiled = compileModel(model);
  const { network, sink, source, specs } = compiled;
  const { exactOut, maxHops } = model;
  return {
    compiled,
    search: prepareSearch({ network, source, sink, exactOut, maxHops }),
    certificate: certificateFor(compiled),
    bridges: specs.flatMap(({ source: kind }, e) =>
      waitGrows && kind.kind === 'linear' && kind.role.kind === 'bridge' ? [{ e, waiting: network.unitCost[e]! }] : [],
    ),
  };
}

function certificateFor({ model, network, sink, source, specs }: CompiledModel): Certificate {
  const edges = specs.map((spec, e) => ({ ...spec, unitCost: network.unitCost[e]! }));
  return prepareCertificate({ edges, numeraire: model.exactOut ? source : sink, maxHops: model.maxHops });
}

function isUsable({ model, network }: CompiledModel, { edges, isSettled }: MixedSolution): boolean {
  let hops = 0;
  for (const e of edges) hops += network.isHop[e]!;
  return isSettled && hops <= model.maxHops && isAcyclic(edges, network);
}

/** Whether all of it is placed, and no transfer is smaller than its bridge takes. */
function isServed(compiled: CompiledModel, solution: MixedSolution, amount: number): boolean {
  const { model, specs } = compiled;
  return solution.edges.every((e, i) => {
    const { source } = specs[e]!;
    if (source.kind !== 'linear') return true;
    if (source.role.kind === 'slack') {
      const unserved = model.exactOut ? solution.flowOut[i]! : solution.flowIn[i]!;
      return unserved <= amount * NOTHING_UNSERVED;
    }
    if (source.role.kind !== 'bridge') return true;
    const { from, minAtoms } = model.bridges[source.role.bridgeIndex]!;
    return solution.flowIn[i]! * 10 ** from.decimals > Number(minAtoms);
  });
}

function costOf(
  compiled: CompiledModel,
  { amount: sizeUnits, open: openCost, solution }: Known,
  referencePrice: number,
): SizedCost {
  const { model, network } = compiled;
  const { depths, edges, value } = solution;
  let fixedCost = 0;
  edges.forEach((e, i) => (fixedCost += network.fixedCost[e]! + (depths[i] ?? 0) * network.tickCost[e]!));
  const sign = model.exactOut ? 1 : -1;
  return {
    sizeUnits,
    cost: -value - sign * referencePrice * sizeUnits,
    marginalCost: sign * (worstPrice(compiled, solution) - referencePrice),
    fixedCost,
    openCost,
  };
}
