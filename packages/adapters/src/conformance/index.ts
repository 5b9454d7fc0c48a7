export { bridgeConformance } from './bridge.js';
export { type Check, type CheckResult, ConformanceError, runChecks } from './check.js';
export { instrumentConformance } from './instrument.js';
export { positionSourceConformance } from './position-source.js';
export type {
  BridgeSubject,
  CommonSubject,
  InstrumentSample,
  InstrumentSubject,
  Patience,
  PositionLie,
  PositionSourceSubject,
  Sample,
  VenueSubject,
} from './subject.js';
export { venueConformance } from './venue.js';
