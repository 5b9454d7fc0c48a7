import { Interface } from 'ethers';

/** The type `Address` of its sources is a word, in calls if not in what is signed. */
const ORDER =
  '(uint256 salt, uint256 maker, uint256 receiver, uint256 makerAsset, uint256 takerAsset, uint256 makingAmount, uint256 takingAmount, uint256 makerTraits)';

/** LimitOrderProtocol v4, as far as it is used. */
export const protocolAbi: Interface = new Interface([
  `function fillOrderArgs(${ORDER} order, bytes32 r, bytes32 vs, uint256 amount, uint256 takerTraits, bytes args) payable returns (uint256 makingAmount, uint256 takingAmount, bytes32 orderHash)`,
  `function fillContractOrderArgs(${ORDER} order, bytes signature, uint256 amount, uint256 takerTraits, bytes args) returns (uint256 makingAmount, uint256 takingAmount, bytes32 orderHash)`,
  'function bitInvalidatorForOrder(address maker, uint256 slot) view returns (uint256)',
  'function rawRemainingInvalidatorForOrder(address maker, bytes32 orderHash) view returns (uint256)',
  'function epochEquals(address maker, uint256 series, uint256 makerEpoch) view returns (bool)',
  'function paused() view returns (bool)',
]);

/** ERC-1271. */
export const contractSignatureAbi: Interface = new Interface([
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)',
]);

export const erc20Abi: Interface = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
]);

export const permit2Abi: Interface = new Interface([
  'function approve(address token, address spender, uint160 amount, uint48 expiration)',
]);
