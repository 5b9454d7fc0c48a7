// Hedger: the rebalancer with other instruments than spot in the competition
export * from './errors.js';
export type { HedgeInstruments, Seen } from './instruments.js';
export {
  createHedgingRebalancer,
  type HedgeReconsidered,
  type HedgingRebalancer,
  type InstrumentRebalancer,
} from './hedging-rebalancer.js';
export { ROUTED_SPOT } from './routed-spot.js';
export type { HedgingResult, InstrumentTrade } from './trade.js';
export type { InstrumentOrder } from './trade-one.js';
export type { HedgeMoved, HedgeMoveOrders } from './move-hedge.js';
export type { KeepMarginOptions, MarginKeeping, MarginKept, MarginProposal, MarginWay } from './margin-keeping.js';
export type { BetterPlace } from './reconsider.js';
export type { Settled, Settlement, SettleOptions } from './settle.js';
