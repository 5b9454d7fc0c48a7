import { EvenkeelError } from '@evenkeel/intents';
import fc from 'fast-check';
import { formulaInstrument, gasCostOf } from '../../test/support/formula-instrument.js';
import type { TradeQuote } from '../ports/instrument.js';
import { chooseInstrument, type Contender } from './choose-instrument.js';
import { chooseSplit, type SplitTerms } from './choose-split.js';

const SPOT = 3_000;
const never = new AbortController().signal;

interface Costs {
  /** Numeraire, once. */
  readonly gas: number;
  readonly feeBps: number;
  /** Price impact of so many units moves the price by one percent. */
  readonly depth: number;
  readonly power: number;
  readonly most: number;
}

const costOf = ({ depth, feeBps, power }: Costs, units: number): number =>
  units * SPOT * (feeBps * 1e-4 + 0.01 * (units / depth) ** power);

const instrument = (costs: Costs, index: number): Contender =>
  formulaInstrument(
    {
      gas: costs.gas,
      costOf: (units) => costOf(costs, units),
      check: (units) => {
        if (units > costs.most) throw new RangeShut();
      },
    },
    index,
  );

class RangeShut extends EvenkeelError {
  constructor() {
    super('TOO_MUCH', 'It takes no more.', {});
  }
}

const terms = (deltaUnits: string): SplitTerms => ({
  deltaUnits,
  owner: '0x1111111111111111111111111111111111111111',
  spot: SPOT,
  slippageBps: 50,
  deadline: 10,
  days: 1,
  capitalRate: 0,
  gasCost: gasCostOf,
  maxParts: 3,
  lotUnits: '0.001',
});

/** Every way to give each fortieth of the size to one of three. */
function leastOnGrid(all: readonly Costs[], size: number): number {
  const steps = 40;
  const cost = (each: Costs | undefined, pieces: number): number => {
    if (pieces === 0) return 0;
    const units = (size * pieces) / steps;
    if (each === undefined || units > each.most + 1e-9) return Infinity;
    return Math.round(each.gas * 1_000) / 1_000 + costOf(each, units);
  };
  let least = Infinity;
  for (let first = 0; first <= steps; first += 1) {
    for (let second = 0; first + second <= steps; second += 1) {
      const third = steps - first - second;
      least = Math.min(least, cost(all[0], first) + cost(all[1], second) + cost(all[2], third));
    }
  }
  return least;
}

const costs = fc.record<Costs>({
  gas: fc.double({ min: 0.1, max: 40, noNaN: true }),
  feeBps: fc.double({ min: 1, max: 30, noNaN: true }),
  depth: fc.double({ min: 2, max: 200, noNaN: true }),
  power: fc.constantFrom(0.5, 1, 1.5),
  most: fc.constant(1_000),
});
const three = fc.tuple(costs, costs, costs);
const sizes = fc.double({ min: 0.5, max: 20, noNaN: true }).map((units) => units.toFixed(3));

test('it costs no more than the best of all ways on a grid, and is taken only where it saves', async () => {
  await fc.assert(
    fc.asyncProperty(three, sizes, fc.boolean(), async (all, size, sells) => {
      const contenders = all.map(instrument);
      const deltaUnits = sells ? `-${size}` : size;
      const single = await chooseInstrument(contenders, terms(deltaUnits), never);
      const split = await chooseSplit(contenders, single, terms(deltaUnits), never);
      const grid = leastOnGrid(all, Number(size));
      const least = single.chosen.score - (split?.saving ?? 0);
      expect(least).toBeLessThanOrEqual(grid * 1.02 + 0.01);
      if (split === undefined) return;
      expect(split.saving).toBeGreaterThan(0);
      const sum = split.parts.reduce((total, { quote }) => total + Number(quote.units), 0);
      expect(sum).toBeCloseTo(Number(deltaUnits), 9);
      for (const { quote } of split.parts) expect(Math.sign(Number(quote.units))).toBe(sells ? -1 : 1);
      expect(split.parts.reduce((total, { score }) => total + score, 0)).toBeCloseTo(least, 6);
    }),
    { numRuns: 100 },
  );
});

const flat: Costs = { gas: 5, feeBps: 10, depth: 10, power: 1, most: 1_000 };
const splitOf = async (all: readonly Costs[], size: string, more: Partial<SplitTerms> = {}) => {
  const contenders = all.map(instrument);
  const asked = { ...terms(size), ...more };
  return chooseSplit(contenders, await chooseInstrument(contenders, asked, never), asked, never);
};

test('two that are alike take half each, where that saves more than the gas of the second', async () => {
  const halves = await splitOf([flat, flat], '4');
  expect(halves!.parts.map(({ quote }) => quote.units)).toEqual(['2', '2']);
  // Impact of 4 is 48, of twice 2 is 24, and the second part's gas is 5.
  expect(halves!.saving).toBeCloseTo(19, 6);
  expect(await splitOf([flat, { ...flat, gas: 25 }], '4')).toBeUndefined();
  expect(await splitOf([flat], '4')).toBeUndefined();
  expect(await splitOf([flat, flat], '4', { maxParts: 1 })).toBeUndefined();
});

test('the next unit costs the same in each: twice as deep takes twice as much', async () => {
  const split = await splitOf([flat, { ...flat, depth: 20 }], '-6');
  expect(split!.parts.map(({ quote }) => [quote.adapter, Number(quote.units)])).toEqual([
    ['venue-1', -4],
    ['venue-0', -2],
  ]);
});

test('nobody is given more than he takes, wherever that ends, and it saves whatever it says', async () => {
  const capped = fc
    .tuple(costs, fc.double({ min: 1, max: 20, noNaN: true }))
    .map(([each, most]) => ({ ...each, most }));
  await fc.assert(
    fc.asyncProperty(costs, capped, capped, sizes, async (first, second, third, size) => {
      const all = [first, second, third];
      const split = await splitOf(all, size);
      if (split === undefined) return;
      const sum = split.parts.reduce(
        (total, { quote }) => total + costOf(all[venueOf(quote)]!, Number(quote.units)),
        0,
      );
      const gas = split.parts.reduce((total, { cost }) => total + cost.gas, 0);
      const single = Math.min(
        ...all.filter(({ most }) => most >= Number(size)).map((each) => costOf(each, Number(size)) + each.gas),
      );
      expect(single - sum - gas).toBeCloseTo(split.saving, 2);
      for (const { quote } of split.parts) expect(Number(quote.units)).toBeLessThanOrEqual(all[venueOf(quote)]!.most);
    }),
    { numRuns: 60 },
  );
});

const venueOf = ({ adapter }: TradeQuote): number => Number(adapter.split('-')[1]);

test('one that takes not all of it takes what it can', async () => {
  const shallow = { ...flat, feeBps: 1, depth: 1_000, most: 2 };
  const split = await splitOf([flat, shallow], '8');
  expect(split!.parts.map(({ quote }) => quote.units)).toEqual(['6', '2']);
});
