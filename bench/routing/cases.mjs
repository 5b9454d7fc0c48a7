// Which cases are run: every shape, curve, size and gas price at each pool count, with as many seeds as are asked for.
import { CURVES, SHAPES, universe, universeAcross } from './universes.mjs';

const SIZES_USD = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const GAS_GWEI = [0, 20, 100];

/** Large universes and several chains are run with fewer combinations. */
export function casesOf({ pools, seed, seeds, shapes = SHAPES, curves = CURVES, chains = 1 }) {
  const isSmall = pools <= 200 && chains === 1;
  const sizes = isSmall ? SIZES_USD : [1_000, 100_000, 10_000_000];
  const gas = isSmall ? GAS_GWEI : pools <= 1_000 ? [0, 20] : [0];
  const kinds = isSmall ? curves : curves.filter((kind) => kind !== 'concentrated');
  const cases = [];
  for (let s = 0; s < (pools <= 200 ? seeds : 1); s++)
    for (const shape of shapes)
      for (const kind of kinds)
        for (const usd of sizes)
          for (const gwei of gas)
            for (const across of chains > 1
              ? [
                  { chains, wanted: 'anywhere' },
                  { chains, wanted: 'home' },
                ]
              : [{}])
              cases.push({ pools, shape, curves: kind, usd, gwei, seed: seed + s, ...across });
  return cases;
}

export const problemOf = (chosen) => (chosen.chains > 1 ? universeAcross(chosen) : universe(chosen));
