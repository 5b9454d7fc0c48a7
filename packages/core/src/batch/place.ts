import type { BatchOrder } from './order.js';
import { costsOf, type Stage, unitsOf } from './stage.js';

/** The orders of each market, by market id; each list in the order of the input. */
export type Placed = ReadonlyMap<string, readonly BatchOrder[]>;

/** Rounds in which everybody may move once; each lowers the cost of all, so that they end by themselves long before. */
const MOST_ROUNDS = 20;
/** Less than so much of what it costs is no reason to move. */
const NO_REASON = 1e-9;

/** A market, and what is to be traded in it beyond what crosses: units that are bought less those that are sold. */
interface Book {
  readonly id: string;
  readonly stage: Stage;
  open: number;
}

/** An order in one of its markets: above zero buying. */
interface Seat {
  readonly book: Book;
  readonly units: number;
}

/**
 * Gives every order one market. Delta does not care on which chain it is bought: who has funds on several goes where it
 * costs all together least, largest first, and moves while that helps.
 */
export function place(orders: readonly BatchOrder[], stages: ReadonlyMap<string, Stage>): Placed {
  const books = new Map(Array.from(stages, ([id, stage]) => [id, { id, stage, open: 0 }]));
  const at = new Map<BatchOrder, Seat>();
  const free: BatchOrder[] = [];
  for (const order of orders) {
    if (order.markets.length > 1) free.push(order);
    else sit(at, order, seatOf(order, books.get(order.markets[0]!)!));
  }
  const choices = free.sort(largerFirst).map((order) => {
    const seats = [...order.markets].sort().map((id) => seatOf(order, books.get(id)!));
    return { order, seats };
  });
  for (let round = 0, moved = true; moved && round < MOST_ROUNDS; round += 1) {
    moved = false;
    for (const { order, seats } of choices) {
      const now = at.get(order);
      if (now !== undefined) now.book.open -= now.units;
      const best = cheapestOf(seats, now);
      sit(at, order, best);
      if (best !== now) moved = true;
    }
  }
  const placed = new Map<string, BatchOrder[]>();
  for (const order of orders) {
    const { id } = at.get(order)!.book;
    const list = placed.get(id);
    if (list === undefined) placed.set(id, [order]);
    else list.push(order);
  }
  return placed;
}

function seatOf(order: BatchOrder, book: Book): Seat {
  return { book, units: (order.side === 'buy' ? 1 : -1) * unitsOf(book.stage, order.baseAtoms) };
}

function sit(at: Map<BatchOrder, Seat>, order: BatchOrder, seat: Seat): void {
  at.set(order, seat);
  seat.book.open += seat.units;
}

/** Where an order adds least to what all pay; it stays where it is for less than a reason. Of equal ones the first. */
function cheapestOf(seats: readonly Seat[], now: Seat | undefined): Seat {
  let best = seats[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const seat of seats) {
    const { book, units } = seat;
    const { mid } = book.stage;
    const added = units * mid + costOf(book.stage, book.open + units) - costOf(book.stage, book.open);
    const money = seat === now ? added - NO_REASON * Math.abs(units) * mid : added;
    if (money >= least) continue;
    best = seat;
    least = money;
  }
  return best;
}

/** More than any market's price is known for is infinitely dear, so that a difference of two such costs says nothing. */
function costOf(stage: Stage, net: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, costsOf(stage, net).variableCost(Math.abs(net)));
}

function largerFirst(a: BatchOrder, b: BatchOrder): number {
  if (a.baseAtoms !== b.baseAtoms) return a.baseAtoms > b.baseAtoms ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
