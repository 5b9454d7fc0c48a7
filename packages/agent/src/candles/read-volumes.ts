import { readFileSync } from 'node:fs';
import { CandlesInvalidError, CandlesUnreadableError } from './errors.js';
import { secondsOf, TIME_COLUMNS } from './read-candles.js';

/** Volume by candle. A candle that is missing is unknown, and no zero. */
export interface Volumes {
  /** Opening of a candle, unix seconds, to what was traded in it. */
  readonly byTime: ReadonlyMap<number, number>;
  readonly intervalSeconds: number;
}

const DAY_SECONDS = 86_400;

/**
 * Reads the columns of time and `volume` of a CSV of candles; times as `readCandles` reads them. Candles have to divide a day.
 *
 * @throws {CandlesUnreadableError} CANDLES_UNREADABLE
 * @throws {CandlesInvalidError} CANDLES_INVALID for a header without `volume`, a volume below zero or none, an odd interval
 */
export function readVolumes(file: string): Volumes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CandlesUnreadableError(file, error);
  }
  const [header = '', ...lines] = text.split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const [time, volume] = [names.findIndex((name) => TIME_COLUMNS.includes(name)), names.indexOf('volume')];
  if (time < 0 || volume < 0) {
    const hint = `Name a time column (${TIME_COLUMNS.join(', ')}) and volume in the first line.`;
    throw new CandlesInvalidError(file, 1, header.slice(0, 200), 'the header names no time and volume', hint);
  }
  const byTime = new Map<number, number>();
  let intervalSeconds = Infinity;
  let before: number | undefined;
  for (const [i, content] of lines.entries()) {
    if (content.trim() === '') continue;
    const cells = content.split(',');
    const cell = (cells[volume] ?? '').trim();
    const [at, traded] = [secondsOf(cells[time] ?? ''), cell === '' ? NaN : Number(cell)];
    if (!Number.isFinite(at) || !(traded >= 0 && traded < Infinity)) {
      const hint = 'Correct the line, or remove it: days that lack a candle are left out.';
      throw new CandlesInvalidError(file, i + 2, content.slice(0, 200), 'holds no time and volume', hint);
    }
    if (before !== undefined && at > before) intervalSeconds = Math.min(intervalSeconds, at - before);
    byTime.set(at, traded);
    before = at;
  }
  if (DAY_SECONDS % intervalSeconds !== 0) {
    const hint = 'Give candles of which a day holds a whole number.';
    throw new CandlesInvalidError(file, 1, intervalSeconds, 'its candles do not divide a day', hint);
  }
  return Object.freeze({ byTime, intervalSeconds });
}
