import { Interface } from 'ethers';

/** Permit2's unordered nonces, as far as they are used. */
export const permit2Abi: Interface = new Interface([
  'function nonceBitmap(address owner, uint256 wordPos) view returns (uint256)',
  'function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)',
  'event UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask)',
]);

/** What a reactor says when an order was filled. */
export const reactorAbi: Interface = new Interface([
  'event Fill(bytes32 indexed orderHash, address indexed filler, address indexed swapper, uint256 nonce)',
]);

/** OrderQuoter: executes an order without settling it. */
export const quoterAbi: Interface = new Interface(['function quote(bytes order, bytes sig)']);

/** What reactors, Permit2 and tokens revert with when an order cannot be filled. */
export const refusalAbi: Interface = new Interface([
  'error InvalidNonce()',
  'error InvalidSigner()',
  'error InvalidSignature()',
  'error InvalidSignatureLength()',
  'error InvalidContractSignature()',
  'error SignatureExpired(uint256 signatureDeadline)',
  'error InvalidAmount(uint256 maxAmount)',
  'error DeadlinePassed()',
  'error InvalidReactor()',
  'error NoExclusiveOverride()',
  'error DeadlineBeforeEndTime()',
  'error OrderEndTimeBeforeStartTime()',
  'error EndTimeBeforeStartTime()',
  'error IncorrectAmounts()',
  'error InvalidCosignature()',
  'error InvalidCosignerInput()',
  'error InvalidCosignerOutput()',
  'error Error(string reason)',
]);
