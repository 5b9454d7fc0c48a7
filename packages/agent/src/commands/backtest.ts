import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { loadBacktestConfig } from '../backtest/config.js';
import { evaluate } from '../backtest/evaluate.js';
import { backtestDocument } from '../backtest/document.js';
import { prepareStudy } from '../backtest/prepare.js';
import { runStudy } from '../backtest/run-study.js';
import { backtestText } from '../backtest/text.js';
import { costsCsv, decisionsCsv, summaryCsv, tradesCsv } from '../backtest/tables.js';
import { progress } from '../forecast/progress.js';
import { screen } from '../render/show.js';

export interface BacktestOptions {
  readonly config: string;
  readonly data?: string;
  readonly out?: string;
  readonly threads?: number;
  readonly seed?: number;
  readonly json: boolean;
}

/**
 * Compares policies on common price paths, as a file describes, and writes what was found.
 *
 * @returns the exit code: 1 where a target that the file states is missed
 */
export async function backtest(options: BacktestOptions, signal: AbortSignal): Promise<number> {
  const loaded = loadBacktestConfig(options.config);
  const config = options.seed === undefined ? loaded : { ...loaded, seed: options.seed };
  const out = await screen(options.json);
  const bar = await progress('Episodes');
  try {
    const sources = { configFile: options.config, ...(options.data === undefined ? {} : { dataFile: options.data }) };
    const prepared = prepareStudy(config, sources, (text) => {
      out.busy(text);
    });
    // A folder is where the steps of an episode are drawn and written to: without one they are not kept.
    const study = options.out === undefined ? { ...prepared, drawnEpisode: undefined } : prepared;
    out.idle();
    const threads = options.threads ?? availableParallelism();
    const outcomes = await runStudy(study, { threads, signal, progress: bar.show });
    bar.done();
    const parts = evaluate(config, outcomes);
    const document = backtestDocument(study, parts, outcomes);
    if (options.out !== undefined) {
      const folder = options.out;
      mkdirSync(folder, { recursive: true });
      const write = (name: string, text: string): void => {
        writeFileSync(join(folder, name), text);
      };
      write('result.json', `${JSON.stringify(document, null, 2)}\n`);
      write('summary.csv', summaryCsv(parts));
      write('costs.csv', costsCsv(parts));
      write('trades.csv', tradesCsv(outcomes));
      write('decisions.csv', decisionsCsv(outcomes));
      // Plots are large, and wanted only here.
      const { reportPage } = await import('../backtest/report/page.js');
      write('report.html', await reportPage(study, parts, outcomes));
    }
    if (options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    else out.print(backtestText(study, parts, options.out));
    return parts.every(({ targets }) => targets.every(({ verdict }) => verdict !== 'missed')) ? 0 : 1;
  } finally {
    bar.done();
    out.idle();
  }
}
