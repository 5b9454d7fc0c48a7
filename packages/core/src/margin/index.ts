// Margin: how far an account is from liquidation, and what brings it back
export * from './errors.js';
export {
  type LendingMargin,
  lendingMargin,
  type LendingSide,
  type MarginAccount,
  type MarginState,
  marginState,
  type PerpetualMargin,
  perpetualMargin,
  surplusOf,
} from './margin-account.js';
export { lendingMarginOf } from './lending-position.js';
export { marginBreaches, requireMargin, type MarginBreach, type MarginLimits, type MarginStep } from './limits.js';
export {
  lendingReduction,
  type MarginChange,
  moneyPaidIn,
  perpetualReduction,
  planReduction,
  planTopUp,
  type Reduction,
} from './plans.js';
export { type CureChoices, type MarginPlan, planMarginCure, type RejectedCure } from './cure.js';
export type { CurePart, CureSource, MarginCure } from './cure-source.js';
export type { MarginPayment, MarginPosition, MarginReading, MarginVenue, PaymentReading } from './margin-venue.js';
export { isMarginNear } from './near.js';
