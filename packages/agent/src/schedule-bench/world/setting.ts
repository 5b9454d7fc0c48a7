import { InvalidInputError } from '@evenkeel/intents';
import { type BenchSetting, checkSetting, DEFAULT_SETTING } from '../setting.js';

/** What is sold in the local world, and how much waiting is minded. Pools, fees and the price at the start are the world's. */
export interface WorldSetting extends Pick<
  BenchSetting,
  | 'halfLifeSeconds'
  | 'latencySeconds'
  | 'paths'
  | 'riskAversion'
  | 'seed'
  | 'sigmaPercent'
  | 'slices'
  | 'spanSeconds'
  | 'units'
> {
  /** Base fee of every block that one of our transactions is in; nothing is paid above it. */
  readonly gasGwei: number;
  /** Between two visits of the arbitrageur. */
  readonly arbitrageSeconds: number;
}

export const DEFAULT_WORLD_SETTING: WorldSetting = Object.freeze({
  units: 100,
  sigmaPercent: DEFAULT_SETTING.sigmaPercent,
  spanSeconds: DEFAULT_SETTING.spanSeconds,
  slices: DEFAULT_SETTING.slices,
  halfLifeSeconds: DEFAULT_SETTING.halfLifeSeconds,
  riskAversion: DEFAULT_SETTING.riskAversion,
  latencySeconds: DEFAULT_SETTING.latencySeconds,
  gasGwei: 5,
  arbitrageSeconds: 120,
  paths: 6,
  seed: 1,
});

/** What pools take is for the router to say. */
const MORE_THAN_ANYBODY_SELLS = 1e12;
const LEAST_PATHS = 4;
/** A block of the world has room for more, and a visit takes a second for each pool. */
const LEAST_ARBITRAGE_SECONDS = 12;

/** @throws {InvalidInputError} for a number that makes no sense, by the name of its option */
export function checkWorldSetting(setting: WorldSetting): WorldSetting {
  const { arbitrageSeconds, gasGwei, paths, ...shared } = setting;
  checkSetting({ ...DEFAULT_SETTING, ...shared, paths, poolUnits: MORE_THAN_ANYBODY_SELLS });
  refuse('--gas-gwei', gasGwei, !(gasGwei >= 0 && gasGwei <= 10_000), 'Use gwei, from 0 to 10000.');
  const visits = Number.isSafeInteger(arbitrageSeconds) && arbitrageSeconds >= LEAST_ARBITRAGE_SECONDS;
  refuse('--arbitrage-seconds', arbitrageSeconds, !visits, `Use whole seconds, ${LEAST_ARBITRAGE_SECONDS} or more.`);
  const paired = paths >= LEAST_PATHS && paths % 2 === 0;
  refuse('--paths', paths, !paired, `Each path comes with its mirror: use an even number, ${LEAST_PATHS} or more.`);
  return setting;
}

function refuse(option: string, value: number, isWrong: boolean, hint: string): void {
  if (isWrong) throw new InvalidInputError(option, value, 'is out of range', hint);
}
