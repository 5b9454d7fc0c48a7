import { createHash } from 'node:crypto';
import {
  type BootstrapOptions,
  comparePolicies,
  type Comparison,
  efficiencyAgainst,
  type Estimate,
  type PolicySummary,
  summarise,
} from '@evenkeel/core/backtest';
import type { RebalancingEfficiency } from '@evenkeel/core/report';
import { secondsOf } from './history.js';
import { termsOf } from './config.js';
import type { EpisodeOutcome } from './run-range.js';
import type { BacktestConfig, TargetConfig } from './schema.js';

/** Name of the part that holds all episodes. */
const WHOLE = 'all';

/** One policy over all episodes of a part. */
export interface PolicyResult {
  readonly name: string;
  readonly summary: PolicySummary;
  /** Against the policy that stands for the optimum; absent without one, or where risk aversion is a budget. */
  readonly efficiency?: RebalancingEfficiency;
  /** Against the baseline. */
  readonly comparison?: Comparison;
  /** SHA-256 of the decision logs of all episodes, in order. */
  readonly decisionDigest: string;
}

/** `undecided`: a part of the data whose value misses, while its interval still holds the target. */
export type Verdict = 'met' | 'undecided' | 'missed';

export interface TargetResult {
  readonly target: TargetConfig;
  readonly verdict: Verdict;
  /** What was measured, with interval and smallest detectable effect. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly detectable: number;
}

/** A span of time, or all of it. */
export interface PartResult {
  readonly name: string;
  readonly episodes: number;
  readonly policies: readonly PolicyResult[];
  readonly targets: readonly TargetResult[];
}

/** All episodes, and then each split that has two or more; an episode belongs to a split that holds all of it. */
export function evaluate(config: BacktestConfig, outcomes: readonly EpisodeOutcome[]): PartResult[] {
  const splits = config.splits.map(({ from, name, to }) => {
    const [first, last] = [secondsOf(from), secondsOf(to)];
    const own = outcomes.filter(({ endSeconds, startSeconds }) => startSeconds >= first && endSeconds < last);
    return { name, own };
  });
  const large = splits.filter(({ own }) => own.length >= 2 * config.policies.length);
  return [{ name: WHOLE, own: outcomes }, ...large].map(({ name, own }) => partOf(config, name, own));
}

function partOf(config: BacktestConfig, name: string, outcomes: readonly EpisodeOutcome[]): PartResult {
  const of = (policy: string): EpisodeOutcome[] => outcomes.filter((each) => each.policy === policy);
  const options = bootstrapOptionsOf(config, outcomes.length / config.policies.length);
  const summaries = new Map(
    config.policies.map((policy) => [policy.name, summarise(of(policy.name), riskAversionOf(config, policy) ?? 0)]),
  );
  const policies = config.policies.map((policy): PolicyResult => {
    const summary = summaries.get(policy.name)!;
    const riskAversion = riskAversionOf(config, policy);
    const optimum = config.optimum === undefined ? undefined : summaries.get(config.optimum)!;
    const isCompared = config.baseline !== undefined && config.baseline !== policy.name && options !== undefined;
    return {
      name: policy.name,
      summary,
      decisionDigest: digestOf(of(policy.name)),
      ...(optimum === undefined || riskAversion === undefined
        ? {}
        : { efficiency: efficiencyAgainst(summary, optimum, riskAversion) }),
      ...(isCompared ? { comparison: comparePolicies(of(policy.name), of(config.baseline!), options) } : {}),
    };
  });
  const targets =
    options === undefined
      ? []
      : config.targets.map((target) =>
          checkTarget(target, name === WHOLE, of(target.policy), of(target.against), options),
        );
  return { name, episodes: outcomes.length / config.policies.length, policies, targets };
}

/** Undefined for a single episode: nothing can be said of how certain it is. */
function bootstrapOptionsOf({ seed, statistics }: BacktestConfig, episodes: number): BootstrapOptions | undefined {
  if (episodes < 2) return undefined;
  return {
    resamples: statistics.resamples,
    meanBlock: Math.min(episodes, statistics.meanBlockEpisodes),
    seed,
    confidence: statistics.confidencePercent / 100,
    power: statistics.powerPercent / 100,
  };
}

function riskAversionOf(config: BacktestConfig, policy: BacktestConfig['policies'][number]): number | undefined {
  const { riskAversion } = termsOf(config, policy);
  return 'perUsd' in riskAversion ? riskAversion.perUsd : undefined;
}

function digestOf(outcomes: readonly EpisodeOutcome[]): string {
  const hash = createHash('sha256');
  for (const { decisionDigest } of outcomes) hash.update(decisionDigest);
  return hash.digest('hex');
}

function checkTarget(
  target: TargetConfig,
  isWhole: boolean,
  policy: readonly EpisodeOutcome[],
  against: readonly EpisodeOutcome[],
  options: BootstrapOptions,
): TargetResult {
  const comparison = comparePolicies(policy, against, options);
  switch (target.kind) {
    case 'cost-ratio':
      return { target, ...comparison.costRatio, verdict: verdictOf(comparison.costRatio, target.atMost, isWhole) };
    case 'pnl-std-dev-ratio':
      return {
        target,
        ...comparison.pnlStdDevRatio,
        verdict: verdictOf(comparison.pnlStdDevRatio, target.atMost, isWhole),
      };
    case 'no-gross-pnl-loss': {
      // A loss is significant where all of the interval lies below nothing.
      const loss = comparison.grossPnlDifference;
      return { target, ...loss, verdict: loss.high >= 0 ? 'met' : 'missed' };
    }
  }
}

/** The whole must reach its target; a part, with its wider interval, must not have been shown to miss it. */
function verdictOf({ low, value }: Estimate, atMost: number, isWhole: boolean): Verdict {
  if (value <= atMost) return 'met';
  return !isWhole && low <= atMost ? 'undecided' : 'missed';
}
