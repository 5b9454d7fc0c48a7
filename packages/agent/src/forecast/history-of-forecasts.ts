import { type Bar, forecastSeries, intervalOf, logReturns, volatilityQuantile } from '@evenkeel/core/forecast';
import { MODELS, OURS } from './models.js';

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY;
/** Central share of the predictive distribution that is drawn. */
export const DRAWN_SHARE = 0.9;

/** What our forecaster said at a time, and what came: volatilities per √year. */
export interface ForecastAndOutcome {
  readonly madeAtSeconds: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
  readonly realised: number;
}

/** Every daily forecast of ours whose window has ended, each made from the bars before it alone. */
export function forecastsAndOutcomes(
  bars: readonly Bar[],
  horizonDays: number,
  fromSeconds: number,
): readonly ForecastAndOutcome[] {
  const interval = intervalOf(bars);
  const horizonSeconds = horizonDays * SECONDS_PER_DAY;
  const windowBars = horizonSeconds / interval;
  const squares = [0];
  for (const each of logReturns(bars)) squares.push(squares.at(-1)! + each * each);
  const { forecasts } = forecastSeries({ bars, forecaster: MODELS[OURS](), horizonSeconds });
  return forecasts.flatMap((forecast) => {
    const { madeAtSeconds } = forecast;
    const seen = (madeAtSeconds - bars[0]!.timeSeconds) / interval;
    const until = squares[seen + windowBars];
    if (madeAtSeconds < fromSeconds || until === undefined) return [];
    const realised = Math.sqrt(((until - squares[seen]!) * SECONDS_PER_YEAR) / horizonSeconds);
    const at = (share: number): number => volatilityQuantile(forecast, share);
    return [
      { madeAtSeconds, low: at((1 - DRAWN_SHARE) / 2), median: at(0.5), high: at((1 + DRAWN_SHARE) / 2), realised },
    ];
  });
}
