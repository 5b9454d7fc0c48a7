import type { World } from '@evenkeel/devnet';
import type { ImplementationShortfall } from '@evenkeel/core/report';
import type { Recovery } from '@evenkeel/core/schedule';
import { checkSchedules, contestantsOf } from '../contestants.js';
import { curveSizes } from '../contest.js';
import { marketPath } from '../market-path.js';
import { resultsOf, type ScheduleResult } from '../results.js';
import { probeResilience } from './probe.js';
import { sellOn } from './sell-on.js';
import { checkWorldSetting, type WorldSetting } from './setting.js';
import { OPENING_PRICE, openStage, type Stage } from './stage.js';
import { type Trader, traderOn } from './trader.js';

/** What the chain says of all runs together. */
export interface Books {
  readonly runs: number;
  readonly transactions: number;
  readonly swaps: number;
  readonly gasWei: string;
  /** Transactions of the arbitrageur. */
  readonly refills: number;
  /** Of all runs and tokens, closing − opening − what the receipts say; atoms. */
  readonly unexplainedAtoms: string;
  /** The most that a reported shortfall and the account's balances, read from the chain, are apart. */
  readonly largestDifferenceUsd: number;
}

export interface WorldComparison {
  readonly setting: WorldSetting & { readonly spotUsd: number };
  readonly resiliencePerSecond: { readonly true: number; readonly measured: number; readonly standardError: number };
  readonly recoveries: readonly Recovery[];
  readonly results: readonly ScheduleResult[];
  readonly books: Books;
}

export interface WorldRun {
  /** Names of those that are compared, undefined for all; the naive TWAP is always among them. */
  readonly schedules?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/**
 * Sells the same units by every schedule in the real pools of a local world, on the same seeded price paths and their
 * mirrors, while an arbitrageur follows the market at a finite speed. Everything is taken back between two runs; the same
 * setting gives the same numbers.
 *
 * @throws {InvalidInputError} for a setting that makes no sense
 * @throws {RevertedSliceError} and what the router throws where the pools don't take so much
 */
export async function compareOnWorld(
  world: World,
  input: WorldSetting,
  { schedules, signal }: WorldRun,
  onRun: (done: number, all: number) => void = () => undefined,
): Promise<WorldComparison> {
  const setting = { ...checkWorldSetting(input), spotUsd: OPENING_PRICE };
  const names = checkSchedules(schedules);
  const stage = await openStage(world, setting);
  try {
    const trader = traderOn(stage.chain, world.accounts.trader, setting.gasGwei, signal);
    return await compareOn(stage, trader, setting, { names, signal, onRun });
  } finally {
    await stage.close();
  }
}

interface StageRun {
  readonly names: readonly string[];
  readonly signal: AbortSignal;
  readonly onRun: (done: number, all: number) => void;
}

async function compareOn(
  stage: Stage,
  trader: Trader,
  setting: WorldComparison['setting'],
  { names, onRun, signal }: StageRun,
): Promise<WorldComparison> {
  const { recoveries, resilience } = await probeResilience(stage, trader, setting);
  await stage.restart();
  trader.forget();
  const curve = await trader.curve(OPENING_PRICE, curveSizes(setting.units));
  const plan = { ...setting, curve, resiliencePerSecond: resilience.perSecond };
  const contestants = contestantsOf(plan).filter(({ name }) => names.includes(name));
  const shortfalls = contestants.map((): ImplementationShortfall[] => []);
  const sums = { runs: 0, transactions: 0, swaps: 0, gasWei: 0n, unexplainedAtoms: 0n, largestDifferenceUsd: 0 };
  const all = setting.paths * contestants.length;
  for (let path = 0; path < setting.paths; path++) {
    const market = marketPath(setting, path >> 1, path % 2 === 0 ? 1 : -1);
    for (const [c, contestant] of contestants.entries()) {
      signal.throwIfAborted();
      const run = await sellOn(stage, trader, setting, contestant, market);
      shortfalls[c]!.push(run.shortfall);
      sums.runs += 1;
      sums.transactions += run.transactions;
      sums.swaps += run.swaps;
      sums.gasWei += run.gasWei;
      sums.unexplainedAtoms += run.books.unexplainedAtoms;
      sums.largestDifferenceUsd = Math.max(sums.largestDifferenceUsd, run.differenceUsd);
      onRun(sums.runs, all);
    }
  }
  return {
    setting,
    resiliencePerSecond: {
      true: Math.LN2 / setting.halfLifeSeconds,
      measured: resilience.perSecond,
      standardError: resilience.standardError,
    },
    recoveries,
    results: resultsOf(setting, contestants, shortfalls, 2),
    books: {
      ...sums,
      refills: stage.refills(),
      gasWei: sums.gasWei.toString(),
      unexplainedAtoms: sums.unexplainedAtoms.toString(),
    },
  };
}
