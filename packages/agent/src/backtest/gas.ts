import { type PricePath, simulateGas } from '@evenkeel/core/backtest';
import { BacktestConfigInvalidError } from './errors.js';
import { simulatedSteps, stepSecondsOf } from './ground.js';
import type { Study } from './study.js';

const SECONDS_PER_HOUR = 3_600;

/**
 * Gas of a trade over an episode, in the numeraire of its (normalised) prices. A simulated price of gas belongs to the
 * whole path; one from a file is taken at the path's times, and replayed over and over where the path is simulated.
 *
 * @throws BacktestConfigInvalidError when the file does not cover the time of the candles
 */
export function gasOf(study: Study, path: PricePath, pathIndex: number, from: number): Float64Array | number {
  const { config, gasSeries, history } = study;
  const { gas, market, seed } = config;
  switch (gas.kind) {
    case 'constant':
      return gas.usdPerTrade;
    case 'simulated': {
      const steps = market.kind === 'candles' ? history!.prices.length - 1 : simulatedSteps(market);
      const model = {
        median: gas.medianUsdPerTrade,
        logStdDev: gas.logStdDevPercent / 100,
        halfLifeSeconds: gas.halfLifeHours * SECONDS_PER_HOUR,
        spikesPerDay: gas.spikesPerDay,
        spikeFactor: gas.spikeFactor,
        spikeHalfLifeSeconds: gas.spikeHalfLifeHours * SECONDS_PER_HOUR,
      };
      const whole = simulateGas({ model, stepSeconds: stepSecondsOf(market), steps, seed, index: pathIndex });
      return whole.slice(from, from + path.prices.length);
    }
    case 'file': {
      const { everySeconds, firstSeconds, usdPerTrade } = gasSeries!;
      return Float64Array.from(path.prices, (_, step) => {
        const passed = path.startSeconds + step * path.stepSeconds - (market.kind === 'candles' ? firstSeconds : 0);
        const sample = Math.floor(passed / everySeconds);
        const price = usdPerTrade[market.kind === 'candles' ? sample : sample % usdPerTrade.length];
        if (price !== undefined) return price;
        const hint = 'Give gas prices for the whole time, or a constant.';
        throw new BacktestConfigInvalidError('gas.file', gas.file, 'does not cover the time of the candles', hint);
      });
    }
  }
}
