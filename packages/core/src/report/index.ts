// Report: what it cost, and why
export {
  reconcile,
  type Flow as BookedFlow,
  type FlowKind as BookedFlowKind,
  type Reconciliation,
  type ReconciliationInput,
  type ReconciliationLine,
} from './reconcile.js';
export {
  costAttribution,
  type CostAttribution,
  type CostAttributionInput,
  type CostsByKind as RealisedCostsByKind,
  type StatedPrice,
  type SwapRecord,
} from './cost-attribution.js';
export * from './rebalancing-efficiency.js';
export * from './execution-report.js';
export * from './implementation-shortfall.js';
export * from './errors.js';
export { hindsightOptimum, type HindsightLook, type HindsightTerms } from './hindsight-optimum.js';
