import type { CompiledModel } from '../model.js';
import { collect, type Flow, type Replay } from './collect.js';
import { distribute } from './distribute.js';
import { backward, forward, isBridge, type Leg, rescaleUp } from './legs.js';

/** The most that edges pay out, where a pass before has found that no more can be had. Atoms. */
type MostOut = ReadonlyMap<number, bigint>;

/** One way back through the network, and what nodes lacked of what was wanted there: then there is no replay. */
interface BackwardPass {
  readonly replay: Replay | undefined;
  readonly asked: ReadonlyMap<number, Leg>;
  readonly lacking: ReadonlyMap<number, bigint>;
}

/** From what must be delivered, each hop paying the least that its contract accepts; then forwards once for the quoted outputs. */
export function replayBackwards(
  compiled: CompiledModel,
  flows: readonly Flow[],
  order: readonly number[],
  mostOut: MostOut,
): BackwardPass {
  const { model, network, nodes, sink, source } = compiled;
  const need = new Map<number, bigint>();
  need.set(sink, rescaleUp(model.amount, model.amountDecimals, nodes[sink]!.decimals));
  const asked = new Map<number, Leg>();
  const lacking = new Map<number, bigint>();
  for (const node of [...order].reverse()) {
    const wanted = need.get(node) ?? 0n;
    const arriving = flows.filter(({ edge }) => network.nodeOut[edge] === node);
    if (node === source || wanted === 0n) continue;
    const left = distribute(
      wanted,
      arriving.map(({ flowOut }) => flowOut),
      (leg, amount) => {
        const { edge } = arriving[leg]!;
        const most = mostOut.get(edge);
        const done = backward(compiled, edge, most !== undefined && most < amount ? most : amount);
        asked.set(edge, done);
        return done.amountOut;
      },
    );
    if (left > 0n) lacking.set(node, left);
    for (const { edge } of arriving) {
      const from = network.nodeIn[edge]!;
      need.set(from, (need.get(from) ?? 0n) + (asked.get(edge)?.amountIn ?? 0n));
    }
  }
  return { replay: lacking.size === 0 ? quoted(compiled, flows, order, asked) : undefined, asked, lacking };
}

/** Asks no more of edges than the nodes before them could give: the largest pays so much less. Undefined at the sink. */
export function askLess(
  compiled: CompiledModel,
  flows: readonly Flow[],
  { asked, lacking }: BackwardPass,
  mostOut: MostOut,
): MostOut | undefined {
  const next = new Map(mostOut);
  for (const [node, atoms] of lacking) {
    if (node === compiled.sink) return undefined;
    const leaving = flows
      .filter(({ edge }) => compiled.network.nodeIn[edge] === node)
      .map(({ edge }) => ({ edge, amountIn: asked.get(edge)?.amountIn ?? 0n }))
      .sort((a, b) => (a.amountIn > b.amountIn ? -1 : a.amountIn < b.amountIn ? 1 : a.edge - b.edge));
    let rest = atoms;
    for (const { amountIn, edge } of leaving) {
      if (rest === 0n) break;
      const less = rest < amountIn ? rest : amountIn;
      next.set(edge, less === amountIn ? 0n : forward(compiled, edge, amountIn - less, new Map()).amountOut);
      rest -= less;
    }
  }
  return next;
}

/** Undefined where a bridge cannot pay what was asked of it. */
function quoted(
  compiled: CompiledModel,
  flows: readonly Flow[],
  order: readonly number[],
  asked: ReadonlyMap<number, Leg>,
): Replay | undefined {
  const { network, sink } = compiled;
  const legs = new Map<number, Leg>();
  const dust = new Map<number, bigint>();
  for (const { edge } of flows) {
    const before = asked.get(edge);
    if (before === undefined || before.amountIn === 0n) continue;
    const done = forward(compiled, edge, before.amountIn, legs);
    // A bridge that must send more than is asked of it can leave another too little of the stock that both pay out from.
    if (isBridge(compiled, edge) && done.amountOut < before.amountOut) return undefined;
    legs.set(edge, done);
    const to = network.nodeOut[edge]!;
    const extra = done.amountOut - before.amountOut;
    if (extra > 0n && to !== sink) {
      const at = behindStock(compiled, flows, to);
      dust.set(at, (dust.get(at) ?? 0n) + extra);
    }
  }
  return collect(compiled, flows, order, legs, dust, 0n);
}

/** Where what is paid out of a stock lies; any other node itself. */
function behindStock(compiled: CompiledModel, flows: readonly Flow[], node: number): number {
  if (compiled.nodes[node]!.kind !== 'stock') return node;
  const { nodeIn, nodeOut } = compiled.network;
  return nodeOut[flows.find(({ edge }) => nodeIn[edge] === node)!.edge]!;
}
