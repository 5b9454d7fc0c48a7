import type { CostCurve } from '@evenkeel/core';
import { estimateResilience, type Recovery, type Resilience } from '@evenkeel/core/schedule';
import { annualVolatility, type Contestant, contestantsOf } from './contestants.js';
import { seededNormals } from './random.js';
import { refillingPool } from './refilling-pool.js';
import type { BenchSetting } from './setting.js';

export interface Contest {
  readonly contestants: readonly Contestant[];
  /** ρ as it was measured from recoveries. */
  readonly measuredResilience: Resilience;
}

const YEAR_SECONDS = 365 * 86_400;
const CURVE_POINTS = 24;
const PROBES = 40;

/** The schedules, planned on what is seen of the simulated pool. */
export function contest(setting: BenchSetting): Contest {
  const measuredResilience = estimateResilience(probe(setting));
  const known = { curve: curveOf(setting), resiliencePerSecond: measuredResilience.perSecond };
  return { contestants: contestantsOf({ ...setting, ...known }), measuredResilience };
}

/** Sizes at which a curve is sampled: to twice of what is to be sold. */
export function curveSizes(units: number): readonly number[] {
  return Array.from({ length: CURVE_POINTS }, (_, i) => 2 * units * 1.35 ** (i - CURVE_POINTS + 1));
}

/** C(q) of the pool as it stands, as a router would sample it. */
function curveOf(setting: BenchSetting): CostCurve {
  const { gasUsd, spotUsd, units } = setting;
  const pool = poolOf(setting);
  const cost = (size: number): number => {
    const { fee, price } = pool.quote(size);
    return gasUsd + size * (spotUsd - price) + fee;
  };
  const points = curveSizes(units).map((sizeUnits) => {
    const step = sizeUnits * 1e-4;
    return {
      sizeUnits,
      cost: cost(sizeUnits),
      marginalCost: (cost(sizeUnits + step) - cost(sizeUnits - step)) / (2 * step),
    };
  });
  return { side: 'sell', referencePrice: spotUsd, fixedCost: gasUsd, points };
}

export function poolOf(setting: BenchSetting): ReturnType<typeof refillingPool> {
  return refillingPool({
    reserveUnits: setting.poolUnits,
    spot: setting.spotUsd,
    feeBps: setting.feeBps,
    resiliencePerSecond: Math.LN2 / setting.halfLifeSeconds,
  });
}

/** What somebody sees who sells a little and watches: recoveries under a market that moves meanwhile. */
function probe(setting: BenchSetting): readonly Recovery[] {
  const normal = seededNormals(setting.seed + 7919);
  const { halfLifeSeconds, spotUsd, units } = setting;
  return Array.from({ length: PROBES }, (_, i) => {
    const pool = poolOf(setting);
    pool.sell(units / 2);
    const initial = Math.log(pool.price() / spotUsd);
    const elapsedSeconds = (halfLifeSeconds * (1 + (i % 8))) / 3;
    const move = annualVolatility(setting) * Math.sqrt(elapsedSeconds / YEAR_SECONDS) * normal();
    pool.refill(spotUsd * Math.exp(move), elapsedSeconds);
    return { elapsedSeconds, initial, remaining: Math.log(pool.price() / (spotUsd * Math.exp(move))) };
  });
}
