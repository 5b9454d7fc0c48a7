import { EvenkeelError } from '@evenkeel/intents';

/** The network, or the contract that it settles on, would not take an order. Code `SOLVER_ORDER_REFUSED`. */
export class SolverOrderRefusedError extends EvenkeelError {
  constructor(adapter: string, orderId: string, reason: string, retryable = false) {
    super('SOLVER_ORDER_REFUSED', `${adapter} does not take order ${orderId}: ${reason}.`, {
      hint: 'Nothing can fill it as it is; let it end, and ask for new bids.',
      retryable,
      details: { adapter, orderId, reason },
    });
  }
}

/** An order is not one that this adapter made. Code `SOLVER_ORDER_FOREIGN`. */
export class SolverOrderForeignError extends EvenkeelError {
  constructor(adapter: string, field: string, value: unknown, problem: string) {
    super('SOLVER_ORDER_FOREIGN', `${adapter}: ${field} ${problem}.`, {
      field,
      value,
      hint: 'Hand back what the adapter gave, untouched.',
      details: { adapter },
    });
  }
}
