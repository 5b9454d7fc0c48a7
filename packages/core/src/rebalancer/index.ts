// The loop that joins the stations
export * from '../rebalancer.js';
export * from './portfolio.js';
export * from './survey.js';
export * from './look-memory.js';
export * from './errors.js';
export type { NoTableCode, OptimumAnswer, OptimumPort, OptimumQuestion } from './prepared-optimum.js';
export type { TrendAnswer, TrendPort } from './trend.js';
export type * from './networks-port.js';
export type { CostCurves } from './cost-curves.js';
export type { EventHub, RebalancerEvents } from './events.js';

// Commits to hidden times and sizes; beside the loop, for it needs a hash function that planning does without
export * from '../schedule/schedule-commitment.js';
