import { studentQuantile } from '@evenkeel/core/forecast';
import type { ImplementationShortfall } from '@evenkeel/core/report';
import { type Contestant, NAIVE_TWAP } from './contestants.js';
import type { BenchSetting } from './setting.js';

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
  /**
   * The smallest true difference to the naive TWAP that so many paths would have shown, by a test at 5 % in four cases of
   * five: a smaller one that is not seen says nothing.
   */
  readonly detectableBps: number;
  readonly meanByKindBps: Readonly<Record<'delay' | 'timing' | 'impact' | 'fees' | 'opportunity', number>>;
}

const KINDS = ['delay', 'timing', 'impact', 'fees', 'opportunity'] as const;
const SURE = 0.95;
/** Two-sided share whose quantile leaves a power of 80 % on one side. */
const POWER = 0.6;
/** Of the normal distribution, 95 % both sides. */
const WIDE = 1.959964;

/**
 * What the shortfalls come to, by schedule.
 *
 * @param shortfalls by schedule and path
 * @param together so many paths, one after another, belong together: 1 where all are independent, 2 where each second one
 * is the mirror of the one before
 */
export function resultsOf(
  { riskAversion, spotUsd, units }: Pick<BenchSetting, 'riskAversion' | 'spotUsd' | 'units'>,
  contestants: readonly Contestant[],
  shortfalls: readonly (readonly ImplementationShortfall[])[],
  together: 1 | 2 = 1,
): readonly ScheduleResult[] {
  const notional = units * spotUsd;
  const bpsOf = (c: number): readonly number[] => shortfalls[c]!.map(({ totalBps }) => totalBps);
  const naive = bpsOf(contestants.findIndex(({ name }) => name === NAIVE_TWAP));
  return contestants.map(({ name, slices }, c): ScheduleResult => {
    const bps = bpsOf(c);
    const shortfallBps = estimate(bps, together);
    const standardDeviationBps = spread(bps, together);
    const dollars = (standardDeviationBps.mean / 10_000) * notional;
    const lessNaive = bps.map((each, i) => each - naive[i]!);
    const byKind = KINDS.map((kind) => [
      kind,
      (mean(shortfalls[c]!.map((each) => Number(each[kind]))) / notional) * 1e4,
    ]);
    return {
      name,
      slices,
      shortfallBps,
      standardDeviationBps,
      costWithRiskBps: shortfallBps.mean + (((riskAversion / 2) * dollars * dollars) / notional) * 10_000,
      againstNaiveBps: estimate(lessNaive, together),
      detectableBps: detectable(lessNaive, together),
      meanByKindBps: Object.fromEntries(byKind) as ScheduleResult['meanByKindBps'],
    };
  });
}

/** Of each lot of paths that belong together the mean, and half of how far they are apart. */
function lotsOf(values: readonly number[], together: 1 | 2): { readonly middle: number[]; readonly apart: number[] } {
  if (together === 1) return { middle: [...values], apart: values.map(() => 0) };
  const pairs = values.flatMap((value, i) => (i % 2 === 0 ? [[value, values[i + 1]!] as const] : []));
  return { middle: pairs.map(([a, b]) => (a + b) / 2), apart: pairs.map(([a, b]) => (a - b) / 2) };
}

function estimate(values: readonly number[], together: 1 | 2): Estimate {
  const { middle } = lotsOf(values, together);
  const half = studentQuantile(SURE, middle.length - 1) * standardError(middle);
  return { mean: mean(middle), low: mean(middle) - half, high: mean(middle) + half };
}

function detectable(values: readonly number[], together: 1 | 2): number {
  const { middle } = lotsOf(values, together);
  const freedom = middle.length - 1;
  return (studentQuantile(SURE, freedom) + studentQuantile(POWER, freedom)) * standardError(middle);
}

/** Of one path: between mirrored pairs, and within them, where the mean of the difference is known to be zero. */
function spread(values: readonly number[], together: 1 | 2): Estimate {
  const { apart, middle } = lotsOf(values, together);
  const deviation = Math.sqrt(variance(middle) + mean(apart.map((each) => each * each)));
  const share = WIDE / Math.sqrt(2 * (together === 1 ? middle.length - 1 : middle.length));
  return { mean: deviation, low: deviation * Math.max(0, 1 - share), high: deviation * (1 + share) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

function standardError(values: readonly number[]): number {
  return Math.sqrt(variance(values) / values.length);
}
