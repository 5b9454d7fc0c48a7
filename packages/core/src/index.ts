// The nouns
export * from './model/token.js';
export * from './model/decimal.js';
export * from './model/interval.js';
export * from './model/as-of.js';
export * from './model/call.js';
export * from './model/curve.js';
export * from './model/quote.js';
export * from './model/transfer.js';
export * from './model/position.js';
export * from './model/exposure.js';
export * from './model/cost-curve.js';
export * from './model/programme.js';

// Exact replay of pool curves
export { swapExactIn, swapExactOut } from './model/curves/swap.js';
export type { SwapResult } from './model/curves/swap-result.js';
export { midPrice } from './model/curves/mid-price.js';
export { CurveInconsistentError, feePpmOf } from './model/curves/concentrated.js';
export { StableSwapDivergedError } from './model/curves/stable-swap.js';
export {
  MAX_SQRT_RATIO,
  MAX_TICK,
  MIN_SQRT_RATIO,
  MIN_TICK,
  sqrtRatioAtTick,
  tickAtSqrtRatio,
} from './model/curves/tick-math.js';

// What the core needs from outside
export * from './ports/venue.js';
export * from './ports/bridge.js';
export * from './ports/solver.js';
export * from './ports/chain.js';
export * from './ports/feeds.js';
export * from './ports/position-source.js';
export * from './ports/ambient.js';
export * from './ports/account.js';
export * from './ports/journal.js';

// Exposure: where am I
export * from './exposure/assemble-exposure.js';
export * from './exposure/exposure-digest.js';
export * from './exposure/errors.js';
export { valuePosition } from './exposure/value-position.js';
export { black76, type BlackInput } from './exposure/positions/option.js';
export { grossDeltaUnits } from './exposure/value-position.js';
export { optionDeltaBounds } from './exposure/positions/option.js';
export { liquidationSpot } from './exposure/positions/lending.js';

// Forecast: how uncertain is the market
export * from './forecast/forecast.js';
export * from './forecast/bars.js';
export * from './forecast/errors.js';
export * from './forecast/ewma.js';
export * from './forecast/har.js';
export * from './forecast/garch.js';
export * from './forecast/range-estimators.js';
export * from './forecast/bipower.js';
export * from './forecast/walk-forward.js';

// Policy: should I trade, and how far
export * from './policy/decide.js';
export * from './policy/decision.js';
export * from './policy/config.js';
export * from './policy/errors.js';
export type { RiskAversion } from './policy/risk-aversion.js';
export type { RuleConfig } from './policy/rules/rule.js';

// Schedule: in which slices
export * from './schedule/schedule.js';
export * from './schedule/plan-schedule.js';
export * from './schedule/replan.js';
export * from './schedule/schedule-commitment.js';
export * from './schedule/errors.js';

// Solicit: who offers
export * from './solicit/solicit.js';
export * from './solicit/compare.js';
export { checkQuote, type Objection, type RefusalCode } from './solicit/check-quote.js';
export { checkCurve, type CurveProblem } from './solicit/check-curve.js';
export * from './solicit/errors.js';

// Route: our best mix
export * from './route/hedge.js';
export * from './route/cost-curve.js';
export * from './route/solve-route.js';
export type { RouteDemand, RouteProblem, RouteProblemPool } from './route/problem.js';
export { findInconsistencies, type Inconsistency } from './route/consistency.js';
export * from './route/reference-price.js';
export * from './route/errors.js';
export type { CostKind, CostsByKind } from './route/costs.js';

// Award: ours or theirs
export * from './award/award.js';

// Guard: is it safe
export * from './guard/guard-calls.js';
export type { AllowancePair, GuardStep } from './guard/check-calls.js';
export * from './guard/errors.js';

// Execution: do it once
export * from './execution/execute-programme.js';
export * from './execution/plan-programme.js';
export { recoverReservations } from './execution/recover-reservations.js';
export * from './execution/events.js';
export * from './execution/errors.js';
export * from './execution/journal-errors.js';
export type { ExecutionOptions, ExecutionParts } from './execution/context.js';
export { memoryJournal } from './execution/memory-journal.js';

// Report: what it cost, and why
export {
  reconcile,
  type Flow as BookedFlow,
  type FlowKind as BookedFlowKind,
  type Reconciliation,
  type ReconciliationInput,
  type ReconciliationLine,
} from './report/reconcile.js';
export {
  costAttribution,
  type CostAttribution,
  type CostAttributionInput,
  type CostsByKind as RealisedCostsByKind,
  type StatedPrice,
  type SwapRecord,
} from './report/cost-attribution.js';
export * from './report/rebalancing-efficiency.js';
export * from './report/execution-report.js';
export * from './report/errors.js';

// The loop that joins the stations
export * from './rebalancer.js';
export * from './rebalancer/portfolio.js';
export * from './rebalancer/survey.js';
export * from './rebalancer/errors.js';
export type { CostCurves } from './rebalancer/cost-curves.js';
export type { EventHub, RebalancerEvents } from './rebalancer/events.js';
