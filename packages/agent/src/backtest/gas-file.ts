import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GasFileInvalidError } from './errors.js';
import type { BacktestConfig } from './schema.js';
import { type GasSeries, shared } from './study.js';

type GasFileConfig = Extract<BacktestConfig['gas'], { kind: 'file' }>;

const GWEI_PER_COIN = 1e9;

/**
 * Reads gas prices at regular times. A time is unix seconds, or a date and time in UTC such as `2023-08-14 00:00:00`.
 *
 * @throws GasFileInvalidError
 */
export function loadGas(config: GasFileConfig, configFile: string): GasSeries {
  const file = resolve(dirname(configFile), config.file);
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  } catch (error) {
    throw new GasFileInvalidError(file, 1, undefined, 'cannot be read', error);
  }
  const header = lines[0]!.trim().split(',');
  const place = (name: string): number => {
    const index = header.indexOf(name);
    if (index < 0) throw new GasFileInvalidError(file, 1, lines[0], `has no column "${name}"`);
    return index;
  };
  const [timePlace, gweiPlace] = [place(config.timeColumn), place(config.gweiColumn)];
  const usdPerGwei = (config.gasUnitsPerTrade * config.nativePriceUsd) / GWEI_PER_COIN;
  const rows = lines.slice(1).map((line, i) => {
    const cells = line.trim().split(',');
    const seconds = secondsOf(cells[timePlace] ?? '');
    const gwei = Number(cells[gweiPlace] ?? Number.NaN);
    if (!Number.isFinite(seconds)) throw new GasFileInvalidError(file, i + 2, line, 'has no time');
    if (!(gwei >= 0 && Number.isFinite(gwei))) throw new GasFileInvalidError(file, i + 2, line, 'has no gas price');
    return { seconds, usd: gwei * usdPerGwei };
  });
  if (rows.length < 2) throw new GasFileInvalidError(file, 2, rows.length, 'begins fewer than two prices');
  const everySeconds = rows[1]!.seconds - rows[0]!.seconds;
  rows.forEach(({ seconds }, i) => {
    if (seconds === rows[0]!.seconds + i * everySeconds && everySeconds > 0) return;
    throw new GasFileInvalidError(file, i + 2, seconds, `is not ${everySeconds} s after the line before`);
  });
  const usdPerTrade = shared(rows.map(({ usd }) => usd));
  return { firstSeconds: rows[0]!.seconds, everySeconds, usdPerTrade };
}

function secondsOf(cell: string): number {
  if (/^\d+(\.\d+)?$/.test(cell)) return Number(cell);
  return Date.parse(`${cell.replace(' ', 'T')}Z`) / 1000;
}
