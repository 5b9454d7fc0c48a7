import { EvenkeelError } from '@evenkeel/intents';

/** Candles that ended too long ago to forecast from. Code `VOLATILITY_STALE`. */
export class VolatilityStaleError extends EvenkeelError {
  constructor(file: string, ageHours: number, mostHours: number) {
    super('VOLATILITY_STALE', `The candles ${file} ended ${ageHours.toFixed(1)} h ago, more than ${mostHours} h.`, {
      field: 'volatility.candlesFile',
      value: file,
      hint: 'Bring the file up to date, raise volatility.maxAgeHours, or configure a volatility.',
      retryable: true,
      details: { ageHours, mostHours },
    });
  }
}
