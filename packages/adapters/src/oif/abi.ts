import { Interface } from 'ethers';

const MANDATE_OUTPUT =
  'tuple(bytes32 oracle, bytes32 settler, uint256 chainId, bytes32 token, uint256 amount, bytes32 recipient, bytes callbackData, bytes context)';
const STANDARD_ORDER = `tuple(address user, uint256 nonce, uint256 originChainId, uint32 expires, uint32 fillDeadline, address inputOracle, uint256[2][] inputs, ${MANDATE_OUTPUT}[] outputs)`;

/** `InputSettlerEscrow` of oif-contracts, as far as an owner needs it. */
export const inputSettlerAbi: Interface = new Interface([
  'function orderStatus(bytes32 orderId) view returns (uint8)',
  `function refund(${STANDARD_ORDER} order)`,
  'event Refunded(bytes32 indexed orderId)',
]);

/** `OutputSettlerBase` of oif-contracts. */
export const outputSettlerAbi: Interface = new Interface([
  `event OutputFilled(bytes32 indexed orderId, bytes32 solver, uint32 timestamp, ${MANDATE_OUTPUT} output, uint256 finalAmount)`,
]);

/** Permit2's signature transfers: nonces are bits, used up in any order. */
export const permit2Abi: Interface = new Interface([
  'function nonceBitmap(address owner, uint256 word) view returns (uint256)',
  'function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)',
  'event UnorderedNonceInvalidation(address indexed owner, uint256 word, uint256 mask)',
]);

/** `OrderStatus` of the input settler. */
export const ORDER_STATUS = { none: 0, deposited: 1, claimed: 2, refunded: 3 } as const;
