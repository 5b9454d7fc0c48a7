// What runs for days: workflows behind one context, on any engine, and the workflow of an intent
export * from './context.js';
export * from './store.js';
export * from './errors.js';
export { embeddedEngine, type EmbeddedEngineOptions } from './embedded-engine.js';
export { memoryWorkflowStore } from './memory-store.js';
export {
  intentWorkflow,
  type IntentInput,
  type IntentTurn,
  type IntentTurns,
  type TurnRequest,
} from './intent-workflow.js';
export { type IntentOrder, type OrderedLimits, orderSignal, parseOrder } from './orders.js';
export { type OpenBook, rebalancerTurns, type TurnOver } from './rebalancer-turns.js';
// What a process that starts has to go on with
export { type Opening, openTrades } from '../rebalancer/opening.js';
export { endOf, isParked } from './workflow-end.js';
