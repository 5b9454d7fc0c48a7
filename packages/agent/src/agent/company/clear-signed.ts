import type { SignedFill } from '@evenkeel/adapters/batch';
import type { ClearedMarket, ClearingPrice } from '@evenkeel/core/batch';

/** Quote atoms that buying so many base atoms takes, or that selling them brings. */
export type RouteAtoms = (side: 'buy' | 'sell', baseAtoms: bigint) => bigint;

/** What is left of a batch, at the price that those who are left make. */
export interface ClearedAgain {
  /** Without fills where nobody is left. */
  readonly cleared: Pick<ClearedMarket, 'crossedBaseAtoms' | 'fees' | 'price' | 'remainder'>;
  readonly fills: readonly SignedFill[];
  /** Whom the new price would give less than it has signed, the furthest first. */
  readonly beyond: readonly SignedFill[];
}

/** Each round is nearer by a factor of hundreds: what buyers get hardly moves the price of what is routed for them. */
const ROUNDS = 12;
/** A remainder below so many quote atoms is too small to carry a price. */
const LEAST_REMAINDER_ATOMS = 1_000_000n;

/**
 * Clears signed orders again. What each sells and pays for gas is signed, and what it gets at least; so buyers spend what
 * they have signed, sellers sell what they have signed, and one price serves all: that of the one route of what does not
 * cross, or, where all crosses, the one at which it does. Whoever would get less than it has signed leaves, one after
 * another. The orders are those that were signed: no second signature is needed, and the contract fills each once.
 *
 * @param mid middle of the market as it is now
 */
export function clearSigned(signed: readonly SignedFill[], mid: ClearingPrice, route: RouteAtoms): ClearedAgain {
  const beyond: SignedFill[] = [];
  let fills = signed;
  for (;;) {
    const { price, remainder } = priceOf(fills, mid, route);
    const worst = furthestBeyond(fills, price);
    if (worst === undefined) return { ...clearedAt(fills, price, remainder), beyond };
    beyond.push(worst);
    fills = fills.filter((each) => each !== worst);
  }
}

type Priced = Pick<ClearedMarket, 'price' | 'remainder'>;

function priceOf(fills: readonly SignedFill[], mid: ClearingPrice, route: RouteAtoms): Priced {
  const spent = soldBy(fills, 'buy');
  const sold = soldBy(fills, 'sell');
  const openAt = (price: ClearingPrice): bigint => boughtAt(fills, price) - sold;
  const crossing: Priced = {
    price: spent > 0n && sold > 0n ? { quoteAtoms: spent, baseAtoms: sold } : mid,
    remainder: undefined,
  };
  const side = openAt(mid) > 0n ? 'buy' : 'sell';
  let size = side === 'buy' ? openAt(mid) : -openAt(mid);
  let found = crossing;
  for (let round = 0; round < ROUNDS; round += 1) {
    // Between what buying and what selling costs lies the price at which all crosses.
    if ((size * mid.quoteAtoms) / mid.baseAtoms < LEAST_REMAINDER_ATOMS) return crossing;
    const quoteAtoms = route(side, size);
    if (quoteAtoms <= 0n) return crossing;
    const price = { quoteAtoms, baseAtoms: size };
    found = { price, remainder: { side, baseAtoms: size, quoteAtoms } };
    const next = side === 'buy' ? openAt(price) : -openAt(price);
    if (next === size) break;
    size = next;
  }
  return found;
}

function soldBy(fills: readonly SignedFill[], side: 'buy' | 'sell'): bigint {
  return fills.reduce((sum, { fill, order }) => (fill.side === side ? sum + order.sellAmount : sum), 0n);
}

function boughtAt(fills: readonly SignedFill[], price: ClearingPrice): bigint {
  return fills.reduce((sum, each) => (each.fill.side === 'buy' ? sum + outputAt(each, price) : sum), 0n);
}

/** What the settlement contract pays an order that sells: rounded up. */
function outputAt({ fill, order }: SignedFill, { baseAtoms, quoteAtoms }: ClearingPrice): bigint {
  return fill.side === 'buy'
    ? ceilQuotient(order.sellAmount * baseAtoms, quoteAtoms)
    : ceilQuotient(order.sellAmount * quoteAtoms, baseAtoms);
}

function furthestBeyond(fills: readonly SignedFill[], price: ClearingPrice): SignedFill | undefined {
  let worst: { readonly each: SignedFill; readonly share: number } | undefined;
  for (const each of fills) {
    const share = Number(outputAt(each, price)) / Number(each.order.buyAmount);
    if (outputAt(each, price) < each.order.buyAmount && !(share >= (worst?.share ?? 1))) worst = { each, share };
  }
  return worst?.each;
}

/** What the orders do not get stays as fees, so that what comes in goes out, to the atom. */
function clearedAt(
  fills: readonly SignedFill[],
  price: ClearingPrice,
  remainder: ClearedMarket['remainder'],
): Omit<ClearedAgain, 'beyond'> {
  const filled = fills.map((each): SignedFill => ({ ...each, fill: filledAt(each, price) }));
  const routedBase = remainder === undefined ? 0n : signOf(remainder.side) * remainder.baseAtoms;
  const routedQuote = remainder === undefined ? 0n : -signOf(remainder.side) * remainder.quoteAtoms;
  const left = { baseAtoms: routedBase, quoteAtoms: routedQuote };
  for (const { fill } of filled) {
    left.baseAtoms -= signOf(fill.side) * fill.baseAtoms;
    left.quoteAtoms += signOf(fill.side) * fill.quoteAtoms;
  }
  const bought = boughtAt(fills, price);
  const sold = soldBy(fills, 'sell');
  return { cleared: { price, remainder, fees: left, crossedBaseAtoms: bought < sold ? bought : sold }, fills: filled };
}

const signOf = (side: 'buy' | 'sell'): bigint => (side === 'buy' ? 1n : -1n);

function filledAt(each: SignedFill, price: ClearingPrice): SignedFill['fill'] {
  const { fill, order } = each;
  const given = order.sellAmount + order.feeAmount;
  const got = outputAt(each, price);
  return fill.side === 'buy'
    ? { ...fill, baseAtoms: got, quoteAtoms: given }
    : { ...fill, baseAtoms: given, quoteAtoms: got };
}

function ceilQuotient(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
