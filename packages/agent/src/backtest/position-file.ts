import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Leg, PricePath } from '@evenkeel/core/backtest';
import { priceAt } from '@evenkeel/core/backtest';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { ConfigUnreadableError } from '../config/errors.js';
import { BacktestConfigInvalidError } from './errors.js';
import { secondsOf } from './history.js';
import { holdingOf, liquidityOf } from './legs.js';
import { type DatedPosition, positionsSchema } from './schema.js';

/**
 * A book of positions with dates and strikes of their own, as a YAML or JSON list. One without `from` is there when the
 * warm-up ends; a date means the first price of that day.
 *
 * @param history prices; the worth of liquidity is that at its start
 * @throws ConfigUnreadableError, BacktestConfigInvalidError for a file that is none, and positions that make no sense
 */
export function readPositions(file: string, configFile: string, history: PricePath, warmUpDays: number): Leg[] {
  const path = resolve(dirname(configFile), file);
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigUnreadableError(path, error);
  }
  const result = v.safeParse(positionsSchema, parsed);
  if (!result.success) {
    const [issue] = result.issues;
    const value: unknown = issue.path?.at(-1)?.value ?? issue.input;
    throw new BacktestConfigInvalidError(`book.file: ${v.getDotPath(issue) ?? 'the list'}`, value, issue.message);
  }
  const first = history.startSeconds + warmUpDays * 86_400;
  return result.output.map((position, i) => legOf(position, i, first, history));
}

function legOf(position: DatedPosition, index: number, first: number, history: PricePath): Leg {
  const at = (date: string): number => firstPriceOn(date, history);
  const startSeconds = position.from === undefined ? first : at(position.from);
  const endSeconds = at(position.kind === 'option' ? position.expires : position.to);
  const base = { id: `${position.kind}-${index}`, startSeconds, endSeconds };
  if (startSeconds < first || !(endSeconds > startSeconds)) {
    const problem = 'is not before its end, or lies within the warm-up or before the data';
    throw new BacktestConfigInvalidError(`book.file: ${index}.from`, position.from, problem, 'Check its dates.');
  }
  const spot = priceAt(history, startSeconds);
  switch (position.kind) {
    case 'option': {
      const { optionType, sizeUnits, strikeUsd } = position;
      return { ...base, kind: 'option', optionType, sizeUnits, strike: strikeUsd };
    }
    case 'holding':
      return { ...base, kind: 'position', position: holdingOf(position.units) };
    case 'liquidity':
      return { ...base, kind: 'position', position: liquidityOf(position.valueUsd, spot, rangeOf(position, index)) };
    case 'perpetual':
      return {
        ...base,
        kind: 'position',
        annualFundingRate: position.annualFundingPercent / 100,
        position: {
          kind: 'perpetual',
          sizeUnits: String(position.sizeUnits),
          entryPrice: String(spot),
          accruedFunding: '0',
          collateral: { amountUnits: '0', deltaPerUnit: '0', valuePerUnit: '1' },
        },
      };
  }
}

function firstPriceOn(date: string, { startSeconds, stepSeconds }: PricePath): number {
  return startSeconds + Math.ceil((secondsOf(date) - startSeconds) / stepSeconds) * stepSeconds;
}

function rangeOf(
  { highUsd, lowUsd }: Extract<DatedPosition, { kind: 'liquidity' }>,
  index: number,
): { readonly lowUsd: number; readonly highUsd: number } | undefined {
  if (lowUsd === undefined && highUsd === undefined) return undefined;
  if (lowUsd !== undefined && highUsd !== undefined && lowUsd < highUsd) return { lowUsd, highUsd };
  const hint = 'Give both ends, the low one below the high one, or neither.';
  throw new BacktestConfigInvalidError(`book.file: ${index}.lowUsd`, lowUsd, 'makes no range', hint);
}
