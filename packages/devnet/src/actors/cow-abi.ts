import { Interface } from 'ethers';

const TRADE =
  '(uint256 sellTokenIndex, uint256 buyTokenIndex, address receiver, uint256 sellAmount, uint256 buyAmount, uint32 validTo, bytes32 appData, uint256 feeAmount, uint256 flags, uint256 executedAmount, bytes signature)';

export const SETTLEMENT: Interface = new Interface([
  `function settle(address[] tokens, uint256[] clearingPrices, ${TRADE}[] trades, (address target, uint256 value, bytes callData)[][3] interactions)`,
  'function filledAmount(bytes orderUid) view returns (uint256)',
]);

export const V2_ROUTER: Interface = new Interface([
  'function getAmountsOut(uint256 amountIn, address[] path) view returns (uint256[])',
  'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)',
]);

export const ERC20_APPROVE: Interface = new Interface(['function approve(address, uint256)']);

/** Bits of a trade's flags: a partially fillable sell order, and the signing scheme from bit 5 on. */
export const PARTIALLY_FILLABLE = 0x02;
export const SCHEME_SHIFT = 5;
export const SCHEMES = ['eip712', 'ethsign', 'eip1271', 'presign'] as const;
