import type { Bid, JsonValue, SolverRequest, Token, TypedData } from '@evenkeel/core';
import {
  assertChildWithin,
  type Address,
  type ChildOrder,
  encodeInteroperableAddress,
  EvenkeelError,
  hashIntent,
  permit2TypedData,
  type TypedDataPayload,
} from '@evenkeel/intents';
import { allowanceRead, approveCalls } from '../common/erc20.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { readContracts } from '../common/read.js';
import { firstIssue } from '../common/schemas.js';
import { isListed } from '../uniswap/config.js';
import { checkQuote, type CheckedQuote } from './check-quote.js';
import type { OifClient } from './client.js';
import { type OifChain, type OifOptions, permit2Of } from './config.js';
import { orderIdOf } from './order-state.js';
import type { OifPayload } from './payload.js';
import { parseQuote } from './schemas.js';

/** Measured: an exact approval as a transaction of its own. */
const APPROVAL_GAS = 46_000n;

/**
 * The best offer of the service that is what was asked for; undefined when it makes none.
 *
 * @throws {QuoteInconsistentError} when all that it offers is something else; what the service and the nodes throw.
 */
export async function bidOf(
  options: OifOptions,
  client: OifClient,
  request: SolverRequest,
  signal: AbortSignal,
): Promise<Bid | undefined> {
  const origin = options.chains[request.input.token.chainId];
  const destination = options.chains[request.tokenOut.chainId];
  if (origin === undefined || destination === undefined) return undefined;
  const offers = await client.quotes(quoteBody(request), signal);
  const checked = best(offers, (offer) => checkedOffer(offer, request, options, origin, destination));
  if (checked === undefined) return undefined;
  const parentId = hashIntent(request.intent);
  const adapter = options.id ?? 'oif';
  const child: ChildOrder = { parentId, index: request.index, adapter, order: checked.order };
  assertChildWithin(request.intent, request.liveChildren, child, request.spent);
  const [state, there] = await Promise.all([
    readContracts(origin.chain, [allowanceRead(request.input.token, request.intent.signer, permit2Of(origin))], signal),
    destination.chain.block('latest', signal),
  ]);
  const approvals = approvalsFor(request, origin, state.values[0]);
  const payload: OifPayload = {
    orderId: orderIdOf({ child }, origin),
    quoteId: checked.quoteId ?? null,
    originBlock: state.block.number,
    destinationBlock: there.number,
  };
  const output = checked.order.outputs[0]!.amount;
  const json = { ...payload } as JsonValue;
  return deepFreeze<Bid>({
    id: quoteId(adapter, [json, checked.order.nonce.toString()], checked.validUntil),
    adapter,
    child,
    input: { token: { ...request.input.token }, atoms: request.input.atoms },
    guaranteedOutput: { token: { ...request.tokenOut }, atoms: output },
    expectedOutput: output,
    validUntil: checked.validUntil,
    timeSeconds: {
      expected: checked.etaSeconds,
      worst: Math.max(checked.etaSeconds, checked.order.fillDeadline - Math.floor(options.clock.now() / 1000)),
    },
    exclusivity: undefined,
    partialFill: 'none',
    onFailure: checked.onFailure,
    gas: {
      paidBy: 'solver',
      owner:
        approvals.length === 0 ? [] : [{ chainId: origin.chain.id, units: APPROVAL_GAS * BigInt(approvals.length) }],
    },
    approvals,
    typedData: forSigning(
      permit2TypedData(checked.order, { spender: origin.inputSettler, permit2: permit2Of(origin) }),
    ),
    payload: json,
  });
}

/** `GetQuoteRequest`: exactly this input, for at least this output, drawn through Permit2 by the solver. */
function quoteBody({ deadline, input, intent, minOutput, recipient, tokenOut }: SolverRequest): JsonValue {
  const user = located(input.token, intent.signer);
  return {
    user,
    intent: {
      intentType: 'oif-swap',
      inputs: [{ user, asset: located(input.token, input.token.address), amount: input.atoms.toString() }],
      outputs: [
        {
          receiver: located(tokenOut, recipient),
          asset: located(tokenOut, tokenOut.address),
          amount: minOutput.toString(),
        },
      ],
      swapType: 'exact-input',
      preference: 'price',
      originSubmission: { mode: 'protocol', schemes: ['permit2'] },
      failureHandling: ['refund-automatic', 'refund-claim'],
      partialFill: false,
      metadata: { latestFill: deadline },
    },
    supportedTypes: ['oif-escrow-v0'],
  };
}

function located({ chainId }: Token, address: Address): string {
  return encodeInteroperableAddress({ chainId, address });
}

function checkedOffer(
  offer: unknown,
  request: SolverRequest,
  options: OifOptions,
  origin: OifChain,
  destination: OifChain,
): CheckedQuote {
  const parsed = parseQuote(offer);
  if (parsed.success) return checkQuote(parsed.output, request, options, origin, destination);
  throw new QuoteInconsistentError(options.id ?? 'oif', 'quote', `is malformed (${firstIssue(parsed.issues)})`);
}

/** The offer that pays most. When none can be taken, the first one says why. */
function best(offers: readonly unknown[], check: (offer: unknown) => CheckedQuote): CheckedQuote | undefined {
  let found: CheckedQuote | undefined;
  let refusal: EvenkeelError | undefined;
  for (const offer of offers) {
    try {
      const checked = check(offer);
      const pays = ({ order }: CheckedQuote): bigint => order.outputs[0]!.amount;
      if (found === undefined || pays(checked) > pays(found)) found = checked;
    } catch (error) {
      if (!(error instanceof EvenkeelError)) throw error;
      refusal ??= error;
    }
  }
  if (found === undefined && refusal !== undefined) throw refusal;
  return found;
}

/** Permit2 has to be able to draw this order and those that are live beside it, and no more. */
function approvalsFor(request: SolverRequest, origin: OifChain, allowance: bigint): Bid['approvals'] {
  const { input, liveChildren } = request;
  const beside = liveChildren
    .filter(({ order }) => order.originChainId === input.token.chainId)
    .flatMap(({ order }) => order.inputs)
    .filter(({ token }) => token.toLowerCase() === input.token.address.toLowerCase())
    .reduce((sum, { amount }) => sum + amount, 0n);
  const needed = input.atoms + beside;
  if (allowance >= needed) return [];
  const resetFirst = allowance > 0n && isListed(input.token, origin.resetAllowance);
  return approveCalls(input.token, permit2Of(origin), needed, resetFirst);
}

/** Signers add the domain's type themselves. */
function forSigning({ domain, message, types }: TypedDataPayload): TypedData {
  const own = Object.entries(types).filter(([name]) => name !== 'EIP712Domain');
  return { domain, message, types: Object.fromEntries(own) };
}
