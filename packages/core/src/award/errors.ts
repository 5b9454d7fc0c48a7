import { EvenkeelError } from '@evenkeel/intents';

/** A network's word about an order contradicts itself or the order. Code `SOLVER_INCONSISTENT`. */
export class SolverInconsistentError extends EvenkeelError {
  constructor(adapter: string, orderId: string, problem: string) {
    super('SOLVER_INCONSISTENT', `${adapter}: order ${orderId} ${problem}.`, {
      hint: 'Give nothing of it elsewhere; look at the order on its chain, and report it to the adapter.',
      details: { adapter, orderId },
    });
  }
}
