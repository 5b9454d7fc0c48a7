import { ewma, garch, harRv, logHar, rangeHar, type VolatilityForecaster } from '@evenkeel/core/forecast';

/** Every forecaster by its id, the baseline's among them. */
export const MODELS = {
  ewma,
  garch,
  'har-rv': harRv,
  'log-har': logHar,
  'range-har': rangeHar,
} as const satisfies Record<string, () => VolatilityForecaster>;

export type ModelId = keyof typeof MODELS;

/** The one that the others are held against. */
export const BASELINE = 'log-har' satisfies ModelId;
/** The one that is ours. */
export const OURS = 'range-har' satisfies ModelId;
