import { EvenkeelError } from '@evenkeel/intents';

/** A bar that is no bar. Code `BAR_INVALID`. */
export class BarInvalidError extends EvenkeelError {
  constructor(index: number, bar: unknown, problem: string) {
    super('BAR_INVALID', `Bar ${index} ${problem}.`, {
      field: `bars[${index}]`,
      value: bar,
      hint: 'Repair the price history, or leave the bar out: single missing bars are filled.',
    });
  }
}

/** Too little history for a forecaster. Code `HISTORY_TOO_SHORT`. */
export class HistoryTooShortError extends EvenkeelError {
  constructor(have: number, need: number) {
    super('HISTORY_TOO_SHORT', `There are ${have} bars where ${need} are needed.`, {
      field: 'bars',
      value: have,
      hint: 'Give a longer history, or a forecaster that needs less (ewma).',
    });
  }
}

/** A forecaster's setting or question that makes no sense. Code `FORECAST_INPUT_INVALID`. */
export class ForecastInputInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('FORECAST_INPUT_INVALID', `Forecast input ${field} ${problem}.`, { field, value, hint });
  }
}

/** A gas price that is none, or out of step. Code `GAS_SAMPLE_INVALID`. */
export class GasSampleInvalidError extends EvenkeelError {
  constructor(index: number, sample: unknown, problem: string) {
    super('GAS_SAMPLE_INVALID', `Gas price ${index} ${problem}.`, {
      field: `samples[${index}]`,
      value: sample,
      hint: 'Give gas prices above zero at equal intervals, oldest first; carry the last one over a missing sample.',
    });
  }
}
