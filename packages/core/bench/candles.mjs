// Reads candles and gas prices from CSV files: the edge where text becomes checked numbers.
import { readFileSync } from 'node:fs';
import { EvenkeelError } from '@evenkeel/intents';

/** A file that is no table of candles or gas prices. Code `DATA_FILE_INVALID`. */
export class DataFileInvalidError extends EvenkeelError {
  constructor(file, problem, options) {
    super('DATA_FILE_INVALID', `${file}: ${problem}.`, { field: 'data', ...options });
  }
}

const TIME_COLUMNS = ['timestamp', 'time', 'date', 'datetime', 'block_timestamp', 'open_time'];

/**
 * Candles of a CSV file with a header that names a time column (unix seconds or milliseconds, or ISO 8601, UTC if it says
 * nothing) and `open`, `high`, `low`, `close`, in any order of columns. Rows must ascend; the most frequent step between
 * them is the interval, and candles may be missing (`regularBars` fills them).
 *
 * @returns {{ candles: import('@evenkeel/core').Bar[], intervalSeconds: number, longestGapSeconds: number }}
 * @throws {DataFileInvalidError} naming file, line and way out, also for prices that contradict each other
 */
export function readCandles(file) {
  const rows = readTable(file, ['open', 'high', 'low', 'close']);
  const candles = rows.map(({ line, timeSeconds, values: [open, high, low, close] }) => {
    if (high < Math.max(open, close, low) || low > Math.min(open, close) || low <= 0) {
      throw new DataFileInvalidError(file, `line ${line} has prices that contradict each other`, {
        value: { open, high, low, close },
        hint: 'A candle needs 0 < low <= open, close <= high. Correct the line, or remove it.',
      });
    }
    return { timeSeconds, open, high, low, close };
  });
  const steps = stepsOf(file, rows);
  const intervalSeconds = mostFrequent(steps);
  return { candles, intervalSeconds, longestGapSeconds: Math.max(...new Set(steps)) };
}

/**
 * Gas prices in gwei of a CSV file with a time column and `gas_price`. A missing sample repeats the one before it.
 *
 * @returns {{ timeSeconds: number, gwei: number }[]}
 * @throws {DataFileInvalidError} naming file, line and way out
 */
export function readGasPrices(file) {
  const rows = readTable(file, ['gas_price']);
  const interval = mostFrequent(stepsOf(file, rows));
  const samples = [];
  for (const { line, timeSeconds, values } of rows) {
    const before = samples.at(-1);
    if (before !== undefined && (timeSeconds - before.timeSeconds) % interval !== 0) {
      throw new DataFileInvalidError(file, `line ${line} is off the grid of ${interval} s`, {
        hint: 'Give samples at equal intervals.',
      });
    }
    for (let time = (before?.timeSeconds ?? timeSeconds) + interval; time < timeSeconds; time += interval) {
      samples.push({ timeSeconds: time, gwei: before.gwei });
    }
    samples.push({ timeSeconds, gwei: values[0] });
  }
  return samples;
}

function readTable(file, columns) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataFileInvalidError(file, 'cannot be read', { cause, hint: 'Check the path given by --data.' });
  }
  const [header = '', ...lines] = text.split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const timeColumn = names.findIndex((name) => TIME_COLUMNS.includes(name));
  const indices = columns.map((column) => names.indexOf(column));
  if (timeColumn < 0 || indices.includes(-1)) {
    throw new DataFileInvalidError(file, `the header does not name a time column and ${columns.join(', ')}`, {
      value: header.slice(0, 200),
      hint: `The time column is called one of: ${TIME_COLUMNS.join(', ')}.`,
    });
  }
  const rows = [];
  for (const [i, content] of lines.entries()) {
    if (content.trim() === '') continue;
    rows.push(readRow(file, i + 2, content, timeColumn, indices));
  }
  if (rows.length < 2) {
    throw new DataFileInvalidError(file, `has ${rows.length} rows`, { hint: 'Give at least two candles.' });
  }
  return rows;
}

function readRow(file, line, content, timeColumn, indices) {
  const cells = content.split(',');
  const timeSeconds = parseTime(cells[timeColumn] ?? '');
  const values = indices.map((index) => (cells[index]?.trim() ? Number(cells[index]) : Number.NaN));
  if (Number.isFinite(timeSeconds) && values.every(Number.isFinite)) return { line, timeSeconds, values };
  throw new DataFileInvalidError(file, `line ${line} holds something that is no number or time`, {
    value: content.slice(0, 200),
    hint: 'Correct the line, or remove it: single missing candles are filled.',
  });
}

/** Unix seconds; a number above 10^11 is in milliseconds. */
function parseTime(text) {
  const cell = text.trim();
  if (/^\d+(\.\d+)?$/.test(cell)) return Number(cell) > 1e11 ? Number(cell) / 1000 : Number(cell);
  const iso = cell.replace(' ', 'T');
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(iso) ? iso : `${iso}Z`) / 1000;
}

function stepsOf(file, rows) {
  return rows.slice(1).map(({ line, timeSeconds }, i) => {
    const step = timeSeconds - rows[i].timeSeconds;
    if (step > 0) return step;
    throw new DataFileInvalidError(file, `line ${line} is not later than the line before it`, {
      hint: 'Sort by time, oldest first, and remove doubles.',
    });
  });
}

function mostFrequent(steps) {
  const counts = new Map();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
