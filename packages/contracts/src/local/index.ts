export { hostilePool } from '../artifacts/hostile-pool.js';
export { hostileToken } from '../artifacts/hostile-token.js';
export { settableFeed } from '../artifacts/settable-feed.js';
export * from './band.js';
export * from './node.js';
export * from './operation.js';
export * from './scene.js';
export * from './attempt.js';
export * from './erc7562.js';
