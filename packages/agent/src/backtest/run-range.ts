import { createHash } from 'node:crypto';
import {
  type BacktestPolicy,
  type BacktestStep,
  type BacktestTrade,
  decisionLine,
  type Outcome,
  runEpisode,
} from '@evenkeel/core/backtest';
import { policyConfigOf, termsOf } from './config.js';
import { episodesOf, type PreparedEpisode } from './episodes.js';
import type { Study } from './study.js';

/** Lines of the decision log that are hashed together. */
const LINES_AT_ONCE = 256;

/** What is kept of one policy on one episode. */
export interface EpisodeOutcome extends Outcome {
  readonly policy: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly decisions: number;
  readonly heldBack: Readonly<Record<string, number>>;
  readonly trades: readonly BacktestTrade[];
  /** SHA-256 of the lines of the decision log. */
  readonly decisionDigest: string;
  /** Of the episode that is drawn. */
  readonly steps?: readonly DrawnStep[];
}

/** A look at the book as it is drawn, and its line in the log. */
export interface DrawnStep {
  readonly seconds: number;
  readonly spot: number;
  /** Middle of the exposure's delta before the decision. */
  readonly delta: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly line: string;
}

/** Numbers of the episodes to run, the last one left out. */
export interface EpisodeRange {
  readonly from: number;
  readonly to: number;
}

/** Runs all policies on a range of episodes. The same on any thread: an episode depends on its number and the study alone. */
export function runRange(
  study: Study,
  { from, to }: EpisodeRange,
  said: () => void = () => undefined,
): EpisodeOutcome[] {
  const { config } = study;
  const episodes = episodesOf(study);
  const competitors = config.policies.map((policy) => ({ policy, config: policyConfigOf(config, policy) }));
  const outcomes: EpisodeOutcome[] = [];
  for (let index = from; index < to; index++) {
    const prepared = episodes.at(index);
    for (const competitor of competitors) {
      const { schedule, recoverySeconds, trend, volatility } = termsOf(config, competitor.policy);
      outcomes.push(
        runOne(prepared, index === study.drawnEpisode, {
          name: competitor.policy.name,
          config: competitor.config,
          schedule: { request: schedule, recoverySeconds },
          volatility: prepared.volatilities[volatility]!,
          ...(trend === 'none' ? {} : { trend: prepared.trend! }),
          ...bandsOf(study, competitor.policy.name),
        }),
      );
    }
    said();
  }
  return outcomes;
}

function bandsOf({ tables }: Study, name: string): Pick<BacktestPolicy, 'bands'> {
  const table = tables[name];
  return table === undefined ? {} : { bands: [{ table, units: 1 }] };
}

function runOne({ episode }: PreparedEpisode, isDrawn: boolean, policy: BacktestPolicy): EpisodeOutcome {
  const log = digester();
  const steps: DrawnStep[] = [];
  const result = runEpisode(episode, policy, (step) => {
    const line = decisionLine(step);
    log.add(line);
    if (isDrawn) steps.push(drawn(step, line));
  });
  const {
    cost,
    decisions,
    endSeconds,
    grossPnl,
    heldBack,
    pnl,
    startSeconds,
    trackingVariance,
    trades,
    turnoverUnits,
  } = result;
  return {
    episode: episode.id,
    policy: policy.name,
    startSeconds,
    endSeconds,
    pnl,
    cost,
    grossPnl,
    trackingVariance,
    turnoverUnits,
    tradeCount: trades.length,
    decisions,
    heldBack,
    trades,
    decisionDigest: log.digest(),
    ...(isDrawn ? { steps } : {}),
  };
}

/** SHA-256 of lines, many at a time: to hand text over costs more than to hash it. */
function digester(): { readonly add: (line: string) => void; readonly digest: () => string } {
  const hash = createHash('sha256');
  let waiting: string[] = [];
  const flush = (): void => {
    if (waiting.length > 0) hash.update(`${waiting.join('\n')}\n`);
    waiting = [];
  };
  return {
    add: (line) => {
      if (waiting.push(line) === LINES_AT_ONCE) flush();
    },
    digest: () => {
      flush();
      return hash.digest('hex');
    },
  };
}

function drawn({ decision, seconds, spot }: BacktestStep, line: string): DrawnStep {
  const { band, inputs } = decision;
  const delta = (Number(inputs.delta.low) + Number(inputs.delta.high)) / 2;
  const edge = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return { seconds, spot, delta, low: edge(band?.low), high: edge(band?.high), line };
}
