/** What an instrument costs by size: a part that is paid once, and the rest at sizes that were asked for, ascending. */
export interface SplitCosts {
  readonly fixed: number;
  readonly samples: readonly { readonly size: number; readonly cost: number }[];
}

export interface SplitGoal {
  readonly size: number;
  readonly maxParts: number;
}

/** The size is cut into so many pieces. */
const PIECES = 60;

/**
 * The sizes, one for each instrument and in their order, that cost the least in sum: every way to give each piece to one of
 * them, by dynamic programming over instruments, pieces and parts (Bellman 1957). A size beyond the largest that was asked for
 * is not given; between sizes the cost of a unit is a straight line, which is exact where impact grows with the size.
 *
 * @returns undefined where they cannot take all of it
 * @example
 * ```ts
 * leastSplit([{ fixed: 1, samples }, { fixed: 2, samples: others }], { size: 10, maxParts: 2 }) // [6, 4]
 * ```
 */
export function leastSplit(all: readonly SplitCosts[], { maxParts, size }: SplitGoal): readonly number[] | undefined {
  const piece = size / PIECES;
  // By parts and pieces that are given out: the least so far, and what the last instrument has of it.
  let least = table(maxParts);
  least[0]![0] = 0;
  const taken: number[][][] = [];
  for (const each of all) {
    const next = least.map((row) => [...row]);
    const own = table(maxParts).map((row) => row.map(() => 0));
    const prices = Array.from({ length: PIECES + 1 }, (_, pieces) => costAt(each, pieces * piece));
    for (let parts = 1; parts <= maxParts; parts += 1) {
      for (let given = 1; given <= PIECES; given += 1) {
        for (let mine = 1; mine <= given; mine += 1) {
          const cost = least[parts - 1]![given - mine]! + prices[mine]!;
          if (cost >= next[parts]![given]!) continue;
          next[parts]![given] = cost;
          own[parts]![given] = mine;
        }
      }
    }
    least = next;
    taken.push(own);
  }
  const ends = least.map((row) => row[PIECES]!);
  const best = Math.min(...ends);
  if (!Number.isFinite(best)) return undefined;
  let [parts, given] = [ends.indexOf(best), PIECES];
  const sizes = all.map(() => 0);
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const mine = taken[index]![parts]![given]!;
    if (mine === 0) continue;
    sizes[index] = mine * piece;
    given -= mine;
    parts -= 1;
  }
  return Object.freeze(sizes);
}

const table = (maxParts: number): number[][] =>
  Array.from({ length: maxParts + 1 }, () => Array.from({ length: PIECES + 1 }, () => Infinity));

/** What a size costs by one of them, its fixed part included; infinite beyond what was asked for. */
export function costAt({ fixed, samples }: SplitCosts, size: number): number {
  if (size === 0) return 0;
  const after = samples.findIndex((each) => each.size >= size * (1 - 1e-9));
  if (after < 0) return Infinity;
  const unit = ({ cost, size: at }: SplitCosts['samples'][number]): number => cost / at;
  const right = samples[after]!;
  // Below the smallest the line of the first two goes on: impact falls with the size.
  const left = samples[after - 1] ?? samples[after + 1];
  if (left === undefined) return fixed + size * unit(right);
  const slope = (unit(right) - unit(left)) / (right.size - left.size);
  return fixed + size * (unit(right) + slope * (size - right.size));
}
