import fc from 'fast-check';
import { type CombinedBid, fairCombination } from './fair-combination.js';

const bid = (id: string, orders: Readonly<Record<string, number>>): CombinedBid => ({
  id,
  solver: `solver of ${id}`,
  orders: Object.entries(orders).map(([order, score]) => ({ order, score })),
});
const codes = (bids: readonly CombinedBid[]): Record<string, string> =>
  Object.fromEntries(fairCombination(bids).verdicts.map(({ bidId, code }) => [bidId, code]));

describe('fair combination', () => {
  it('refuses a batched bid that gives one order less than its best single bid, however much it gives in all', () => {
    expect(codes([bid('single', { a: 10 }), bid('batch', { a: 9, b: 100 }), bid('other', { b: 5 })])).toEqual({
      single: 'CHOSEN',
      batch: 'UNFAIR',
      other: 'CHOSEN',
    });
    // To the very amount of the single bid is fair.
    expect(codes([bid('single', { a: 10 }), bid('batch', { a: 10, b: 1 })])).toEqual({
      single: 'OUTBID',
      batch: 'CHOSEN',
    });
  });

  it('does not let a bid that gives less than was asked for be the measure, nor win', () => {
    expect(
      codes([bid('bad', { a: -1 }), bid('nan', { a: Number.NaN }), bid('nothing', { a: 0 }), bid('none', {})]),
    ).toEqual({
      bad: 'INVALID',
      nan: 'INVALID',
      nothing: 'NOT_POSITIVE',
      none: 'INVALID',
    });
    expect(
      codes([
        {
          ...bid('twice', {}),
          orders: [
            { order: 'a', score: 1 },
            { order: 'a', score: 1 },
          ],
        },
      ]),
    ).toEqual({
      twice: 'INVALID',
    });
  });

  it('refuses two bids of one id and a budget that is none', () => {
    expect(() => fairCombination([bid('x', { a: 1 }), bid('x', { b: 1 })])).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
    expect(() => fairCombination([], 0)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('says when its budget ended the search', () => {
    const bids = [bid('1', { a: 1 }), bid('2', { a: 1, b: 1 }), bid('3', { b: 3, c: 1 }), bid('4', { c: 5 })];
    expect(fairCombination(bids, 1).complete).toBe(false);
    expect(fairCombination(bids)).toMatchObject({ complete: true, score: 7 });
  });

  const orders = ['a', 'b', 'c', 'd'];
  const someBids = fc
    .array(
      fc
        .uniqueArray(fc.constantFrom(...orders), { minLength: 1, maxLength: 3 })
        .chain((named) =>
          fc.tuple(...named.map((order) => fc.integer({ min: 0, max: 12 }).map((score) => ({ order, score })))),
        ),
      { maxLength: 8 },
    )
    .map((all) => all.map((each, index): CombinedBid => ({ id: `bid-${index}`, solver: 's', orders: each })));

  it('finds what exhaustive search finds', () => {
    fc.assert(
      fc.property(someBids, (bids) => {
        const fair = bids.filter(
          (each) =>
            each.orders.length === 1 ||
            each.orders.every(({ order, score }) =>
              bids.every(
                ({ orders: [only, ...more] }) => more.length > 0 || only!.order !== order || only!.score <= score,
              ),
            ),
        );
        let best = 0;
        for (let mask = 0; mask < 1 << fair.length; mask += 1) {
          const chosen = fair.filter((_, index) => mask & (1 << index)).flatMap((each) => each.orders);
          if (new Set(chosen.map(({ order }) => order)).size < chosen.length) continue;
          best = Math.max(
            best,
            chosen.reduce((sum, { score }) => sum + score, 0),
          );
        }
        expect(fairCombination(bids).score).toBe(best);
      }),
    );
  });

  it('gives no order less than its best single bid, and does not depend on the order of bids', () => {
    fc.assert(
      fc.property(someBids, fc.nat(), (bids, turn) => {
        const { score, winners } = fairCombination(bids);
        for (const winner of winners) {
          for (const { order, score: given } of winner.orders) {
            const singles = bids.filter((each) => each.orders.length === 1 && each.orders[0]!.order === order);
            expect(given).toBeGreaterThanOrEqual(Math.max(0, ...singles.map((each) => each.orders[0]!.score)));
          }
        }
        const by = bids.length === 0 ? 0 : turn % bids.length;
        const again = fairCombination([...bids.slice(by), ...bids.slice(0, by)]);
        expect(again.score).toBe(score);
        expect(again.winners.map(({ id }) => id)).toEqual(winners.map(({ id }) => id));
      }),
    );
  });
});
