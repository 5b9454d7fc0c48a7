import { InvalidInputError } from '@evenkeel/intents';

/** What one bid does for one order, on the scale of the auction: numeraire above what the order asks for. */
export interface OrderScore {
  /** The order, by whatever name the auction gives it. */
  readonly order: string;
  readonly score: number;
}

/** An offer for one order, or for several at once that are filled together or not at all. */
export interface CombinedBid {
  readonly id: string;
  readonly solver: string;
  readonly orders: readonly OrderScore[];
}

export type CombinationReason = 'CHOSEN' | 'UNFAIR' | 'NOT_POSITIVE' | 'OUTBID' | 'INVALID';

export interface CombinationVerdict {
  readonly bidId: string;
  readonly solver: string;
  readonly code: CombinationReason;
  readonly sentence: string;
}

/** Who fills which orders. Frozen. */
export interface FairCombination {
  readonly winners: readonly CombinedBid[];
  /** Sum of the winners' scores. */
  readonly score: number;
  /** One for each bid, in the order in which they came. */
  readonly verdicts: readonly CombinationVerdict[];
  /** Whether the search looked at everything; else the best that the budget found. */
  readonly complete: boolean;
}

/** Nodes that the choice among batched bids may visit. */
const NODE_BUDGET = 200_000;

/**
 * The fair combinatorial auction of CoW Protocol (CIP-67, 2025): a batched bid that gives one of its orders less than that
 * order's best single bid is unfair and refused, whatever it gives the others; among the rest, the combination with the
 * highest total score wins in which no order is filled twice. Nobody pays for the batch that serves others.
 *
 * Ties go to the combination found first, in the order of bid ids, so that the order of submission does not matter.
 *
 * @param nodeBudget bounds the search; without it being reached the result is the best there is.
 * @throws InvalidInputError for two bids of one id, or a budget that is none.
 * @example
 * ```ts
 * const { winners, verdicts } = fairCombination(bids)
 * ```
 */
export function fairCombination(bids: readonly CombinedBid[], nodeBudget: number = NODE_BUDGET): FairCombination {
  if (!Number.isSafeInteger(nodeBudget) || nodeBudget < 1) {
    throw new InvalidInputError('nodeBudget', nodeBudget, 'is no number of nodes', 'Give at least 1.');
  }
  const twice = bids.find(({ id }, index) => bids.findIndex((each) => each.id === id) !== index);
  if (twice !== undefined) throw new InvalidInputError('bids', twice.id, 'is there twice', 'Give each bid its own id.');
  const reference = bestSingles(bids);
  const objections = new Map(bids.map((bid) => [bid.id, objection(bid, reference)]));
  const fair = bids.filter(({ id }) => objections.get(id) === undefined);
  const { complete, score, winners } = bestCombination(fair, nodeBudget);
  const verdicts = bids.map((bid): CombinationVerdict => {
    const [code, sentence] = objections.get(bid.id) ?? judged(bid, winners);
    return Object.freeze({ bidId: bid.id, solver: bid.solver, code, sentence });
  });
  return Object.freeze({ winners: Object.freeze(winners), score, verdicts: Object.freeze(verdicts), complete });
}

type Verdict = readonly [CombinationReason, string];

function bestSingles(bids: readonly CombinedBid[]): ReadonlyMap<string, number> {
  const best = new Map<string, number>();
  for (const bid of bids) {
    const [only, ...more] = bid.orders;
    if (only === undefined || more.length > 0 || problemOf(bid) !== undefined || only.score <= 0) continue;
    best.set(only.order, Math.max(best.get(only.order) ?? 0, only.score));
  }
  return best;
}

function objection(bid: CombinedBid, reference: ReadonlyMap<string, number>): Verdict | undefined {
  const problem = problemOf(bid);
  if (problem !== undefined) return ['INVALID', problem];
  const unfair = bid.orders.length > 1 && bid.orders.find(({ order, score }) => score < (reference.get(order) ?? 0));
  if (unfair) {
    const alone = reference.get(unfair.order)!;
    return ['UNFAIR', `It gives order ${unfair.order} ${unfair.score}, and a bid for it alone gives ${alone}.`];
  }
  if (totalOf(bid) <= 0) return ['NOT_POSITIVE', 'It gives its orders nothing above what they ask for.'];
  return undefined;
}

function problemOf({ orders }: CombinedBid): string | undefined {
  if (orders.length === 0) return 'It is for no order.';
  if (new Set(orders.map(({ order }) => order)).size < orders.length) return 'It names an order twice.';
  // An order may be given exactly what it asks for, never less.
  const short = orders.find(({ score }) => !(score >= 0 && Number.isFinite(score)));
  return short === undefined ? undefined : `It gives order ${short.order} less than it asks for.`;
}

function judged(bid: CombinedBid, winners: readonly CombinedBid[]): Verdict {
  if (winners.includes(bid)) return ['CHOSEN', `It is in the best combination, with ${totalOf(bid)}.`];
  const rivals = winners.filter((winner) => winner.orders.some(({ order }) => names(bid, order)));
  return ['OUTBID', `Its orders go to ${rivals.map(({ id }) => id).join(', ') || 'nobody'}, who give more together.`];
}

/** Depth first over orders: each is left, or taken by one of the bids that name it first. */
function bestCombination(
  bids: readonly CombinedBid[],
  nodeBudget: number,
): { readonly winners: readonly CombinedBid[]; readonly score: number; readonly complete: boolean } {
  const sorted = [...bids].sort((a, b) => (a.id < b.id ? -1 : 1));
  const orders = [...new Set(sorted.flatMap((bid) => bid.orders.map(({ order }) => order)))].sort();
  const position = new Map(orders.map((order, index) => [order, index]));
  const firstOf = (bid: CombinedBid): number => Math.min(...bid.orders.map(({ order }) => position.get(order)!));
  const startingAt = orders.map((_, index) => sorted.filter((bid) => firstOf(bid) === index));
  // An order cannot bring more than its best share of any bid that names it.
  const most = orders.map((order) =>
    Math.max(
      0,
      ...sorted.flatMap((bid) => bid.orders.filter((each) => each.order === order).map(({ score }) => score)),
    ),
  );
  const rest = most.reduceRight<number[]>((sums, value) => [value + sums[0]!, ...sums], [0]);
  let best: { readonly winners: readonly CombinedBid[]; readonly score: number } = { winners: [], score: 0 };
  let nodes = 0;
  const visit = (index: number, taken: ReadonlySet<string>, winners: readonly CombinedBid[], score: number): void => {
    if (score > best.score) best = { winners, score };
    if (index === orders.length || nodes >= nodeBudget || score + rest[index]! <= best.score) return;
    nodes += 1;
    if (!taken.has(orders[index]!)) {
      for (const bid of startingAt[index]!) {
        if (bid.orders.some(({ order }) => taken.has(order))) continue;
        const more = new Set([...taken, ...bid.orders.map(({ order }) => order)]);
        visit(index + 1, more, [...winners, bid], score + totalOf(bid));
      }
    }
    visit(index + 1, taken, winners, score);
  };
  visit(0, new Set(), [], 0);
  return { ...best, complete: nodes < nodeBudget };
}

function totalOf({ orders }: CombinedBid): number {
  return orders.reduce((sum, { score }) => sum + score, 0);
}

function names({ orders }: CombinedBid, order: string): boolean {
  return orders.some((each) => each.order === order);
}
