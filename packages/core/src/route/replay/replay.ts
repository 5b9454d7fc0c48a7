import { gasOfHop } from '../costs.js';
import type { CompiledModel } from '../model.js';
import { askLess, replayBackwards } from './backwards.js';
import { type Flow, type Replay, type ReplayedHop, topologicalOrder } from './collect.js';
import { share } from './distribute.js';
import { bringLess, replayForwards } from './forwards.js';
import { rescale, roleOf } from './legs.js';

/** Share of the demand below which what the solver leaves unserved is its own rounding. */
const NOTHING_UNSERVED = 1e-7;
/** Binary digits of the demand to which the solver knows where a leg ends. */
const SOLVER_BITS = 25n;
/** Passes in which legs before (after) one that is full are told to bring (ask) less. */
const MOST_PASSES = 8;
/** Binary digits of a leg by which it may go beyond a tick that the solver stopped at. */
const TICK_BITS = 22n;

/**
 * Replays flows exactly. Exact-in runs forwards: each node hands on all that arrived, split as the solver split it, the
 * largest leg taking the remainder. Exact-out runs backwards from what must be delivered, each hop paying the least that
 * its contract accepts, and then forwards once for the quoted outputs. A leg that has no more room passes the rest on to
 * those beside it, and where all of them are full, those on the way there carry less. No leg crosses a tick for the last
 * few atoms where that costs more gas than they are worth. When the whole cannot be delivered, what the solver would give
 * is pushed forwards instead, and what does not arrive is the remainder.
 */
export function replay(
  compiled: CompiledModel,
  edges: readonly number[],
  flowIn: ArrayLike<number>,
  flowOut: ArrayLike<number>,
): Replay {
  const flows = edges.map((edge, i) => ({ edge, flowIn: flowIn[i]!, flowOut: flowOut[i]! }));
  const slack = flows.find(({ edge }) => roleOf(compiled, edge)?.kind === 'slack');
  const real = flows.filter((flow) => flow !== slack);
  const order = topologicalOrder(compiled, real);
  const { model } = compiled;
  const unserved = slack === undefined ? 0 : (model.exactOut ? slack.flowOut : slack.flowIn) / compiled.amount;
  const remainder = unserved <= NOTHING_UNSERVED ? 0n : share(model.amount, Math.min(1, unserved));
  if (model.exactOut) {
    const exact = remainder === 0n ? deliver(compiled, real, order) : undefined;
    return withRemainder(compiled, exact ?? deliverPart(compiled, real, order));
  }
  const known = sell(compiled, real, order, remainder);
  // A few bits more than the solver's own, so that a leg that ends (a ladder, a book) is filled to its last atom; but not
  // across a tick that the solver stopped at, for its gas.
  const bits = model.amount >> SOLVER_BITS;
  if (remainder <= bits) return withRemainder(compiled, known);
  const filled = sell(compiled, real, order, remainder - bits);
  return withRemainder(compiled, ticksOf(filled) > ticksOf(known) ? known : filled);
}

function ticksOf({ hops }: Replay): number {
  return hops.reduce((sum, hop) => sum + (hop.kind === 'pool' ? hop.ticksCrossed : 0), 0);
}

/** A replay, and the limits of edges that it keeps to. */
interface Settled {
  readonly replay: Replay;
  readonly limits: ReadonlyMap<number, bigint>;
}

/** Exact-in: all but `remainder` is sold, as far as there is room. */
function sell(compiled: CompiledModel, flows: readonly Flow[], order: readonly number[], remainder: bigint): Replay {
  const settle = (mostIn: ReadonlyMap<number, bigint>): Settled => {
    const play = (limits: ReadonlyMap<number, bigint>): ReturnType<typeof replayForwards> =>
      replayForwards(compiled, flows, order, compiled.model.amount - remainder, remainder, limits);
    let pass = play(mostIn);
    let best: Settled = { replay: pass.replay, limits: mostIn };
    for (let i = 0; i < MOST_PASSES && pass.stranded.size > 0; i++) {
      const limits = bringLess(compiled, flows, pass, best.limits);
      pass = play(limits);
      const gain = worthOf(compiled, pass.replay) - worthOf(compiled, best.replay);
      // What is stranded is lost; what remains is not, but makes a part of the whole.
      if (!(gain > 0 || (gain === 0 && best.replay.remainder > 0n))) break;
      best = { replay: pass.replay, limits };
    }
    return best;
  };
  return withFewerTicks(compiled, settle(new Map()), ({ amountIn }) => shy(amountIn), settle);
}

/** Exact-out: undefined when some leg cannot give what is needed of it. */
function deliver(compiled: CompiledModel, flows: readonly Flow[], order: readonly number[]): Replay | undefined {
  const settle = (mostOut: ReadonlyMap<number, bigint>): Settled | undefined => {
    let limits = mostOut;
    for (let i = 0; i < MOST_PASSES; i++) {
      const pass = replayBackwards(compiled, flows, order, limits);
      if (pass.lacking.size === 0) return pass.replay && { replay: pass.replay, limits };
      const next = askLess(compiled, flows, pass, limits);
      if (next === undefined) return undefined;
      limits = next;
    }
    return undefined;
  };
  const found = settle(new Map());
  return found && withFewerTicks(compiled, found, ({ amountOut }) => shy(amountOut), settle);
}

function shy(atoms: bigint): bigint {
  const less = (atoms >> TICK_BITS) + 4n;
  return atoms > less ? atoms - less : 0n;
}

/** Without the ticks that are crossed for the last few atoms only, where other legs take those for less than the gas. */
function withFewerTicks(
  compiled: CompiledModel,
  found: Settled,
  limitOf: (hop: ReplayedHop) => bigint,
  settle: (limits: ReadonlyMap<number, bigint>) => Settled | undefined,
): Replay {
  let best = found;
  for (const hop of found.replay.hops) {
    if (hop.kind !== 'pool' || hop.ticksCrossed === 0 || hop.pool.gas.perTick === 0n) continue;
    const other = settle(new Map(best.limits).set(hop.edge, limitOf(hop)));
    if (other === undefined || other.replay.remainder > best.replay.remainder) continue;
    if (ticksOf(other.replay) >= ticksOf(best.replay)) continue;
    if (worthOf(compiled, other.replay) > worthOf(compiled, best.replay)) best = other;
  }
  return best.replay;
}

/** Numeraire received less what is spent of it and what the hops cost in gas. */
function worthOf({ model, nodes }: CompiledModel, { hops, received, spent }: Replay): number {
  let worth = 0;
  for (const [node, atoms] of model.exactOut ? spent : received) worth += Number(atoms) / 10 ** nodes[node]!.decimals;
  if (model.exactOut) worth = -worth;
  for (const hop of hops) {
    const chainId = hop.kind === 'bridge' ? hop.bridge.from.chainId : hop.pool.chainId;
    worth -= Number(gasOfHop(hop)) * (model.gasCost.get(chainId) ?? 0);
  }
  return worth;
}

/** What is done and what remains are the whole, to the atom. */
function withRemainder({ model, nodes }: CompiledModel, played: Replay): Replay {
  let done = 0n;
  for (const [node, atoms] of model.exactOut ? played.received : played.spent) {
    done += rescale(atoms, nodes[node]!.decimals, model.amountDecimals);
  }
  return { ...played, remainder: done < model.amount ? model.amount - done : 0n };
}

function deliverPart(compiled: CompiledModel, flows: readonly Flow[], order: readonly number[]): Replay {
  const { model, network, nodes, source } = compiled;
  let units = 0;
  for (const { edge, flowIn } of flows) if (network.nodeIn[edge] === source) units += flowIn;
  const total = BigInt(Math.floor(units * 10 ** nodes[source]!.decimals));
  const { replay: played } = replayForwards(compiled, flows, order, total, 0n, new Map());
  let delivered = 0n;
  for (const [node, atoms] of played.received) {
    delivered += rescale(atoms, nodes[node]!.decimals, model.amountDecimals);
  }
  return { ...played, remainder: delivered < model.amount ? model.amount - delivered : 0n };
}
