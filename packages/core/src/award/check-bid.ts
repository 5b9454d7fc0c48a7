import { assertChildWithin, EvenkeelError } from '@evenkeel/intents';
import { type Address, sameAddress, sameToken, type Token } from '../model/token.js';
import type { Bid, SolverRequest } from '../ports/solver.js';

/** Why a bid is not accepted; stable. */
export type BidRefusalCode =
  | 'ADAPTER_FAILED'
  | 'TIMED_OUT'
  | 'IGNORES_ABORT'
  | 'INVALID_SHAPE'
  | 'WRONG_ADAPTER'
  | 'FOREIGN_INTENT'
  | 'OVERDRAWS'
  | 'WRONG_TOKENS'
  | 'WRONG_AMOUNT'
  | 'WRONG_RECIPIENT'
  | 'TOO_LITTLE'
  | 'EXPIRED'
  | 'TOO_LATE'
  | 'PARTIAL_FORBIDDEN'
  | 'FOREIGN_TARGET'
  | 'FOREIGN_SIGNATURE'
  | 'DUPLICATE';

export interface BidObjection {
  readonly code: BidRefusalCode;
  readonly sentence: string;
}

/** Who bids: what the adapter itself has declared. */
export interface Bidder {
  readonly id: string;
  targets(chainId: number): readonly Address[];
}

/**
 * Holds a bid against what was asked, against its parent intent and against what its adapter has declared. The shape has
 * been checked already. That the typed data say what the child says is the adapter's own affair, which the conformance
 * suite tries out on real contracts.
 *
 * @param nowSeconds Unix time.
 * @returns The first objection, or undefined.
 */
export function checkBid(
  bid: Bid,
  request: SolverRequest,
  bidder: Bidder,
  nowSeconds: number,
): BidObjection | undefined {
  return (
    checkAdapter(bid, bidder) ??
    checkParent(bid, request) ??
    contradictionOf(bid, bidder) ??
    checkAmounts(bid, request) ??
    checkArrival(bid, request) ??
    checkTimes(bid, request, nowSeconds)
  );
}

/**
 * What is wrong with a bid whatever was asked: it is somebody else's, it says other amounts than its order draws and pays,
 * or it wants powers beyond its own contracts and its input.
 *
 * @returns The first objection, or undefined.
 */
export function contradictionOf(bid: Bid, bidder: Bidder): BidObjection | undefined {
  return checkAdapter(bid, bidder) ?? checkOrder(bid) ?? checkPowers(bid, bidder);
}

function checkAdapter({ adapter, child }: Bid, bidder: Bidder): BidObjection | undefined {
  if (adapter === bidder.id && child.adapter === bidder.id) return undefined;
  return { code: 'WRONG_ADAPTER', sentence: `It says that it is of ${adapter}, and ${bidder.id} was asked.` };
}

/** One token against one other, as much as the bid says. */
function checkOrder({ child, guaranteedOutput, input }: Bid): BidObjection | undefined {
  const { inputs, originChainId, outputs } = child.order;
  const [drawn] = inputs;
  const [paid] = outputs;
  const draws = originChainId === input.token.chainId && drawn !== undefined;
  if (!draws || inputs.length > 1 || !sameAddress(drawn.token, input.token.address)) {
    return { code: 'WRONG_TOKENS', sentence: 'Its order draws other tokens than it says.' };
  }
  if (input.atoms <= 0n || drawn.amount !== input.atoms) {
    return { code: 'WRONG_AMOUNT', sentence: `It says ${input.atoms} atoms and its order draws ${drawn.amount}.` };
  }
  const { token } = guaranteedOutput;
  if (paid?.chainId !== token.chainId || outputs.length > 1 || !isWord(paid.token, token.address)) {
    return { code: 'WRONG_TOKENS', sentence: 'Its order pays other tokens than it says.' };
  }
  if (paid.amount !== guaranteedOutput.atoms) {
    const said = `Its order enforces ${paid.amount} atoms, and it says ${guaranteedOutput.atoms}.`;
    return { code: 'WRONG_AMOUNT', sentence: said };
  }
  return undefined;
}

/** Another intent's order, one that the intent does not admit, or one that would draw more than is left of it. */
function checkParent({ child }: Bid, request: SolverRequest): BidObjection | undefined {
  const { index, intent, liveChildren, spent } = request;
  if (child.index !== index) {
    return { code: 'FOREIGN_INTENT', sentence: `It is for child ${child.index}, and child ${index} was asked for.` };
  }
  try {
    assertChildWithin(intent, liveChildren, child, spent);
    return undefined;
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    const code = error.code === 'CHILD_ORDER_EXCEEDS' ? 'OVERDRAWS' : 'FOREIGN_INTENT';
    return { code, sentence: error.message };
  }
}

function checkAmounts(bid: Bid, request: SolverRequest): BidObjection | undefined {
  const { expectedOutput, guaranteedOutput, input } = bid;
  if (!isExactly(input.token, request.input.token) || !isExactly(guaranteedOutput.token, request.tokenOut)) {
    return { code: 'WRONG_TOKENS', sentence: 'It answers for other tokens, or other decimals, than were asked for.' };
  }
  if (input.atoms > request.input.atoms) {
    const said = `It would draw ${input.atoms} atoms, where ${request.input.atoms} may be drawn.`;
    return { code: 'WRONG_AMOUNT', sentence: said };
  }
  if (expectedOutput < guaranteedOutput.atoms) {
    return { code: 'WRONG_AMOUNT', sentence: 'It guarantees more than it expects to pay.' };
  }
  if (guaranteedOutput.atoms * request.input.atoms < request.minOutput * input.atoms || guaranteedOutput.atoms <= 0n) {
    const wanted = `${request.minOutput} for ${request.input.atoms}`;
    return {
      code: 'TOO_LITTLE',
      sentence: `It guarantees ${guaranteedOutput.atoms} for ${input.atoms}, less than ${wanted}.`,
    };
  }
  return undefined;
}

function checkArrival({ child }: Bid, { recipient }: SolverRequest): BidObjection | undefined {
  const stranger = child.order.outputs.find((output) => !isWord(output.recipient, recipient));
  if (stranger === undefined) return undefined;
  return { code: 'WRONG_RECIPIENT', sentence: `Its order pays ${stranger.recipient}, and not ${recipient}.` };
}

function checkTimes(bid: Bid, request: SolverRequest, nowSeconds: number): BidObjection | undefined {
  const { child, exclusivity, partialFill, timeSeconds, validUntil } = bid;
  const { fillDeadline } = child.order;
  if (validUntil <= nowSeconds || fillDeadline <= nowSeconds) {
    return { code: 'EXPIRED', sentence: 'It had expired when it arrived.' };
  }
  if (fillDeadline > request.deadline) {
    return {
      code: 'TOO_LATE',
      sentence: `It may be filled until ${fillDeadline}, after the deadline ${request.deadline}.`,
    };
  }
  if (timeSeconds.worst < timeSeconds.expected || (exclusivity !== undefined && exclusivity.until > fillDeadline)) {
    return { code: 'TOO_LATE', sentence: 'Its times contradict one another.' };
  }
  if (partialFill === 'pro-rata' && request.intent.partialFill === 'all-or-nothing') {
    return { code: 'PARTIAL_FORBIDDEN', sentence: 'It may be filled in parts, and the intent is all or nothing.' };
  }
  return undefined;
}

/** What the owner is to call and to sign: nothing beyond the input token and what the adapter has declared. */
function checkPowers({ approvals, child, input, typedData }: Bid, bidder: Bidder): BidObjection | undefined {
  const { chainId } = input.token;
  const foreign = approvals.find(
    (call) =>
      call.chainId !== chainId ||
      !sameAddress(call.to, input.token.address) ||
      call.valueWei !== 0n ||
      call.purpose === 'action',
  );
  if (foreign !== undefined) {
    return { code: 'FOREIGN_TARGET', sentence: `It wants a call to ${foreign.to}, which is no approval of its input.` };
  }
  const { chainId: signedFor, verifyingContract } = typedData.domain;
  const declared =
    typeof verifyingContract === 'string' &&
    bidder.targets(chainId).some((each) => sameAddress(each, verifyingContract));
  if (Number(signedFor) !== child.order.originChainId || !declared) {
    return {
      code: 'FOREIGN_SIGNATURE',
      sentence: 'It wants a signature for a chain or contract that its adapter has not declared.',
    };
  }
  return undefined;
}

/** Whether a word of 32 bytes holds the address. */
function isWord(word: string, address: Address): boolean {
  return BigInt(word) === BigInt(address);
}

function isExactly(a: Token, b: Token): boolean {
  return sameToken(a, b) && a.decimals === b.decimals;
}
