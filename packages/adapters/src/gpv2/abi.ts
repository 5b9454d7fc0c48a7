import { Interface } from 'ethers';

const TRADE =
  '(uint256 sellTokenIndex, uint256 buyTokenIndex, address receiver, uint256 sellAmount, uint256 buyAmount, uint32 validTo, bytes32 appData, uint256 feeAmount, uint256 flags, uint256 executedAmount, bytes signature)';

/** GPv2Settlement, as far as it is used. */
export const settlementAbi: Interface = new Interface([
  `function settle(address[] tokens, uint256[] clearingPrices, ${TRADE}[] trades, (address target, uint256 value, bytes callData)[][3] interactions)`,
  'function invalidateOrder(bytes orderUid)',
  'function setPreSignature(bytes orderUid, bool signed)',
  'function filledAmount(bytes orderUid) view returns (uint256)',
  'function preSignature(bytes orderUid) view returns (uint256)',
  'function domainSeparator() view returns (bytes32)',
  'function vaultRelayer() view returns (address)',
  'function authenticator() view returns (address)',
  'event Trade(address indexed owner, address sellToken, address buyToken, uint256 sellAmount, uint256 buyAmount, uint256 feeAmount, bytes orderUid)',
  'event OrderInvalidated(address indexed owner, bytes orderUid)',
  'event Settlement(address indexed solver)',
]);
