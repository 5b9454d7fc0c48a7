export * from './account.js';
export * from './bundler.js';
export { entryPoint } from './entry-point.js';
export type { EntryPoint, EntryPointVersion } from './entry-point.js';
export * from './errors.js';
export type { GasSafety } from './gas.js';
export * from './hash.js';
export { simple7702Kind, simpleAccountKind } from './kinds.js';
export type { DeploymentFacts, OperationSigner, SimpleAccountOptions, SmartAccountKind } from './kinds.js';
export * from './nonce.js';
export * from './operation-codec.js';
export * from './paymaster.js';
export { userOperationSubmission } from './submission.js';
export type { SubmissionOptions, UserOperationRoute } from './submission.js';
export { packUserOperation } from './user-operation.js';
export type {
  Deployment,
  PackedUserOperation,
  PaymasterData,
  UnsignedUserOperation,
  UserOperation,
} from './user-operation.js';
export * from '../rpc/errors.js';
