import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

/** The bid is not for what was asked, or not by whom it says. Code `DELEGATION_BID_INVALID`. */
export class DelegationBidInvalidError extends EvenkeelError {
  constructor(adapter: string, bidId: string, problem: string) {
    super('DELEGATION_BID_INVALID', `The bid ${bidId} of ${adapter} cannot be taken. ${problem}`, {
      field: 'bid',
      value: bidId,
      hint: 'Ask for bids again, with a number that no child of the intent has had.',
      details: { adapter },
    });
  }
}

/** A proof of death that contradicts the order. The order stays live. Code `DELEGATION_PROOF_INVALID`. */
export class DelegationProofInvalidError extends EvenkeelError {
  constructor(adapter: string, orderId: string, problem: string) {
    super('DELEGATION_PROOF_INVALID', `${adapter} says that order ${orderId} is over, but ${problem}.`, {
      field: 'proof',
      value: orderId,
      hint: 'Nothing goes elsewhere. Look at the chain, and report it to the author of the adapter.',
      details: { adapter },
    });
  }
}

/** An order is neither filled nor provably dead yet. It stays live in the journal. Code `DELEGATION_UNPROVEN`. */
export class DelegationUnprovenError extends EvenkeelError {
  constructor(adapter: string, orderId: string, options: EvenkeelErrorOptions = {}) {
    super('DELEGATION_UNPROVEN', `Order ${orderId} of ${adapter} is not over yet, and may still be filled.`, {
      field: 'order',
      value: orderId,
      retryable: true,
      hint: 'Resume the delegation later; nothing goes elsewhere meanwhile.',
      ...options,
      details: { adapter, ...options.details },
    });
  }
}

/** A delegation in the journal is of a network that was not given. Code `DELEGATION_NETWORK_MISSING`. */
export class DelegationNetworkMissingError extends EvenkeelError {
  constructor(adapter: string) {
    super(
      'DELEGATION_NETWORK_MISSING',
      `The journal holds an order given to "${adapter}", which is not among the solvers.`,
      {
        field: 'solvers',
        value: adapter,
        hint: 'Pass its adapter: only it can say what became of the order.',
      },
    );
  }
}

/** What a step may spend beside live orders is not enough. Code `DELEGATION_LEAVES_LESS`. */
export class DelegationLeavesLessError extends EvenkeelError {
  constructor(token: string, wanted: bigint, left: bigint) {
    super('DELEGATION_LEAVES_LESS', `${wanted} atoms of ${token} are wanted, and live orders leave ${left}.`, {
      field: 'programme.steps',
      value: wanted.toString(),
      hint: 'Wait until the orders are provably over, or route less.',
      details: { token, left: left.toString() },
    });
  }
}
