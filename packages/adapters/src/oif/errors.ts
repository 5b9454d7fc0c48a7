import { EvenkeelError } from '@evenkeel/intents';

/**
 * The service did not take the order, or says so. It may have it all the same: what counts is the chain. Code
 * `OIF_ORDER_REFUSED`.
 */
export class OifOrderRefusedError extends EvenkeelError {
  constructor(service: string, orderId: string, status: string, message: string) {
    super('OIF_ORDER_REFUSED', `${service} answers "${status}" to order ${orderId}: ${message}.`, {
      field: 'order',
      value: orderId,
      hint: 'Cancel the order by its nonce before anything goes elsewhere: the service has its signature.',
      details: { service, status },
    });
  }
}

/** The settler has paid the input out, and no fill is to be found. Code `OIF_CLAIMED_UNFILLED`. */
export class OifClaimedUnfilledError extends EvenkeelError {
  constructor(orderId: string, chainId: number) {
    super(
      'OIF_CLAIMED_UNFILLED',
      `Order ${orderId} was claimed, but its output on chain ${chainId} is not to be found.`,
      {
        field: 'order',
        value: orderId,
        hint: 'Use a node that keeps logs; if the fill is really missing, the oracle lied: take it out of the configuration.',
        details: { chainId },
      },
    );
  }
}
