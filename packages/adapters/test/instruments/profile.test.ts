import { compareLyraGreeks } from '@evenkeel/adapters/lyra';
import { readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import { assembleExposure, type GasUse, type InstrumentAdapter, type TradeQuote } from '@evenkeel/core';
import { type HoldingBelief, profileInstrument } from '@evenkeel/core/holding';
import { type Greek, profileProblem, type ProfileSettings, solveProfile } from '@evenkeel/core/profile';
import { never } from '../support/bridge-world.js';
import { type InstrumentBench, openInstrumentBench } from './bench.js';

jest.setTimeout(60_000);

const SPOT = 3_000;
const DAYS = 3;

let bench: InstrumentBench;

beforeAll(async () => {
  bench = await openInstrumentBench();
}, 180_000);
afterAll(() => bench?.world.close());

async function quoteOf(adapter: InstrumentAdapter, instrument: string, units: string): Promise<TradeQuote> {
  const deadline = (await bench.nowSeconds()) + 600;
  const who = { chainId: bench.chain.id, owner: bench.trader };
  return adapter.quote({ ...who, instrument, units, spot: SPOT, slippageBps: 100, deadline }, never);
}

async function trade(adapter: InstrumentAdapter, instrument: string, units: string): Promise<void> {
  const quote = await quoteOf(adapter, instrument, units);
  await bench.send(bench.trader, adapter.build({ quote, owner: bench.trader, deadline: quote.validUntil }));
}

const gasCost = (gas: readonly GasUse[]): number =>
  gas.reduce((sum, { units }) => sum + Number(units) * 1e-9 * SPOT, 0);
const STAYS: HoldingBelief = { halfLifeDays: Infinity };

async function instrumentOf(
  adapter: InstrumentAdapter,
  instrument: string,
  sizes: readonly string[],
  belief: HoldingBelief,
) {
  const quotes: TradeQuote[] = [];
  for (const size of sizes) quotes.push(await quoteOf(adapter, instrument, size));
  return profileInstrument(quotes, { days: DAYS, spot: SPOT, capitalRate: 0.04, gasCost, belief });
}

async function exposure() {
  const readings = (await Promise.all(bench.sources.slice(1).map((source) => source.read(bench.trader, never)))).flat();
  return assembleExposure({
    underlying: 'ETH',
    spot: String(SPOT),
    nowSeconds: await bench.nowSeconds(),
    readings,
    inFlight: [],
    rules: { maxAgeSeconds: 600, staleSharePerHour: '0.25' },
  });
}

/** Delta and vega of the book in the venues' own words: cached greeks of the options, size of the perpetual. */
async function venuesOwn(): Promise<{ readonly delta: number; readonly vega: number }> {
  const options = await compareLyraGreeks(bench.lyra, bench.trader, never);
  const { sizeUnits } = await readPerpV2Account(bench.perp, bench.trader, never);
  const days = ({ convention }: (typeof options)[number]): number =>
    Math.max(7, Math.floor(convention.secondsToExpiry / 86_400));
  return {
    delta: options.reduce((sum, { venue }) => sum + venue.deltaUnits, Number(sizeUnits)),
    // The venue scales its vega to thirty days.
    vega: options.reduce((sum, each) => sum + each.venue.standardVegaPerPoint / Math.sqrt(30 / days(each)), 0),
  };
}

/** The cheapest plan ends on the edges of its bands, and its own trades move the volatilities: it is aimed further in. */
function narrower(target: ProfileSettings['target'], share: number): ProfileSettings['target'] {
  const each = Object.entries(target).map(([greek, band]) => [
    greek,
    { ...band, low: share * band.low, high: share * band.high },
  ]);
  return Object.fromEntries(each) as ProfileSettings['target'];
}

test('a written book comes into its bands by options and the perpetual together, by the venues’ own greeks', async () => {
  const { lyra, perp } = bench.adapters;
  // Written: calls at 3,000 and puts at 2,700 on the board of 28 days.
  await trade(lyra, '8-call', '-12');
  await trade(lyra, '7-put', '-8');
  const book = await exposure();
  const target: ProfileSettings['target'] = {
    delta: { low: -0.05, high: 0.05, weight: 1 },
    gamma: { low: -0.004, high: 0.004, weight: 1e6 },
    vega: { low: -20, high: 20, weight: 0.01 },
  };
  expect(book.gammaPerUnit).toBeLessThan(-0.01);
  expect(book.vegaPerPoint).toBeLessThan(-50);

  // To be bought: the board of 28 days again, and that of 84 days; to be traded either way: the perpetual.
  const instruments = [
    await instrumentOf(lyra, '9-call', ['2', '8', '20'], STAYS),
    await instrumentOf(lyra, '12-put', ['2', '8', '20'], STAYS),
    await instrumentOf(lyra, '13-call', ['2', '8', '20'], STAYS),
    await instrumentOf(perp, 'vETH', ['1', '6', '12', '-1', '-6', '-12'], { halfLifeDays: 2 }),
  ];
  const settings: ProfileSettings = {
    target: narrower(target, 0.5),
    instruments,
    marginAvailable: 100_000,
    holdingDays: DAYS,
  };
  const solution = solveProfile(profileProblem(book, settings));
  expect(solution.status).toBe('inside');
  const used = solution.trades.map(({ instrument }) => instrument.split('/')[0]);
  expect(new Set(used)).toEqual(new Set(['lyra', 'perp-v2']));

  for (const { instrument, side, units } of solution.trades) {
    const [adapter, , name] = instrument.split('/');
    const size = Number(units).toFixed(9);
    await trade(adapter === 'lyra' ? lyra : perp, name!, side === 'buy' ? size : `-${size}`);
  }

  const after = await exposure();
  const inside = (greek: Greek, value: number): boolean => value >= target[greek]!.low && value <= target[greek]!.high;
  expect(inside('gamma', after.gammaPerUnit)).toBe(true);
  const venues = await venuesOwn();
  expect(inside('delta', venues.delta)).toBe(true);
  expect(inside('vega', venues.vega)).toBe(true);
  // Ours and theirs are the same book.
  expect(venues.delta).toBeCloseTo(Number(after.delta.low), 2);
  expect(venues.vega).toBeCloseTo(after.vegaPerPoint, 1);
});
