import { isAcyclic } from './acyclic.js';
import { type Certificate, prepareCertificate } from './certificate.js';
import { type CompiledModel, compileModel, type RouteModel } from './model.js';
import type { MixedOptions, MixedSearch, MixedSolution } from './search/mixed.js';
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
   * @param sizeUnits At most the amount of the model. Cheapest from the largest downwards, and where it was asked before.
   * @returns Undefined where the flows alone do not tell: a part would remain, a transfer would be too small.
   */
  readonly at: (sizeUnits: number) => SizedCost | undefined;
}

/** Convex problems for each further size whose support changes. */
const NODES_TO_REFINE = 12;
/** Times the tolerance; what refining leaves more open than that is searched in full. */
const WIDELY_OPEN = 50;
const MOST_KNOWN = 64;
/** Largest size over smallest of one layout: beyond it, the room of straight edges would cost precision. */
const LAYOUT_SPAN = 30;
/** Share of the demand below which what the solver leaves unserved is its own rounding. */
const NOTHING_UNSERVED = 1e-7;

interface Known {
  readonly solution: MixedSolution;
  /** Numeraire per unit that its proof leaves open. */
  readonly open: number;
}

/** The network as it is laid out for sizes down to a part of its amount. */
interface Layout {
  readonly compiled: CompiledModel;
  readonly search: MixedSearch;
  readonly certificate: Certificate;
  readonly supply: Float64Array;
  /** Transfers, with the price of waiting at the model's own amount. */
  readonly bridges: readonly { readonly e: number; readonly waiting: number }[];
}

/** Lays out a model, whose amount is the largest of the sizes. */
export function prepareSizes(model: RouteModel, options: SizesOptions): SizedCosts {
  const largest = Number(model.amount) / 10 ** model.amountDecimals;
  const layouts = new Map<number, Layout>();
  const layoutFor = (amount: number): Layout => {
    const level = Math.max(0, Math.floor(Math.log(largest / amount) / Math.log(LAYOUT_SPAN)));
    let layout = layouts.get(level);
    if (layout === undefined) {
      layout = layOut({ ...model, amount: model.amount / BigInt(LAYOUT_SPAN) ** BigInt(level) });
      layouts.set(level, layout);
    }
    return layout;
  };
  /** The last solution of each size that was asked for. */
  const known = new Map<number, Known>();
  const nearest = (amount: number): Known | undefined => {
    let found = known.get(amount);
    if (found !== undefined) return found;
    let least = Infinity;
    for (const [other, solution] of known) {
      const distance = Math.abs(Math.log(other / amount));
      if (distance < least) [least, found] = [distance, solution];
    }
    return found;
  };

  /** What a proof leaves open of how much better a route could be at this amount, in numeraire. */
  const openOf = (layout: Layout, { proof, value, within }: MixedSolution, amount: number): number => {
    const { bridges, certificate, compiled, supply } = layout;
    if (within !== undefined) return 0;
    // The certificate counts waiting at the largest size: of a smaller one, where it is cheaper, that proves nothing.
    if (options.waitGrows && bridges.length > 0) return Infinity;
    supply[model.exactOut ? compiled.sink : compiled.source] = model.exactOut ? -amount : amount;
    return Math.max(0, certificate.prove(proof, supply) - value);
  };
  const solveAt = (layout: Layout, amount: number): Known => {
    const { compiled, search } = layout;
    const tolerance = amount * compiled.spotPrice * options.toleranceBps * 1e-4;
    const limits: MixedOptions = { amount, nodeBudget: options.nodeBudget, tolerance };
    const knownAs = (solution: MixedSolution): Known => ({
      solution,
      open: openOf(layout, solution, amount) / amount,
    });
    const near = nearest(amount);
    if (near === undefined) return knownAs(search.solve(limits));
    const kept = search.again(amount, near.solution);
    const isRoute = isUsable(compiled, kept);
    const open = near.open === Infinity ? 0 : near.open;
    if (isRoute && openOf(layout, kept, amount) <= tolerance + open * amount) return { solution: kept, open };
    const refined = search.refine({ ...limits, nodeBudget: Math.min(NODES_TO_REFINE, options.nodeBudget) }, kept);
    const best = knownAs(better(isRoute ? kept : undefined, refined, () => search.solve(limits)));
    if (best.open * amount <= tolerance * WIDELY_OPEN) return best;
    return knownAs(better(best.solution, search.solve(limits, best.solution), () => best.solution));
  };
  return {
    at: (amount) => {
      const layout = layoutFor(amount);
      const { bridges, compiled } = layout;
      if (options.waitGrows) {
        for (const { e, waiting } of bridges) compiled.network.unitCost[e] = (waiting * amount) / largest;
      }
      const found = solveAt(layout, amount);
      if (known.size < MOST_KNOWN || known.has(amount)) known.set(amount, found);
      const { solution } = found;
      return isServed(compiled, solution, amount)
        ? costOf(compiled, solution, amount, options.referencePrice)
        : undefined;
    },
  };
}

function layOut(model: RouteModel): Layout {
  const compiled = compileModel(model);
  const { network, sink, source, specs } = compiled;
  const { exactOut, maxHops } = model;
  return {
    compiled,
    search: prepareSearch({ network, source, sink, exactOut, maxHops }),
    certificate: prepareCertificate({ edges: specs, numeraire: exactOut ? source : sink, maxHops }),
    supply: new Float64Array(network.nodeCount),
    bridges: specs.flatMap(({ source: kind }, e) =>
      kind.kind === 'linear' && kind.role.kind === 'bridge' ? [{ e, waiting: network.unitCost[e]! }] : [],
    ),
  };
}

function better(
  a: MixedSolution | undefined,
  b: MixedSolution | undefined,
  otherwise: () => ReturnType<MixedSearch['solve']>,
): MixedSolution {
  if (a === undefined || b === undefined) return a ?? b ?? otherwise();
  return a.value > b.value ? { ...a, proof: b.proof } : b;
}

function isUsable({ model, network }: CompiledModel, { edges, isSettled }: MixedSolution): boolean {
  let hops = 0;
  for (const e of edges) hops += network.isHop[e]!;
  return isSettled && hops <= model.maxHops && isAcyclic(edges, network);
}

/** Whether all of it is placed, and no transfer is smaller than its bridge takes. */
function isServed(compiled: CompiledModel, solution: MixedSolution, amount: number): boolean {
  const { model, specs } = compiled;
  if (!isUsable(compiled, solution)) return false;
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
  solution: MixedSolution,
  sizeUnits: number,
  referencePrice: number,
): SizedCost {
  const { model, network } = compiled;
  const { depths, edges, value } = solution;
  let fixedCost = 0;
  edges.forEach((e, i) => (fixedCost += network.fixedCost[e]! + (depths[i] ?? 0) * network.tickCost[e]!));
  const price = worstPrice(compiled, solution);
  return model.exactOut
    ? { sizeUnits, cost: -value - referencePrice * sizeUnits, marginalCost: price - referencePrice, fixedCost }
    : { sizeUnits, cost: referencePrice * sizeUnits - value, marginalCost: referencePrice - price, fixedCost };
}
