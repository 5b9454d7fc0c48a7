export { assembleExposures, type BookInput } from './assemble-exposures.js';
export { doubtVanished, type PositionChange, type PositionMemory } from './doubt-vanished.js';
export { liquidationOf } from './positions/lending.js';
export { underlyingsOf } from './underlyings.js';
export { type PositionParts, type Spots, type UnderlyingPart, valueAcross } from './value-across.js';
