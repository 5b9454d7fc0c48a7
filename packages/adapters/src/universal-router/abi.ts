import { AbiCoder, Interface } from 'ethers';

/** Commands of the Universal Router 2.1 (`Commands.sol`), as far as they are used. None is allowed to revert. */
export const COMMAND = {
  V3_SWAP_EXACT_IN: '00',
  PERMIT2_TRANSFER_FROM: '02',
  PERMIT2_PERMIT_BATCH: '03',
  SWEEP: '04',
  V2_SWAP_EXACT_IN: '08',
  PERMIT2_PERMIT: '0a',
  V4_SWAP: '10',
  ACROSS_V4_DEPOSIT_V3: '40',
} as const;

/** Actions of v4-periphery: SWAP_EXACT_IN_SINGLE, SETTLE, TAKE. */
export const V4_SWAP_SETTLE_TAKE = '0x060b0e';

/** The router's own name for itself as a recipient (`ActionConstants.ADDRESS_THIS`). */
export const THE_ROUTER = '0x0000000000000000000000000000000000000002';

/** In V4 actions: all that is owed, or all that is due (`ActionConstants.OPEN_DELTA`). */
export const OPEN_DELTA = 0n;

/** `AcrossV4DepositV3Params`: one tuple behind an offset, because of the message in it. */
export const ACROSS_DEPOSIT_TYPE: string =
  'tuple(address depositor, address recipient, address inputToken, address outputToken, uint256 inputAmount, ' +
  'uint256 outputAmount, uint256 destinationChainId, address exclusiveRelayer, uint32 quoteTimestamp, ' +
  'uint32 fillDeadline, uint32 exclusivityDeadline, bytes message, bool useNative)';

const DETAILS = '(address token, uint160 amount, uint48 expiration, uint48 nonce)';
export const PERMIT_SINGLE_TYPE: string = `tuple(tuple${DETAILS} details, address spender, uint256 sigDeadline)`;
export const PERMIT_BATCH_TYPE: string = `tuple(tuple${DETAILS}[] details, address spender, uint256 sigDeadline)`;

export const universalRouterAbi: Interface = new Interface([
  'function execute(bytes commands, bytes[] inputs, uint256 deadline) payable',
  'error ExecutionFailed(uint256 commandIndex, bytes message)',
  'error TransactionDeadlinePassed()',
]);

export const permit2Abi: Interface = new Interface([
  'function approve(address token, address spender, uint160 amount, uint48 expiration)',
  'function allowance(address owner, address token, address spender) view returns (uint160 amount, uint48 expiration, uint48 nonce)',
]);

export const coder: AbiCoder = AbiCoder.defaultAbiCoder();
