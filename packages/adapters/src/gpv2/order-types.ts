import type { TypedDataField } from '@evenkeel/intents';
import { deepFreeze } from '../common/freeze.js';

/** The EIP-712 struct of an order (GPv2Order.sol). Kind and balances are signed as words, so that a wallet can show them. */
export const ORDER_TYPES: { readonly Order: readonly TypedDataField[] } = deepFreeze({
  Order: [
    { name: 'sellToken', type: 'address' },
    { name: 'buyToken', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'sellAmount', type: 'uint256' },
    { name: 'buyAmount', type: 'uint256' },
    { name: 'validTo', type: 'uint32' },
    { name: 'appData', type: 'bytes32' },
    { name: 'feeAmount', type: 'uint256' },
    { name: 'kind', type: 'string' },
    { name: 'partiallyFillable', type: 'bool' },
    { name: 'sellTokenBalance', type: 'string' },
    { name: 'buyTokenBalance', type: 'string' },
  ],
});
