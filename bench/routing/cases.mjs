// Which cases are run: every shape, curve, size and gas price at each pool count, with as many seeds as are asked for.
import { CURVES, SHAPES, universe } from './universes.mjs';

const SIZES_USD = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const GAS_GWEI = [0, 20, 100];

/** Large universes are run with fewer combinations: their figures are about time. */
export function casesOf({ pools, seed, seeds, shapes = SHAPES, curves = CURVES }) {
  const sizes = pools <= 200 ? SIZES_USD : [1_000, 100_000, 10_000_000];
  const gas = pools <= 200 ? GAS_GWEI : pools <= 1_000 ? [0, 20] : [0];
  const kinds = pools <= 200 ? curves : curves.filter((kind) => kind !== 'concentrated');
  const cases = [];
  for (let s = 0; s < (pools <= 200 ? seeds : 1); s++)
    for (const shape of shapes)
      for (const kind of kinds)
        for (const usd of sizes)
          for (const gwei of gas) cases.push({ pools, shape, curves: kind, usd, gwei, seed: seed + s });
  return cases;
}

export const problemOf = (chosen) => universe(chosen);
