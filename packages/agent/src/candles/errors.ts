import { EvenkeelError } from '@evenkeel/intents';

/** A file of candles that cannot be read. Code `CANDLES_UNREADABLE`. */
export class CandlesUnreadableError extends EvenkeelError {
  constructor(file: string, cause: unknown) {
    super('CANDLES_UNREADABLE', `Cannot read the candles ${file}.`, {
      field: 'candles',
      value: file,
      hint: 'Check the path.',
      cause,
    });
  }
}

/** A line that is no candle, or a header that names no columns of candles. Code `CANDLES_INVALID`. */
export class CandlesInvalidError extends EvenkeelError {
  constructor(file: string, line: number, value: unknown, problem: string, hint: string) {
    super('CANDLES_INVALID', `${file}, line ${line}: ${problem}.`, { field: `line ${line}`, value, hint });
  }
}

/** A candle that starts before the one above it, or at the same time with other prices. Code `CANDLES_UNSORTED`. */
export class CandlesUnsortedError extends EvenkeelError {
  constructor(file: string, line: number, value: unknown, problem: string) {
    super('CANDLES_UNSORTED', `${file}, line ${line}: ${problem}.`, {
      field: `line ${line}`,
      value,
      hint: 'Sort by time, oldest first, and keep one candle a time.',
    });
  }
}

/** More missing in one piece than a forecast can pass over. Code `CANDLES_GAP`. */
export class CandlesGapError extends EvenkeelError {
  constructor(file: string, line: number, hours: number, most: number) {
    super('CANDLES_GAP', `${file}, line ${line}: ${hours.toFixed(1)} h are missing before this candle.`, {
      field: `line ${line}`,
      value: hours,
      hint: `Up to ${most} h are filled at the last close; fetch what is missing, or start the file after the gap.`,
    });
  }
}

/** A price that is more than ten times, or less than a tenth, of the one before. Code `CANDLES_PRICE_JUMP`. */
export class CandlesPriceJumpError extends EvenkeelError {
  constructor(file: string, line: number, value: unknown, ratio: number) {
    super(
      'CANDLES_PRICE_JUMP',
      `${file}, line ${line}: a price is ${ratio.toPrecision(3)} times the close before it.`,
      {
        field: `line ${line}`,
        value,
        hint: 'That is a wrong tick, another unit or another asset: correct the line. Tenfold moves are never believed.',
      },
    );
  }
}
