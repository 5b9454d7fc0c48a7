import { readFileSync } from 'node:fs';
import { BacktestDataInvalidError, BacktestDataMissingError } from './errors.js';

/** Columns of a CSV as numbers, by name. */
export type NumberColumns = Readonly<Record<string, Float64Array>>;

/**
 * Reads columns of numbers from a CSV with a header.
 *
 * @throws BacktestDataMissingError, BacktestDataInvalidError (a column that is not there, a cell that is no number)
 */
export function readNumberColumns(file: string, names: readonly string[]): NumberColumns {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BacktestDataMissingError(file, error);
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const header = (lines[0] ?? '').trim().split(',');
  const places = names.map((name) => {
    const place = header.indexOf(name);
    if (place < 0) throw new BacktestDataInvalidError(file, 1, lines[0], `has no column "${name}"`);
    return place;
  });
  const columns = names.map(() => new Float64Array(Math.max(0, lines.length - 1)));
  for (let i = 1; i < lines.length; i++) {
    const cells = lines[i]!.split(',');
    for (const [column, place] of places.entries()) {
      const cell = (cells[place] ?? '').trim();
      const value = Number(cell);
      if (cell === '' || !Number.isFinite(value)) {
        throw new BacktestDataInvalidError(file, i + 1, cell, `has no number in column "${names[column]!}"`);
      }
      columns[column]![i - 1] = value;
    }
  }
  return Object.fromEntries(names.map((name, i) => [name, columns[i]!]));
}

/** One line of a CSV that is written; texts with commas or quotes are quoted. */
export function csvLine(cells: readonly (string | number)[]): string {
  return cells
    .map((cell) => (/[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell))
    .join(',');
}
