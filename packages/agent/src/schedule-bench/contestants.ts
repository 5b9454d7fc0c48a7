import type { CostCurve, Slice } from '@evenkeel/core';
import {
  almgrenChriss,
  estimateResilience,
  fitVolumeModel,
  forecastVolume,
  obizhaevaWang,
  optimal,
  type Pace,
  pov,
  type Recovery,
  restOfSchedule,
  twap,
  vwap,
} from '@evenkeel/core/schedule';
import { seededNormals } from './random.js';
import { refillingPool } from './refilling-pool.js';
import type { BenchSetting } from './setting.js';

/** One way of spreading the trade, as it turned out on this pool: with as many slices as are worth their gas. */
export interface Contestant {
  readonly name: string;
  readonly slices: readonly { readonly atSeconds: number; readonly units: number }[];
}

export interface Contest {
  readonly contestants: readonly Contestant[];
  /** ρ as it was measured from recoveries, per second, and its standard error. */
  readonly measuredResilience: { readonly perSecond: number; readonly standardError: number };
}

const YEAR_SECONDS = 365 * 86_400;
const CURVE_POINTS = 24;
const PROBES = 40;
const PAST_DAYS = 20;

/** Every schedule of the house, planned on what can be known beforehand, beside a single trade and a naive TWAP. */
export function contest(setting: BenchSetting): Contest {
  const { riskAversion, slices: parts, spanSeconds, spotUsd, units } = setting;
  const resilience = estimateResilience(probe(setting));
  const resiliencePerSecond = resilience.perSecond;
  const riskPerSquaredUnitYear = (riskAversion / 2) * (annualVolatility(setting) * spotUsd) ** 2;
  const curve = curveOf(setting);
  const expectedVolume = volumeForecast(setting);
  const volume = expectedVolume().reduce((sum, each) => sum + each, 0);
  const paces: readonly Pace[] = [
    twap({ parts }),
    vwap({ bins: parts, expectedVolume }),
    pov({ bins: parts, expectedVolume, participation: Math.min(1, units / volume) }),
    almgrenChriss({ parts, urgencyPerSecond: urgencyOf(setting, curve, riskPerSquaredUnitYear) }),
    obizhaevaWang({ parts, resiliencePerSecond }),
    optimal({ parts, resiliencePerSecond }),
  ];
  const planned = paces.map((pace): Contestant => ({
    name: pace.kind,
    slices: fillAll(pace, {
      totalDeltaUnits: String(-units),
      startSeconds: 0,
      endSeconds: spanSeconds,
      lotUnits: '0.0001',
      curve,
      riskPerSquaredUnitYear,
    }),
  }));
  const naive = Array.from({ length: parts }, (_, i) => ({
    atSeconds: (i * spanSeconds) / parts,
    units: units / parts,
  }));
  return {
    contestants: [
      { name: 'single', slices: [{ atSeconds: 0, units }] },
      { name: 'naive-twap', slices: naive },
      ...planned,
    ],
    measuredResilience: { perSecond: resiliencePerSecond, standardError: resilience.standardError },
  };
}

function annualVolatility({ sigmaPercent }: BenchSetting): number {
  return sigmaPercent / 100;
}

/** Slice by slice, the rest planned anew after each, as an execution would. */
function fillAll(pace: Pace, task: Parameters<typeof restOfSchedule>[1]): Contestant['slices'] {
  const fills: { readonly atSeconds: number; readonly deltaUnits: string }[] = [];
  let left = Number(task.totalDeltaUnits);
  let nowSeconds = task.startSeconds;
  for (;;) {
    const next: Slice | undefined = restOfSchedule(pace, task, {
      neededDeltaUnits: left.toFixed(6),
      fills,
      nowSeconds,
    }).slices[0];
    if (next === undefined)
      return fills.map(({ atSeconds, deltaUnits }) => ({ atSeconds, units: -Number(deltaUnits) }));
    fills.push({ atSeconds: next.atSeconds, deltaUnits: next.deltaUnits });
    left -= Number(next.deltaUnits);
    nowSeconds = next.atSeconds + 1;
  }
}

/** C(q) of the pool as it stands, as a router would sample it. */
function curveOf(setting: BenchSetting): CostCurve {
  const { gasUsd, spotUsd, units } = setting;
  const pool = poolOf(setting);
  const cost = (size: number): number => {
    const { fee, price } = pool.quote(size);
    return gasUsd + size * (spotUsd - price) + fee;
  };
  const points = Array.from({ length: CURVE_POINTS }, (_, i) => {
    const sizeUnits = 2 * units * 1.35 ** (i - CURVE_POINTS + 1);
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

/** κ for the impact that the curve shows between nothing and the whole, with R in place of λσ². */
function urgencyOf(
  { slices, spanSeconds, units }: BenchSetting,
  curve: CostCurve,
  riskPerSquaredUnitYear: number,
): number {
  const interval = spanSeconds / slices;
  const near = curve.points.findLast(({ sizeUnits }) => sizeUnits <= units) ?? curve.points[0]!;
  const impactPerUnit = (near.marginalCost - curve.points[0]!.marginalCost) / near.sizeUnits;
  const risk = riskPerSquaredUnitYear / YEAR_SECONDS;
  return Math.acosh(1 + (risk * interval) / Math.max(impactPerUnit, 1e-300)) / interval;
}

/** A day of volume with more at both ends, as seen on past days. */
function volumeForecast({ seed, slices, units }: BenchSetting): () => readonly number[] {
  const normal = seededNormals(seed + 104_729);
  const days = Array.from({ length: PAST_DAYS }, () => {
    let own = 0;
    return Array.from({ length: slices }, (_, bin) => {
      own = 0.6 * own + 0.15 * normal();
      const shape = 1 + 0.6 * Math.cos((2 * Math.PI * (bin + 0.5)) / slices);
      return (10 * units * shape * Math.exp(own)) / slices;
    });
  });
  const model = fitVolumeModel(days);
  return () => forecastVolume(model, []);
}
