import { proportionalCosts, type PricePath } from '@evenkeel/core/backtest';
import { cachedBands } from '../cache/band-cache.js';
import { latticeProblem } from './bands.js';
import { loadGas } from './gas-file.js';
import { readHistory } from './history.js';
import { poolCosts } from './pool-costs.js';
import { readPositions } from './position-file.js';
import type { BacktestConfig } from './schema.js';
import { shared, type Study } from './study.js';
import { trendTable, usesTrend } from './trend.js';
import { volatilitiesInUse, volatilityTable } from './volatilities.js';

export interface Sources {
  /** Relative files in the configuration are looked up beside it. */
  readonly configFile: string;
  /** Candles. */
  readonly dataFile?: string;
}

/**
 * Reads and prepares what all episodes share: candles, forecasts on them, the cost curve, gas, tables of the optimum.
 *
 * @param said is told what is being done
 * @throws what `readHistory`, `loadGas` and `latticeProblem` throw; HISTORY_TOO_SHORT for a warm-up that is
 */
export function prepareStudy(
  config: BacktestConfig,
  { configFile, dataFile }: Sources,
  said: (text: string) => void = () => undefined,
): Study {
  const { gas, market } = config;
  const costs =
    config.costs.kind === 'pools'
      ? poolCosts(config.costs)
      : proportionalCosts(config.costs.costBps, config.costs.maxSizeUnits);
  const gasSeries = gas.kind === 'file' ? loadGas(gas, configFile) : undefined;
  const tables = Object.fromEntries(
    config.policies.flatMap((policy) => {
      const problem = latticeProblem(config, policy, costs, gasSeries);
      if (problem === undefined) return [];
      said(`Preparing the optimum of ${policy.name} …`);
      return [[policy.name, cachedBands(problem)] as const];
    }),
  );
  const common = { config, drawnEpisode: config.drawnEpisode, costs, gasSeries, tables };
  if (market.kind !== 'candles') {
    return {
      ...common,
      history: undefined,
      filledCandles: 0,
      volatilities: undefined,
      positions: undefined,
      trend: undefined,
    };
  }
  const { bars, filled } = readHistory(dataFile, market);
  const history: PricePath = {
    startSeconds: bars[0]!.timeSeconds + market.intervalSeconds,
    stepSeconds: market.intervalSeconds,
    prices: shared(bars.map(({ close }) => close)),
  };
  const forecasts = volatilitiesInUse(config).map((name) => {
    const tell = (share: number): void => said(`Forecasting ${name}: ${Math.round(share * 100)} %`);
    tell(0);
    return [
      name,
      volatilityTable(config.volatilities[name]!, bars, market.intervalSeconds, market.warmUpDays, tell),
    ] as const;
  });
  return {
    ...common,
    history,
    filledCandles: filled,
    volatilities: Object.fromEntries(forecasts),
    positions:
      config.book.file === undefined
        ? undefined
        : readPositions(config.book.file, configFile, history, market.warmUpDays),
    trend: usesTrend(config) ? trendTable(bars, market.intervalSeconds, market.warmUpDays) : undefined,
  };
}
