import type { Bid } from '../ports/solver.js';

/** How a network kept its word so far. */
export interface FillRecord {
  readonly adapter: string;
  /** Orders that it was given. */
  readonly asked: number;
  /** Of these, filled in full. */
  readonly filled: number;
  /** Of the others, what part of the input was drawn, on average; from 0 to 1. */
  readonly partialShare: number;
}

/** One way in which an order may end. */
export interface Outcome {
  readonly probability: number;
  /** Part of the input that the network draws. */
  readonly share: number;
  /** When that part is exchanged, seconds from now. */
  readonly atSeconds: number;
  /** When the rest is free to go elsewhere: the order has ended, and it is proven. Undefined when nothing is left. */
  readonly restFreeAtSeconds: number | undefined;
}

/** A network that nobody knows yet counts as one that filled nine orders of ten. */
const PRIOR = Object.freeze({ asked: 10, filled: 9 });

/** Probability that an order is filled: the mean of a beta distribution with the counts of {@link PRIOR} on top. */
export function fillProbability(record: FillRecord | undefined): number {
  const { asked, filled } = record ?? { asked: 0, filled: 0 };
  return (filled + PRIOR.filled) / (asked + PRIOR.asked);
}

/**
 * How a bid may end: filled when it is expected to be; left by the one solver that had it for itself and filled by
 * another once that has lapsed; or not filled, in which case the rest may go elsewhere only when it is proven that the
 * order is dead.
 *
 * @param proofSeconds how long after its end an order is proven dead: the finality of its chain.
 */
export function outcomesOf(
  bid: Bid,
  record: FillRecord | undefined,
  nowSeconds: number,
  proofSeconds: number,
): readonly Outcome[] {
  const likely = fillProbability(record);
  const endsIn = Math.max(0, bid.child.order.fillDeadline - nowSeconds);
  const full = (probability: number, atSeconds: number): Outcome => ({
    probability,
    share: 1,
    atSeconds: Math.min(atSeconds, endsIn),
    restFreeAtSeconds: undefined,
  });
  const first = full(likely, bid.timeSeconds.expected);
  const lapsesIn = bid.exclusivity === undefined ? undefined : Math.max(0, bid.exclusivity.until - nowSeconds);
  const second =
    lapsesIn !== undefined && lapsesIn + bid.timeSeconds.expected <= endsIn
      ? [full((1 - likely) * likely, lapsesIn + bid.timeSeconds.expected)]
      : [];
  const filled = [first, ...second];
  const left = 1 - filled.reduce((sum, { probability }) => sum + probability, 0);
  const share = bid.partialFill === 'pro-rata' ? (record?.partialShare ?? 0) : 0;
  const dead = {
    probability: left,
    share,
    atSeconds: Math.min(bid.timeSeconds.worst, endsIn),
    restFreeAtSeconds: endsIn + proofSeconds,
  };
  return [...filled, dead];
}
