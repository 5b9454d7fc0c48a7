import { InvalidInputError } from '@evenkeel/intents';

/** What is sold, where, and how much waiting is minded. */
export interface BenchSetting {
  readonly units: number;
  readonly spotUsd: number;
  readonly sigmaPercent: number;
  readonly spanSeconds: number;
  readonly slices: number;
  readonly poolUnits: number;
  readonly feeBps: number;
  readonly halfLifeSeconds: number;
  readonly gasUsd: number;
  /** γ of U(W) = −exp(−γW), per USD. */
  readonly riskAversion: number;
  /** Between the decision and the first slice. */
  readonly latencySeconds: number;
  readonly paths: number;
  readonly seed: number;
}

export const DEFAULT_SETTING: BenchSetting = Object.freeze({
  units: 100,
  spotUsd: 2500,
  sigmaPercent: 70,
  spanSeconds: 3600,
  slices: 12,
  poolUnits: 10_000,
  feeBps: 5,
  halfLifeSeconds: 240,
  gasUsd: 5,
  riskAversion: 0.0005,
  latencySeconds: 12,
  paths: 500,
  seed: 1,
});

const MAY_BE_ZERO: readonly string[] = ['feeBps', 'gasUsd', 'riskAversion', 'latencySeconds', 'seed', 'sigmaPercent'];
const WHOLE: readonly string[] = ['slices', 'paths', 'seed'];
/** A path has a price every few seconds: longer ones fill the memory. */
const MONTH_SECONDS = 30 * 86_400;
const MOST: Partial<Record<keyof BenchSetting, number>> = {
  slices: 60,
  paths: 100_000,
  spanSeconds: MONTH_SECONDS,
  latencySeconds: MONTH_SECONDS,
  halfLifeSeconds: 1e9,
};

/** @throws {InvalidInputError} for a number that makes no sense, by the name of its option */
export function checkSetting(setting: BenchSetting): BenchSetting {
  for (const [key, value] of Object.entries(setting) as [keyof BenchSetting, number][]) {
    const option = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const most = MOST[key] ?? Infinity;
    const fits = Number.isFinite(value) && (MAY_BE_ZERO.includes(key) ? value >= 0 : value > 0) && value <= most;
    if (fits && (!WHOLE.includes(key) || Number.isSafeInteger(value))) continue;
    const hint = `Give a ${WHOLE.includes(key) ? 'whole ' : ''}number ${MAY_BE_ZERO.includes(key) ? 'from' : 'above'} 0${most < Infinity ? `, at most ${most}` : ''}.`;
    throw new InvalidInputError(option, value, 'is out of range', hint);
  }
  if (setting.paths < 2)
    throw new InvalidInputError('--paths', setting.paths, 'says nothing about spread', 'Use 2 or more.');
  if (setting.units >= setting.poolUnits) {
    const hint = 'Sell less than half of what the pool holds.';
    throw new InvalidInputError('--units', setting.units, 'is more than the pool can take', hint);
  }
  return setting;
}
