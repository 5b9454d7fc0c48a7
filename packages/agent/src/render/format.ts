import Table from 'cli-table3';
import pc from 'picocolors';

/** A decimal string, short enough to read. */
export function units(value: string | number, digits = 6): string {
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  return number === 0 ? '0' : Number(number.toPrecision(digits)).toLocaleString('en-US', { maximumFractionDigits: 8 });
}

export function money(value: string | number): string {
  return `${Number(value).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} USD`;
}

export function bps(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)} bp`;
}

export function shortHex(text: string): string {
  return text.length > 20 ? `${text.slice(0, 10)}…${text.slice(-6)}` : text;
}

export function heading(number: number, title: string): string {
  return `\n${pc.bold(pc.cyan(`${number} ${title}`))}`;
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '  ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** A table without lines; columns that hold numbers are named in `right`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const made = new Table({
    head: head.map((title) => pc.dim(title)),
    chars: PLAIN,
    colAligns: head.map((_, index) => (right.includes(index) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}
