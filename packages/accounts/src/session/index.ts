export * from './calls.js';
export * from './describe-grant.js';
export * from './errors.js';
export * from './kinds.js';
export * from './observation.js';
export { parsePolicy } from './policy.js';
export * from './sign-operations.js';
export * from './token-paymaster.js';
