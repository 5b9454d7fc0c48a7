export { safeAccount } from './account.js';
export type { SafeOptions, SafeOwner } from './account.js';
export * from './errors.js';
export { soleOwnerCall, type SoleOwner } from './sole-owner.js';
export { safeTransactionHash, safeTypedData } from './transaction.js';
export type { SafeTransaction } from './transaction.js';
