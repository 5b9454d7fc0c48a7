import { distanceTo } from './goals.js';
import { relax, type RelaxedSolution, type Row, type SideChoice } from './relaxation.js';
import { roundToLots } from './rounding.js';
import { cut, envelope, fullCost, type Side } from './side.js';

export interface SearchInput {
  readonly sides: readonly Side[];
  readonly rows: readonly Row[];
  /** Whether trades cost what they cost, or only distances count. */
  readonly costs: boolean;
  /** The most parts of the search that are opened. */
  readonly nodeBudget: number;
  /** A plan this close to the bound is good enough, basis points of its value. */
  readonly toleranceBps: number;
  /** A plan that is known already. */
  readonly start?: readonly number[];
}

export interface SearchResult {
  /** Size of each side; undefined when nothing feasible was found. */
  readonly sizes: readonly number[] | undefined;
  /** Cost or weighted squared distance; infinite without sizes. */
  readonly value: number;
  /** No feasible plan has a smaller value. */
  readonly bound: number;
  readonly nodes: number;
}

/** A part of the search: what has been decided, and what is known of it. */
interface Node {
  readonly choices: readonly SideChoice[];
  readonly bound: number;
}

/** How far a row may be missed and still count as met, as a share of what trades can move it by. */
const ROW_TOLERANCE = 1e-9;
const NEGLIGIBLE = 1e-7;

/**
 * Branch and bound over what makes the programme hard: fixed parts that are paid or not, and lots. Each node's relaxation
 * gives a bound and, once what is hardly used is closed and sizes are rounded to lots, a plan. Deterministic; the budget
 * is counted in nodes.
 */
export function search(input: SearchInput): SearchResult {
  const { costs, nodeBudget, sides, toleranceBps } = input;
  const check = checker(input);
  const open: Node[] = [{ choices: sides.map((side) => undecided(side, costs)), bound: -Infinity }];
  let best: readonly number[] | undefined;
  let value = Infinity;
  let dropped = Infinity;
  let nodes = 0;
  const offer = (sizes: readonly number[]): void => {
    const offered = check(sizes);
    if (offered < value) {
      value = offered;
      best = sizes;
    }
  };
  if (input.start !== undefined) offer(input.start);
  const close = (bound: number): boolean => bound >= value - Math.max(Math.abs(value) * toleranceBps * 1e-4, 1e-15);
  while (open.length > 0 && nodes < nodeBudget) {
    const node = takeLowest(open);
    if (close(node.bound)) {
      dropped = Math.min(dropped, node.bound);
      continue;
    }
    nodes += 1;
    const relaxed = relax(sides, node.choices, input.rows, costs);
    const bound = Math.max(node.bound, relaxed.bound);
    if (relaxed.status === 'infeasible') continue;
    for (const plan of plansFrom(input, node.choices, relaxed, check, value)) offer(plan);
    const children = close(bound) ? [] : branch(sides, node.choices, relaxed.sizes, costs);
    if (children.length === 0) dropped = Math.min(dropped, bound);
    for (const choices of children) open.push({ choices, bound });
  }
  const bound = Math.min(value, dropped, ...open.map((node) => node.bound));
  return { sizes: best, value, bound, nodes };
}

function undecided({ fixedCost, most }: Side, costs: boolean): SideChoice {
  return { mode: costs && fixedCost > 0 ? 'free' : 'open', low: 0, high: most };
}

function takeLowest(open: Node[]): Node {
  let lowest = 0;
  // The newer of two equals: depth first among ties.
  for (let i = 1; i < open.length; i++) if (open[i]!.bound <= open[lowest]!.bound) lowest = i;
  return open.splice(lowest, 1)[0]!;
}

/** Plans that a relaxed solution suggests; none of them is believed before it is checked. */
function plansFrom(
  { costs, rows, sides }: SearchInput,
  choices: readonly SideChoice[],
  relaxed: RelaxedSolution,
  check: (sizes: readonly number[]) => number,
  known: number,
): (readonly number[])[] {
  const netted = net(sides, relaxed.sizes);
  const used = choices.map((choice, i): SideChoice => {
    if (choice.low > 0) return choice;
    return netted[i]! > NEGLIGIBLE * sides[i]!.most ? { ...choice, mode: 'open' } : { mode: 'closed', low: 0, high: 0 };
  });
  const restricted = relax(sides, used, rows, costs);
  const sizes = restricted.status === 'infeasible' ? netted : net(sides, restricted.sizes);
  const plans = [sizes, ...roundToLots(sides, sizes, check, known)];
  if (known === Infinity && !plans.some((plan) => Number.isFinite(check(plan))))
    plans.push(...dive(rows, sides, used, check, costs));
  return plans;
}

/** Rounds one side after the other, coarsest first, and lets the finer ones make up for it. */
function dive(
  rows: readonly Row[],
  sides: readonly Side[],
  start: readonly SideChoice[],
  check: (sizes: readonly number[]) => number,
  costs: boolean,
): (readonly number[])[] {
  const choices = [...start];
  const plans: (readonly number[])[] = [];
  for (let i = coarsest(sides, choices); i !== undefined; i = coarsest(sides, choices)) {
    const { sizes, status } = relax(sides, choices, rows, costs);
    if (status === 'infeasible') break;
    plans.push(...roundToLots(sides, sizes, check, Infinity));
    const { lot } = sides[i]!;
    const rounded = [
      Math.round(sizes[i]! / lot) * lot,
      Math.floor(sizes[i]! / lot) * lot,
      Math.ceil(sizes[i]! / lot) * lot,
    ];
    const fits = rounded.find((size) => {
      if (size > sides[i]!.most) return false;
      choices[i] = { mode: size > 0 ? 'open' : 'closed', low: size, high: size };
      return relax(sides, choices, rows, costs).status !== 'infeasible';
    });
    if (fits === undefined) break;
  }
  return plans;
}

/** The side still to be rounded whose lot weighs most. */
function coarsest(sides: readonly Side[], choices: readonly SideChoice[]): number | undefined {
  let chosen: number | undefined;
  for (const [i, side] of sides.entries()) {
    const { high, low, mode } = choices[i]!;
    if (side.lot === 0 || mode === 'closed' || !(high > low)) continue;
    if (chosen === undefined || lotWeight(side) > lotWeight(sides[chosen]!)) chosen = i;
  }
  return chosen;
}

/** A lot as a share of what can be traded: few large lots are harder to fit than many small ones. */
function lotWeight({ lot, most }: Side): number {
  return lot / most;
}

/** Buying and selling one thing at once is trading the difference. */
function net(sides: readonly Side[], sizes: readonly number[]): number[] {
  const made = [...sizes];
  for (let i = 0; i + 1 < sides.length; i++) {
    if (sides[i]!.instrument !== sides[i + 1]!.instrument) continue;
    const both = Math.min(made[i]!, made[i + 1]!);
    made[i]! -= both;
    made[i + 1]! -= both;
  }
  return made;
}

/** The two parts of a node; none when its relaxation is exact. */
function branch(
  sides: readonly Side[],
  choices: readonly SideChoice[],
  sizes: readonly number[],
  costs: boolean,
): (readonly SideChoice[])[] {
  const fixed = costs ? widestFixed(sides, choices, sizes) : undefined;
  if (fixed !== undefined) {
    const choice = choices[fixed]!;
    return [
      replaced(choices, fixed, { ...choice, mode: 'closed', high: 0 }),
      replaced(choices, fixed, { ...choice, mode: 'open' }),
    ];
  }
  const i = mostBroken(sides, sizes);
  if (i === undefined) return [];
  const { lot } = sides[i]!;
  const choice = choices[i]!;
  const below = Math.floor(sizes[i]! / lot) * lot;
  const children: (readonly SideChoice[])[] = [];
  if (below >= choice.low) children.push(replaced(choices, i, { ...choice, high: below }));
  if (below + lot <= choice.high * (1 + 1e-12)) {
    children.push(replaced(choices, i, { mode: 'open', low: below + lot, high: Math.max(choice.high, below + lot) }));
  }
  return children;
}

/** The undecided side whose fixed part the envelope leaves out most of. */
function widestFixed(
  sides: readonly Side[],
  choices: readonly SideChoice[],
  sizes: readonly number[],
): number | undefined {
  let widest: number | undefined;
  let most = 0;
  for (const [i, side] of sides.entries()) {
    const { high, mode } = choices[i]!;
    const size = sizes[i]!;
    if (mode !== 'free' || !(size > NEGLIGIBLE * side.most)) continue;
    const left = fullCost(side, size) - costUnder(envelope(side.pieces, side.fixedCost, high), size);
    if (left > most && left > 1e-9 * side.fixedCost) {
      most = left;
      widest = i;
    }
  }
  return widest;
}

function costUnder(pieces: ReturnType<typeof envelope>, size: number): number {
  return cut(pieces, 0, size).reduce((sum, { left, length, right }) => sum + (length * (left + right)) / 2, 0);
}

function mostBroken(sides: readonly Side[], sizes: readonly number[]): number | undefined {
  let chosen: number | undefined;
  let most = 0;
  for (const [i, side] of sides.entries()) {
    if (side.lot === 0) continue;
    const lots = sizes[i]! / side.lot;
    const broken = Math.abs(lots - Math.round(lots));
    if (broken > 1e-6 && lotWeight(side) > most) {
      most = lotWeight(side);
      chosen = i;
    }
  }
  return chosen;
}

function replaced(choices: readonly SideChoice[], index: number, choice: SideChoice): readonly SideChoice[] {
  return choices.map((each, i) => (i === index ? choice : each));
}

/** Value of a plan; infinite when it breaks a row, a limit or a lot. */
function checker({ costs, rows, sides }: SearchInput): (sizes: readonly number[]) => number {
  const slack = rows.map((row) => rowTolerance(row, sides));
  return (sizes) => {
    const used: number[] = [];
    for (let i = 0; i < sides.length; i++) {
      const size = sizes[i]!;
      if (size === 0) continue;
      const { lot, most } = sides[i]!;
      if (!(size >= 0 && size <= most * (1 + 1e-9))) return Infinity;
      if (lot > 0 && Math.abs(size / lot - Math.round(size / lot)) > 1e-9 * Math.max(1, size / lot)) return Infinity;
      used.push(i);
    }
    let value = 0;
    for (const [r, { coefficients, outside, within }] of rows.entries()) {
      let at = 0;
      for (const i of used) at += coefficients[i]! * sizes[i]!;
      if (distanceTo(outside?.allowed ?? within, at) > slack[r]!) return Infinity;
      const distance = distanceTo(within, at);
      if (outside !== undefined && distance > slack[r]!) value += outside.weight * distance * distance;
    }
    if (costs) for (const i of used) value += fullCost(sides[i]!, sizes[i]!);
    return value;
  };
}

/** By how much a row may be missed for the sake of floating point. */
export function rowTolerance({ coefficients }: Row, sides: readonly Side[]): number {
  return ROW_TOLERANCE * Math.max(0, ...coefficients.map((coefficient, i) => Math.abs(coefficient) * sides[i]!.most));
}
