import { implementationShortfall, type ImplementationShortfall } from '@evenkeel/core/report';
import { contest, poolOf } from './contest.js';
import { checkSchedules, type Contestant } from './contestants.js';
import { marketPath, STEP_SECONDS } from './market-path.js';
import { resultsOf, type ScheduleResult } from './results.js';
import { type BenchSetting, checkSetting } from './setting.js';

export interface Comparison {
  readonly setting: BenchSetting;
  readonly resiliencePerSecond: { readonly true: number; readonly measured: number; readonly standardError: number };
  readonly results: readonly ScheduleResult[];
}

/**
 * Sells the same units by every schedule on the same seeded price paths, in a pool that an arbitrageur refills, and tells
 * the implementation shortfall with its parts. The same setting gives the same numbers.
 *
 * @param names the schedules that are compared, undefined for all; the naive TWAP is always among them
 * @throws {InvalidInputError} for a setting that makes no sense
 */
export async function compareSchedules(
  input: BenchSetting,
  names: readonly string[] | undefined,
  onPath: (done: number) => Promise<void> | void = () => undefined,
): Promise<Comparison> {
  const setting = checkSetting(input);
  const chosen = checkSchedules(names);
  const { contestants: all, measuredResilience } = contest(setting);
  const contestants = all.filter(({ name }) => chosen.includes(name));
  const shortfalls = contestants.map((): ImplementationShortfall[] => []);
  for (let path = 0; path < setting.paths; path++) {
    const market = marketPath(setting, path);
    for (const [c, contestant] of contestants.entries()) shortfalls[c]!.push(sellOn(setting, contestant, market));
    await onPath(path + 1);
  }
  return {
    setting,
    resiliencePerSecond: {
      true: Math.LN2 / setting.halfLifeSeconds,
      measured: measuredResilience.perSecond,
      standardError: measuredResilience.standardError,
    },
    results: resultsOf(setting, contestants, shortfalls),
  };
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

function decimal(value: number): string {
  return value.toFixed(8);
}
