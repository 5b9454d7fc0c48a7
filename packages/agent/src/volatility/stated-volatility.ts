import type { Clock, VolatilityFeed } from '@evenkeel/core';
import { volatilityQuantile } from '@evenkeel/core/forecast';
import { InvalidInputError } from '@evenkeel/intents';
import { type CandleHistory } from '../candles/history.js';
import type { PortfolioConfig } from '../config/complete.js';
import { MODELS } from '../forecast/models.js';
import { VolatilityStaleError } from './errors.js';
import { type ImpliedVolatility, impliedVolatility } from './implied-volatility.js';

/** What a forecast from candles says; percent a year. */
export interface ForecastVolatility {
  readonly model: string;
  readonly horizonDays: number;
  readonly expectedPercent: number;
  readonly ninetyPercent: readonly [number, number];
  /** Close of the last candle, ISO 8601. */
  readonly asOf: string;
  readonly ageHours: number;
}

/** Which volatility the policy uses, where it comes from, and the others that are known beside it. */
export interface VolatilityStatement {
  readonly usedPercent: number;
  readonly source: 'configured' | 'forecast' | 'implied';
  /** When what is used was known, unix seconds. */
  readonly asOfSeconds: number;
  readonly configuredPercent: number | null;
  readonly forecast: ForecastVolatility | null;
  readonly implied: ImpliedVolatility | null;
}

/** The volatility of a portfolio as a feed of the rebalancer, and in words. */
export interface StatedVolatility {
  readonly feed: Pick<VolatilityFeed, 'realised'>;
  /** @throws VOLATILITY_STALE, CANDLES_*, HISTORY_TOO_SHORT */
  readonly state: () => VolatilityStatement;
}

type ForecastConfig = Extract<PortfolioConfig['volatility'], { kind: 'forecast' }>;

/**
 * The volatility that a configuration asks for: a number, that of its options, or a forecast from a file of candles. The
 * file is read anew whenever it has changed, so that a program beside may keep it up to date. Candles that have not closed yet are
 * left out, and candles that ended too long ago are refused: an old market is not today's.
 *
 * @throws {InvalidInputError} INVALID_INPUT where the options' volatility is asked for and none has one
 */
export function statedVolatility(
  config: PortfolioConfig,
  clock: Pick<Clock, 'now'>,
  history: CandleHistory,
): StatedVolatility {
  const { horizonDays, volatility } = config;
  const configuredPercent =
    volatility.kind === 'configured' ? volatility.annualPercent : (config.annualVolatilityPercent ?? null);
  const implied = impliedVolatility(config.positions.optionBook);
  if (volatility.kind === 'implied' && implied === null) {
    const hint = 'Give positions.optionBook with volatilityAnnualPercent, or another kind.';
    throw new InvalidInputError('volatility.kind', 'implied', 'asks for what no option states', hint);
  }
  const state = (): VolatilityStatement => {
    const nowSeconds = clock.now() / 1000;
    const forecast = volatility.kind === 'forecast' ? forecastNow(volatility, horizonDays, nowSeconds, history) : null;
    const beside = { configuredPercent, forecast, implied };
    if (forecast !== null) {
      const asOfSeconds = Math.floor(Date.parse(forecast.asOf) / 1000);
      return Object.freeze({ usedPercent: forecast.expectedPercent, source: 'forecast', asOfSeconds, ...beside });
    }
    const asOfSeconds = Math.floor(nowSeconds);
    return volatility.kind === 'implied'
      ? Object.freeze({ usedPercent: implied!.meanPercent, source: 'implied', asOfSeconds, ...beside })
      : Object.freeze({ usedPercent: configuredPercent!, source: 'configured', asOfSeconds, ...beside });
  };
  // A promise that rejects, not a throw: feeds are asked side by side.
  const realised: VolatilityFeed['realised'] = () =>
    new Promise((resolve) => {
      const { asOfSeconds, source, usedPercent } = state();
      resolve({ value: (usedPercent / 100).toFixed(6), asOf: { source: SOURCES[source], timeSeconds: asOfSeconds } });
    });
  return Object.freeze({ feed: Object.freeze({ realised }), state });
}

/** Quantiles of a normal distribution that hold 90 % between them are so many standard deviations apart. */
const NINETY_PERCENT_WIDTH = 2 * 1.6448536;

/** Standard deviation of the logarithm of the variance, from a forecast's interval; 0 for a volatility that is stated. */
export function logVarianceStdDev({ forecast, source }: VolatilityStatement): number {
  if (source !== 'forecast' || forecast === null) return 0;
  const [low, high] = forecast.ninetyPercent;
  return (2 * Math.log(high / low)) / NINETY_PERCENT_WIDTH;
}

const SOURCES = {
  configured: 'configuration',
  forecast: 'forecast from candles',
  implied: 'implied by the option book',
} as const;

function forecastNow(
  { candlesFile, maxAgeHours, model }: ForecastConfig,
  horizonDays: number,
  nowSeconds: number,
  history: CandleHistory,
): ForecastVolatility {
  const candles = history.closed(candlesFile, nowSeconds);
  const asOfSeconds = candles.endSeconds;
  const ageHours = (nowSeconds - asOfSeconds) / 3600;
  if (ageHours > maxAgeHours) throw new VolatilityStaleError(candlesFile, ageHours, maxAgeHours);
  const forecast = candles.once(`${model} ${horizonDays}`, (bars) =>
    MODELS[model]().forecast(bars, horizonDays * 86_400),
  );
  return Object.freeze({
    model,
    horizonDays,
    expectedPercent: 100 * forecast.annualVolatility,
    ninetyPercent: [100 * volatilityQuantile(forecast, 0.05), 100 * volatilityQuantile(forecast, 0.95)] as const,
    asOf: new Date(asOfSeconds * 1000).toISOString(),
    ageHours,
  });
}
