import type { Bar } from './bars.js';

/** What the volatility will be over a horizon, and how well that is known. */
export interface VolatilityForecast {
  readonly model: string;
  readonly horizonSeconds: number;
  /** Square root of the expected variance per year. */
  readonly annualVolatility: number;
  /**
   * Middle of the predictive distribution: mean of the natural logarithm of the realised variance per year over the
   * horizon. That distribution is normal, so e^{this/2} is the median volatility; it lies below `annualVolatility`, which
   * answers for the mean of a skewed variance.
   */
  readonly logVarianceMean: number;
  /**
   * Predictive dispersion: standard deviation of the logarithm of the realised variance over the horizon, so that it
   * lies within a factor e^{±this} of its median two times out of three.
   */
  readonly logVarianceStdDev: number;
}

/** A forecaster sees bars up to now and nothing else. Pure and deterministic. */
export interface VolatilityForecaster {
  readonly id: string;
  /**
   * @param bars regular bars, ascending; the last one has closed
   * @throws {HistoryTooShortError} when there are too few
   */
  forecast(bars: readonly Bar[], horizonSeconds: number): VolatilityForecast;
  /**
   * What {@link VolatilityForecaster.forecast} says of the first `seen` bars, for each entry of `seen`: the same numbers,
   * for a forecaster that gets them cheaper together.
   */
  series?(bars: readonly Bar[], horizonSeconds: number, seen: readonly number[]): VolatilityForecast[];
}
