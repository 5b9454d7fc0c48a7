import { Interface } from 'ethers';

const RELAY_DATA =
  '(bytes32 depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes32 inputToken, bytes32 outputToken, ' +
  'uint256 inputAmount, uint256 outputAmount, uint256 originChainId, uint256 depositId, uint32 fillDeadline, ' +
  'uint32 exclusivityDeadline, bytes message)';

/** Full signature of the deposit that this adapter makes; the name is overloaded by a removed function. */
export const DEPOSIT =
  'deposit(bytes32,bytes32,bytes32,bytes32,uint256,uint256,uint256,bytes32,uint32,uint32,uint32,bytes)';

/** `V3SpokePoolInterface` and `SpokePoolInterface` of @across-protocol/contracts 5, as far as depositors need them. */
export const spokePoolAbi: Interface = new Interface([
  `function ${DEPOSIT} payable`,
  'function pausedDeposits() view returns (bool)',
  'function pausedFills() view returns (bool)',
  'function depositQuoteTimeBuffer() view returns (uint32)',
  'function fillDeadlineBuffer() view returns (uint32)',
  'function fillStatuses(bytes32 relayHash) view returns (uint256)',
  'function getRelayerRefund(address l2TokenAddress, address refundAddress) view returns (uint256)',
  'function claimRelayerRefund(bytes32 l2TokenAddress, bytes32 refundAddress)',
  'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
  'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, tuple(bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)',
  'event RelayedRootBundle(uint32 indexed rootBundleId, bytes32 indexed relayerRefundRoot, bytes32 indexed slowRelayRoot)',
  'event ExecutedRelayerRefundRoot(uint256 amountToReturn, uint256 indexed chainId, uint256[] refundAmounts, uint32 indexed rootBundleId, uint32 indexed leafId, address l2TokenAddress, address[] refundAddresses, bool deferredRefunds, address caller)',
  'event ClaimedRelayerRefund(bytes32 indexed l2TokenAddress, bytes32 indexed refundAddress, uint256 amount, address indexed caller)',
]);

/** `MulticallHandler`: runs calls with what a relay brought, and hands the rest to a fallback recipient. */
export const multicallHandlerAbi: Interface = new Interface([
  'event CallsFailed((address target, bytes callData, uint256 value)[] calls, address indexed fallbackRecipient)',
]);

/** ABI types of a relay: what a SpokePool hashes, and what the handler decodes from a message. */
export const RELAY_DATA_TYPE: string = `tuple${RELAY_DATA}`;
export const INSTRUCTIONS_TYPE =
  'tuple((address target, bytes callData, uint256 value)[] calls, address fallbackRecipient)';
