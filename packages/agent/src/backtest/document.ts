import type { PartResult } from './evaluate.js';
import type { EpisodeOutcome } from './run-range.js';
import type { Study } from './study.js';

/** The one JSON document of a backtest: everything but the fills and the decision log. */
export function backtestDocument(
  { config, filledCandles, history }: Study,
  parts: readonly PartResult[],
  outcomes: readonly EpisodeOutcome[],
): Readonly<Record<string, unknown>> {
  const missed = parts.flatMap(({ targets }) => targets.filter(({ verdict }) => verdict === 'missed')).length;
  return {
    outcome: missed === 0 ? 'tested' : 'target-missed',
    name: config.name,
    seed: config.seed,
    node: process.versions.node,
    market: {
      kind: config.market.kind,
      ...(history === undefined ? {} : { candles: history.prices.length, filledCandles }),
    },
    decisions: outcomes.reduce((sum, { decisions }) => sum + decisions, 0),
    heldBack: heldBackOf(outcomes),
    parts,
    config,
  };
}

/** Decisions that a limit or a missing market stopped, by policy and reason. */
export function heldBackOf(outcomes: readonly EpisodeOutcome[]): Record<string, Record<string, number>> {
  const all: Record<string, Record<string, number>> = {};
  for (const { heldBack, policy } of outcomes) {
    for (const [reason, count] of Object.entries(heldBack)) {
      const own = (all[policy] ??= {});
      own[reason] = (own[reason] ?? 0) + count;
    }
  }
  return all;
}
