import type { Bar } from '../../src/forecast/bars.js';

export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 86_400;
export const START_SECONDS = 1_600_000_000;

/** Standard normals from a seed (mulberry32 and Box–Muller). */
export function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface SimulatedPath {
  readonly bars: number;
  readonly intervalSeconds?: number;
  readonly volatility: (bar: number) => number;
  /** Steps within a bar, which decide its high and low. */
  readonly steps?: number;
  readonly seed?: number;
}

/** Bars of a driftless diffusion with the given annual volatility. */
export function simulateBars(path: SimulatedPath): Bar[] {
  const { bars: count, intervalSeconds = HOUR_SECONDS, seed = 1, steps = 1, volatility } = path;
  const next = normals(seed);
  let price = 2000;
  return Array.from({ length: count }, (_, i) => {
    const scale = volatility(i) * Math.sqrt(intervalSeconds / (365 * DAY_SECONDS) / steps);
    const prices = [price];
    for (let j = 0; j < steps; j++) prices.push((price *= Math.exp(scale * next() - (scale * scale) / 2)));
    const extremes = { high: Math.max(...prices), low: Math.min(...prices) };
    return { timeSeconds: START_SECONDS + i * intervalSeconds, open: prices[0]!, close: price, ...extremes };
  });
}

/** Annual volatility that wanders slowly and fast around `level`, drawn ahead for each bar of an hour. */
export function wanderingVolatility(bars: number, seed: number, level = 0.6): (bar: number) => number {
  const next = normals(seed);
  const state = [0, 0];
  const speeds = [1 / (24 * 30), 1 / 18];
  const drawn = Array.from({ length: bars }, () => {
    speeds.forEach((speed, k) => (state[k]! += -speed * state[k]! + 0.4 * Math.sqrt(2 * speed) * next()));
    return level * Math.exp(state[0]! + state[1]!);
  });
  return (bar) => drawn[bar]!;
}
