import { readFileSync } from 'node:fs';
import { type Bar, regularBars } from '@evenkeel/core/forecast';
import * as v from 'valibot';
import {
  CandlesGapError,
  CandlesInvalidError,
  CandlesPriceJumpError,
  CandlesUnreadableError,
  CandlesUnsortedError,
} from './errors.js';

/** A history of candles, regular and checked, and what was done to make it so. */
export interface Candles {
  readonly bars: readonly Bar[];
  readonly intervalSeconds: number;
  /** Missing candles that now stand at the close before them. */
  readonly filled: number;
  /** Lines that repeated the one above them, and were left out. */
  readonly repeated: number;
  readonly longestGapSeconds: number;
  /** Close of the last candle, unix seconds. */
  readonly endSeconds: number;
}

export const TIME_COLUMNS: readonly string[] = ['timestamp', 'time', 'date', 'datetime', 'open_time'];
const PRICE_COLUMNS = ['open', 'high', 'low', 'close'] as const;
const PLAIN_PRICE = /^\d{1,12}(?:\.\d+)?$/;
const MOST_GAP_HOURS = 48;
const MOST_RATIO = 10;
/** Timestamps above this are milliseconds: in seconds it is the year 5138. */
const MOST_SECONDS = 1e11;

const price = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('is empty'),
  v.transform(Number),
  v.number('is no number'),
  v.finite('is no finite number'),
  v.gtValue(0, 'is not above zero'),
);
const rowSchema = v.pipe(
  v.object({
    timeSeconds: v.pipe(v.number('is no time'), v.finite()),
    open: price,
    high: price,
    low: price,
    close: price,
  }),
  v.check(
    ({ close, high, low, open }) => high >= Math.max(open, close, low) && low <= Math.min(open, close),
    'has its open or close outside of its high and low',
  ),
);

/**
 * Reads a CSV of candles whose header names a time column (`timestamp`, `time`, `date`, `datetime` or `open_time`: unix
 * seconds, milliseconds, or ISO 8601, UTC where it says nothing) and `open`, `high`, `low`, `close`; others are ignored.
 *
 * Rules: oldest first; a line that repeats the one above is left out and counted; missing candles are filled at the close
 * before them, up to 48 h in one piece and a twentieth in all; a price more than ten times away from the close before it
 * is refused. Nothing is ever taken as zero.
 *
 * @throws {CandlesUnreadableError} CANDLES_UNREADABLE
 * @throws {CandlesInvalidError} CANDLES_INVALID, for a NaN, an empty cell, a price of zero, a high below a low
 * @throws {CandlesUnsortedError} CANDLES_UNSORTED, also for one time with two prices
 * @throws {CandlesGapError} CANDLES_GAP
 * @throws {CandlesPriceJumpError} CANDLES_PRICE_JUMP
 * @throws BAR_INVALID for times off the grid, or too much missing in all
 *
 * @example
 * ```ts
 * const { bars, filled } = readCandles('ETHUSDT-1h.csv')
 * ```
 */
export function readCandles(file: string): Candles {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CandlesUnreadableError(file, error);
  }
  const [header = '', ...lines] = text.split(/\r?\n/);
  const parse = rowParser(file, header);
  const rows: { readonly line: number; readonly bar: Bar }[] = [];
  let repeated = 0;
  for (const [i, content] of lines.entries()) {
    if (content.trim() === '') continue;
    const line = i + 2;
    const bar = parse(line, content);
    const before = rows.at(-1)?.bar;
    if (before !== undefined && isRepetition(file, line, before, bar)) {
      repeated++;
      continue;
    }
    rows.push({ line, bar });
  }
  if (rows.length < 2) {
    throw new CandlesInvalidError(file, 1, rows.length, `holds ${rows.length} candles`, 'Give at least two.');
  }
  const steps = rows.slice(1).map(({ bar }, i) => bar.timeSeconds - rows[i]!.bar.timeSeconds);
  const intervalSeconds = mostFrequent(steps);
  for (const [i, { bar, line }] of rows.slice(1).entries()) {
    const hours = (steps[i]! - intervalSeconds) / 3600;
    if (hours > Math.max(MOST_GAP_HOURS, intervalSeconds / 3600)) {
      throw new CandlesGapError(file, line, hours, MOST_GAP_HOURS);
    }
    checkJump(file, line, rows[i]!.bar, bar);
  }
  const { bars, filled } = regularBars(
    rows.map(({ bar }) => bar),
    intervalSeconds,
  );
  return Object.freeze({
    bars,
    intervalSeconds,
    filled,
    repeated,
    longestGapSeconds: steps.reduce((a, b) => Math.max(a, b)) - intervalSeconds,
    endSeconds: bars.at(-1)!.timeSeconds + intervalSeconds,
  });
}

function rowParser(file: string, header: string): (line: number, content: string) => Bar {
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const timeColumn = names.findIndex((name) => TIME_COLUMNS.includes(name));
  const columns = PRICE_COLUMNS.map((name) => names.indexOf(name)) as [number, number, number, number];
  if (timeColumn < 0 || columns.includes(-1)) {
    const hint = `Name a time column (${TIME_COLUMNS.join(', ')}) and ${PRICE_COLUMNS.join(', ')} in the first line.`;
    throw new CandlesInvalidError(
      file,
      1,
      header.slice(0, 200),
      'the header does not name the columns of candles',
      hint,
    );
  }
  const [openAt, highAt, lowAt, closeAt] = columns;
  return (line, content) => {
    const cells = content.split(',');
    const at = (column: number): string => cells[column] ?? '';
    const [open, high, low, close] = [at(openAt), at(highAt), at(lowAt), at(closeAt)];
    const timeSeconds = secondsOf(at(timeColumn));
    const plain = plainBar(timeSeconds, open, high, low, close);
    if (plain !== undefined) return plain;
    const result = v.safeParse(rowSchema, { timeSeconds, open, high, low, close });
    if (result.success) return result.output;
    const [issue] = result.issues;
    const field = v.getDotPath(issue);
    const problem = `${field === null ? 'the candle' : field} ${issue.message}`;
    const hint = 'Correct the line, or remove it: single missing candles are filled.';
    throw new CandlesInvalidError(file, line, content.slice(0, 200), problem, hint);
  };
}

/** A row that is plainly right, read without the schema, which takes many times as long; undefined where it has to judge. */
function plainBar(timeSeconds: number, first: string, most: string, least: string, last: string): Bar | undefined {
  if (!Number.isFinite(timeSeconds)) return undefined;
  if (!(PLAIN_PRICE.test(first) && PLAIN_PRICE.test(most) && PLAIN_PRICE.test(least) && PLAIN_PRICE.test(last))) {
    return undefined;
  }
  const [open, high, low, close] = [Number(first), Number(most), Number(least), Number(last)];
  if (!(low > 0 && low <= open && low <= close && high >= open && high >= close)) return undefined;
  return { timeSeconds, open, high, low, close };
}

/** Unix seconds, or NaN. */
export function secondsOf(cell: string): number {
  const text = cell.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) > MOST_SECONDS ? Number(text) / 1000 : Number(text);
  const iso = text.replace(' ', 'T');
  return Date.parse(/([zZ]|[+-]\d\d:?\d\d|^\d{4}-\d\d-\d\d)$/.test(iso) ? iso : `${iso}Z`) / 1000;
}

function isRepetition(file: string, line: number, before: Bar, bar: Bar): boolean {
  if (bar.timeSeconds > before.timeSeconds) return false;
  const isSame = PRICE_COLUMNS.every((name) => bar[name] === before[name]) && bar.timeSeconds === before.timeSeconds;
  if (isSame) return true;
  const isEarlier = bar.timeSeconds < before.timeSeconds;
  const problem = isEarlier ? 'starts before the candle above it' : 'contradicts the candle above it, of the same time';
  throw new CandlesUnsortedError(file, line, bar.timeSeconds, problem);
}

function checkJump(file: string, line: number, { close }: Bar, bar: Bar): void {
  for (const name of PRICE_COLUMNS) {
    const ratio = bar[name] / close;
    if (ratio > MOST_RATIO || ratio < 1 / MOST_RATIO) throw new CandlesPriceJumpError(file, line, bar[name], ratio);
  }
}

function mostFrequent(steps: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
