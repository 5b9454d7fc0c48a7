// Profile: the cheapest trades to a target of delta, gamma and vega
export * from './errors.js';
export type { Greek, GreekTarget, InstrumentSide, ProfileInstrument, ProfileProblem, Range } from './profile.js';
export * from './solution.js';
export { solveProfile, type ProfileOptions } from './solve-profile.js';
export { parseProfileProblem } from './schema.js';
export * from './instrument.js';
export * from './from-exposure.js';
