export * from './eoa/eoa-account.js';
export * from './eoa/errors.js';
export * from './eoa/public-mempool.js';
export * from './eoa/signer.js';
