export { planBundle } from './bundle.js';
export type { BundlePlan, Payer, PlacedHop, RouterBundle, RouterDeposit, RouterHop, RouterSwap } from './bundle.js';
export type { UniversalRouterChain, UniversalRouterOptions } from './config.js';
export { RouterBundleInvalidError, RouterHopUnsupportedError, RouterPermitMismatchError } from './errors.js';
export type { DrawRight } from './execute-calls.js';
export type { PermitDetails, RouterPermit } from './permit.js';
export { type BundleReplay, replayBundle } from './replay.js';
export { bundledProgramme, type BundledRequest } from './bundled-programme.js';
export { universalRouter, type PermitToSign, type UniversalRouterAdapter } from './universal-router.js';
