export { entryPoint } from './entry-point.js';
export type { EntryPoint, EntryPointVersion } from './entry-point.js';
export * from './hash.js';
export * from './nonce.js';
export { packUserOperation } from './user-operation.js';
export type {
  Deployment,
  PackedUserOperation,
  PaymasterData,
  UnsignedUserOperation,
  UserOperation,
} from './user-operation.js';
