import { EvenkeelError } from '@evenkeel/intents';

/** A backtest file that breaks its schema or contradicts itself. Code `BACKTEST_CONFIG_INVALID`. */
export class BacktestConfigInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint = 'See docs/backtest.md for every key.') {
    super('BACKTEST_CONFIG_INVALID', `Backtest configuration: ${field} ${problem}.`, { field, value, hint });
  }
}

/** A file of gas prices that cannot be used. Code `GAS_FILE_INVALID`. */
export class GasFileInvalidError extends EvenkeelError {
  constructor(file: string, line: number, value: unknown, problem: string, cause?: unknown) {
    super('GAS_FILE_INVALID', `${file}, line ${line}: ${problem}.`, {
      field: `line ${line}`,
      value,
      hint: 'Give a CSV with a header, oldest first, at equal intervals.',
      cause,
    });
  }
}

/** A backtest on candles without any. Code `BACKTEST_DATA_MISSING`. */
export class BacktestDataMissingError extends EvenkeelError {
  constructor() {
    super('BACKTEST_DATA_MISSING', 'This backtest runs on candles, and none are given.', {
      field: '--data',
      hint: 'Give a CSV of candles by --data FILE.',
    });
  }
}
