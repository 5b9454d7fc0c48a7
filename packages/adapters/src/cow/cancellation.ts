import type { Hex, TypedData } from '@evenkeel/core';
import type { Gpv2Domain } from '../gpv2/index.js';

/** What an owner signs to ask the order book to show orders to no solver any more. It binds nobody. */
export function cancellationTypedData({ chainId, settlement }: Gpv2Domain, orderUids: readonly Hex[]): TypedData {
  return {
    domain: { name: 'Gnosis Protocol', version: 'v2', chainId, verifyingContract: settlement },
    types: { OrderCancellations: [{ name: 'orderUids', type: 'bytes[]' }] },
    message: { orderUids },
  };
}
