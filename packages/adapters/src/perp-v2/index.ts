export type { PerpV2Account, PerpV2HeldCollateral } from './account.js';
export { readPerpV2Account } from './account.js';
export * from './errors.js';
export { perpV2Instrument, type PerpV2InstrumentOptions } from './instrument.js';
export { perpV2LiquidationPrice, type PerpV2Margin } from './liquidation-price.js';
export { perpV2Margin } from './margin.js';
export type { PerpV2Collateral, PerpV2Market } from './market.js';
export { perpV2, type PerpV2Options, type PerpV2Trading } from './perp-v2.js';
export { perpV2Positions, type PerpV2PositionsOptions } from './positions.js';
