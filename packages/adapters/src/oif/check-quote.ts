import { type FailureMode, sameAddress, type SolverRequest } from '@evenkeel/core';
import { addressToBytes32, childNonce, hashIntent, type Hex, type StandardOrder } from '@evenkeel/intents';
import { QuoteInconsistentError } from '../common/errors.js';
import { type OifChain, type OifOptions, permit2Of } from './config.js';
import type { OifQuote } from './schemas.js';

const ON_FAILURE: Readonly<Record<OifQuote['failureHandling'], FailureMode>> = {
  'refund-automatic': 'refund-automatic',
  'refund-claim': 'refund-by-claim',
  'needs-new-signature': 'needs-signature',
};

/** What a quote comes to, once it is known to be what was asked for. */
export interface CheckedQuote {
  /** Ours to sign: the service's terms under a nonce that names the parent intent. */
  readonly order: StandardOrder;
  readonly onFailure: FailureMode;
  readonly validUntil: number;
  readonly etaSeconds: number;
  readonly quoteId: string | undefined;
}

const PLAIN: Hex = '0x';

/**
 * Holds every field that would be signed against the request and against the contracts that are trusted. The preview of
 * amounts is not looked at: it binds nobody.
 *
 * @throws {QuoteInconsistentError} naming the field.
 */
export function checkQuote(
  quote: OifQuote,
  request: SolverRequest,
  options: OifOptions,
  origin: OifChain,
  destination: OifChain,
): CheckedQuote {
  const { id = 'oif', maxEscrowSeconds = 3_600 } = options;
  const { domain, message } = quote.order.payload;
  const { input, intent, recipient, tokenOut } = request;
  const must = (holds: boolean, field: string, problem: string): void => {
    if (!holds) throw new QuoteInconsistentError(id, field, problem);
  };
  must(domain.chainId === origin.chain.id, 'domain.chainId', `is not ${origin.chain.id}`);
  must(sameAddress(domain.verifyingContract, permit2Of(origin)), 'domain.verifyingContract', 'is not Permit2');
  must(sameAddress(message.spender, origin.inputSettler), 'spender', 'is not the input settler');
  const [permitted] = message.permitted;
  must(message.permitted.length === 1 && permitted !== undefined, 'permitted', 'is not one token');
  must(sameAddress(permitted!.token, input.token.address), 'permitted.token', `is not ${input.token.symbol}`);
  must(permitted!.amount === input.atoms, 'permitted.amount', `is not ${input.atoms}`);
  const { expires, inputOracle, outputs, user } = message.witness;
  must(sameAddress(user, intent.signer), 'witness.user', 'is somebody else');
  must(sameAddress(inputOracle, origin.inputOracle), 'witness.inputOracle', 'is not trusted');
  const [output] = outputs;
  must(outputs.length === 1 && output !== undefined, 'outputs', 'is not one');
  must(output!.chainId === tokenOut.chainId, 'outputs.chainId', `is not ${tokenOut.chainId}`);
  must(
    output!.token.toLowerCase() === addressToBytes32(tokenOut.address),
    'outputs.token',
    `is not ${tokenOut.symbol}`,
  );
  must(output!.recipient.toLowerCase() === addressToBytes32(recipient), 'outputs.recipient', 'is somebody else');
  must(
    output!.settler.toLowerCase() === addressToBytes32(destination.outputSettler),
    'outputs.settler',
    'is not trusted',
  );
  must(output!.oracle.toLowerCase() === addressToBytes32(destination.outputOracle), 'outputs.oracle', 'is not trusted');
  must(output!.callbackData === PLAIN && output!.context === PLAIN, 'outputs.context', 'is not that of a plain order');
  must(output!.amount >= request.minOutput, 'outputs.amount', `is less than ${request.minOutput}`);
  must(!quote.partialFill, 'partialFill', 'was not asked for');
  const fillDeadline = Math.min(message.deadline, request.deadline);
  const now = Math.floor(options.clock.now() / 1000);
  must(fillDeadline > now, 'deadline', 'has passed');
  must(expires >= fillDeadline, 'witness.expires', 'is before the deadline');
  must(expires <= message.deadline + maxEscrowSeconds, 'witness.expires', 'keeps the input too long');
  return Object.freeze({
    order: {
      user: intent.signer,
      nonce: childNonce(hashIntent(intent), request.index),
      originChainId: origin.chain.id,
      expires,
      fillDeadline,
      inputOracle: origin.inputOracle,
      inputs: [{ token: input.token.address, amount: input.atoms }],
      outputs: [output!],
    },
    onFailure: ON_FAILURE[quote.failureHandling],
    validUntil: Math.min(quote.validUntil ?? fillDeadline, fillDeadline),
    etaSeconds: quote.eta ?? fillDeadline - now,
    quoteId: quote.quoteId,
  });
}
