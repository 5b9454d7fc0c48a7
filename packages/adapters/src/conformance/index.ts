export { bridgeConformance } from './bridge.js';
export { type Check, type CheckResult, ConformanceError, runChecks } from './check.js';
export { instrumentConformance } from './instrument.js';
export { positionSourceConformance } from './position-source.js';
export { solverConformance } from './solver.js';
export type {
  BridgeSubject,
  CommonSubject,
  InstrumentSample,
  InstrumentSubject,
  Patience,
  PositionLie,
  PositionSourceSubject,
  Sample,
  SolverSubject,
  VenueSubject,
} from './subject.js';
export { venueConformance } from './venue.js';
