import { nativeFeeWei } from '../execution/plan-programme.js';
import type { MarginPayment, MarginVenue, PaymentReading } from '../margin/margin-venue.js';
import { Decimal, toAtoms } from '../model/decimal.js';
import type { Step } from '../model/programme.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { sameToken, type Token, type TokenAmount } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import { checkQuote } from '../solicit/check-quote.js';
import { type Context, nowSeconds } from '../rebalancer/context.js';
import type { Survey } from '../rebalancer/survey.js';
import { carryOut, type ChoreDone, stepsOf } from './chore.js';
import { MarginBridgeRefusedError } from './errors.js';
import { ABOVE, heldOf, payableAtoms } from './margin-choices.js';

export interface BringInput {
  readonly context: Context;
  readonly before: Survey;
  readonly venue: MarginVenue;
  readonly payment: MarginPayment;
  readonly reading: PaymentReading;
  /** Of the payment's token. */
  readonly amount: number;
  /** Absent: out of the wallet beside the account. */
  readonly lane?: HedgeBridge;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Money becomes margin: what lies in the wallet, or what is first brought over a bridge, in one programme.
 *
 * @throws {MarginBridgeRefusedError} where the bridge's firm quote is none; else as {@link carryOut}
 */
export async function bringMargin(input: BringInput): Promise<ChoreDone> {
  const { amount, before, context, dryRun, lane, payment, reading, signal, venue } = input;
  const { token } = payment;
  const most = lane === undefined ? payableAtoms(reading) : reading.roomAtoms;
  const wanted = atomsOf(token, amount, reading.price, most);
  const quote = lane === undefined ? undefined : await firmQuote(input, lane, wanted);
  // A bridge may bring a little more than is taken.
  const atoms = quote === undefined ? wanted : atMost(quote.minReceived, reading.roomAtoms);
  const way = quote === undefined ? [] : overBridge(context, quote);
  const arrival = way.at(-1);
  const calls = payment.calls(atoms, context.portfolio.owner);
  const spends: readonly TokenAmount[] = [{ token, atoms }];
  const steps = stepsOf(context.ports.account, {
    name: 'margin',
    role: 'swap',
    after: arrival === undefined ? [] : [arrival.id],
    adapter: venue.id,
    calls,
    spends,
    nativeFeeWei: 0n,
  });
  const { baseTokens, quoteTokens } = context.portfolio;
  const isOther = ![...baseTokens, ...quoteTokens].some((known) => sameToken(known, token));
  const held = (walletAtoms: bigint): readonly TokenAmount[] => (isOther ? [{ token, atoms: walletAtoms }] : []);
  return carryOut(
    context,
    before,
    {
      executor: venue,
      ...(quote === undefined ? {} : { bridge: quote.adapter }),
      chainIds: [...new Set([venue.chainId, ...(quote === undefined ? [] : [quote.input.token.chainId])])],
      spends: [...spends, ...(quote === undefined ? [] : [quote.input])],
      steps: [...way, ...steps],
      others: held(reading.walletAtoms),
      othersAfter: async () => {
        if (!isOther) return [];
        const after = await venue.read(context.portfolio.owner, signal);
        return held(after.payments[payment.id]?.walletAtoms ?? reading.walletAtoms);
      },
    },
    { dryRun, signal },
  );
}

/** Rounded up: dollars to cents, anything else to millionths; never above what there is. */
function atomsOf(token: Token, amount: number, price: number, most: bigint | undefined): bigint {
  const places = Math.min(price === 1 ? 2 : 6, token.decimals);
  const atoms = toAtoms(token, new Decimal(amount).decimalPlaces(places, Decimal.ROUND_UP).toFixed());
  return atMost(atoms, most);
}

const atMost = (atoms: bigint, most: bigint | undefined): bigint => (most === undefined || atoms < most ? atoms : most);

/** For what surely leaves so much on the other side. */
async function firmQuote(
  { before, context, payment: { token }, signal, venue }: BringInput,
  lane: HedgeBridge,
  wanted: bigint,
): Promise<Quote> {
  const { portfolio, ports } = context;
  const bridge = ports.bridges.find(({ id }) => id === lane.adapter);
  if (bridge === undefined) throw new MarginBridgeRefusedError(lane.adapter, 'It is not there any more.');
  const sent = new Decimal(wanted.toString())
    .shiftedBy(lane.from.decimals - lane.to.decimals)
    .times(ABOVE)
    .div(1 - lane.feeBps / 10_000);
  const least = new Decimal(lane.minAtoms.toString());
  const held = new Decimal(heldOf(before, lane.from).toString());
  const request: QuoteRequest = {
    input: {
      token: lane.from,
      atoms: BigInt(Decimal.min(Decimal.max(sent, least), held).toFixed(0, Decimal.ROUND_UP)),
    },
    tokenOut: token,
    sender: ports.account.addressOn(lane.from.chainId),
    recipient: ports.account.addressOn(venue.chainId),
    slippageBps: portfolio.limits.slippageBps,
    deadline: before.atSeconds + portfolio.limits.deadlineSeconds,
  };
  const quote = await bridge.quote(request, signal);
  const objection = checkQuote(quote, request, nowSeconds(ports));
  if (objection !== undefined) throw new MarginBridgeRefusedError(lane.adapter, objection.sentence);
  return quote;
}

/** What is put into the bridge, and the wait for what it brings. */
function overBridge({ portfolio, ports }: Context, quote: Quote): readonly Step[] {
  const bridge = ports.bridges.find(({ id }) => id === quote.adapter)!;
  const recipient = ports.account.addressOn(quote.output.token.chainId);
  const calls = bridge.build({
    kind: 'quote',
    quote,
    sender: ports.account.addressOn(quote.input.token.chainId),
    recipient,
    deadline: nowSeconds(ports) + portfolio.limits.deadlineSeconds,
  });
  const sent = stepsOf(ports.account, {
    name: 'bridge',
    role: 'bridge',
    after: [],
    adapter: bridge.id,
    calls,
    spends: [quote.input],
    nativeFeeWei: nativeFeeWei(quote),
  });
  const source = sent.find(({ role }) => role === 'bridge')!.id;
  // What takes left-over allowances away does not have to wait, nor be waited for.
  return [
    ...sent,
    { kind: 'await-transfer', id: 'arrival', after: [source], bridge: bridge.id, source, quote, recipient },
  ];
}
