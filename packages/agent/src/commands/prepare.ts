import { memoryJournal } from '@evenkeel/core/execution';
import { createRebalancer } from '@evenkeel/core/rebalancer';
import { systemRandom } from '../assemble/ambient.js';
import { assemble } from '../assemble/portfolio.js';
import { readOnlySigner } from '../assemble/read-only-signer.js';
import { loadConfig } from '../config/load.js';
import { decisionText } from '../render/sections.js';
import { screen } from '../render/show.js';

export interface PrepareOptions {
  readonly config: string;
  readonly json: boolean;
}

/**
 * Prepares the table of the exact optimum that the next decision of a portfolio will ask for, ahead of it: looks at the
 * book and the market, decides as `hedge` would, and sends nothing. Needs no key.
 *
 * @returns the exit code
 */
export async function prepare(options: PrepareOptions, signal: AbortSignal): Promise<number> {
  const config = loadConfig(options.config);
  const out = await screen(options.json);
  const { optimum, portfolio, ports } = assemble(config, {
    signer: readOnlySigner(config.owner),
    journal: memoryJournal(),
    random: systemRandom,
    env: process.env,
    tables: {},
  });
  const { preparer } = optimum!;
  try {
    out.busy('Reading positions and pools …');
    const rebalancer = createRebalancer(portfolio, ports);
    const first = await rebalancer.decide({ signal });
    const wanted = preparer.isBusy();
    if (wanted) {
      out.slow('Preparing the table of the exact optimum: some seconds …');
      await preparer.settled(signal);
    }
    const { decision } = wanted ? await rebalancer.decide({ signal }) : first;
    const { action, bandCode, bandReason, bandSource, reason, sentence } = decision;
    const outcome = bandSource !== 'lattice' ? 'none' : wanted ? 'prepared' : 'at-hand';
    if (options.json) {
      const document = {
        outcome,
        decision: {
          action,
          code: reason,
          sentence,
          bandSource: bandSource ?? null,
          bandReason: bandReason ?? null,
          bandCode: bandCode ?? null,
        },
      };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      out.print(`${SAID[outcome]}. Now it would be:`);
      out.print(decisionText(decision));
    }
    return 0;
  } finally {
    preparer.close();
    out.idle();
  }
}

const SAID = {
  prepared: 'The table is prepared',
  'at-hand': 'The table was at hand already',
  none: 'There is no table for this book',
} as const;
