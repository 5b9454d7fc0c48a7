export * from './offer.js';
export type * from './permission.js';
export type { UnsignedOperationOffer, WalletOperationOptions } from './unsigned-operation.js';
