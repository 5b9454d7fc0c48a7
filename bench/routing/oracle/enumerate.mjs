// Exhaustive enumeration: every way to use, not to use, or to use up to so many ticks each offer of a small problem, and
// for each the best flows, by the algebra of straight pieces. No duality, no prices, no line of the router.
import { piecesOf } from './curves.mjs';
import { amountFor, inARow, NOTHING, sideBySide, straight, tabled, valueAt } from './piecewise.mjs';

/** Pieces of a smooth stretch: when all choices are compared, and when the best of them are weighed. */
const COARSE = 60;
const FINE = 3000;
/** What coarse pieces may be off by, as a share of what is paid; twice this decides who is weighed. */
const COARSE_ERROR = 5e-4;
const MOST_WEIGHED = 24;
/** Golden-section steps: each keeps 0.618 of the range. */
const COARSE_STEPS = 18;
const FINE_STEPS = 40;
/** An exact output that costs more than this many times its worth is not worth buying. */
export const DEAREST = 4;
const NEARLY = 1 - 1e-3;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The best that any route is worth, net of fixed costs: for a given input what it pays, or for a given output (negative)
 * what it takes. Beside it the best of the routes that place the whole of a given input.
 *
 * @param instance from `instances.mjs`: `shape` says how its offers lie between source and sink. `edges`: side by side
 *   between two tokens; `row`, `side`: of other shapes; `crossed`: two ways with a link between them
 * @returns `any` and `whole` in units of the side that is not exact, −∞ where no choice keeps within the hops; `gross`, what
 *   all offers together would pay or take without fixed costs; how many choices were `tried`
 */
export function exhaustive({ amount, exactOut, maxHops, shape }) {
  const edges = optionalEdges(shape);
  const rooms = roomsOf(shape, amount, exactOut, maxHops);
  const coarse = evaluator(shape, rooms, amount, exactOut, COARSE, COARSE_STEPS);
  const ceiling = coarse(new Map(edges.map((edge) => [edge.id, edge.mostCrossed]))).gross;
  const margin = 2 * COARSE_ERROR * Math.abs(ceiling);
  const found = [];
  const best = { any: -Infinity, whole: -Infinity };
  const choice = new Map();
  const explore = (i, cost, hops) => {
    if (hops > maxHops) return;
    // Even with all that is not decided yet, and for nothing. Without further costs more offers are never worse.
    if (ceiling - cost < best.whole - margin || (cost === 0 && ceiling <= best.whole)) return;
    if (i === edges.length) {
      const { gross, isWhole } = coarse(choice);
      if (gross === -Infinity) return;
      best.any = Math.max(best.any, gross - cost);
      if (isWhole) best.whole = Math.max(best.whole, gross - cost);
      found.push({ value: gross - cost, cost, isWhole, choice: new Map(choice) });
      return;
    }
    const edge = edges[i];
    for (let depth = edge.mostCrossed; depth >= 0; depth--) {
      choice.set(edge.id, depth);
      explore(i + 1, cost + edge.fixedCost + depth * edge.tickCost, hops + 1);
    }
    choice.delete(edge.id);
    explore(i + 1, cost, hops);
  };
  if (ceiling > -Infinity) explore(0, 0, 0);
  const fine = evaluator(shape, rooms, amount, exactOut, FINE, FINE_STEPS);
  const weighed = (among, coarseBest) =>
    among
      .filter(({ value }) => value >= coarseBest - margin)
      .sort((a, b) => b.value - a.value)
      .slice(0, MOST_WEIGHED)
      .map(({ choice: chosen, cost }) => fine(chosen).gross - cost)
      .reduce((most, value) => Math.max(most, value), -Infinity);
  return {
    any: weighed(found, best.any),
    whole: weighed(
      found.filter(({ isWhole }) => isWhole),
      best.whole,
    ),
    gross: Math.abs(ceiling),
    tried: found.length,
  };
}

function partsOf(shape) {
  if (shape.kind === 'crossed') return [shape.sa, shape.sb, shape.ab, shape.ba, shape.at, shape.bt];
  return shape.parts;
}

function optionalEdges(shape) {
  if (shape.kind === 'edges') return shape.edges.filter(({ kind }) => kind === 'hop');
  return partsOf(shape).flatMap(optionalEdges);
}

/** The most that can come into each edge, by its id: what all the offers before it pay together. */
function roomsOf(shape, amount, exactOut, maxHops) {
  const everything = new Map(optionalEdges(shape).map(({ id, mostCrossed }) => [id, mostCrossed]));
  let most = amount;
  if (exactOut) {
    // No good route costs more than the one over everything, all fixed costs included; with few hops, than a dear one.
    const costs = optionalEdges(shape).reduce(
      (sum, edge) => sum + edge.fixedCost + edge.mostCrossed * edge.tickCost,
      0,
    );
    most = 1e-9;
    for (let value = 0; value < amount && most < 1e12; most *= 2) {
      value = valueAt(assembled(shape, everything, markRooms(shape, most), COARSE), most);
    }
    const pieces = assembled(shape, everything, markRooms(shape, most), COARSE);
    most = amountFor(pieces, amount) * 1.01 + costs;
    if (maxHops < everything.size) most = Math.max(most, DEAREST * amount);
  }
  return markRooms(shape, most);
}

function markRooms(shape, most, rooms = new Map()) {
  fill(shape, most, rooms);
  return rooms;
}

function fill(shape, most, rooms) {
  switch (shape.kind) {
    case 'edges': {
      const pieces = shape.edges.map((edge) => {
        rooms.set(edge.id, Math.max(most, rooms.get(edge.id) ?? 0));
        return piecesOfEdge(edge, edge.mostCrossed, most, COARSE);
      });
      return valueAt(sideBySide(pieces), most) * (1 + COARSE_ERROR);
    }
    case 'row':
      return shape.parts.reduce((room, part) => fill(part, room, rooms), most);
    case 'side':
      return shape.parts.reduce((sum, part) => sum + fill(part, most, rooms), 0);
    case 'crossed': {
      const a = fill(shape.sa, most, rooms);
      const b = fill(shape.sb, most, rooms);
      const moreB = fill(shape.ab, a, rooms);
      const moreA = fill(shape.ba, b, rooms);
      return fill(shape.at, a + moreA, rooms) + fill(shape.bt, b + moreB, rooms);
    }
  }
}

function piecesOfEdge(edge, depth, most, fineness) {
  if (edge.kind === 'wire') return straight(1, edge.capacity);
  const pieces = piecesOf(edge.offer, edge.decimals, most, fineness, depth);
  if (edge.unitCost === undefined) return pieces;
  return { widths: pieces.widths, slopes: pieces.slopes.map((slope) => slope - edge.unitCost) };
}

/** What a choice is worth before fixed costs: a function of the choice that remembers the pieces it has made. */
function evaluator(shape, rooms, amount, exactOut, fineness, steps) {
  const memory = new Map();
  if (shape.kind === 'crossed') return (choice) => bestCrossing(shape, choice, rooms, amount, fineness, steps, memory);
  return (choice) => {
    const pieces = assembled(shape, choice, rooms, fineness, memory);
    if (exactOut) return { gross: -amountFor(pieces, amount), isWhole: true };
    const gross = valueAt(pieces, amount);
    return { gross: gross > 0 ? gross : -Infinity, isWhole: isRising(gross, valueAt(pieces, amount * NEARLY)) };
  };
}

/** Whether the last of the amount still adds something: what no offer has room for adds nothing. */
function isRising(value, valueOfNearlyAll) {
  return value - valueOfNearlyAll > Math.abs(value) * (1 - NEARLY) * 1e-3;
}

/** A shape without crossings as one function. */
function assembled(shape, choice, rooms, fineness, memory = new Map()) {
  switch (shape.kind) {
    case 'edges': {
      const used = shape.edges.filter(({ id, kind }) => kind === 'wire' || choice.has(id));
      const key = used.map(({ id }) => `${id}:${choice.get(id)}`).join();
      let pieces = memory.get(key);
      if (pieces === undefined) {
        pieces = sideBySide(used.map((edge) => piecesOfEdge(edge, choice.get(edge.id), rooms.get(edge.id), fineness)));
        memory.set(key, pieces);
      }
      return pieces;
    }
    case 'side':
      return sideBySide(shape.parts.map((part) => assembled(part, choice, rooms, fineness, memory)));
    case 'row':
      return shape.parts
        .map((part) => assembled(part, choice, rooms, fineness, memory))
        .reduce((first, second) => (first === NOTHING ? NOTHING : inARow(first, second)));
  }
}

/**
 * Two ways with a link: how much goes the first way and how much of that crosses over, by golden section in two
 * dimensions, since the value is concave in both together. The link goes one way or the other: no circles.
 */
function bestCrossing({ ab, at, ba, bt, sa, sb }, choice, rooms, amount, fineness, steps, memory) {
  const tables = (memory.tables ??= new Map());
  const part = (shape) => {
    const pieces = assembled(shape, choice, rooms, fineness, memory);
    if (!tables.has(pieces)) tables.set(pieces, pieces === NOTHING ? undefined : tabled(pieces));
    return tables.get(pieces);
  };
  const [fromA, fromB, toB, toA, endA, endB] = [sa, sb, ab, ba, at, bt].map(part);
  if (toB !== undefined && toA !== undefined) return { gross: -Infinity, isWhole: false };
  const pay = (table, size) => (table === undefined ? 0 : table(size));
  const of = (total) =>
    highest(
      (share) => {
        const a = pay(fromA, share);
        const b = pay(fromB, total - share);
        if (toB !== undefined) return highest((over) => pay(endA, a - over) + pay(endB, b + toB(over)), a, steps);
        if (toA !== undefined) return highest((over) => pay(endA, a + toA(over)) + pay(endB, b - over), b, steps);
        return pay(endA, a) + pay(endB, b);
      },
      total,
      steps,
    );
  const gross = of(amount);
  return { gross: gross > 0 ? gross : -Infinity, isWhole: isRising(gross, of(amount * NEARLY)) };
}

/** The highest value of a concave function on [0, most], ends included. */
function highest(value, most, steps) {
  let [low, high] = [0, most];
  let p = high - GOLDEN * (high - low);
  let q = low + GOLDEN * (high - low);
  let [atP, atQ] = [value(p), value(q)];
  let best = Math.max(value(low), value(high), atP, atQ);
  for (let i = 0; i < steps; i++) {
    if (atP < atQ) {
      low = p;
      [p, atP] = [q, atQ];
      q = low + GOLDEN * (high - low);
      atQ = value(q);
    } else {
      high = q;
      [q, atQ] = [p, atP];
      p = high - GOLDEN * (high - low);
      atP = value(p);
    }
    best = Math.max(best, atP, atQ);
  }
  return best;
}
