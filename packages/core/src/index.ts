// What is needed to decide and to plan: where am I, should I trade, in which slices, our best mix. Small enough for a
// wallet. `/solicit` asks who offers, `/award` chooses, `/execution` does it, `/rebalancer` joins all stations, `/report`
// accounts for it, `/backtest` replays it; `/exposure`, `/forecast`, `/lattice`, `/profile`, `/schedule` and `/route`
// hold what goes beyond the root entry.

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
export * from './ports/instrument.js';
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
export { ExposureEmptyError, PositionExpiredError, PositionInvalidError, SpotJumpError } from './exposure/errors.js';
export { valuePosition } from './exposure/value-position.js';
export { black76, type BlackInput } from './exposure/positions/option.js';
export { grossDeltaUnits } from './exposure/value-position.js';
export { optionDeltaBounds } from './exposure/positions/option.js';
export type { SpotCheck } from './exposure/spot-jump.js';

// Policy: should I trade, and how far
export * from './policy/decide.js';
export * from './policy/decision.js';
export * from './policy/config.js';
export * from './policy/errors.js';
export type { RiskAversion } from './policy/risk-aversion.js';
export type { BandTable, PreparedBands, PreparedFor } from './policy/band-table.js';
export type { BandReader, BandSource, RuleConfig } from './policy/rules/rule.js';

// Schedule: in which slices
export * from './schedule/schedule.js';
export * from './schedule/plan-schedule.js';
export * from './schedule/errors.js';

// Route: our best mix
export type * from './route/hedge.js';
export { routeHedge, type RouteHedgeTools } from './route/route-hedge.js';
export type { GapCloser } from './route/solve-model.js';
export * from './route/cost-curve.js';
export { findInconsistencies, type Inconsistency } from './route/consistency.js';
export * from './route/reference-price.js';
export * from './route/errors.js';
export type { CostKind, CostsByKind } from './route/costs.js';
