import type { DecimalString } from '@evenkeel/core';
import { checkTokens } from '../assemble/check-tokens.js';
import { type Assembled, rebalancerOf } from '../assemble/portfolio.js';
import { jsonDocument } from '../render/json-document.js';
import { quotesOf } from '../render/quotes-of.js';
import { type Screen, showRebalancing } from '../render/show.js';
import { checkDeltaPlaces } from './delta-change.js';
import { isLeftOpen, lookAtMargins, marginJson } from './look-at-margins.js';

export interface RunOptions {
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly deltaChangeUnits?: DecimalString;
  /** Margins that are too near to liquidation are cured first; else they are told of. */
  readonly keepMargin?: boolean;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
}

/** Holds that leave something undone that should be done: the delta is not where it belongs, or nobody knows. */
const STUCK: ReadonlySet<string> = new Set([
  'NO_ROUTE',
  'COST_ABOVE_LIMIT',
  'EXPOSURE_UNBOUNDED',
  'EXPOSURE_STRADDLES_TARGET',
]);

/**
 * The main job, shown or as one JSON document.
 *
 * @returns the exit code: 0 when hedged, dry, or held because nothing is to be done; else 1
 */
export async function runRebalancing(assembled: Assembled, out: Screen, options: RunOptions): Promise<number> {
  const { instruments, optimum, portfolio, ports, volatility } = assembled;
  const { deltaChangeUnits, dryRun, json, keepMargin: keep = false, signal, startedAtMs } = options;
  if (deltaChangeUnits !== undefined) checkDeltaPlaces(deltaChangeUnits, portfolio.baseTokens);
  const rebalancer = rebalancerOf(portfolio, ports, instruments);
  // A dry run reads the tables that there are, and leaves none.
  if (dryRun) optimum?.preparer.close();
  const stated = volatility.state();
  out.busy('Reading positions and pools …');
  try {
    await checkTokens(portfolio, ports.chains, signal);
    const margins = await lookAtMargins(rebalancer, out, { dryRun, keep, signal });
    showRebalancing(rebalancer, portfolio, stated, out);
    const result = await rebalancer.rebalance({
      dryRun,
      signal,
      ...(deltaChangeUnits === undefined ? {} : { deltaChangeUnits }),
    });
    if (json) {
      const first = result.slices[0];
      const quotes = quotesOf(portfolio, first?.survey ?? result.before, first?.route);
      const document = jsonDocument(result, quotes, stated, margins.map(marginJson), Date.now() - startedAtMs);
      process.stdout.write(`${JSON.stringify(document, plain, 2)}\n`);
    }
    await finishPreparing(assembled, out, signal);
    const { outcome } = result.report;
    if (isLeftOpen(margins)) return 1;
    if (outcome === 'held' && STUCK.has(result.decision.reason)) return 1;
    return outcome === 'hedged' || outcome === 'held' || outcome === 'dry-run' ? 0 : 1;
  } finally {
    optimum?.preparer.close();
    out.idle();
  }
}

/** What the decision found missing was begun beside it; the next run finds it, when this one lets it end. */
async function finishPreparing(
  { optimum }: Pick<Assembled, 'optimum'>,
  out: Screen,
  signal: AbortSignal,
): Promise<void> {
  if (optimum?.preparer.isBusy() !== true) return;
  out.slow('Preparing the table of the exact optimum for the next run: some seconds, Ctrl-C leaves it …');
  try {
    await optimum.preparer.settled(signal);
  } catch (error) {
    // What was to be done is done and reported: an end at this point is no failure of it.
    if (!signal.aborted) throw error;
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
