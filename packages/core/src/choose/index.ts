// Choose: which instrument, by what it costs to hold it, within the limits of its margin
export * from './errors.js';
export * from './choose-instrument.js';
export { holdingCurve } from './holding-curve.js';
