import { EvenkeelError } from '@evenkeel/intents';

/** A backtest file that breaks its schema or contradicts itself. Code `BACKTEST_CONFIG_INVALID`. */
export class BacktestConfigInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint = 'See docs/backtest.md for every key.') {
    super('BACKTEST_CONFIG_INVALID', `Backtest configuration: ${field} ${problem}.`, { field, value, hint });
  }
}

/** A file of candles or gas prices that cannot be used. Code `BACKTEST_DATA_INVALID`. */
export class BacktestDataInvalidError extends EvenkeelError {
  constructor(file: string, line: number, value: unknown, problem: string, cause?: unknown) {
    super('BACKTEST_DATA_INVALID', `Line ${line} of ${file} ${problem}.`, {
      field: `line ${line}`,
      value,
      hint: 'Give a CSV with a header, oldest first: timestamp,open,high,low,close.',
      cause,
    });
  }
}

/** Market data that the configuration needs and nobody gave. Code `BACKTEST_DATA_MISSING`. */
export class BacktestDataMissingError extends EvenkeelError {
  constructor(file: string | undefined, cause?: unknown) {
    const problem = file === undefined ? 'no file of candles is given' : `the file ${file} cannot be read`;
    super('BACKTEST_DATA_MISSING', `This backtest runs on data, and ${problem}.`, {
      field: '--data',
      value: file,
      hint: 'Give a CSV of candles by --data FILE.',
      cause,
    });
  }
}
