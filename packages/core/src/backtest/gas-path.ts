import { BacktestInputInvalidError } from './errors.js';
import { seededNumbers } from './seeded-numbers.js';

const SECONDS_PER_DAY = 86_400;
/** Streams of prices count from 0; those of gas from here. */
const FIRST_STREAM = 2 ** 31;

/** Cost of one trade in numeraire: its logarithm reverts to the mean, and spikes are added that die out. */
export interface GasModel {
  readonly median: number;
  /** Standard deviation of the logarithm in the long run, without spikes. */
  readonly logStdDev: number;
  readonly halfLifeSeconds: number;
  readonly spikesPerDay: number;
  /** A spike multiplies the cost by this at first. */
  readonly spikeFactor: number;
  readonly spikeHalfLifeSeconds: number;
}

export interface GasPathInput {
  readonly model: GasModel;
  readonly stepSeconds: number;
  readonly steps: number;
  readonly seed: number;
  readonly index: number;
}

/**
 * Gas cost of one trade at each step: an Ornstein–Uhlenbeck process in the logarithm, exact at any step, with Poisson
 * spikes. Never negative.
 *
 * @throws {BacktestInputInvalidError} for parameters outside of their range
 */
export function simulateGas({ index, model, seed, stepSeconds, steps }: GasPathInput): Float64Array {
  for (const [field, value] of Object.entries(model) as [string, number][]) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new BacktestInputInvalidError(`gas.${field}`, value, 'is negative or no number', 'Correct the gas model.');
  }
  const numbers = seededNumbers(seed, FIRST_STREAM + index);
  const decay = Math.exp((-Math.LN2 * stepSeconds) / model.halfLifeSeconds);
  const spikeDecay = Math.exp((-Math.LN2 * stepSeconds) / model.spikeHalfLifeSeconds);
  const spread = model.logStdDev * Math.sqrt(1 - decay * decay);
  const costs = new Float64Array(steps + 1);
  let level = model.logStdDev * numbers.normal();
  let spike = 0;
  for (let i = 0; i <= steps; i++) {
    costs[i] = model.median * Math.exp(level + spike);
    level = level * decay + spread * numbers.normal();
    spike =
      spike * spikeDecay +
      numbers.poisson((model.spikesPerDay * stepSeconds) / SECONDS_PER_DAY) * Math.log(Math.max(1, model.spikeFactor));
  }
  return costs;
}
