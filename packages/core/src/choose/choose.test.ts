import { EvenkeelError } from '@evenkeel/intents';
import fc from 'fast-check';
import { perpetualMargin } from '../margin/margin-account.js';
import { marginBreaches } from '../margin/limits.js';
import { costFunction } from '../policy/cost-function.js';
import type { InstrumentAdapter, TradeQuote } from '../ports/instrument.js';
import { chooseInstrument, type ChoiceTerms, type Contender } from './choose-instrument.js';
import { chooseMove } from './choose-move.js';
import { holdingCurve } from './holding-curve.js';

const OWNER = '0x1111111111111111111111111111111111111111';
const SPOT = 3_000;
const never = new AbortController().signal;

interface Costs {
  readonly id: string;
  readonly feeBps: number;
  readonly carryBpsPerDay: number;
  readonly impactBpsPerUnit?: number;
}

/** An instrument by formula: a fee and an impact on either way, and a carry. */
function instrument({ carryBpsPerDay, feeBps, id, impactBpsPerUnit = 0 }: Costs): Contender {
  const quote = (units: string): TradeQuote => {
    const value = Math.abs(Number(units)) * SPOT * 1e-4;
    const oneWay = value * (feeBps + impactBpsPerUnit * Math.abs(Number(units)));
    return {
      id: `${id}:${units}`,
      adapter: id,
      chainId: 1,
      instrument: 'ETH',
      units,
      flows: [],
      greeks: { deltaUnits: Number(units), gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
      cost: oneWay,
      basis: 0,
      // Paid by who sells; who buys gets it.
      carryPerDay: -Math.sign(Number(units)) * value * carryBpsPerDay,
      tiedUp: 0,
      closingCost: oneWay,
      gas: [{ chainId: 1, units: 100n }],
      closingGas: [{ chainId: 1, units: 80n }],
      validUntil: 1,
      asOf: { source: id, timeSeconds: 0 },
      payload: null,
    };
  };
  const adapter: InstrumentAdapter = {
    kind: 'instrument',
    id,
    name: id,
    chains: [1],
    targets: () => [],
    list: () => Promise.resolve([]),
    quote: ({ units }) => Promise.resolve(quote(units)),
    build: () => [],
  };
  return { adapter, chainId: 1, instrument: 'ETH', belief: { halfLifeDays: Infinity } };
}

class ShutError extends EvenkeelError {
  constructor() {
    super('SHUT', 'It is shut.', {});
  }
}

const refusing = (error: Error): Contender => {
  const contender = instrument({ id: 'shut', feeBps: 0, carryBpsPerDay: 0 });
  return { ...contender, adapter: { ...contender.adapter, quote: () => Promise.reject(error) } };
};

const moving: Omit<ChoiceTerms, 'deltaUnits'> = {
  owner: OWNER,
  spot: SPOT,
  slippageBps: 50,
  deadline: 1,
  days: 5,
  capitalRate: 0,
  gasCost: (gas) => gas.reduce((sum, { units }) => sum + Number(units) * 0.01, 0),
};
const terms: ChoiceTerms = { ...moving, deltaUnits: '-4' };
const cheapToOpen = instrument({ id: 'a', feeBps: 1, carryBpsPerDay: 3 });
const cheapToHold = instrument({ id: 'b', feeBps: 5, carryBpsPerDay: 0 });

test('how long it is held decides', async () => {
  const choose = (days: number) => chooseInstrument([cheapToOpen, cheapToHold], { ...terms, days }, never);
  expect((await choose(1)).chosen.quote.adapter).toBe('a');
  expect((await choose(5)).chosen.quote.adapter).toBe('b');
});

test('the chosen one is the least of all that quoted, whatever the costs', async () => {
  const costs = fc.record({
    feeBps: fc.double({ min: 0, max: 50, noNaN: true }),
    carryBpsPerDay: fc.double({ min: -20, max: 20, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(costs, { minLength: 1, maxLength: 6 }), async (all) => {
      const contenders = all.map((each, at) => instrument({ ...each, id: `i${at}` }));
      const { chosen, compared } = await chooseInstrument(contenders, terms, never);
      expect(compared).toHaveLength(all.length);
      for (const { score } of compared) expect(chosen.score).toBeLessThanOrEqual(score);
    }),
    { numRuns: 50 },
  );
});

test('what closes a position saves its closing instead of paying for it', async () => {
  const held = async (heldUnits: string) =>
    (await chooseInstrument([{ ...cheapToHold, heldUnits }], terms, never)).chosen.cost;
  const open = await held('0');
  expect(open.closing).toBeCloseTo(6, 9);
  expect(open.gas).toBeCloseTo(1.8, 9);
  expect(await held('-9')).toEqual(open);
  const closes = await held('9');
  expect(closes.closing).toBeCloseTo(-6, 9);
  expect(closes.gas).toBeCloseTo(1, 9);
  // Half of it closes, half opens the other way.
  expect((await held('2')).closing).toBeCloseTo(0, 9);
});

test('who refuses is out with the code, and the others still compete', async () => {
  const { chosen, refused } = await chooseInstrument([refusing(new ShutError()), cheapToHold], terms, never);
  expect(chosen.quote.adapter).toBe('b');
  expect(refused).toMatchObject([{ adapter: 'shut', code: 'SHUT' }]);
});

describe('does not choose', () => {
  const codeOf = (contenders: readonly Contender[], change: Partial<ChoiceTerms> = {}, signal = never) =>
    chooseInstrument(contenders, { ...terms, ...change }, signal).then(
      () => 'none',
      (error: unknown) => (error instanceof EvenkeelError ? error.code : String(error)),
    );

  test('where all refuse', async () => {
    expect(await codeOf([refusing(new ShutError())])).toBe('NO_INSTRUMENT');
  });
  test('among none', async () => {
    expect(await codeOf([])).toBe('INVALID_INPUT');
  });
  test('past an error that is a bug', async () => {
    expect(await codeOf([refusing(new TypeError('bug')), cheapToHold])).toBe('TypeError: bug');
  });
  test('when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await codeOf([refusing(new ShutError()), cheapToHold], {}, signal)).toBe('Error: enough');
  });
});

describe('a margin', () => {
  const account = (sizeUnits: number, margin: number) =>
    perpetualMargin({
      spot: SPOT,
      sizeUnits,
      openNotional: -sizeUnits * SPOT,
      margin,
      weightedUnits: 0,
      weightedDollars: 0,
      collateralValue: 0,
      maintenanceRatio: 0.0625,
    });
  const marginLimits = { maxLeverage: 5, minDistance: 0.12 };
  const withMargin = (margin: number): Contender => ({
    ...instrument({ id: 'perp', feeBps: 1, carryBpsPerDay: 0 }),
    margin: ({ units }) =>
      Promise.resolve([
        { step: 'before', account: account(0, margin) },
        { step: 'trade', account: account(Number(units), margin) },
      ]),
  });

  test('that would break a limit is out, however cheap', async () => {
    const choose = (margin: number) =>
      chooseInstrument([withMargin(margin), cheapToHold], { ...terms, marginLimits }, never);
    const short = await choose(2_000);
    expect(short.chosen.quote.adapter).toBe('b');
    expect(short.refused).toMatchObject([{ adapter: 'perp', code: 'MARGIN_LIMIT' }]);
    expect((await choose(4_000)).chosen.quote.adapter).toBe('perp');
  });

  test('is within its limits after every trade that is chosen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 100, max: 12_000, noNaN: true }), async (margin) => {
        const { chosen } = await chooseInstrument([withMargin(margin), cheapToHold], { ...terms, marginLimits }, never);
        if (chosen.quote.adapter !== 'perp') return;
        expect(marginBreaches(account(-4, margin), marginLimits)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the curve', () => {
  test('costs at each size at least what the cheapest costs one way, and is convex', async () => {
    const steep = instrument({ id: 'steep', feeBps: 1, carryBpsPerDay: 0, impactBpsPerUnit: 2 });
    const flat = instrument({ id: 'flat', feeBps: 6, carryBpsPerDay: 0, impactBpsPerUnit: 0.1 });
    const sizes = ['1', '2', '8'];
    const choices = await Promise.all(
      sizes.map((deltaUnits) => chooseInstrument([steep, flat], { ...terms, deltaUnits }, never)),
    );
    expect(choices.map(({ chosen }) => chosen.quote.adapter)).toEqual(['steep', 'steep', 'flat']);
    const curve = holdingCurve('buy', choices, terms);
    const cost = costFunction(curve);
    choices.forEach(({ chosen }, at) => {
      const { closing, expected, gas } = chosen.cost;
      expect(cost.variableCost(Number(sizes[at]))).toBeGreaterThanOrEqual(expected - closing - gas - 1e-9);
    });
    expect(curve.fixedCost).toBeCloseTo(1, 12);
    const slopes = curve.points.map(({ marginalCost }) => marginalCost);
    expect(slopes).toEqual([...slopes].sort((a, b) => a - b));
  });

  test('of nothing has no points, and of the other side is refused', async () => {
    expect(holdingCurve('sell', [], terms)).toMatchObject({ fixedCost: 0, points: [] });
    const sale = await chooseInstrument([cheapToHold], terms, never);
    expect(() => holdingCurve('buy', [sale], terms)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

describe('a hedge that is held', () => {
  const held = (carryBpsPerDay: number): Contender => {
    return { ...instrument({ id: 'perp', feeBps: 2, carryBpsPerDay }), heldUnits: '-4' };
  };

  test('moves where holding it costs more than the way to another', async () => {
    // Kept: 5 days of 10 bp and 2 bp of closing; moved: 2 bp now, 5 bp to open, 5 bp to close, and gas.
    const move = await chooseMove(held(10), [cheapToHold], moving, never);
    expect(move?.open.chosen.quote).toMatchObject({ adapter: 'b', units: '-4' });
    expect(move?.close.chosen.quote).toMatchObject({ adapter: 'perp', units: '4' });
    // By hand: 1.2 numeraire a basis point; gas 1 to close and 1.8 both ways.
    const value = 4 * SPOT * 1e-4;
    const kept = 5 * 10 * value + 2 * value;
    const moved = 2 * value + 1 + 10 * value + 1.8;
    expect(kept - moved).toBeCloseTo(45.2, 9);
    expect(move!.saving).toBeCloseTo(kept - moved, 9);
  });

  test('stays where it does not pay, where nobody takes it, and where there is none', async () => {
    expect((await chooseMove(held(0.5), [cheapToHold], moving, never))!.saving).toBeLessThan(0);
    expect(await chooseMove(held(10), [refusing(new ShutError())], moving, never)).toBeUndefined();
    expect(await chooseMove({ ...held(10), heldUnits: '0' }, [cheapToHold], moving, never)).toBeUndefined();
    expect(await chooseMove(held(10), [], moving, never)).toBeUndefined();
  });
});
