import type { SolverRequest } from '@evenkeel/core';
import {
  addressToBytes32,
  assertChildWithin,
  childNonce,
  hashIntent,
  type Address,
  type ChildOrder,
} from '@evenkeel/intents';

/** What a network's own order says that the request does not. */
export interface ChildTerms {
  readonly adapter: string;
  /** The contract that draws the input and sees to the output. */
  readonly settler: Address;
  /** The most that is drawn, in atoms of the request's input token. */
  readonly drawn: bigint;
  /** The least that arrives for it. */
  readonly guaranteed: bigint;
  /** Unix seconds after which nobody can fill. */
  readonly fillDeadline: number;
}

/**
 * An order that one contract settles on one chain, in the form that is held against the parent intent.
 *
 * @throws {ChildOrderForeignError} {@link ChildOrderExceedsError} when the parent does not cover it.
 */
export function childOf(request: SolverRequest, terms: ChildTerms): ChildOrder {
  const { index, input, intent, liveChildren, recipient, spent, tokenOut } = request;
  const parentId = hashIntent(intent);
  const child: ChildOrder = {
    parentId,
    index,
    adapter: terms.adapter,
    order: {
      user: intent.signer,
      nonce: childNonce(parentId, index),
      originChainId: input.token.chainId,
      expires: terms.fillDeadline,
      fillDeadline: terms.fillDeadline,
      inputOracle: terms.settler,
      inputs: [{ token: input.token.address, amount: terms.drawn }],
      outputs: [
        {
          oracle: addressToBytes32(terms.settler),
          settler: addressToBytes32(terms.settler),
          chainId: tokenOut.chainId,
          token: addressToBytes32(tokenOut.address),
          amount: terms.guaranteed,
          recipient: addressToBytes32(recipient),
          callbackData: '0x',
          context: '0x',
        },
      ],
    },
  };
  assertChildWithin(intent, liveChildren, child, spent);
  return child;
}
