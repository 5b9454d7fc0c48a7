// Schedule: in which slices, each pace a pure function of where the work stands
export * from './replan.js';
export {
  almgrenChriss,
  almgrenChrissHoldings,
  type AlmgrenChrissOptions,
  almgrenChrissUrgency,
  type LinearMarket,
} from './paces/almgren-chriss.js';
export { obizhaevaWang, type ObizhaevaWangOptions, obizhaevaWangShares } from './paces/obizhaeva-wang.js';
export { optimal, type OptimalOptions } from './paces/optimal.js';
export type { Fill, Pace, Proposal, Slots, Work } from './paces/pace.js';
export { twap } from './paces/twap.js';
export { pov, type PovOptions, vwap, type VwapOptions } from './paces/vwap.js';
export * from './resilience.js';
export {
  restOfSchedule,
  type RestOfSchedule,
  type RestReason,
  type ScheduleProgress,
  type ScheduleTask,
} from './rest-of-schedule.js';
export * from './volume-model.js';
export * from './errors.js';
export * from './paced-slices.js';
