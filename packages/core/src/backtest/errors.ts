import { EvenkeelError } from '@evenkeel/intents';

/** A setting, path or book that no backtest can be run on. Code `BACKTEST_INPUT_INVALID`. */
export class BacktestInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('BACKTEST_INPUT_INVALID', `Backtest input ${field} ${problem}.`, { field, value, hint });
  }
}

/** A price so far from the one before it that it is taken for a fault of the data. Code `PRICE_JUMP`. */
export class PriceJumpError extends EvenkeelError {
  constructor(index: number, before: number, after: number, mostRatio: number) {
    super('PRICE_JUMP', `The price goes from ${before} to ${after} in one step, by more than ${mostRatio} times.`, {
      field: `prices[${index}]`,
      value: after,
      hint: 'Correct the data: such a move is a wrong tick, another unit or another asset.',
      details: { before, mostRatio },
    });
  }
}

/** The parts of a profit and loss that do not sum to it: a fault of ours. Code `BACKTEST_UNRECONCILED`. */
export class BacktestUnreconciledError extends EvenkeelError {
  constructor(episode: string, policy: string, unexplained: number) {
    super('BACKTEST_UNRECONCILED', `The books of ${policy} in ${episode} leave ${unexplained} unexplained.`, {
      field: 'unexplained',
      value: unexplained,
      hint: 'Report this with the configuration and seed.',
    });
  }
}
