import { black76, type PositionReading } from '@evenkeel/core';
import type { NoTableCode } from '@evenkeel/core/rebalancer';

/** One option of a book, with its end. */
export interface BookOption {
  readonly kind: 'call' | 'put';
  /** Signed: negative for what was written. */
  readonly units: number;
  readonly strike: number;
  /** Unix seconds. */
  readonly expirySeconds: number;
}

/** The part of a book that ends at known times: what the exact optimum is solved for. */
export interface OptionBook {
  readonly options: readonly BookOption[];
  /** Γ of the options as the exposure counts it. */
  readonly gammaPerUnit: number;
  /** The last expiry, unix seconds. */
  readonly endSeconds: number;
  /** Whether all of them expire together. */
  readonly endsAtOnce: boolean;
}

/** Why a book is none for the lattice. */
export interface NoBook {
  readonly code: NoTableCode;
  readonly sentence: string;
}

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * The options of a book as it was read, or why there is no book for the lattice. Everything else is
 * no part of it: holdings and perpetuals move nothing, and liquidity ends at no known time. The delta that the exposure
 * states for liquidity is that of closing it now, another than that of a claim on its worth at a horizon, so that a table
 * of such claims would be read beside the point.
 */
export function optionBookOf(
  readings: readonly PositionReading[],
  spot: number,
  nowSeconds: number,
): OptionBook | NoBook {
  const options: BookOption[] = [];
  let gammaPerUnit = 0;
  for (const reading of readings) {
    if (reading.status === 'unknown') return noBook('BOOK_UNREAD', `${reading.label} cannot be read.`);
    const { position } = reading;
    if (position.kind !== 'option') continue;
    if (position.underlying !== undefined) {
      return noBook('BOOK_UNREAD', `An option is on another underlying, ${position.underlying}.`);
    }
    const { expirySeconds, optionType } = position;
    if (!(expirySeconds > nowSeconds)) return noBook('BOOK_UNREAD', 'An option has expired and stands there still.');
    const units = Number(position.sizeUnits);
    if (units === 0) continue;
    const strike = Number(position.strike);
    const greeks = black76({
      optionType,
      spot,
      strike,
      years: (expirySeconds - nowSeconds) / SECONDS_PER_YEAR,
      annualVolatility: Number(position.annualVolatility),
      forwardRatio: Number(position.forwardRatio),
      annualRate: Number(position.annualRate),
    });
    gammaPerUnit += units * greeks.gammaPerUnit;
    options.push({ kind: optionType, units, strike, expirySeconds });
  }
  if (options.length === 0) {
    return noBook('BOOK_WITHOUT_END', 'The book holds no options, and only those end at a known time.');
  }
  const ends = options.map(({ expirySeconds }) => expirySeconds);
  const endSeconds = Math.max(...ends);
  return { options, gammaPerUnit, endSeconds, endsAtOnce: ends.every((end) => end === endSeconds) };
}

function noBook(code: NoTableCode, sentence: string): NoBook {
  return { code, sentence };
}
