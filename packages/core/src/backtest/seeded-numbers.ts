import { BacktestInputInvalidError } from './errors.js';

/** Random numbers that a seed makes, the same on every machine with the same major version of Node. */
export interface SeededNumbers {
  /** Uniform in (0, 1), both ends excluded. */
  uniform(): number;
  /** Standard normal, one uniform each. */
  normal(): number;
  /** Number of events of a Poisson process with this mean. */
  poisson(mean: number): number;
  /** Uniform whole number from 0 to `count` − 1. */
  below(count: number): number;
}

/**
 * A generator from a seed and the number of a stream: two streams of one seed share nothing, so that a path is the same
 * whichever thread makes it, and in whatever order.
 *
 * Source: xoshiro128** (Blackman and Vigna, 2018), its state spread by splitmix32; 52 bits a number from two draws.
 *
 * @throws {BacktestInputInvalidError} for a seed or stream that is not a whole number from 0 to 2³² − 1
 */
export function seededNumbers(seed: number, stream = 0): SeededNumbers {
  checkWord(seed, 'seed');
  checkWord(stream, 'stream');
  const next = xoshiro128([seed, stream ^ 0x9e3779b9, Math.imul(seed ^ stream, 0x85ebca6b), 0x27d4eb2f]);
  const uniform = (): number => ((next() >>> 6) * 2 ** 26 + (next() >>> 6) + 0.5) / 2 ** 52;
  const poisson = (mean: number): number => {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = uniform(); product > limit; product *= uniform()) count++;
    return count;
  };
  return Object.freeze({
    uniform,
    normal: () => inverseNormalCdf(uniform()),
    poisson,
    below: (count: number) => Math.floor(uniform() * count),
  });
}

function checkWord(value: number, field: string): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < 2 ** 32) return;
  throw new BacktestInputInvalidError(field, value, 'is no whole number below 2^32', 'Give one such as 1.');
}

function xoshiro128(words: readonly number[]): () => number {
  let mixed = 0;
  const state = Uint32Array.from(words, (word) => {
    mixed = splitmix32(mixed ^ word);
    return mixed;
  });
  return () => {
    const result = Math.imul(rotate(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotate(state[3]!, 11);
    return result;
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function splitmix32(word: number): number {
  let z = (word + 0x9e3779b9) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

const CENTRE = {
  over: [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
    1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  under: [
    5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
    687.1870074920579083, 42.313330701600911252, 1,
  ],
} as const;
const MIDDLE = {
  over: [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  under: [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
} as const;
const TAIL = {
  over: [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  under: [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1,
  ],
} as const;

/** Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), to about 1e-16. */
export function inverseNormalCdf(probability: number): number {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(probability, 1 - probability)));
  const size = r <= 5 ? ratio(MIDDLE, r - 1.6) : ratio(TAIL, r - 5);
  return q < 0 ? -size : size;
}

function ratio(
  { over, under }: { readonly over: readonly number[]; readonly under: readonly number[] },
  x: number,
): number {
  return horner(over, x) / horner(under, x);
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}
