import { InvalidInputError } from '@evenkeel/intents';
import type { CostCurve, Slice } from '@evenkeel/core';
import {
  almgrenChriss,
  fitVolumeModel,
  forecastVolume,
  obizhaevaWang,
  optimal,
  type Pace,
  pov,
  restOfSchedule,
  twap,
  vwap,
} from '@evenkeel/core/schedule';
import { seededNormals } from './random.js';
import type { BenchSetting } from './setting.js';

/** One way of spreading the trade, as it turned out on this pool: with as many slices as are worth their gas. */
export interface Contestant {
  readonly name: string;
  readonly slices: readonly { readonly atSeconds: number; readonly units: number }[];
}

/** All that a schedule may know beforehand. */
export interface PlanSetting extends Pick<
  BenchSetting,
  'riskAversion' | 'seed' | 'sigmaPercent' | 'slices' | 'spanSeconds' | 'spotUsd' | 'units'
> {
  /** What the router would ask for each size at the decision. */
  readonly curve: CostCurve;
  /** ρ as it was measured. */
  readonly resiliencePerSecond: number;
}

export const NAIVE_TWAP = 'naive-twap';
const YEAR_SECONDS = 365 * 86_400;
const PAST_DAYS = 20;
const LOT_UNITS = '0.0001';

/** Every schedule of the house, planned on what can be known beforehand, beside a single trade and a naive TWAP. */
export function contestantsOf(setting: PlanSetting): readonly Contestant[] {
  const { curve, resiliencePerSecond, riskAversion, slices: parts, spanSeconds, spotUsd, units } = setting;
  const riskPerSquaredUnitYear = (riskAversion / 2) * (annualVolatility(setting) * spotUsd) ** 2;
  const expectedVolume = volumeForecast(setting);
  const volume = expectedVolume().reduce((sum, each) => sum + each, 0);
  const paces: readonly Pace[] = [
    twap({ parts }),
    vwap({ bins: parts, expectedVolume }),
    pov({ bins: parts, expectedVolume, participation: Math.min(1, units / volume) }),
    almgrenChriss({ parts, urgencyPerSecond: urgencyOf(setting, riskPerSquaredUnitYear) }),
    obizhaevaWang({ parts, resiliencePerSecond }),
    optimal({ parts, resiliencePerSecond }),
  ];
  const planned = paces.map((pace): Contestant => ({
    name: pace.kind,
    slices: fillAll(
      pace,
      {
        totalDeltaUnits: String(-units),
        startSeconds: 0,
        endSeconds: spanSeconds,
        lotUnits: LOT_UNITS,
        curve,
        riskPerSquaredUnitYear,
      },
      parts * Number(LOT_UNITS),
    ),
  }));
  const naive = Array.from({ length: parts }, (_, i) => ({
    atSeconds: (i * spanSeconds) / parts,
    units: units / parts,
  }));
  return [{ name: 'single', slices: [{ atSeconds: 0, units }] }, { name: NAIVE_TWAP, slices: naive }, ...planned];
}

export function annualVolatility({ sigmaPercent }: Pick<BenchSetting, 'sigmaPercent'>): number {
  return sigmaPercent / 100;
}

/**
 * Slice by slice, the rest planned anew after each, as an execution would.
 *
 * @param dustUnits what rounding to lots may leave: no slice is made of it, the last one takes it
 */
function fillAll(pace: Pace, task: Parameters<typeof restOfSchedule>[1], dustUnits: number): Contestant['slices'] {
  const fills: { readonly atSeconds: number; readonly deltaUnits: string }[] = [];
  let left = Number(task.totalDeltaUnits);
  let nowSeconds = task.startSeconds;
  while (Math.abs(left) > dustUnits) {
    const next: Slice | undefined = restOfSchedule(pace, task, {
      neededDeltaUnits: left.toFixed(6),
      fills,
      nowSeconds,
    }).slices[0];
    if (next === undefined) break;
    fills.push({ atSeconds: next.atSeconds, deltaUnits: next.deltaUnits });
    left -= Number(next.deltaUnits);
    nowSeconds = next.atSeconds + 1;
  }
  const dust = Math.abs(left) > dustUnits ? 0 : -left;
  return fills.map(({ atSeconds, deltaUnits }, i) => {
    return { atSeconds, units: -Number(deltaUnits) + (i === fills.length - 1 ? dust : 0) };
  });
}

/** κ for the impact that the curve shows between nothing and the whole, with R in place of λσ². */
function urgencyOf({ curve, slices, spanSeconds, units }: PlanSetting, riskPerSquaredUnitYear: number): number {
  const interval = spanSeconds / slices;
  const near = curve.points.findLast(({ sizeUnits }) => sizeUnits <= units) ?? curve.points[0]!;
  const impactPerUnit = (near.marginalCost - curve.points[0]!.marginalCost) / near.sizeUnits;
  const risk = riskPerSquaredUnitYear / YEAR_SECONDS;
  return Math.acosh(1 + (risk * interval) / Math.max(impactPerUnit, 1e-300)) / interval;
}

/** A day of volume with more at both ends, as seen on past days. */
function volumeForecast({ seed, slices, units }: PlanSetting): () => readonly number[] {
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

/** All schedules by name, in the order in which they are shown. */
const SCHEDULES: readonly string[] = [
  'single',
  NAIVE_TWAP,
  'twap',
  'vwap',
  'pov',
  'almgren-chriss',
  'obizhaeva-wang',
  'optimal',
];

/**
 * Which schedules are compared: those that are asked for, or all. The naive TWAP, which they are held against, is always
 * among them.
 *
 * @throws {InvalidInputError} for a name that no schedule has
 */
export function checkSchedules(names: readonly string[] = SCHEDULES): readonly string[] {
  const unknown = names.find((name) => !SCHEDULES.includes(name));
  if (unknown === undefined) return [NAIVE_TWAP, ...names];
  throw new InvalidInputError('--schedules', unknown, 'is no schedule', `Use some of ${SCHEDULES.join(', ')}.`);
}
