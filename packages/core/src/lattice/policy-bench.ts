import type { BandTable } from '../policy/band-table.js';
import { optimalRule } from '../policy/rules/optimal.js';
import { ruleOf } from '../policy/rules/rule-of.js';
import type { RuleConfig } from '../policy/rules/rule.js';
import type { Random } from '../ports/ambient.js';
import { delayedFills } from './delayed-fills.js';
import { evaluateOnColumns } from './evaluate-on-columns.js';
import { evaluateRule, type RuleValue } from './evaluate-rule.js';
import { intervalValuer } from './fixed-interval.js';
import { type Lattice, layLattice, nodeGreeks } from './lattice.js';
import { solveOptimum } from './optimum.js';
import { prepareBands } from './prepare-bands.js';
import type { HedgingProblem } from './problem.js';
import { edgesOf } from './rule-on-lattice.js';
import { simulateRule } from './simulate-rule.js';
import { NEVER, type NodeTargets, policyTargetsOn, type TargetRule } from './target-rule.js';

export interface PolicyBenchOptions {
  readonly problem: HedgingProblem;
  /** Simulated paths a rule; 0 for no simulation. */
  readonly paths: number;
  /** Seeded; a fresh one for each rule, so that all walk the same paths. */
  readonly random: () => Random;
  /** Where the table of `optimal` comes from; prepared on the spot unless a cache has it. */
  readonly prepare?: (problem: HedgingProblem) => BandTable;
  /** Told what is done next, and of how many things; waited for, so that a display may be drawn. */
  readonly onProgress?: (done: number, of: number, next: string) => Promise<void>;
}

export interface PolicyBenchRule {
  /** Numeraire; null for a rule whose disutility is beyond what numbers hold. */
  readonly ce: number | null;
  /** Where `ce` is null: what it then is, a cost that no certain sum outweighs. */
  readonly code?: 'RUIN';
  /** Above the optimum's, percent. */
  readonly excessPercent: number | null;
  readonly tradesPerPath: number;
  /** The rule's own parameter, where the best one was looked for. */
  readonly parameter?: string;
  readonly monteCarlo?: { readonly ce: number; readonly standardError: number; readonly tradesPerPath: number };
}

export interface PolicyBenchReport {
  /** Looks from each decision to its fill; 0 where fills come at once. */
  readonly delayLooks: number;
  /** Frictionless value of what is owed, on the same lattice. */
  readonly premium: number;
  readonly optimum: {
    readonly ce: number;
    /** What it would be without the delay, where there is one. */
    readonly ceWithoutDelay?: number;
  };
  readonly rules: Readonly<Record<string, PolicyBenchRule>>;
}

interface Candidate {
  readonly name: string;
  readonly value: () => RuleValue & { readonly parameter?: string; readonly rule?: TargetRule };
}

const SEARCH_PATHS = 500;
const SEARCH_STEPS = 12;
const LEAST_HALF_WIDTH = 0.02;
const MOST_HALF_WIDTH = 1;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * What each rule costs against the exact optimum, on one problem: exact values on the lattice, simulation beside them.
 * `optimal` reads a table that was prepared for the problem. With a `latencyYears`, which has to be a whole number of looks,
 * every fill comes so late, rules and optimum are valued with that exactly, and `optimal-unaware` is the same rule with a
 * table that does not know of the delay. Fixed interval and constant bands are shown with the
 * parameter that does best here, which nobody knows ahead.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 *
 * @example
 * ```ts
 * (await policyBench({ problem, paths: 2000, random: () => seeded(1) })).rules.optimal.excessPercent // 0.01
 * ```
 */
export async function policyBench(options: PolicyBenchOptions): Promise<PolicyBenchReport> {
  const { onProgress, paths, prepare = prepareBands, problem, random } = options;
  const lattice = layLattice(problem);
  const interval = intervalValuer(lattice);
  const delayed = (problem.latencyYears ?? 0) > 0 ? delayedFills(lattice) : undefined;
  const delayLooks = delayed?.looks ?? 0;
  // What the finer of the two valuations knows.
  const isPlain = problem.impact === undefined && lattice.states.length === 1;
  const candidates: readonly Candidate[] = [
    { name: 'hold', value: () => ({ ...interval(problem.steps, false), rule: neverRule }) },
    { name: 'fixed-interval', value: () => late(bestInterval(lattice, interval)) },
    { name: 'constant-band-edge', value: () => bestBand('edge') },
    { name: 'constant-band-middle', value: () => bestBand('middle') },
    banded('whalley-wilmott-1997', { kind: 'whalley-wilmott-1997' }),
    banded('whalley-wilmott-1999', { kind: 'whalley-wilmott-1999', corrected: false }),
    banded('whalley-wilmott-1999-corrected', { kind: 'whalley-wilmott-1999', corrected: true }),
    banded('zakamouline-2006', { kind: 'zakamouline-2006' }),
    {
      name: 'optimal',
      value: () => valued(policyTargetsOn(lattice, optimalRule, [{ table: prepare(problem), units: 1 }])),
    },
    ...(delayed === undefined ? [] : [{ name: 'optimal-unaware', value: () => valued(unaware()) }]),
  ];
  const things = candidates.length + 1;
  await onProgress?.(0, things, 'the optimum');
  const atOnce = { ...problem, latencyYears: 0 };
  const immediate = solveOptimum(delayed === undefined ? lattice : layLattice(atOnce));
  const { premium } = immediate;
  const best = delayed?.optimum() ?? immediate.certaintyEquivalent;
  const rules: [string, PolicyBenchRule][] = [];
  for (const { name, value } of candidates) {
    await onProgress?.(rules.length + 1, things, name);
    rules.push([name, Object.freeze(measured(value()))]);
  }
  await onProgress?.(things, things, 'done');
  return Object.freeze({
    delayLooks,
    premium,
    optimum: Object.freeze({
      ce: best,
      ...(delayed === undefined ? {} : { ceWithoutDelay: immediate.certaintyEquivalent }),
    }),
    rules: Object.freeze(Object.fromEntries(rules)),
  });

  function banded(name: string, config: RuleConfig): Candidate {
    return { name, value: () => valued(policyTargetsOn(lattice, ruleOf(config))) };
  }

  function valued(rule: TargetRule): RuleValue & { readonly rule: TargetRule } {
    if (delayed !== undefined) return { ...delayed.ofRule(rule), rule };
    return { ...(isPlain ? evaluateRule(lattice, edgesOf(rule)) : evaluateOnColumns(lattice, rule)), rule };
  }

  /** With its parameter as it was found for fills at once. */
  function late(found: ReturnType<Candidate['value']>): ReturnType<Candidate['value']> {
    return delayed === undefined || found.rule === undefined ? found : { ...found, ...delayed.ofRule(found.rule) };
  }

  /** Our own rule, to which nobody has said that fills are late. */
  function unaware(): TargetRule {
    return policyTargetsOn(layLattice(atOnce), optimalRule, [{ table: prepare(atOnce), units: 1 }]);
  }

  function measured({
    certaintyEquivalent,
    parameter,
    rule,
    tradesPerPath,
  }: ReturnType<Candidate['value']>): PolicyBenchRule {
    const isFinite = Number.isFinite(certaintyEquivalent);
    return {
      ce: isFinite ? certaintyEquivalent : null,
      excessPercent: isFinite ? (certaintyEquivalent / best - 1) * 100 : null,
      tradesPerPath,
      ...(isFinite ? {} : { code: 'RUIN' as const }),
      ...(parameter === undefined ? {} : { parameter }),
      ...(paths > 0 && rule !== undefined ? { monteCarlo: simulated(rule) } : {}),
    };
  }

  /** The half-width that does best on a few hundred paths, the same for each that is tried, valued exactly. */
  function bestBand(tradeTo: 'edge' | 'middle'): ReturnType<Candidate['value']> {
    const on = (halfWidthUnits: number): TargetRule =>
      policyTargetsOn(lattice, ruleOf({ kind: 'constant-band', halfWidthUnits, tradeTo }));
    const most = Math.max(lattice.holdings.at(-1)!, -lattice.holdings[0]!);
    const half = goldenLeast(LEAST_HALF_WIDTH, Math.min(most, MOST_HALF_WIDTH), SEARCH_STEPS, (x) => {
      return simulateRule(lattice, on(x), premium, SEARCH_PATHS, random(), delayLooks).certaintyEquivalent;
    });
    return { ...valued(on(half)), parameter: `half-width ${half.toPrecision(3)}` };
  }

  function simulated(rule: TargetRule): NonNullable<PolicyBenchRule['monteCarlo']> {
    const {
      certaintyEquivalent: ce,
      standardError,
      tradesPerPath,
    } = simulateRule(lattice, rule, premium, paths, random(), delayLooks);
    return Object.freeze({ ce, standardError, tradesPerPath });
  }
}

const neverRule: TargetRule = () => NEVER;

/** To the delta at every `every`-th look. */
function intervalRule(lattice: Lattice, every: number): TargetRule {
  return (step, row) => {
    if (step % every !== 0) return NEVER;
    const delta = nodeGreeks(lattice).delta(step, row);
    const toDelta = (): number => delta;
    const node: NodeTargets = { buyAt: delta, sellAt: delta, buyTo: toDelta, sellTo: toDelta };
    return node;
  };
}

function bestInterval(lattice: Lattice, value: ReturnType<typeof intervalValuer>): ReturnType<Candidate['value']> {
  const ce = (every: number): number => value(every).certaintyEquivalent;
  const every = Math.round(goldenLeast(1, lattice.problem.steps, SEARCH_STEPS, (x) => ce(Math.round(x))));
  return { ...value(every), parameter: `every ${every} looks`, rule: intervalRule(lattice, every) };
}

/** Golden-section search over the logarithm, a fixed number of steps (Kiefer 1953). */
function goldenLeast(low: number, high: number, searchSteps: number, cost: (x: number) => number): number {
  let [a, b] = [Math.log(low), Math.log(high)];
  let left = b - GOLDEN * (b - a);
  let right = a + GOLDEN * (b - a);
  let costLeft = cost(Math.exp(left));
  let costRight = cost(Math.exp(right));
  for (let i = 0; i < searchSteps; i++) {
    if (costLeft <= costRight) {
      [b, right, costRight] = [right, left, costLeft];
      left = b - GOLDEN * (b - a);
      costLeft = cost(Math.exp(left));
    } else {
      [a, left, costLeft] = [left, right, costRight];
      right = a + GOLDEN * (b - a);
      costRight = cost(Math.exp(right));
    }
  }
  return Math.exp(costLeft <= costRight ? left : right);
}
