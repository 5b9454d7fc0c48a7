import type { Random } from '../../ports/ambient.js';
import { constantBandRule } from '../rules/constant-band.js';
import { ruleOf } from '../rules/rule-of.js';
import { bandLatticeRule } from './band-rule.js';
import { bandReader, prepareBands } from './band-table.js';
import { evaluateRule } from './evaluate-rule.js';
import { type Lattice, layLattice } from './lattice.js';
import type { LatticeRule } from './lattice-rule.js';
import { optimalLatticeRule } from './optimal-lattice-rule.js';
import { solveOptimum } from './optimum.js';
import type { HedgingProblem } from './problem.js';
import { simulateRule } from './simulate-rule.js';

export interface PolicyBenchOptions {
  readonly problem: HedgingProblem;
  /** Simulated paths a rule; none for no simulation. */
  readonly paths: number;
  /** Seeded. */
  readonly random: Random;
  /** A monotonic clock in milliseconds, for the speeds; they decide nothing. */
  readonly milliseconds: () => number;
}

export interface PolicyBenchRule {
  /** Numeraire; null for a rule whose disutility overflows. */
  readonly ce: number | null;
  /** Above the optimum's, percent. */
  readonly excessPercent: number | null;
  readonly tradesPerPath: number;
  /** The rule's own parameter, where the best one was looked for. */
  readonly parameter?: string;
  readonly simulated?: { readonly ce: number; readonly standardError: number; readonly tradesPerPath: number };
  /**
   * The simulation, which is exact but for its noise, contradicts the lattice by more than four standard errors: the rule
   * trades to its own trigger, which the columns blur. Believe the simulation.
   */
  readonly blurred?: true;
}

export interface PolicyBenchReport {
  readonly problem: HedgingProblem;
  readonly premium: number;
  readonly optimum: { readonly ce: number };
  readonly rules: Readonly<Record<string, PolicyBenchRule>>;
  readonly speed: {
    readonly latticeMilliseconds: number;
    readonly prepareMilliseconds: number;
    readonly decisionMicroseconds: number;
  };
}

interface Candidate {
  readonly rule: (lattice: Lattice) => LatticeRule;
  readonly parameter?: string;
}

/** Columns near no hedge and a full one: the plain formulas shrink their bands to nothing there. */
const WING_COLUMNS = 24;
/** For the search of a parameter only. */
const COARSE_COLUMNS_PER_BAND = 5;
const SEARCH_STEPS = 9;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const DECISIONS = 20_000;

/**
 * What each rule costs against the exact optimum, on one problem: exact values on the lattice, simulation beside them,
 * and the speed of both lattice and decision.
 *
 * `optimal` is the closed form of the policy; `optimal-lattice` reads a table that was prepared for the problem.
 * Fixed interval and constant bands are shown with the parameter that does best here, which no one knows ahead.
 *
 * @throws {PolicyInputInvalidError} for a problem that has no answer
 */
export function policyBench({ milliseconds, paths, problem, random }: PolicyBenchOptions): PolicyBenchReport {
  const started = milliseconds();
  const optimum = solveOptimum(layLattice(problem));
  const solved = milliseconds();
  const table = prepareBands(problem);
  const prepared = milliseconds();
  const read = bandReader(table);
  for (let i = 0; i < DECISIONS; i++)
    read(problem.spot * (0.8 + (0.4 * (i % 97)) / 97), (problem.years * (1 + (i % 89))) / 90);
  const decided = milliseconds();
  const lattice = layLattice(problem, { wingColumns: WING_COLUMNS });
  const best = optimum.certaintyEquivalent;
  const candidates: Readonly<Record<string, Candidate>> = {
    hold: { rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'hold' })) },
    'fixed-interval': bestInterval(problem),
    'constant-band-edge': bestBand(problem, 'edge'),
    'constant-band-middle': bestBand(problem, 'middle'),
    'whalley-wilmott-1997': { rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'whalley-wilmott-1997' })) },
    'whalley-wilmott-1999': {
      rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'whalley-wilmott-1999', corrected: false })),
    },
    'whalley-wilmott-1999-corrected': {
      rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'whalley-wilmott-1999', corrected: true })),
    },
    'zakamouline-2006': { rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'zakamouline-2006' })) },
    optimal: { rule: (on) => bandLatticeRule(on, ruleOf({ kind: 'optimal' })) },
    'optimal-lattice': { rule: (on) => bandLatticeRule(on, optimalLatticeRule(table, 1)) },
  };
  const rules = Object.entries(candidates).map(([name, { parameter, rule }]) => {
    const onLattice = rule(lattice);
    const { certaintyEquivalent, tradesPerPath } = evaluateRule(lattice, onLattice);
    const finite = Number.isFinite(certaintyEquivalent);
    const simulated = paths > 0 ? simulatedRow(lattice, onLattice, paths, random) : undefined;
    const row: PolicyBenchRule = {
      ce: finite ? certaintyEquivalent : null,
      excessPercent: finite ? (certaintyEquivalent / best - 1) * 100 : null,
      tradesPerPath,
      ...(parameter === undefined ? {} : { parameter }),
      ...(simulated === undefined ? {} : { simulated }),
      ...(simulated !== undefined && contradicts(simulated, certaintyEquivalent) ? { blurred: true } : {}),
    };
    return [name, Object.freeze(row)] as const;
  });
  return Object.freeze({
    problem,
    premium: optimum.premium,
    optimum: Object.freeze({ ce: best }),
    rules: Object.freeze(Object.fromEntries(rules)),
    speed: Object.freeze({
      latticeMilliseconds: solved - started,
      prepareMilliseconds: prepared - solved,
      decisionMicroseconds: ((decided - prepared) * 1000) / DECISIONS,
    }),
  });
}

function contradicts({ ce, standardError }: NonNullable<PolicyBenchRule['simulated']>, exact: number): boolean {
  return Math.abs(ce - exact) > 4 * standardError;
}

function simulatedRow(
  lattice: Lattice,
  rule: LatticeRule,
  paths: number,
  random: Random,
): NonNullable<PolicyBenchRule['simulated']> {
  const { certaintyEquivalent, standardError, tradesPerPath } = simulateRule(lattice, rule, paths, random);
  return Object.freeze({ ce: certaintyEquivalent, standardError, tradesPerPath });
}

/** To the delta at every `every`-th look. */
export function fixedIntervalLatticeRule(lattice: Lattice, every: number): LatticeRule {
  const { liability, problem, rows, spots, stepYears } = lattice;
  let keptStep = -1;
  const deltas = new Float64Array(rows);
  return (step, row, holding) => {
    if (step % every !== 0) return holding;
    if (step !== keptStep) {
      keptStep = step;
      deltas.fill(Number.NaN);
    }
    if (Number.isNaN(deltas[row]!)) {
      const spot = spots[row]! * Math.exp(problem.annualRate * step * stepYears);
      deltas[row] = liability.delta(spot, (problem.steps - step) * stepYears);
    }
    return deltas[row]!;
  };
}

function bestInterval(problem: HedgingProblem): Candidate {
  const coarse = layLattice(problem, { columnsPerBand: COARSE_COLUMNS_PER_BAND });
  const cost = (every: number): number =>
    evaluateRule(coarse, fixedIntervalLatticeRule(coarse, every)).certaintyEquivalent;
  const every = Math.round(goldenLeast(1, problem.steps, (x) => cost(Math.round(x))));
  return { rule: (on) => fixedIntervalLatticeRule(on, every), parameter: `every ${every} looks` };
}

function bestBand(problem: HedgingProblem, tradeTo: 'edge' | 'middle'): Candidate {
  const coarse = layLattice(problem, { columnsPerBand: COARSE_COLUMNS_PER_BAND });
  const onLattice = (on: Lattice, half: number): LatticeRule =>
    bandLatticeRule(on, constantBandRule({ halfWidthUnits: half, tradeTo }));
  const half = goldenLeast(0.01, 1, (x) => evaluateRule(coarse, onLattice(coarse, x)).certaintyEquivalent);
  return { rule: (on) => onLattice(on, half), parameter: `half-width ${half.toPrecision(3)}` };
}

/** Golden-section search over the logarithm, a fixed number of steps (Kiefer 1953). */
function goldenLeast(low: number, high: number, cost: (x: number) => number): number {
  let [a, b] = [Math.log(low), Math.log(high)];
  let left = b - GOLDEN * (b - a);
  let right = a + GOLDEN * (b - a);
  let costLeft = cost(Math.exp(left));
  let costRight = cost(Math.exp(right));
  for (let i = 0; i < SEARCH_STEPS; i++) {
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

/** The report as a table of plain text. */
export function formatPolicyBench({ optimum, premium, rules, speed }: PolicyBenchReport): string {
  const header = ['rule', 'CE', 'excess %', 'trades', 'simulated CE', '± s.e.', 'trades', 'parameter'];
  const rows = Object.entries(rules).map(
    ([name, { blurred, ce, excessPercent, parameter, simulated, tradesPerPath }]) => [
      blurred === true ? `${name} *` : name,
      shown(ce, 5),
      shown(excessPercent, 2),
      shown(tradesPerPath, 2),
      shown(simulated?.ce, 5),
      shown(simulated?.standardError, 5),
      shown(simulated?.tradesPerPath, 2),
      parameter ?? '',
    ],
  );
  const table = [header, ['exact optimum', shown(optimum.ce, 5), '', '', '', '', '', ''], ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))),
  );
  const { decisionMicroseconds, latticeMilliseconds, prepareMilliseconds } = speed;
  const anyBlurred = Object.values(rules).some(({ blurred }) => blurred === true);
  const note = '* trades to its own trigger, which the lattice blurs: believe the simulation';
  return [
    ...lines.map((line) => line.join('  ').trimEnd()),
    ...(anyBlurred ? [note] : []),
    '',
    `frictionless premium ${premium.toFixed(5)}; lattice ${latticeMilliseconds.toFixed(0)} ms; ` +
      `table ${prepareMilliseconds.toFixed(0)} ms; decision ${decisionMicroseconds.toFixed(2)} µs`,
  ].join('\n');
}

function shown(value: number | null | undefined, digits: number): string {
  if (value === undefined) return '';
  return value === null ? '∞' : value.toFixed(digits);
}
