export * from './account.js';
export {
  delegateOf,
  type DelegationRequest,
  type DelegationSigner,
  signDelegation,
  type SignedDelegation,
  signRevocation,
} from './delegation.js';
export * from './errors.js';
export { ownBatchCall } from './own-batch.js';
export { delegationTransaction, type DelegationTransactionRequest, type SetCodeSigner } from './transaction.js';
