import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidInputError } from '@evenkeel/intents';
import { systemClock } from '../assemble/ambient.js';
import { type Candles, readCandles } from '../candles/read-candles.js';
import { evaluate, evaluationText } from '../forecast/evaluation.js';
import { outlook, outlookText } from '../forecast/outlook.js';
import { progress } from '../forecast/progress.js';

export interface ForecastOptions {
  readonly data: string;
  /** Days, with commas. */
  readonly horizons: string;
  readonly from?: string;
  readonly now: boolean;
  readonly json: boolean;
  /** Where a page with pictures goes. */
  readonly html?: string;
}

/**
 * Judges every volatility forecaster on a history of candles, walking forward; or says what they say now.
 *
 * @returns the exit code, 0
 * @throws CANDLES_* for a file that cannot be used; HISTORY_TOO_SHORT, FORECAST_INPUT_INVALID, INVALID_INPUT
 */
export async function forecast(options: ForecastOptions): Promise<number> {
  const horizonsDays = parseHorizons(options.horizons);
  const fromSeconds = options.from === undefined ? undefined : parseDate(options.from);
  if (options.now && options.html !== undefined) {
    const hint = 'Leave out one of the two.';
    throw new InvalidInputError(
      '--html',
      options.html,
      'draws what forecasts were worth, which --now leaves out',
      hint,
    );
  }
  // Before the work, not after it.
  if (options.html !== undefined) writing(options.html, (file) => accessSync(dirname(file), constants.W_OK));
  const candles = readCandles(options.data);
  const print = (text: string): void => {
    if (!options.json) process.stdout.write(`${text}\n`);
  };
  print(dataText(options.data, candles));
  if (options.now) {
    const said = outlook(candles, horizonsDays, systemClock.now() / 1000);
    print(outlookText(said));
    if (options.json) printJson({ data: dataOf(options.data, candles), now: said });
    return 0;
  }
  const { done, show } = await progress('Walking forward');
  try {
    const evaluation = evaluate({
      candles,
      horizonsDays,
      onProgress: show,
      ...(fromSeconds === undefined ? {} : { fromSeconds }),
    });
    done();
    if (options.html !== undefined) {
      const { evaluationPage } = await import('../forecast/page.js');
      const page = await evaluationPage(dataText(options.data, candles), candles, evaluation);
      writing(options.html, (file) => writeFileSync(file, page));
    }
    print(evaluationText(evaluation));
    if (options.html !== undefined) print(`\nPictures: ${options.html}`);
    if (options.json) printJson({ data: dataOf(options.data, candles), ...evaluation });
    return 0;
  } finally {
    done();
  }
}

function printJson(document: object): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

function writing(file: string, act: (file: string) => void): void {
  try {
    act(file);
  } catch (cause) {
    throw new InvalidInputError('--html', file, 'cannot be written', 'Name a file in a folder that exists.', { cause });
  }
}

function dataOf(file: string, { bars, endSeconds, filled, intervalSeconds, longestGapSeconds, repeated }: Candles) {
  return {
    file,
    bars: bars.length,
    intervalSeconds,
    filled,
    repeated,
    longestGapHours: longestGapSeconds / 3600,
    from: new Date(bars[0]!.timeSeconds * 1000).toISOString(),
    until: new Date(endSeconds * 1000).toISOString(),
  };
}

function dataText(file: string, candles: Candles): string {
  const { bars, filled, from, longestGapHours, repeated, until } = dataOf(file, candles);
  const gaps = `${filled} filled, longest gap ${longestGapHours.toFixed(1)} h, ${repeated} repeated`;
  return `${file}: ${bars} candles, ${from} to ${until} (${gaps})\n`;
}

function parseHorizons(text: string): readonly number[] {
  const days = text.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (days.every((each) => each >= 1 && each <= 365)) return days;
  throw new InvalidInputError('--horizons', text, 'are no days', 'Write whole days from 1 to 365, such as 1,7,30.');
}

function parseDate(text: string): number {
  const seconds = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) / 1000 : Number.NaN;
  if (Number.isFinite(seconds)) return seconds;
  throw new InvalidInputError('--from', text, 'is no date', 'Write one as 2023-01-31.');
}
