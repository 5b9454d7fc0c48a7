export { lifiBridge } from './bridge.js';
export type { LifiBridgeOptions, LifiChain, LifiOptions } from './config.js';
export { LifiForeignTargetError, LifiNoRouteError } from './errors.js';
export { lifiVenue } from './venue.js';
export * from '../common/errors.js';
