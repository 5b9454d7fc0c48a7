export type * from './actors/actors.js';
export { defaultCacheDir } from './cache-dir.js';
export { DevnetError } from './errors.js';
export type { DevnetErrorCode, DevnetErrorOptions } from './errors.js';
export type * from './pools.js';
export { prepareWorld, startWorld } from './start-world.js';
export { ACCOUNT_NAMES, GENESIS_TIME_SECONDS } from './world.js';
export type * from './world.js';
