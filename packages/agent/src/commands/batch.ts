import { InvalidInputError } from '@evenkeel/intents';
import type { World } from '@evenkeel/devnet';
import { setMaxListeners } from 'node:events';
import { runBatchDemo, type BatchDemo } from '../batch/demo/run.js';
import type { WayKind } from '../batch/market.js';
import { batchText, worstSavingBps } from '../render/batch-text.js';
import { screen } from '../render/show.js';
import { showProgress, startLocalWorld } from './local-world.js';

export interface BatchOptions {
  readonly demo: boolean;
  readonly portfolios: number;
  readonly seed: number;
  readonly sameSign: boolean;
  readonly oneOwner: boolean;
  readonly json: boolean;
}

/** What the command answers with `--json`. Gas in units, costs in numeraire against mid with gas at the chains' prices. */
export interface BatchAnswer {
  readonly portfolios: number;
  readonly gasAlone: number;
  readonly gasTogether: number;
  readonly costAlone: number;
  readonly costTogether: number;
  readonly nettedShare: number;
  readonly worstSavingBps: number;
  /** What "alone" means: the market restored before each, or all one after another. */
  readonly alone: 'untouched' | 'in-turn';
  readonly settled: number;
  /** How it was settled. */
  readonly way: WayKind;
  /** Only with `--one-owner`: the same fills settled both ways for real, and why it was this one. */
  readonly ways?: { readonly gas: Readonly<Partial<Record<WayKind, number>>>; readonly sentence: string };
  readonly floorGas: { readonly perOrder: number; readonly perSettlement: number };
  readonly removed: readonly { readonly orderId: string; readonly code: string; readonly sentence: string }[];
}

const MOST_PORTFOLIOS = 200;

/**
 * Brings up three local chains, draws portfolios with needs, and trades them alone and as one batch, both for real.
 *
 * @returns the exit code
 * @throws INVALID_INPUT without `--demo`, or for too many portfolios
 */
export async function batch(options: BatchOptions, signal: AbortSignal): Promise<number> {
  const { json, oneOwner, portfolios, sameSign, seed } = options;
  if (!options.demo) {
    const hint = 'Use --demo; batches of your own intents are settled through @evenkeel/core/batch.';
    throw new InvalidInputError('--demo', options.demo, 'is missing', hint);
  }
  if (portfolios < 2 || portfolios > MOST_PORTFOLIOS) {
    throw new InvalidInputError('--portfolios', portfolios, 'is out of range', `Use 2 to ${MOST_PORTFOLIOS}.`);
  }
  setMaxListeners(0, signal);
  const out = await screen(json);
  let world: World | undefined;
  try {
    out.slow('Starting three local chains with real contracts …');
    world = await startLocalWorld({
      seed: 1,
      signal,
      // Whose key can make many calls at once delegates to an account of ERC-4337.
      ...(oneOwner ? { parts: ['erc4337'] } : {}),
      onProgress: (event) => showProgress(event, out),
    });
    const demo = await runBatchDemo(world, { portfolios, seed, sameSign, oneOwner }, (text) => out.slow(text), signal);
    out.idle();
    out.print(batchText(demo));
    if (json) process.stdout.write(`${JSON.stringify(answerOf(demo), null, 2)}\n`);
    return 0;
  } finally {
    out.idle();
    await world?.close();
  }
}

function answerOf(demo: BatchDemo): BatchAnswer {
  const { choice, clearing, costAlone, costTogether, floor, gasAlone, gasTogether, needs, savings, way } = demo;
  return {
    portfolios: needs.portfolios,
    gasAlone,
    gasTogether,
    costAlone,
    costTogether,
    nettedShare: clearing.nettedShare,
    worstSavingBps: worstSavingBps(demo),
    alone: needs.sameSign ? 'in-turn' : 'untouched',
    settled: savings.filter(({ left }) => left === '').length,
    way,
    ...(choice === undefined
      ? {}
      : {
          ways: {
            gas: Object.fromEntries(choice.measured.map((each) => [each.way, each.gas])),
            sentence: choice.sentence,
          },
        }),
    floorGas: floor,
    removed: clearing.removed,
  };
}
