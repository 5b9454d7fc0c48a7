import type { Side } from './side.js';

/** So many broken lots are tried both ways; of more, the finest go to the nearest. */
const MOST_BROKEN = 6;
const MOST_ROUNDS = 20;

/**
 * Plans in whole lots near a plan: every way of rounding the coarsest broken sizes down or up, then the best of these
 * improved lot by lot, one side or two at a time, as long as that helps; none where the best is no better than `known`.
 * `check` values a plan exactly, infinite when it is not feasible.
 */
export function roundToLots(
  sides: readonly Side[],
  sizes: readonly number[],
  check: (sizes: readonly number[]) => number,
  known: number,
): (readonly number[])[] {
  if (sides.every(({ lot }) => lot === 0)) return [];
  const broken = sides
    .map((side, i) => ({ i, share: side.lot / side.most, lots: side.lot > 0 ? sizes[i]! / side.lot : 0 }))
    .filter(({ lots }) => Math.abs(lots - Math.round(lots)) > 1e-7)
    .sort((a, b) => b.share - a.share || a.i - b.i)
    .slice(0, MOST_BROKEN)
    .map(({ i }) => i);
  const nearest = sides.map(({ lot, most }, i) =>
    lot > 0 ? Math.min(Math.round(sizes[i]! / lot) * lot, most) : sizes[i]!,
  );
  let best = nearest;
  let value = check(nearest);
  for (let mask = 0; mask < 1 << broken.length; mask++) {
    const plan = [...nearest];
    for (const [bit, i] of broken.entries()) {
      const { lot } = sides[i]!;
      const down = Math.floor(sizes[i]! / lot) * lot;
      plan[i] = mask & (1 << bit) ? down + lot : down;
    }
    const offered = check(plan);
    if (offered < value) {
      value = offered;
      best = plan;
    }
  }
  return value < known ? [improved(sides, best, value, check)] : [];
}

/** Descent by single lots: what a person with a pencil would try last. */
function improved(
  sides: readonly Side[],
  start: readonly number[],
  startValue: number,
  check: (sizes: readonly number[]) => number,
): readonly number[] {
  const movable = sides.flatMap((side, i) => (side.lot > 0 && start[i]! > 0 ? [i] : []));
  const moves = movable.flatMap((i) => [
    [{ i, by: -1 }],
    [{ i, by: 1 }],
    ...movable
      .filter((j) => j > i)
      .flatMap((j) =>
        [-1, 1].flatMap((a) =>
          [-1, 1].map((b) => [
            { i, by: a },
            { i: j, by: b },
          ]),
        ),
      ),
  ]);
  let best = start;
  let value = startValue;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = value;
    for (const move of moves) {
      const plan = [...best];
      for (const { by, i } of move) {
        const { lot, most } = sides[i]!;
        plan[i] = Math.max(0, Math.min(most, (Math.round(plan[i]! / lot) + by) * lot));
      }
      const offered = check(plan);
      if (offered < value) {
        value = offered;
        best = plan;
      }
    }
    if (!(value < before)) break;
  }
  return best;
}
