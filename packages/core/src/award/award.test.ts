import fc from 'fast-check';
import { NOW, sampleBid, sampleRequest, UNIT, usdc, weth } from '../../test/support/bids.js';
import type { Bid } from '../ports/solver.js';
import { award, type AwardBasis } from './award.js';
import { riskCost } from './book.js';
import { fillProbability } from './outcomes.js';

const NONE = { deltaUnits: 0, gammaPerUnit: 0, vegaPerPoint: 0 };
const HOUR_YEARS = 3600 / (365.25 * 86_400);

/** Two units short of the target at 2,000 each; risk is worth 58.41 for the hour. */
const basis: AwardBasis = {
  book: {
    deviation: { low: -2, high: -2 },
    gammaPerUnit: 0,
    vegaPerPoint: 0,
    spot: 2000,
    annualVolatility: 0.8,
    riskAversion: 0.1,
    horizonSeconds: 3600,
  },
  tokens: [
    { token: weth, price: 2000, greeks: { ...NONE, deltaUnits: 1 } },
    { token: usdc, price: 1, greeks: NONE },
  ],
  gasPrice: { 1: 1e-5 },
  nowSeconds: NOW,
  proofSeconds: 100,
  // All that was asked was filled, for so long that the prior no longer shows.
  records: [{ adapter: 'cow', asked: 1e9, filled: 1e9, partialShare: 0 }],
  handicapBps: 0,
  maxCostBps: 50,
};
const WHOLE_RISK = 0.05 * (0.8 * 2000) ** 2 * 4 * HOUR_YEARS;

function bid(id: string, milliUnits: bigint, fields: Partial<Bid> = {}): Bid {
  const guaranteedOutput = { token: weth, atoms: milliUnits * 10n ** 15n };
  return sampleBid({ id, guaranteedOutput, timeSeconds: { expected: 0, worst: 0 }, ...fields });
}

const own = (cost: string, timeSeconds = 0) => ({ cost, deltaUnits: '2', timeSeconds });
const codes = (result: ReturnType<typeof award>): unknown =>
  result.contestants.map(({ adapter, bidId, code }) => [bidId ?? adapter, code]);

describe('award', () => {
  it('gives it to the bid that improves the book most, gas included', () => {
    const gas = { paidBy: 'owner', owner: [{ chainId: 1, units: 150_000n }] } as const;
    const result = award(own('12'), [bid('gas', 2000n, { gas }), bid('better', 2000n)], basis);
    expect(result).toMatchObject({ winner: 'bid', bid: { id: 'better' } });
    expect(codes(result)).toEqual([
      ['better', 'BEST'],
      ['gas', 'LESS_IMPROVEMENT'],
      ['own route', 'LESS_IMPROVEMENT'],
    ]);
    const [best, second, third] = result.contestants;
    // 4010 − 2·2000 = 10; all the risk is gone at once.
    expect(best!.costBps).toBeCloseTo((10 / 4010) * 1e4, 6);
    expect(best!.improvement!.net).toBeCloseTo(WHOLE_RISK - 10, 6);
    expect(second!.improvement!.net).toBeCloseTo(WHOLE_RISK - 11.5, 6);
    expect(third!.improvement!.net).toBeCloseTo(WHOLE_RISK - 12, 6);
  });

  it('prefers a dearer trade now to a cheaper one late, where the risk is worth it', () => {
    const late = bid('late', 2003n, { timeSeconds: { expected: 600, worst: 700 } });
    const calm = { ...basis, book: { ...basis.book, riskAversion: 0.01 } };
    expect(award(own('10'), [late], basis).winner).toBe('own');
    expect(award(own('10'), [late], calm).winner).toBe('bid');
  });

  it('counts what a network that never fills keeps from going elsewhere', () => {
    const unreliable = { ...basis, records: [{ adapter: 'cow', asked: 1000, filled: 100, partialShare: 0 }] };
    const result = award(own('10'), [bid('good', 2002n)], unreliable);
    expect(result.winner).toBe('own');
    const { improvement } = result.contestants.find(({ bidId }) => bidId === 'good')!;
    expect(improvement!.nonFill).toBeCloseTo(1 - 109 / 1010, 12);
    // It ends at 800, 700 from now, is proven dead 100 later, and then our own route costs 10.
    const likely = 109 / 1010;
    expect(improvement!.expectedCost).toBeCloseTo(likely * 6 + (1 - likely) * 10, 6);
    expect(improvement!.riskRemoved).toBeCloseTo(WHOLE_RISK * (likely + (1 - likely) * (2800 / 3600)), 4);
  });

  it('does not count on an own route that would not be taken by itself', () => {
    const half = { ...basis, records: [{ adapter: 'cow', asked: 1e9, filled: 0.5e9, partialShare: 0 }] };
    const { contestants } = award(own('30'), [bid('good', 2000n)], half);
    expect(contestants.map(({ code }) => code)).toEqual(['BEST', 'OVER_BUDGET']);
    expect(contestants[0]!.improvement!.expectedCost).toBeCloseTo(5, 6);
  });

  it('lets others fill once an exclusivity has lapsed', () => {
    const half = { ...basis, records: [{ adapter: 'cow', asked: 1e9, filled: 0.5e9, partialShare: 0 }] };
    const exclusive = { solver: '0x01', until: NOW + 360, overrideBps: undefined } as const;
    const { contestants } = award(undefined, [bid('first', 2000n, { exclusivity: exclusive })], half);
    expect(contestants[0]!.improvement!.nonFill).toBeCloseTo(0.25, 6);
    expect(contestants[0]!.improvement!.riskRemoved).toBeCloseTo(WHOLE_RISK * (0.5 + 0.25 * 0.9), 4);
    const outlasts = { ...exclusive, until: 801 };
    const never = award(undefined, [bid('first', 2000n, { exclusivity: outlasts })], half);
    expect(never.contestants[0]!.improvement!.nonFill).toBeCloseTo(0.5, 6);
  });

  it('counts the part that a network usually fills of what it does not fill', () => {
    const records = [{ adapter: 'cow', asked: 1e9, filled: 0, partialShare: 0.5 }];
    const parts = bid('parts', 2000n, { partialFill: 'pro-rata' });
    const { contestants } = award(undefined, [parts, bid('whole', 2000n)], { ...basis, records });
    const [first, second] = contestants;
    expect([first!.bidId, second!.bidId]).toEqual(['parts', 'whole']);
    // Half of the deviation is a quarter of the risk.
    expect(first!.improvement!.riskRemoved).toBeCloseTo(WHOLE_RISK * 0.75, 4);
    expect(second!.improvement!.riskRemoved).toBeCloseTo(0, 4);
  });

  it('looks at the greeks that a token brings, not at its price alone', () => {
    const option = { chainId: 1, address: `0x${'e'.repeat(40)}`, symbol: 'CALL', decimals: 18 } as const;
    const short = { ...basis.book, gammaPerUnit: -0.01, vegaPerPoint: -40, volatilityPoints: 60 };
    const tokens = [
      ...basis.tokens,
      { token: option, price: 400, greeks: { deltaUnits: 0.5, gammaPerUnit: 0.0025, vegaPerPoint: 10 } },
    ];
    const four = (id: string, token: typeof option | typeof weth, milli: bigint): Bid =>
      bid(id, 0n, {
        guaranteedOutput: { token, atoms: milli * 10n ** 15n },
        input: { token: usdc, atoms: 1_610_000_000n },
      });
    const calls = four('calls', option, 4000n);
    const spot = four('spot', weth, 805n);
    const result = award(undefined, [spot, calls], { ...basis, book: short, tokens, maxCostBps: 100 });
    // The calls cost 10 and the spot nothing, but only the calls take the gamma and the vega away.
    expect(codes(result)).toEqual([
      ['calls', 'BEST'],
      ['spot', 'LESS_IMPROVEMENT'],
    ]);
    expect(result.contestants.map(({ costBps }) => Math.round(costBps!))).toEqual([62, 0]);
  });

  it('keeps our own route when nobody beats it by the handicap', () => {
    const result = award(own('11'), [bid('close', 2000n)], { ...basis, handicapBps: 5 });
    expect(codes(result)).toEqual([
      ['own route', 'BEST'],
      ['close', 'WITHIN_HANDICAP'],
    ]);
    expect(award(own('13'), [bid('close', 2000n)], { ...basis, handicapBps: 5 }).winner).toBe('bid');
  });

  it('keeps a reason for each bid that cannot take part', () => {
    const result = award(
      undefined,
      [
        bid('late', 2000n, { validUntil: NOW }),
        bid('token', 0n, { guaranteedOutput: { token: { ...weth, address: `0x${'c'.repeat(40)}` }, atoms: UNIT } }),
        bid('decimals', 0n, { guaranteedOutput: { token: { ...weth, decimals: 6 }, atoms: 2n * UNIT } }),
        bid('zero', 0n),
        bid('nan', 2000n, { validUntil: Number.NaN }),
        bid('gas', 2000n, { gas: { paidBy: 'owner', owner: [{ chainId: 7, units: 1n }] } }),
        bid('dear', 1990n),
        bid('wrong way', 0n, { guaranteedOutput: { token: usdc, atoms: 4_010_000_000n } }),
      ],
      { ...basis, maxCostBps: 30 },
    );
    expect(result.winner).toBe('none');
    expect(Object.fromEntries(result.contestants.map(({ bidId, code }) => [bidId, code]))).toEqual({
      late: 'EXPIRED',
      token: 'WRONG_TOKEN',
      decimals: 'WRONG_TOKEN',
      zero: 'INVALID',
      nan: 'EXPIRED',
      gas: 'INVALID',
      dear: 'OVER_BUDGET',
      'wrong way': 'RISK_NOT_LOWER',
    });
  });

  it('gives it to nobody when the risk is not worth the cost, and counts the worse end of the exposure', () => {
    const calm = { ...basis, book: { ...basis.book, riskAversion: 1e-3 } };
    expect(codes(award(own('10'), [], calm))).toEqual([['own route', 'NO_IMPROVEMENT']]);
    const doubtful = { ...basis, book: { ...basis.book, deviation: { low: -2, high: -1.2 } } };
    const sure = award(own('10'), [], basis).contestants[0]!.improvement!;
    const unsure = award(own('10'), [], doubtful).contestants[0]!.improvement!;
    // At the high end, buying two leads from 1.2 short to 0.8 long.
    expect(unsure.riskRemoved).toBeCloseTo((WHOLE_RISK / 4) * (1.2 ** 2 - 0.8 ** 2), 6);
    expect(unsure.net).toBeLessThan(sure.net);
    const astride = { ...basis, book: { ...basis.book, deviation: { low: -2, high: 0 } } };
    expect(codes(award(own('10'), [], astride))).toEqual([['own route', 'RISK_NOT_LOWER']]);
  });

  it('judges selling by the numeraire that is guaranteed', () => {
    const long = { ...basis, book: { ...basis.book, deviation: { low: 2, high: 2 } } };
    const request = sampleRequest();
    const sold = sampleBid(
      { input: { token: weth, atoms: 2n * UNIT }, guaranteedOutput: { token: usdc, atoms: 3_998_000_000n } },
      { ...request, side: 'sell' },
    );
    const result = award(
      { ...own('3.9'), deltaUnits: '-2' },
      [{ ...sold, timeSeconds: { expected: 0, worst: 0 } }],
      long,
    );
    expect(result.winner).toBe('bid');
    expect(Number(result.contestants[0]!.cost)).toBeCloseTo(2, 9);
  });

  it('prefers our own route, then the lower id, in a tie', () => {
    const bids = [bid('b', 2000n), bid('a', 2000n)];
    expect(award(own('10'), bids, { ...basis, records: [] }).winner).toBe('own');
    expect(award(undefined, bids, basis)).toMatchObject({ winner: 'bid', bid: { id: 'a' } });
  });

  it.each([
    ['book.spot', { book: { ...basis.book, spot: 0 } }],
    ['book.horizonSeconds', { book: { ...basis.book, horizonSeconds: Number.NaN } }],
    ['book.deviation', { book: { ...basis.book, deviation: { low: 1, high: 0 } } }],
    ['book.spotVolatilityCorrelation', { book: { ...basis.book, spotVolatilityCorrelation: -1.1 } }],
    ['tokens.0.price', { tokens: [{ token: weth, price: -1, greeks: NONE }] }],
    ['records.0', { records: [{ adapter: 'cow', asked: 1, filled: 2, partialShare: 0 }] }],
  ] as const)('refuses a basis without a proper %s', (field, change) => {
    expect(() => award(undefined, [], { ...basis, ...change })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field }),
    );
  });
});

describe('properties of the award', () => {
  const sizes = fc.integer({ min: 1990, max: 2010 }).map(BigInt);
  const seconds = fc.integer({ min: 0, max: 700 });

  it('does not depend on the order in which bids come', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, seconds), { minLength: 1, maxLength: 6 }), fc.nat(), (offers, turn) => {
        const bids = offers.map(([size, expected], index) =>
          bid(`bid-${index}`, size, { timeSeconds: { expected, worst: expected } }),
        );
        const turned = [...bids.slice(turn % bids.length), ...bids.slice(0, turn % bids.length)];
        expect(codes(award(own('9'), turned, basis))).toEqual(codes(award(own('9'), bids, basis)));
      }),
    );
  });

  it('is the price alone for an owner without risk aversion, where every order is filled', () => {
    const careless = { ...basis, book: { ...basis.book, riskAversion: 1e-12 }, maxCostBps: 1e4 };
    fc.assert(
      fc.property(fc.uniqueArray(sizes, { minLength: 2, maxLength: 5 }), (offers) => {
        const bids = offers.map((size) => bid(String(size), size, { timeSeconds: { expected: 30, worst: 60 } }));
        const nets = award(undefined, bids, careless).contestants.map(({ bidId, improvement }) => [
          bidId,
          improvement!.net,
        ]);
        const byPrice = [...offers].sort((a, b) => Number(b - a)).map(String);
        expect([...nets].sort((a, b) => Number(b[1]) - Number(a[1])).map(([id]) => id)).toEqual(byPrice);
      }),
    );
  });

  it('never values waiting, gas, or doubt about filling', () => {
    const offer = fc.record({ size: sizes, expected: seconds, units: fc.integer({ min: 0, max: 400_000 }) });
    const net = (one: { size: bigint; expected: number; units: number }, asked: number): number => {
      const gas = { paidBy: 'owner', owner: [{ chainId: 1, units: BigInt(one.units) }] } as const;
      const timeSeconds = { expected: one.expected, worst: one.expected };
      const records = [{ adapter: 'cow', asked, filled: 50, partialShare: 0 }];
      const { contestants } = award(undefined, [bid('x', one.size, { gas, timeSeconds })], {
        ...basis,
        records,
        maxCostBps: 1e4,
      });
      return contestants[0]!.improvement!.net;
    };
    fc.assert(
      fc.property(offer, fc.integer({ min: 1, max: 100 }), (one, more) => {
        const base = net(one, 60);
        expect(net({ ...one, expected: one.expected + more }, 60)).toBeLessThanOrEqual(base + 1e-9);
        expect(net({ ...one, units: one.units + more }, 60)).toBeLessThan(base);
      }),
    );
    expect(fillProbability({ adapter: 'cow', asked: 60, filled: 50, partialShare: 0 })).toBeLessThan(
      fillProbability(undefined),
    );
  });

  it('integrates risk the same way in one step and in many', () => {
    const book = {
      ...basis.book,
      gammaPerUnit: -0.01,
      vegaPerPoint: -30,
      volatilityPoints: 50,
      spotVolatilityCorrelation: -0.6,
    };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 5 }), (cuts) => {
        const change = { deltaUnits: 1, gammaPerUnit: 0.002, vegaPerPoint: 5 };
        const legs = [...cuts].sort((a, b) => a - b).map((cut) => ({ fromSeconds: 600 + cut, change }));
        const whole = riskCost(book, [{ fromSeconds: 600, change }], 'low');
        expect(riskCost(book, [{ fromSeconds: 600, change }, ...legs], 'low')).toBeCloseTo(whole, 8);
      }),
    );
  });

  it('agrees with a simulation of the book', () => {
    // Midpoint sum over 3,600 steps of the variance rate, with the delta's drift variance carried along.
    const book = { ...basis.book, gammaPerUnit: -0.01 };
    const change = { deltaUnits: 1.5, gammaPerUnit: 0.004, vegaPerPoint: 0 };
    const sigma = book.annualVolatility * book.spot;
    const dt = 1 / (365.25 * 86_400);
    let drifted = 0;
    let variance = 0;
    for (let second = 0; second < 3600; second += 1) {
      const done = second >= 900;
      const drift = ((book.gammaPerUnit + (done ? change.gammaPerUnit : 0)) * sigma) ** 2 * dt;
      const delta = -2 + (done ? change.deltaUnits : 0);
      variance += sigma ** 2 * (delta ** 2 + drifted + drift / 2) * dt;
      drifted += drift;
    }
    expect(riskCost(book, [{ fromSeconds: 900, change }], 'low')).toBeCloseTo((book.riskAversion / 2) * variance, 8);
  });
});
