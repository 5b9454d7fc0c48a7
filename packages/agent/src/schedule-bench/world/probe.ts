import { toAtoms } from '@evenkeel/core';
import { estimateResilience, type Recovery, type Resilience } from '@evenkeel/core/schedule';
import { marketPath, STEP_SECONDS } from '../market-path.js';
import type { WorldSetting } from './setting.js';
import { OPENING_PRICE, type Stage } from './stage.js';
import type { Trader } from './trader.js';

/** What a probe saw of the pools, and the rate at which they came back. */
export interface Probed {
  readonly resilience: Resilience;
  readonly recoveries: readonly Recovery[];
}

/** A path and its mirror, twice: what the market does by itself cancels. */
const PROBES = 4;
/** Half-lives that a probe watches for, and the most visits of the arbitrageur. */
const WATCHED_HALF_LIVES = 3;
const MOST_VISITS = 12;
/** Apart from the seeds of the paths that are traded. */
const PROBE_SEED = 7919;

/**
 * Measures ρ of the real pools: sells half of the units, and asks the router after every visit of the arbitrageur what it would
 * cost to sell a slice more, against the market's price of then.
 */
export async function probeResilience(stage: Stage, trader: Trader, setting: WorldSetting): Promise<Probed> {
  const recoveries: Recovery[] = [];
  for (let probe = 0; probe < PROBES; probe++) recoveries.push(...(await watchOne(stage, trader, setting, probe)));
  return { resilience: estimateResilience(recoveries), recoveries };
}

async function watchOne(
  stage: Stage,
  trader: Trader,
  setting: WorldSetting,
  probe: number,
): Promise<readonly Recovery[]> {
  const { arbitrageSeconds, halfLifeSeconds, seed, slices, units } = setting;
  const watched = Math.ceil((WATCHED_HALF_LIVES * halfLifeSeconds) / arbitrageSeconds);
  const visits = Math.min(MOST_VISITS, Math.max(2, watched));
  const path = { ...setting, spotUsd: OPENING_PRICE, spanSeconds: visits * arbitrageSeconds, seed: seed + PROBE_SEED };
  const market = marketPath(path, probe >> 1, probe % 2 === 0 ? 1 : -1);
  const sliceCost = (price: number): Promise<number> => trader.costShare(units / slices, price);
  await stage.restart();
  trader.forget();
  const before = await sliceCost(OPENING_PRICE);
  await stage.at(0);
  await trader.sell(toAtoms(trader.base, (units / 2).toFixed(6)), OPENING_PRICE);
  const initial = (await sliceCost(OPENING_PRICE)) - before;
  const recoveries: Recovery[] = [];
  for (let visit = 1; visit <= visits; visit++) {
    const elapsedSeconds = visit * arbitrageSeconds;
    const price = market[Math.round(elapsedSeconds / STEP_SECONDS)]!;
    await stage.visit(elapsedSeconds, price);
    recoveries.push({ elapsedSeconds, initial, remaining: (await sliceCost(price)) - before });
  }
  return recoveries;
}
