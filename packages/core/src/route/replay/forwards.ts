import type { CompiledModel } from '../model.js';
import { collect, type Flow, type Replay } from './collect.js';
import { distribute } from './distribute.js';
import { backward, forward, type Leg, rescale } from './legs.js';

/** The most that edges take in, where a pass before has found that more leads nowhere. Atoms. */
type MostIn = ReadonlyMap<number, bigint>;

/** One way through the network, and what nodes between source and sink could not hand on. */
interface ForwardPass {
  readonly replay: Replay;
  readonly legs: ReadonlyMap<number, Leg>;
  readonly stranded: ReadonlyMap<number, bigint>;
}

/**
 * Each node hands on all that arrived. `total` is what the source places, at the decimals of the exact side when selling
 * and of the source when buying.
 */
export function replayForwards(
  compiled: CompiledModel,
  flows: readonly Flow[],
  order: readonly number[],
  total: bigint,
  remainder: bigint,
  mostIn: MostIn,
): ForwardPass {
  const { model, network, nodes, sink, source } = compiled;
  const held = new Map<number, bigint>();
  const sourceDecimals = nodes[source]!.decimals;
  const totalDecimals = model.exactOut ? sourceDecimals : model.amountDecimals;
  held.set(source, rescale(total, totalDecimals, sourceDecimals));
  const legs = new Map<number, Leg>();
  const stranded = new Map<number, bigint>();
  let unplaced = remainder;
  for (const node of order) {
    const leaving = flows.filter(({ edge }) => network.nodeIn[edge] === node);
    const arrived = held.get(node) ?? 0n;
    if (node === sink || leaving.length === 0) continue;
    const left = distribute(
      arrived,
      leaving.map(({ flowIn }) => flowIn),
      (leg, amount) => {
        const { edge } = leaving[leg]!;
        const most = mostIn.get(edge);
        const done = forward(compiled, edge, most !== undefined && most < amount ? most : amount, legs);
        legs.set(edge, done);
        return done.amountIn;
      },
    );
    if (left > 0n) {
      if (node === source) unplaced += rescale(left, sourceDecimals, totalDecimals);
      else stranded.set(node, left);
    }
    for (const { edge } of leaving) {
      const to = network.nodeOut[edge]!;
      held.set(to, (held.get(to) ?? 0n) + legs.get(edge)!.amountOut);
    }
  }
  const paid = new Map(legs);
  const dust = new Map(stranded);
  keepUnspent(compiled, flows, paid, dust);
  return { replay: collect(compiled, flows, order, paid, dust, unplaced), legs, stranded };
}

/** Lets no more arrive where something was stranded than could be handed on: the largest leg brings so much less. */
export function bringLess(
  compiled: CompiledModel,
  flows: readonly Flow[],
  { legs, stranded }: ForwardPass,
  mostIn: MostIn,
): MostIn {
  const next = new Map(mostIn);
  for (const [node, atoms] of stranded) {
    const arriving = flows
      .filter(({ edge }) => compiled.network.nodeOut[edge] === node)
      .map(({ edge }) => ({ edge, amountOut: legs.get(edge)?.amountOut ?? 0n }))
      .sort((a, b) => (a.amountOut > b.amountOut ? -1 : a.amountOut < b.amountOut ? 1 : a.edge - b.edge));
    let rest = atoms;
    for (const { amountOut, edge } of arriving) {
      if (rest === 0n) break;
      const less = rest < amountOut ? rest : amountOut;
      next.set(edge, less === amountOut ? 0n : backward(compiled, edge, amountOut - less).amountIn);
      rest -= less;
    }
  }
  return next;
}

/** What an inventory gave and nothing took was never spent. */
function keepUnspent(
  { nodes, network, specs }: CompiledModel,
  flows: readonly Flow[],
  legs: Map<number, Leg>,
  dust: Map<number, bigint>,
): void {
  for (const { edge } of flows) {
    const { source } = specs[edge]!;
    if (source.kind !== 'linear' || source.role.kind !== 'inventory') continue;
    const node = network.nodeOut[edge]!;
    const leg = legs.get(edge);
    const left = dust.get(node) ?? 0n;
    if (leg === undefined || left === 0n) continue;
    const kept = left < leg.amountOut ? left : leg.amountOut;
    const amountOut = leg.amountOut - kept;
    const amountIn = rescale(amountOut, nodes[node]!.decimals, nodes[network.nodeIn[edge]!]!.decimals);
    legs.set(edge, { ...leg, amountIn, amountOut });
    if (kept === left) dust.delete(node);
    else dust.set(node, left - kept);
  }
}
