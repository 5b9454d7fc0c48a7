export { across, type AcrossAdapter } from './across.js';
export type { ArrivalAction, ArrivalCall } from './action.js';
export { acrossApiFees, type AcrossApiOptions } from './api-fees.js';
export type { AcrossChain, AcrossOptions } from './config.js';
export type { AcrossFeeRequest, AcrossFees, AcrossFeeSource } from './fee-source.js';
export { type AcrossFeeSchedule, scheduledAcrossFees, type ScheduledFeesOptions } from './scheduled-fees.js';
export * from '../common/errors.js';
