import {
  type PriceModel,
  type PricePath,
  simulatePath,
  type TrendTable,
  type VolatilityTable,
} from '@evenkeel/core/backtest';
import type { Bar } from '@evenkeel/core/forecast';
import type { MarketConfig } from './schema.js';
import type { Study } from './study.js';
import { trendTable, usesTrend } from './trend.js';
import { volatilitiesInUse, volatilityTable } from './volatilities.js';

const SECONDS_PER_DAY = 86_400;

export type SimulatedMarket = Exclude<MarketConfig, { kind: 'candles' }>;

/** A path with all that may be forecast on it. */
export interface Ground {
  readonly path: PricePath;
  readonly volatilities: Readonly<Record<string, VolatilityTable>>;
  readonly trend: TrendTable | undefined;
}

export function stepSecondsOf(market: MarketConfig): number {
  return market.kind === 'candles' ? market.intervalSeconds : market.stepSeconds;
}

/** Steps of a simulated path, its warm-up included. */
export function simulatedSteps({ days, stepSeconds, warmUpDays }: SimulatedMarket): number {
  return Math.round(((warmUpDays + days) * SECONDS_PER_DAY) / stepSeconds);
}

/** The one history, or the simulated path of this number with forecasts made on it. */
export function groundOf({ config, history, trend, volatilities }: Study, index: number): Ground {
  const { market, seed } = config;
  if (history !== undefined && volatilities !== undefined) return { path: history, volatilities, trend };
  if (market.kind === 'candles') throw new TypeError('A study on candles has a history.');
  const path = simulatePath({
    model: modelOf(market),
    spot: market.spotUsd,
    startSeconds: 0,
    stepSeconds: market.stepSeconds,
    steps: simulatedSteps(market),
    seed,
    index,
  });
  const bars = barsOf(path);
  const tables = volatilitiesInUse(config).map((name) => [
    name,
    volatilityTable(config.volatilities[name]!, bars, path.stepSeconds, market.warmUpDays),
  ]);
  return {
    path,
    volatilities: Object.fromEntries(tables) as Record<string, VolatilityTable>,
    trend: usesTrend(config) ? trendTable(bars, path.stepSeconds, market.warmUpDays) : undefined,
  };
}

/** Bars between the prices of a path: nothing is known of what lies between two of them. */
function barsOf({ prices, startSeconds, stepSeconds }: PricePath): Bar[] {
  return Array.from({ length: prices.length - 1 }, (_, i) => {
    const [open, close] = [prices[i]!, prices[i + 1]!];
    return {
      timeSeconds: startSeconds + i * stepSeconds,
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
    };
  });
}

function modelOf(market: SimulatedMarket): PriceModel {
  const annualDrift = market.annualDriftPercent / 100;
  switch (market.kind) {
    case 'gbm':
      return { kind: 'gbm', annualDrift, annualVolatility: market.annualVolatilityPercent / 100 };
    case 'merton':
      return {
        kind: 'merton',
        annualDrift,
        annualVolatility: market.annualVolatilityPercent / 100,
        jumpsPerYear: market.jumpsPerYear,
        jumpLogMean: market.jumpLogMeanPercent / 100,
        jumpLogStdDev: market.jumpLogStdDevPercent / 100,
      };
    case 'heston':
      return {
        kind: 'heston',
        annualDrift,
        initialVariance: (market.initialVolatilityPercent / 100) ** 2,
        longRunVariance: (market.longRunVolatilityPercent / 100) ** 2,
        meanReversionPerYear: market.meanReversionPerYear,
        volatilityOfVariance: market.volatilityOfVariancePercent / 100,
        correlation: market.correlation,
      };
  }
}
