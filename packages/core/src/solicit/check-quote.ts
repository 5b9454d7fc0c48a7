import { rescaleAtoms } from './rescale.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { sameToken } from '../model/token.js';

/** Why a quote or pool is not accepted; stable. */
export type RefusalCode =
  | 'ADAPTER_FAILED'
  | 'TIMED_OUT'
  | 'INVALID_SHAPE'
  | 'WRONG_ADAPTER'
  | 'WRONG_TOKENS'
  | 'WRONG_AMOUNT'
  | 'FEE_NEGATIVE'
  | 'MIN_RECEIVED_ABOVE_OUTPUT'
  | 'MIN_RECEIVED_TOO_LOW'
  | 'ARITHMETIC'
  | 'EXPIRED'
  | 'STALE'
  | 'CURVE_INVALID'
  | 'DUPLICATE'
  | 'LIMIT_EXCEEDED'
  | 'WORSE_THAN_LADDER'
  | 'DISTRUSTED';

export interface Objection {
  readonly code: RefusalCode;
  readonly sentence: string;
}

/** Rounding and the venue's own dust: what an output may differ from its parts by, besides. */
const ARITHMETIC_TOLERANCE_PPM = 10n;

/**
 * Checks a quote's own arithmetic and that it answers what was asked. The shape has been checked already.
 *
 * @param nowSeconds Unix time.
 * @returns The first objection, or undefined.
 */
export function checkQuote(quote: Quote, request: QuoteRequest, nowSeconds: number): Objection | undefined {
  const { fees, input, minReceived, output, validUntil } = quote;
  if (!sameToken(input.token, request.input.token) || !sameToken(output.token, request.tokenOut)) {
    return { code: 'WRONG_TOKENS', sentence: 'It answers for other tokens than those that were asked for.' };
  }
  if (!sameDecimals(quote, request)) {
    return { code: 'WRONG_TOKENS', sentence: 'It states other decimals for a token than the request does.' };
  }
  if (input.atoms !== request.input.atoms) {
    return {
      code: 'WRONG_AMOUNT',
      sentence: `It takes ${input.atoms} atoms where ${request.input.atoms} were offered.`,
    };
  }
  if (output.atoms <= 0n || minReceived <= 0n) {
    return { code: 'WRONG_AMOUNT', sentence: 'It pays nothing, or guarantees nothing.' };
  }
  if (minReceived > output.atoms) {
    return { code: 'MIN_RECEIVED_ABOVE_OUTPUT', sentence: 'It guarantees more than it expects to pay.' };
  }
  if (minReceived * 10_000n < output.atoms * BigInt(10_000 - request.slippageBps)) {
    return {
      code: 'MIN_RECEIVED_TOO_LOW',
      sentence: `It guarantees less than ${request.slippageBps} bp below its output.`,
    };
  }
  if (fees.some(({ amount }) => amount.atoms < 0n)) {
    return { code: 'FEE_NEGATIVE', sentence: 'It states a negative fee.' };
  }
  if (validUntil <= nowSeconds) return { code: 'EXPIRED', sentence: 'It had expired when it arrived.' };
  return quote.kind === 'bridge' ? checkBridgeArithmetic(quote) : checkFeeTokens(quote);
}

function sameDecimals(quote: Quote, request: QuoteRequest): boolean {
  return (
    quote.input.token.decimals === request.input.token.decimals &&
    quote.output.token.decimals === request.tokenOut.decimals
  );
}

/** A bridge between tokens of the same value pays its input less its included fees, to the rounding of its decimals. */
function checkBridgeArithmetic(quote: Quote): Objection | undefined {
  const { fees, input, output } = quote;
  let kept = 0n;
  for (const { amount, included } of fees) {
    if (!included) continue;
    const onInput = sameToken(amount.token, input.token);
    if (!onInput && !sameToken(amount.token, output.token)) {
      return { code: 'ARITHMETIC', sentence: 'It takes an included fee in a token that is neither input nor output.' };
    }
    const from = (onInput ? input : output).token.decimals;
    kept += rescaleAtoms(amount.atoms, from, output.token.decimals);
  }
  if (input.token.symbol !== output.token.symbol) return undefined;
  const whole = rescaleAtoms(input.atoms, input.token.decimals, output.token.decimals);
  const gap = whole - kept - output.atoms;
  const size = gap < 0n ? -gap : gap;
  if (size * 1_000_000n > whole * ARITHMETIC_TOLERANCE_PPM + 2_000_000n) {
    return {
      code: 'ARITHMETIC',
      sentence: `Its output is off its input less its included fees by ${gap} atoms: a fee is hidden or made up.`,
    };
  }
  return undefined;
}

function checkFeeTokens({ fees, input, output }: Quote): Objection | undefined {
  const tooMuch = fees.some(({ amount, included }) => {
    if (!included) return false;
    const side = sameToken(amount.token, input.token)
      ? input
      : sameToken(amount.token, output.token)
        ? output
        : undefined;
    return side !== undefined && amount.atoms > side.atoms;
  });
  return tooMuch
    ? { code: 'ARITHMETIC', sentence: 'One of its included fees is more than the amount it is taken from.' }
    : undefined;
}
