// The exact optimum of hedging under costs: tables for the policy's optimal rule, and the measure of every rule.
export { type Book, type Leg, type Liability, liabilityOf, standardBook } from './book.js';
export { checkProblem, type HedgingProblem, type Impact } from './problem.js';
export { impactOfCurves, sampledCurves } from './impact-of-curves.js';
export type { LatticeResolution } from './holdings.js';
export { type Lattice, layLattice } from './lattice.js';
export { type Optimum, solveOptimum } from './optimum.js';
export { policyBench, type PolicyBenchOptions, type PolicyBenchReport, type PolicyBenchRule } from './policy-bench.js';
export { prepareBands } from './prepare-bands.js';
export { readBands } from '../policy/rules/prepared.js';
export { type BandTableJson, parseBands, serialiseBands } from './band-table-json.js';
export * from './errors.js';
