import { mean } from './statistics.js';

const RESAMPLES = 1999;
const SEED = 0x9e3779b9;

/** Uniform numbers from a seed: mulberry32 (Ettinger 2017). */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Interval of a mean of dependent values, by resampling blocks of consecutive ones, wrapped around; the same each time.
 *
 * Source: circular block bootstrap, Politis and Romano (1992); the basic interval 2m − q, Davison and Hinkley (1997), 5.6.
 *
 * @param blockLength at least as long as the dependence; rounded, and at most the number of values
 * @param confidence such as 0.9
 */
export function blockBootstrapInterval(
  values: readonly number[],
  blockLength: number,
  confidence: number,
): readonly [number, number] {
  const count = values.length;
  const length = Math.min(count, Math.max(1, Math.round(blockLength)));
  const sums = [0];
  for (let i = 0; i < 2 * count; i++) sums.push(sums[i]! + values[i % count]!);
  const uniform = uniforms(SEED);
  const blocks = Math.ceil(count / length);
  const last = count - (blocks - 1) * length;
  const means = new Float64Array(RESAMPLES).map(() => {
    let sum = 0;
    for (let block = 0; block < blocks; block++) {
      const start = Math.floor(uniform() * count);
      sum += sums[start + (block === blocks - 1 ? last : length)]! - sums[start]!;
    }
    return sum / count;
  });
  means.sort();
  const centre = mean(values);
  const at = (share: number): number => means[Math.round(share * (RESAMPLES - 1))]!;
  const tail = (1 - confidence) / 2;
  return Object.freeze([2 * centre - at(1 - tail), 2 * centre - at(tail)] as const);
}
