import { Interface, getAddress } from 'ethers';
import type { Address, Hex, WorldChain } from '../world.js';
import type { SeenEvent } from './log-reader.js';

export const FUNDS_DEPOSITED =
  'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)';

export const FILLED_RELAY =
  'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, tuple(bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)';

export const REFUND_EXECUTED =
  'event ExecutedRelayerRefundRoot(uint256 amountToReturn, uint256 indexed chainId, uint256[] refundAmounts, uint32 indexed rootBundleId, uint32 indexed leafId, address l2TokenAddress, address[] refundAddresses, bool deferredRefunds, address caller)';

const RELAY_DATA =
  'tuple(bytes32 depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 originChainId, uint256 depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes message)';

export const REFUND_LEAF =
  'tuple(uint256 amountToReturn, uint256 chainId, uint256[] refundAmounts, uint32 leafId, address l2TokenAddress, address[] refundAddresses)';

export const REBALANCE_LEAF =
  'tuple(uint256 chainId, uint256[] bundleLpFees, int256[] netSendAmounts, int256[] runningBalances, uint256 groupIndex, uint8 leafId, address[] l1Tokens)';

export const SPOKE: Interface = new Interface([
  `function fillRelay(${RELAY_DATA} relayData, uint256 repaymentChainId, bytes32 repaymentAddress)`,
  `function getV3RelayHash(${RELAY_DATA} relayData) view returns (bytes32)`,
  'function fillStatuses(bytes32) view returns (uint256)',
  `function executeRelayerRefundLeaf(uint32 rootBundleId, ${REFUND_LEAF} relayerRefundLeaf, bytes32[] proof)`,
  'event RelayedRootBundle(uint32 indexed rootBundleId, bytes32 indexed relayerRefundRoot, bytes32 indexed slowRelayRoot)',
]);

export const HUB: Interface = new Interface([
  'function rootBundleProposal() view returns (bytes32 poolRebalanceRoot, bytes32 relayerRefundRoot, bytes32 slowRelayRoot, uint256 claimedBitMap, address proposer, uint8 unclaimedPoolRebalanceLeafCount, uint32 challengePeriodEndTimestamp)',
  'function proposeRootBundle(uint256[] blockNumbers, uint8 leafCount, bytes32 poolRebalanceRoot, bytes32 relayerRefundRoot, bytes32 slowRelayRoot)',
  'function executeRootBundle(uint256 chainId, uint256 groupIndex, uint256[] bundleLpFees, int256[] netSendAmounts, int256[] runningBalances, uint8 leafId, address[] l1Tokens, bytes32[] proof)',
  'event RelayTokensCalled(address l1Token, address l2Token, uint256 amount, address to, address caller)',
]);

export const BRIDGE: Interface = new Interface(['event BridgedMessage(address target, bytes message)']);

/** A deposit as its event tells it. */
export interface AcrossDeposit {
  readonly origin: WorldChain;
  readonly blockNumber: number;
  readonly destinationChainId: number;
  readonly depositId: bigint;
  readonly depositor: Address;
  readonly recipient: Address;
  /** The zero address when anybody may fill at once. */
  readonly exclusiveRelayer: Address;
  readonly inputToken: Address;
  readonly outputToken: Address;
  readonly inputAmount: bigint;
  readonly outputAmount: bigint;
  readonly fillDeadline: number;
  readonly exclusivityDeadline: number;
  readonly message: Hex;
}

interface DepositArgs {
  readonly destinationChainId: bigint;
  readonly depositId: bigint;
  readonly depositor: Hex;
  readonly recipient: Hex;
  readonly exclusiveRelayer: Hex;
  readonly inputToken: Hex;
  readonly outputToken: Hex;
  readonly inputAmount: bigint;
  readonly outputAmount: bigint;
  readonly fillDeadline: bigint;
  readonly exclusivityDeadline: bigint;
  readonly message: Hex;
}

export function toDeposit({ args: raw, blockNumber, chain }: SeenEvent): AcrossDeposit {
  const args = raw as unknown as DepositArgs;
  return {
    origin: chain,
    blockNumber,
    destinationChainId: Number(args.destinationChainId),
    depositId: args.depositId,
    depositor: toAddress(args.depositor),
    recipient: toAddress(args.recipient),
    exclusiveRelayer: toAddress(args.exclusiveRelayer),
    inputToken: toAddress(args.inputToken),
    outputToken: toAddress(args.outputToken),
    inputAmount: args.inputAmount,
    outputAmount: args.outputAmount,
    fillDeadline: Number(args.fillDeadline),
    exclusivityDeadline: Number(args.exclusivityDeadline),
    message: args.message,
  };
}

/** The deposit as the far spoke pool wants it in a fill. */
export function relayData(deposit: AcrossDeposit): readonly unknown[] {
  const { depositor, exclusiveRelayer, inputToken, outputToken, recipient } = deposit;
  return [
    ...[depositor, recipient, exclusiveRelayer, inputToken, outputToken].map(toBytes32),
    ...[deposit.inputAmount, deposit.outputAmount, deposit.origin.id, deposit.depositId],
    ...[deposit.fillDeadline, deposit.exclusivityDeadline, deposit.message],
  ];
}

export function toBytes32(address: Address): Hex {
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`;
}

export function toAddress(word: string): Address {
  return getAddress(`0x${word.slice(-40)}`) as Address;
}

/** `fillStatuses` of a relay that was filled. */
export const FILLED = 2n;
