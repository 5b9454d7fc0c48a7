// Choose: which instrument, by what it costs to hold it, within the limits of its margin; and several of them as one hedge
export * from './errors.js';
export {
  chooseInstrument,
  type ChoiceTerms,
  type Contender,
  type InstrumentChoice,
  type RefusedContender,
} from './choose-instrument.js';
export { chooseSplit, type InstrumentSplit, type SplitTerms } from './choose-split.js';
export { chooseMove, type HedgeMove } from './choose-move.js';
export { holdingCurve } from './holding-curve.js';
export { jointCurve, type JointTerms } from './joint-curve.js';
export { type GreekGoal, isLowerRisk, quadraticRisk, type RiskAtEnds, type RiskGoals } from './quadratic-risk.js';
export { type HedgePart, type PartsOutcome, type PartsTerms, tradeInParts } from './trade-in-parts.js';
