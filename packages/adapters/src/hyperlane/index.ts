export { hyperlane } from './hyperlane.js';
export type { HyperlaneChain, HyperlaneOptions, WarpRouter } from './config.js';
export { checkpointDigest, type HyperlaneCheckpoint, type HyperlaneProofSource, multisigMetadata } from './metadata.js';
export { type HyperlaneMessage, unpackMessage } from './message.js';
export * from '../common/errors.js';
