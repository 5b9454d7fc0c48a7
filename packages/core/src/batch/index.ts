// Batch auction over the needs of many portfolios: one price, one route for the rest, gas shared
export { type BatchInput, clearBatch } from './clear-batch.js';
export { clearUntilSound, type Culprit, type SimulateBatch } from './clear-until-sound.js';
export { BatchInputInvalidError, BatchUnsoundError } from './errors.js';
export { orderOfIntent } from './order-of-intent.js';
export type * from './order.js';
export type { RouteRemainder } from './settle-price.js';
export { midFraction } from './stage.js';
export {
  type CompanyInput,
  priceOfWaiting,
  type Prospect,
  prospectOf,
  savingOf,
  type WaitCode,
  type WaitDecision,
  waitForCompany,
  type Waiting,
  type WeighedWait,
} from './wait-for-company.js';
