import {
  type BridgeAdapter,
  NATIVE_ADDRESS,
  type Quote,
  type QuoteFill,
  type QuoteRequest,
  sameAddress,
  type VenueAdapter,
} from '@evenkeel/core';
import type { Check, Fail, MakeCheck } from './check.js';
import { mustAnswer, mustHeedAbort, mustRefuse } from './invoke.js';
import { type CommonSubject, isToken, nowOf, patienceOf, recipientOf, type Sample, unknownToken } from './subject.js';
import type { Trade } from './trade.js';
import { copyOf, fingerprint, requireAtoms, requireFinite, requireFrozen, requireUntouched } from './values.js';

type Quoting = Pick<VenueAdapter, 'id' | 'targets'> & { readonly kind: 'venue' | 'bridge' } & {
  quote?: BridgeAdapter['quote'];
};
type Subject = CommonSubject & { readonly adapter: Quoting };

const SLIPPAGE_BPS = 50;
/** A quote that is good for longer is taken for one in milliseconds. */
const LONGEST_VALIDITY_SECONDS = 365 * 86_400;

export async function requestOf(subject: Subject, sample: Sample): Promise<QuoteRequest> {
  return {
    input: { token: copyOf(sample.tokenIn), atoms: sample.amountIn },
    tokenOut: copyOf(sample.tokenOut),
    sender: subject.account,
    recipient: recipientOf(subject),
    slippageBps: SLIPPAGE_BPS,
    deadline: (await nowOf(subject, sample.tokenIn.chainId)) + 86_400,
  };
}

export async function quoteOf(subject: Subject, request: QuoteRequest, fail: Fail): Promise<Quote> {
  return mustAnswer('quote()', (signal) => subject.adapter.quote!(request, signal), patienceOf(subject), fail);
}

/** Checks of quotes themselves; what they lead to is checked by their fills. */
export function quoteChecks<S extends Subject>(
  make: MakeCheck<S>,
  { prefix, requires }: { prefix: string; requires?: { name: string; has: (subject: S) => boolean } },
): readonly Check[] {
  const each = (
    name: string,
    body: (subject: S, sample: Sample, request: QuoteRequest, fail: Fail) => Promise<void>,
  ): Check =>
    make(
      `${prefix}-${name}`,
      async (subject, fail) => {
        for (const sample of subject.samples) await body(subject, sample, await requestOf(subject, sample), fail);
      },
      requires,
    );
  const refused = (name: string, change: (request: QuoteRequest) => QuoteRequest, hint: string): Check =>
    each(name, async (subject, _, request, fail) => {
      const changed = change(request);
      const what = `a quote (${name})`;
      await mustRefuse(what, (signal) => subject.adapter.quote!(changed, signal), patienceOf(subject), hint, fail);
    });
  return [
    each('is-well-formed', async (subject, sample, request, fail) => {
      const quote = await quoteOf(subject, request, fail);
      requireFrozen(quote, 'a quote', fail);
      requireFinite(quote, 'a quote', fail);
      requireAnswers(subject, quote, sample, fail);
    }),
    each('arithmetic-adds-up', async (subject, sample, request, fail) =>
      requireArithmetic(await quoteOf(subject, request, fail), sample, fail),
    ),
    each('is-valid-in-the-future', async (subject, sample, request, fail) => {
      const { validUntil } = await quoteOf(subject, request, fail);
      const now = await nowOf(subject, sample.tokenIn.chainId);
      const hint = 'validUntil is in unix seconds, by the clock that the adapter was given.';
      if (!Number.isInteger(validUntil)) fail('validUntil in whole unix seconds', `it is ${validUntil}`, hint);
      if (validUntil <= now) fail(`a quote that is valid after ${now}`, `it ended at ${validUntil}`, hint);
      if (validUntil > now + LONGEST_VALIDITY_SECONDS) {
        fail('a quote that ends within a year', `validUntil is ${validUntil}, which looks like milliseconds`, hint);
      }
    }),
    each('leaves-its-request-alone', async (subject, _, request, fail) => {
      const before = fingerprint(request);
      await quoteOf(subject, request, fail);
      requireUntouched(before, request, 'a quote request', fail);
    }),
    each('heeds-its-signal', async (subject, _, request, fail) =>
      mustHeedAbort('quote()', (signal) => subject.adapter.quote!(request, signal), patienceOf(subject), fail),
    ),
    refused(
      'for-an-unknown-token-is-refused',
      (request) => ({ ...request, tokenOut: unknownToken(request.tokenOut.chainId) }),
      'Never quote a token that you do not know: throw an EvenkeelError that says so.',
    ),
    refused(
      'for-nothing-is-refused',
      (request) => ({ ...request, input: { ...request.input, atoms: 0n } }),
      'Refuse an input of zero atoms.',
    ),
    refused(
      'for-a-negative-amount-is-refused',
      (request) => ({ ...request, input: { ...request.input, atoms: -1n } }),
      'Refuse negative inputs before anything else.',
    ),
    refused(
      'after-the-deadline-is-refused',
      (request) => ({ ...request, deadline: 1 }),
      'Refuse what cannot arrive before request.deadline.',
    ),
  ];
}

function requireAnswers({ adapter }: Subject, quote: Quote, sample: Sample, fail: Fail): void {
  const hint = 'A quote answers exactly what was asked.';
  if (quote.adapter !== adapter.id) fail(`a quote of ${adapter.id}`, `it names ${quote.adapter}`, hint);
  if (quote.kind !== adapter.kind) fail(`a quote of kind ${adapter.kind}`, `it is ${quote.kind}`, hint);
  if (typeof quote.id !== 'string' || quote.id === '') fail('a quote to have an id', 'it has none', hint);
  if (quote.input.atoms !== sample.amountIn || !isToken(quote.input.token, sample.tokenIn)) {
    fail(`a quote for ${sample.amountIn} atoms of ${sample.tokenIn.symbol}`, 'it is for another input', hint);
  }
  if (!isToken(quote.output.token, sample.tokenOut)) {
    fail(`a quote that pays ${sample.tokenOut.symbol}`, `it pays ${quote.output.token.address}`, hint);
  }
  for (const [side, token, known] of [
    ['input', quote.input.token, sample.tokenIn],
    ['output', quote.output.token, sample.tokenOut],
  ] as const) {
    if (token.decimals === known.decimals) continue;
    fail(
      `the ${side} of a quote to have the ${known.decimals} decimals of ${known.symbol}`,
      `it has ${token.decimals}`,
      'Pass the token on as it was given.',
    );
  }
  requireJson(quote, fail);
  const { expected, worst } = quote.timeSeconds;
  if (expected < 0 || worst < expected) {
    fail('an expected time within the worst', `they are ${expected} and ${worst}`, 'Give both in seconds.');
  }
  for (const { units } of quote.gas) requireAtoms(units, 1n, 'the gas of a quote', fail);
}

function requireJson({ payload }: Quote, fail: Fail): void {
  const hint = 'The payload is stored and comes back: write bigints as strings, leave undefined out.';
  try {
    if (JSON.stringify(JSON.parse(JSON.stringify(payload))) === JSON.stringify(payload)) return;
  } catch (error) {
    fail('a payload of plain JSON', 'it cannot be written as JSON', hint, error);
  }
  fail('a payload of plain JSON', 'it changes on the way through JSON', hint);
}

function requireArithmetic(quote: Quote, { tokenIn, tokenOut }: Sample, fail: Fail): void {
  requireAtoms(quote.output.atoms, 1n, 'the output of a quote', fail);
  requireAtoms(quote.minReceived, 1n, 'minReceived of a quote', fail);
  for (const { amount, kind } of quote.fees) requireAtoms(amount.atoms, 0n, `the ${kind} fee of a quote`, fail);
  if (quote.minReceived > quote.output.atoms) {
    const got = `it is ${quote.minReceived} of ${quote.output.atoms}`;
    fail('minReceived to be at most the output', got, 'output is what is expected, minReceived the least.');
  }
  const least = quote.output.atoms - (quote.output.atoms * BigInt(SLIPPAGE_BPS)) / 10_000n;
  if (quote.minReceived < least) {
    const hint = 'Take request.slippageBps from the output, rounding up.';
    fail(`minReceived within ${SLIPPAGE_BPS} bps of the output`, `it is ${quote.minReceived}, below ${least}`, hint);
  }
  // Only where both sides are one asset can fees be told from price.
  if (tokenIn.symbol !== tokenOut.symbol || tokenIn.decimals !== tokenOut.decimals) return;
  const taken = quote.fees
    .filter(({ amount, included }) => included && [tokenIn, tokenOut].some((token) => isToken(token, amount.token)))
    .reduce((sum, { amount }) => sum + amount.atoms, 0n);
  if (quote.input.atoms - taken === quote.output.atoms) return;
  fail(
    `input less included fees, ${quote.input.atoms} − ${taken}, to be the output`,
    `it is ${quote.output.atoms}`,
    'List every fee by kind, and mark as included those that the output is net of.',
  );
}

/** Accepting a quote of each sample. */
export async function quoteTrades(
  subject: CommonSubject & { readonly adapter: Quoting },
  fail: Fail,
): Promise<readonly Trade[]> {
  const trades: Trade[] = [];
  for (const sample of subject.samples) {
    const request = await requestOf(subject, sample);
    const quote = await quoteOf(subject, request, fail);
    const fill: QuoteFill = {
      kind: 'quote',
      quote,
      sender: request.sender,
      recipient: request.recipient,
      deadline: (await nowOf(subject, sample.tokenIn.chainId)) + 3_600,
    };
    const { amountIn, tokenIn, tokenOut } = sample;
    const declared = quote.fees.some(({ amount, included }) => included && isToken(amount.token, tokenOut));
    trades.push({
      label: `${amountIn} atoms of ${tokenIn.symbol} for ${tokenOut.symbol} by quote ${quote.id.slice(0, 18)}`,
      fill,
      tokenIn,
      tokenOut,
      arrivesHere: subject.adapter.kind === 'venue',
      amountIn,
      extraWei: quote.fees
        .filter(({ amount, included }) => !included && sameAddress(amount.token.address, NATIVE_ADDRESS))
        .reduce((sum, { amount }) => sum + amount.atoms, 0n),
      promised: quote.output.atoms,
      precision: subject.quoteToleranceBps ?? 0,
      counterparties: declared ? 'any' : subject.adapter.targets(tokenIn.chainId),
    });
  }
  return trades;
}
