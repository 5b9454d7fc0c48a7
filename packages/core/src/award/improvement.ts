import type { Bid } from '../ports/solver.js';
import type { AwardBasis } from './award.js';
import {
  addChanges,
  type BookEnd,
  type GreekChange,
  inBook,
  type Leg,
  NO_CHANGE,
  riskCost,
  scaleChange,
} from './book.js';
import { outcomesOf } from './outcomes.js';

/** What a contestant does to the book, in numeraire, at the end of the exposure at which that is worth less. */
export interface Improvement {
  /** `riskRemoved` less `expectedCost`. */
  readonly net: number;
  /** What the risk over the horizon is expected to cost less than without the trade. */
  readonly riskRemoved: number;
  /** Over all that may happen: price, gas, and our own route for what a network leaves. */
  readonly expectedCost: number;
  /** Price and gas when it is filled in full. */
  readonly costWhenFilled: number;
  /** Probability that it is not filled in full. */
  readonly nonFill: number;
  /** Whether the book is less risky at both ends of the exposure once it is done. */
  readonly lowersRisk: boolean;
  /** What the trade adds to the greeks. */
  readonly change: GreekChange;
  /** When it is done, seconds from now, as it is expected. */
  readonly timeSeconds: number;
}

export interface Incomparable {
  readonly code: 'WRONG_TOKEN' | 'INVALID';
  readonly sentence: string;
}

/** One way in which the slice may go, with all that follows. */
interface Path {
  readonly probability: number;
  readonly legs: readonly Leg[];
  readonly cost: number;
}

const ENDS: readonly BookEnd[] = ['low', 'high'];

type Basis = Pick<AwardBasis, 'book' | 'gasPrice' | 'nowSeconds' | 'proofSeconds' | 'records' | 'tokens'>;

export function improvementOfRoute(
  own: { readonly cost: number; readonly deltaUnits: number; readonly timeSeconds: number },
  { book }: Basis,
): Improvement {
  const change = { ...NO_CHANGE, deltaUnits: own.deltaUnits };
  const path: Path = { probability: 1, cost: own.cost, legs: [{ fromSeconds: own.timeSeconds, change }] };
  return improvement([path], { book }, { change, costWhenFilled: own.cost, nonFill: 0, timeSeconds: own.timeSeconds });
}

/** What a bid does to the book, or why that cannot be said. */
export function improvementOfBid(
  bid: Bid,
  own: Improvement | undefined,
  basis: Basis,
): { readonly improvement: Improvement; readonly notional: number } | Incomparable {
  const given = inBook(basis.tokens, bid.input);
  const received = inBook(basis.tokens, bid.guaranteedOutput);
  if (given === undefined || received === undefined) {
    const { symbol, chainId } = (given === undefined ? bid.input : bid.guaranteedOutput).token;
    return {
      code: 'WRONG_TOKEN',
      sentence: `It is in ${symbol} on chain ${chainId}, which the book does not know so.`,
    };
  }
  const unpriced = bid.gas.owner.find(({ chainId }) => basis.gasPrice[chainId] === undefined);
  if (unpriced !== undefined) {
    return { code: 'INVALID', sentence: `It uses our gas on chain ${unpriced.chainId}, where gas has no price.` };
  }
  const change = addChanges(received.greeks, scaleChange(given.greeks, -1));
  const price = given.value - received.value;
  const gas = bid.gas.owner.reduce((sum, { chainId, units }) => sum + Number(units) * basis.gasPrice[chainId]!, 0);
  const record = basis.records.find(({ adapter }) => adapter === bid.adapter);
  const outcomes = outcomesOf(bid, record, basis.nowSeconds, basis.proofSeconds);
  const paths = outcomes.map((outcome): Path => {
    const { atSeconds, probability, restFreeAtSeconds, share } = outcome;
    const taken = { fromSeconds: atSeconds, change: scaleChange(change, share) };
    const paid = price * share + gas;
    if (restFreeAtSeconds === undefined || own === undefined) return { probability, cost: paid, legs: [taken] };
    const rest = addChanges(taken.change, scaleChange(own.change, 1 - share));
    const done = Math.max(restFreeAtSeconds, atSeconds) + own.timeSeconds;
    return {
      probability,
      cost: paid + own.costWhenFilled * (1 - share),
      legs: [taken, { fromSeconds: done, change: rest }],
    };
  });
  const nonFill = outcomes.reduce(
    (sum, each) => sum + (each.restFreeAtSeconds === undefined ? 0 : each.probability),
    0,
  );
  const facts = { change, costWhenFilled: price + gas, nonFill, timeSeconds: bid.timeSeconds.expected };
  return { improvement: improvement(paths, basis, facts), notional: Math.max(given.value, received.value) };
}

function improvement(
  paths: readonly Path[],
  { book }: Pick<Basis, 'book'>,
  facts: Pick<Improvement, 'change' | 'costWhenFilled' | 'nonFill' | 'timeSeconds'>,
): Improvement {
  const expect = (of: (path: Path) => number): number =>
    paths.reduce((sum, path) => sum + path.probability * of(path), 0);
  const removed = ENDS.map((end) => riskCost(book, [], end) - expect(({ legs }) => riskCost(book, legs, end)));
  const done = [{ fromSeconds: 0, change: facts.change }];
  const riskRemoved = Math.min(...removed);
  const expectedCost = expect(({ cost }) => cost);
  return Object.freeze({
    ...facts,
    net: riskRemoved - expectedCost,
    riskRemoved,
    expectedCost,
    lowersRisk: ENDS.every((end) => riskCost(book, done, end) < riskCost(book, [], end)),
  });
}
