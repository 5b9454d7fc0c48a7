export {
  type AddressSource,
  type ChainDescription,
  chainDescription,
  type ContractName,
  describedChainIds,
  resolveToken,
} from './describe.js';
export { UnknownChainError, UnknownTokenError } from './errors.js';
export type { PublishedSource } from './published.js';
export {
  type Expectation,
  expectationsOf,
  MULTICALL3_CODE_HASH,
  parsePins,
  PERMIT2_CODE_HASH,
  pinsOf,
  type VerifiedContract,
  verifyDeployment,
} from './verify.js';
