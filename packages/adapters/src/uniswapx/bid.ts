import { type Bid, NATIVE_ADDRESS, type SolverRequest } from '@evenkeel/core';
import { childNonce, hashIntent } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { childOf } from '../common/child.js';
import { nowSeconds } from '../common/clock.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { firstIssue } from '../common/schemas.js';
import { solverApprovals } from '../common/solver-approvals.js';
import { ADAPTER_ID, permit2Of, timingOf, type UniswapXChain, type UniswapXOptions } from './config.js';
import { type DutchOrder, dutchOrderTypedData } from './dutch-order.js';
import { type FillerQuote, fillerQuoteSchema } from './network.js';
import { payloadJson } from './payload.js';

/**
 * Asks the fillers, and makes the order that would be signed. Undefined for what UniswapX cannot do: another chain, native
 * coins, an output on another chain.
 */
export async function bidOf(
  options: UniswapXOptions,
  request: SolverRequest,
  signal: AbortSignal,
): Promise<Bid | undefined> {
  throwIfAborted(signal);
  const { input, intent, tokenOut } = request;
  const place = options.chains[input.token.chainId];
  if (place === undefined || tokenOut.chainId !== input.token.chainId || input.token.address === NATIVE_ADDRESS) {
    return undefined;
  }
  const answer = await options.network.quote(
    {
      chainId: tokenOut.chainId,
      tokenIn: input.token.address,
      tokenOut: tokenOut.address,
      amountIn: input.atoms,
      swapper: intent.signer,
      kind: place.kind,
    },
    signal,
  );
  if (answer === undefined) return undefined;
  const quote = checked(answer);
  const approvals = await solverApprovals(place.chain, request, input.atoms, permit2Of(place), signal);
  const now = nowSeconds(options.clock, { timeSeconds: approvals.timeSeconds });
  const order = orderFor(options, place, request, quote, now);
  const payload = payloadJson({ order, sinceBlock: approvals.blockNumber });
  const guaranteed = order.output.endAtoms;
  return deepFreeze({
    id: quoteId(ADAPTER_ID, payload, quote.validUntil),
    adapter: ADAPTER_ID,
    child: childOf(request, {
      adapter: ADAPTER_ID,
      settler: place.reactor,
      drawn: input.atoms,
      guaranteed,
      fillDeadline: order.deadline,
    }),
    input,
    guaranteedOutput: { token: tokenOut, atoms: guaranteed },
    expectedOutput: order.output.startAtoms,
    validUntil: Math.min(quote.validUntil, order.deadline),
    timeSeconds: {
      expected: Math.min(timingOf(options).fillSeconds, order.deadline - now),
      worst: order.deadline - now,
    },
    exclusivity: exclusivityOf(order),
    partialFill: 'none',
    onFailure: 'revert',
    gas: { paidBy: 'solver', owner: approvals.gas },
    approvals: approvals.calls,
    typedData: dutchOrderTypedData(order),
    payload,
  });
}

function checked(answer: unknown): FillerQuote {
  const parsed = v.safeParse(fillerQuoteSchema, answer);
  if (parsed.success) return parsed.output;
  throw new QuoteInconsistentError(ADAPTER_ID, 'quote', firstIssue(parsed.issues));
}

function orderFor(
  options: UniswapXOptions,
  place: UniswapXChain,
  request: SolverRequest,
  { amountOut, exclusivity }: FillerQuote,
  now: number,
): DutchOrder {
  const { index, input, intent, minOutput, recipient, tokenOut } = request;
  const { decayBps, decaySeconds, orderSeconds } = timingOf(options);
  const deadline = Math.min(request.deadline, now + orderSeconds);
  const floor = (amountOut * BigInt(10_000 - decayBps)) / 10_000n;
  const atLeast = floor > minOutput ? floor : minOutput;
  const base = {
    chainId: input.token.chainId,
    permit2: permit2Of(place),
    reactor: place.reactor,
    swapper: intent.signer,
    nonce: childNonce(hashIntent(intent), index),
    deadline,
    input: { token: input.token.address, atoms: input.atoms },
    // A filler that offers less than is asked for is shown as it is: the award refuses it, with its reason.
    output: {
      token: tokenOut.address,
      startAtoms: amountOut,
      endAtoms: atLeast < amountOut ? atLeast : amountOut,
      recipient,
    },
  };
  if (place.kind === 'v2-dutch') return { kind: 'v2-dutch', ...base, cosigner: place.cosigner };
  if (exclusivity !== undefined && exclusivity.until > deadline) {
    throw new QuoteInconsistentError(ADAPTER_ID, 'exclusivity.until', 'is after the end of the order');
  }
  const decayStart = exclusivity?.until ?? Math.min(now, deadline);
  return {
    kind: 'exclusive-dutch',
    ...base,
    decayStart,
    decayEnd: Math.min(decayStart + decaySeconds, deadline),
    exclusiveFiller: exclusivity?.filler ?? NATIVE_ADDRESS,
    overrideBps: exclusivity?.overrideBps ?? 0,
  };
}

function exclusivityOf(order: DutchOrder): Bid['exclusivity'] {
  // Of a V2 order the cosigner decides after the signature, and can take nothing away from the guarantee.
  if (order.kind === 'v2-dutch' || order.exclusiveFiller === NATIVE_ADDRESS) return undefined;
  const { decayStart, exclusiveFiller, overrideBps } = order;
  return { solver: exclusiveFiller, until: decayStart, overrideBps: overrideBps === 0 ? undefined : overrideBps };
}
