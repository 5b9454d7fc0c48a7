export type { OifChain, OifOptions } from './config.js';
export { OifClaimedUnfilledError, OifOrderRefusedError } from './errors.js';
export { oif } from './oif.js';
export type { OifOrderStatus } from './schemas.js';
