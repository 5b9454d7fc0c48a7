import { implementationShortfall, type ImplementationShortfall } from '@evenkeel/core/report';
import { contest, type Contestant, poolOf } from './contestants.js';
import { seededNormals } from './random.js';
import { type BenchSetting, checkSetting } from './setting.js';

/** Mean with its 95 % confidence interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** How one schedule did over all paths; basis points of the notional at the decision. */
export interface ScheduleResult {
  readonly name: string;
  readonly slices: Contestant['slices'];
  readonly shortfallBps: Estimate;
  readonly standardDeviationBps: Estimate;
  /** Mean plus γ/2 times the variance: what it costs whoever minds risk. */
  readonly costWithRiskBps: number;
  /** Shortfall less that of the naive TWAP on the same paths; below zero is better. */
  readonly againstNaiveBps: Estimate;
  readonly meanByKindBps: Readonly<Record<'delay' | 'timing' | 'impact' | 'fees' | 'opportunity', number>>;
}

export interface Comparison {
  readonly setting: BenchSetting;
  readonly resiliencePerSecond: { readonly true: number; readonly measured: number; readonly standardError: number };
  readonly results: readonly ScheduleResult[];
}

const YEAR_SECONDS = 365 * 86_400;
const STEP_SECONDS = 12;
/** Of the normal distribution, 95 % both sides. */
const WIDE = 1.959964;

/**
 * Sells the same units by every schedule on the same seeded price paths, in a pool that an arbitrageur refills, and tells
 * the implementation shortfall with its parts. The same setting gives the same numbers.
 *
 * @throws {InvalidInputError} for a setting that makes no sense
 */
export async function compareSchedules(
  input: BenchSetting,
  onPath: (done: number) => Promise<void> | void = () => undefined,
): Promise<Comparison> {
  const setting = checkSetting(input);
  const { contestants, measuredResilience } = contest(setting);
  const shortfalls = contestants.map((): ImplementationShortfall[] => []);
  for (let path = 0; path < setting.paths; path++) {
    const market = marketPath(setting, path);
    for (const [c, contestant] of contestants.entries()) shortfalls[c]!.push(sellOn(setting, contestant, market));
    await onPath(path + 1);
  }
  const naive = shortfalls[contestants.findIndex(({ name }) => name === 'naive-twap')]!.map(({ totalBps }) => totalBps);
  return {
    setting,
    resiliencePerSecond: {
      true: Math.LN2 / setting.halfLifeSeconds,
      measured: measuredResilience.perSecond,
      standardError: measuredResilience.standardError,
    },
    results: contestants.map(({ name, slices }, c) => resultOf(setting, name, slices, shortfalls[c]!, naive)),
  };
}

/** Market prices at every step. */
function marketPath(
  { latencySeconds, seed, sigmaPercent, spanSeconds, spotUsd }: BenchSetting,
  path: number,
): readonly number[] {
  const normal = seededNormals(seed * 1_000_003 + path);
  const sigma = (sigmaPercent / 100) * Math.sqrt(STEP_SECONDS / YEAR_SECONDS);
  const prices = [spotUsd];
  const steps = Math.ceil((latencySeconds + spanSeconds) / STEP_SECONDS) + 1;
  for (let i = 0; i < steps; i++) prices.push(prices[i]! * Math.exp(sigma * normal() - (sigma * sigma) / 2));
  return prices;
}

function sellOn(setting: BenchSetting, { slices }: Contestant, market: readonly number[]): ImplementationShortfall {
  const { gasUsd, latencySeconds, spotUsd, units } = setting;
  const pool = poolOf(setting);
  const fills: { deltaUnits: string; price: string; priceBefore: string; fees: string }[] = [];
  let step = 0;
  let arrival = spotUsd;
  for (const [i, { atSeconds, units: size }] of slices.entries()) {
    const due = Math.round((atSeconds + latencySeconds) / STEP_SECONDS);
    while (step < due) pool.refill(market[++step]!, STEP_SECONDS);
    const before = market[step]!;
    if (i === 0) arrival = before;
    const { fee, price } = pool.sell(size);
    fills.push({
      deltaUnits: decimal(-size),
      price: decimal(price),
      priceBefore: decimal(before),
      fees: decimal(fee + gasUsd),
    });
  }
  return implementationShortfall({
    intendedDeltaUnits: decimal(-units),
    decisionPrice: decimal(spotUsd),
    arrivalPrice: decimal(arrival),
    endPrice: decimal(market.at(-1)!),
    fills,
  });
}

function resultOf(
  { riskAversion, spotUsd, units }: BenchSetting,
  name: string,
  slices: Contestant['slices'],
  shortfalls: readonly ImplementationShortfall[],
  naive: readonly number[],
): ScheduleResult {
  const notional = units * spotUsd;
  const bps = shortfalls.map(({ totalBps }) => totalBps);
  const shortfallBps = estimate(bps);
  const deviation = standardDeviation(bps);
  const dollars = (deviation / 10_000) * notional;
  const share = WIDE / Math.sqrt(2 * (bps.length - 1));
  const kind = (key: 'delay' | 'timing' | 'impact' | 'fees' | 'opportunity'): number =>
    (mean(shortfalls.map((each) => Number(each[key]))) / notional) * 10_000;
  return {
    name,
    slices,
    shortfallBps,
    standardDeviationBps: { mean: deviation, low: deviation * (1 - share), high: deviation * (1 + share) },
    costWithRiskBps: shortfallBps.mean + (((riskAversion / 2) * dollars * dollars) / notional) * 10_000,
    againstNaiveBps: estimate(bps.map((each, i) => each - naive[i]!)),
    meanByKindBps: {
      delay: kind('delay'),
      timing: kind('timing'),
      impact: kind('impact'),
      fees: kind('fees'),
      opportunity: kind('opportunity'),
    },
  };
}

function estimate(values: readonly number[]): Estimate {
  const middle = mean(values);
  const half = (WIDE * standardDeviation(values)) / Math.sqrt(values.length);
  return { mean: middle, low: middle - half, high: middle + half };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardDeviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

function decimal(value: number): string {
  return value.toFixed(8);
}
