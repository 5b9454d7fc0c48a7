import { InvalidInputError } from '@evenkeel/intents';
import {
  type BridgeStatus,
  type Call,
  isTerminal,
  type Lane,
  type LaneLimits,
  type Quote,
  type QuoteFill,
  type SwapFill,
  type Token,
  type Transfer,
} from '@evenkeel/core';
import { adapterChecks } from './adapter-checks.js';
import { type Check, checkMaker, checksFor, type Fail, type MakeCheck } from './check.js';
import { fillChecks } from './fill-checks.js';
import { mustAnswer, mustBehave, mustHeedAbort, mustRefuse } from './invoke.js';
import { quoteChecks, quoteOf, quoteTrades, requestOf } from './quote-checks.js';
import { type BridgeSubject, chainOf, isToken, nowOf, patienceOf, type Sample, unknownToken } from './subject.js';
import { callsOf } from './trade.js';
import { copyOf, fingerprint, requireAtoms, requireFrozen } from './values.js';

const EXECUTE = { name: 'execute', has: ({ execute }: BridgeSubject) => execute !== undefined };

/**
 * What every bridge adapter has to do. The origin side of each sample is simulated; where the subject can `execute`, one
 * transfer a sample is really sent and followed to its end.
 *
 * @param subject the adapter with samples that must work, or a function that makes it when the first check runs
 * @param capabilities `[]` leaves out what needs `execute`. By default it is there, and is skipped as it runs
 *
 * @example
 * ```ts
 * describeConformance('my bridge', bridgeConformance(async () => ({ adapter, chains, account, samples, execute })))
 * ```
 */
export function bridgeConformance(
  subject: BridgeSubject | (() => BridgeSubject | Promise<BridgeSubject>),
  capabilities: readonly 'execute'[] = ['execute'],
): readonly Check[] {
  const make = checkMaker(subject);
  return checksFor(capabilities, [
    ...adapterChecks(make, 'bridge'),
    make('lanes-are-well-formed', requireLanes),
    ...limitChecks(make),
    ...quoteChecks(make, { prefix: 'quote' }),
    ...fillChecks<BridgeSubject>(make, quoteTrades, { prefix: 'transfer', arrives: false }),
    ...trackChecks(make),
  ]);
}

function requireLanes({ adapter, samples }: BridgeSubject, fail: Fail): void {
  const { lanes } = adapter.capabilities;
  const hint = 'List every pair of tokens that the bridge serves, each direction by itself.';
  const odd = lanes.find(({ from, to }) => from.chainId === to.chainId);
  if (odd !== undefined) fail('a lane to lead to another chain', `one stays on chain ${odd.from.chainId}`, hint);
  for (const { tokenIn, tokenOut } of samples) {
    const found = lanes.find(({ from, to }) => isToken(from, tokenIn) && isToken(to, tokenOut));
    if (found === undefined) {
      return fail(`a lane ${tokenIn.symbol} ${tokenIn.chainId} → ${tokenOut.chainId}`, 'it is not among them', hint);
    }
    for (const [lane, sample] of [
      [found.from, tokenIn],
      [found.to, tokenOut],
    ] as const) {
      if (lane.decimals === sample.decimals) continue;
      const got = `its lane says ${lane.decimals}`;
      fail(`${sample.symbol} to have ${sample.decimals} decimals`, got, 'Read decimals() from the contract.');
    }
  }
}

function limitChecks(make: MakeCheck<BridgeSubject>): readonly Check[] {
  const each = (name: string, body: (subject: BridgeSubject, sample: Sample, fail: Fail) => Promise<void>): Check =>
    make(name, async (subject, fail) => {
      for (const sample of subject.samples) await body(subject, sample, fail);
    });
  return [
    each('limits-are-sane', async (subject, sample, fail) => {
      const limits = await limitsOf(subject, sample, fail);
      requireFrozen(limits, 'what limits() gives', fail);
      requireAtoms(limits.min, 0n, 'the lower limit', fail);
      requireAtoms(limits.max, 0n, 'the upper limit', fail);
      if (limits.min > limits.max && limits.max !== 0n) {
        fail(
          'min to be at most max',
          `they are ${limits.min} and ${limits.max}`,
          'Give a max of 0 where it is closed.',
        );
      }
      if (typeof limits.reason !== 'string' || limits.reason.trim() === '') {
        fail('limits() to say what sets the maximum', 'reason is empty', 'People read it: say it in a few words.');
      }
      if (sample.amountIn < limits.min || sample.amountIn > limits.max) {
        const got = `they are ${limits.min} to ${limits.max}`;
        fail(`the limits to admit the sample of ${sample.amountIn} atoms`, got, 'Choose a sample that can go now.');
      }
    }),
    each('limits-are-kept', async (subject, sample, fail) => {
      const { max } = await limitsOf(subject, sample, fail);
      if (max >= 2n ** 255n) return;
      const request = await requestOf(subject, { ...sample, amountIn: max + 1n });
      await mustRefuse(
        'a quote for one atom more than limits() allows',
        (signal) => subject.adapter.quote(request, signal),
        patienceOf(subject),
        'Check the amount against the far side before you quote: missing liquidity must be seen before sending.',
        fail,
      );
    }),
    each('limits-heed-their-signal', async (subject, sample, fail) =>
      mustHeedAbort('limits()', (signal) => subject.adapter.limits(laneOf(sample), signal), patienceOf(subject), fail),
    ),
    each('limits-of-an-unknown-lane-are-refused', async (subject, { tokenIn, tokenOut }, fail) => {
      const lane: Lane = { from: copyOf(tokenIn), to: unknownToken(tokenOut.chainId) };
      await mustRefuse(
        'limits() of a lane that does not exist',
        (signal) => subject.adapter.limits(lane, signal),
        patienceOf(subject),
        'Compare the lane with capabilities.lanes first.',
        fail,
      );
    }),
  ];
}

function laneOf({ tokenIn, tokenOut }: Sample): Lane {
  return { from: copyOf(tokenIn), to: copyOf(tokenOut) };
}

async function limitsOf(subject: BridgeSubject, sample: Sample, fail: Fail): Promise<LaneLimits> {
  return mustAnswer('limits()', (signal) => subject.adapter.limits(laneOf(sample), signal), patienceOf(subject), fail);
}

const NO_SUCH_TX = `0x${'e1'.repeat(32)}` as const;

function trackChecks(make: MakeCheck<BridgeSubject>): readonly Check[] {
  return [
    make('an-unseen-transfer-is-not-finished', async (subject, fail) => {
      for (const sample of subject.samples) {
        const quote = await quoteOf(subject, await requestOf(subject, sample), fail);
        const transfer = await transferOf(subject, quote, NO_SUCH_TX);
        const outcome = await mustBehave(
          'track() of a transaction that no node has seen',
          (signal) => subject.adapter.track(transfer, signal),
          patienceOf(subject),
          fail,
        );
        if (outcome.kind !== 'value') continue;
        const status = outcome.value as BridgeStatus;
        requireStatus(status, quote, fail);
        if (!isTerminal(status)) continue;
        const hint = 'Believe the chain: a transfer ends when its payment or refund is on chain.';
        fail('a transfer that nobody has seen to be pending', `it is ${status.state}`, hint);
      }
    }),
    make('track-heeds-its-signal', async (subject, fail) => {
      for (const sample of subject.samples) {
        const quote = await quoteOf(subject, await requestOf(subject, sample), fail);
        const transfer = await transferOf(subject, quote, NO_SUCH_TX);
        const track = (signal: AbortSignal): unknown => subject.adapter.track(transfer, signal);
        await mustHeedAbort('track()', track, patienceOf(subject), fail);
      }
    }),
    make(
      'a-transfer-ends-as-it-said',
      async (subject, fail) => {
        for (const sample of subject.samples) await followTransfer(subject, sample, fail);
      },
      EXECUTE,
    ),
  ];
}

async function transferOf(
  subject: BridgeSubject,
  quote: Quote,
  originTxHash: Transfer['originTxHash'],
): Promise<Transfer> {
  const sentAtSeconds = await nowOf(subject, quote.input.token.chainId);
  return { id: quote.id, adapter: quote.adapter, quote, originTxHash, sentAtSeconds };
}

/** Sends one transfer and looks at it until it ends; what the status says arrived has to have arrived. */
async function followTransfer(subject: BridgeSubject, sample: Sample, fail: Fail): Promise<void> {
  const [trade] = await quoteTrades({ ...subject, samples: [sample] }, fail);
  if (trade === undefined || trade.fill.kind !== 'quote') return;
  const { quote, recipient } = trade.fill;
  const before = await balanceOf(subject, sample.tokenOut, recipient);
  const hash = await subject.execute!(await callsOf((fill) => buildQuote(subject, fill), trade, fail));
  const transfer = await transferOf(subject, quote, hash);
  const status = await lastStatus(subject, transfer, fail);
  if (status.state !== 'filled') {
    fail(`${trade.label} to be filled`, `it ended as ${status.state}`, 'Give a sample whose relayers are at work.');
    return;
  }
  const arrived = (await balanceOf(subject, sample.tokenOut, recipient)) - before;
  if (!isToken(status.received.token, sample.tokenOut) || status.received.atoms !== arrived) {
    const got = `status says ${status.received.atoms} of ${status.received.token.symbol}`;
    fail(`the status to say what arrived, ${arrived} atoms`, got, 'Take it from the logs of the filling transaction.');
  }
  if (arrived < quote.minReceived) {
    const hint = 'minReceived is a promise: quote less, or report the transfer as filled-otherwise.';
    fail(`at least ${quote.minReceived} atoms to arrive`, `${arrived} did`, hint);
  }
  const later = await trackOf(subject, transfer, fail);
  if (fingerprint(later) === fingerprint(status)) return;
  fail('the end of a transfer to stay what it is', 'a later look says something else', 'Ends are final.');
}

function buildQuote({ adapter }: BridgeSubject, fill: SwapFill | QuoteFill): readonly Call[] {
  if (fill.kind === 'quote') return adapter.build(fill);
  throw new InvalidInputError('fill.kind', fill.kind, 'is no quote', 'Bridges take quotes only.');
}

async function lastStatus(subject: BridgeSubject, transfer: Transfer, fail: Fail): Promise<BridgeStatus> {
  const { looks = 200, wait = pause } = subject;
  let status = await trackOf(subject, transfer, fail);
  for (let look = 0; look < looks && !isTerminal(status); look += 1) {
    await wait();
    status = await trackOf(subject, transfer, fail);
  }
  if (isTerminal(status)) return status;
  const hint = 'Every transfer ends as filled, filled-otherwise or refunded; see that the relayers of the world run.';
  return fail(`the transfer to end within ${looks} looks`, `it is ${status.state} still`, hint);
}

async function trackOf(subject: BridgeSubject, transfer: Transfer, fail: Fail): Promise<BridgeStatus> {
  const status = await mustAnswer(
    'track()',
    (signal) => subject.adapter.track(transfer, signal),
    patienceOf(subject),
    fail,
  );
  requireStatus(status, transfer.quote, fail);
  return status;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

/** A status is one of the union, with all that its state carries. */
function requireStatus(status: BridgeStatus, quote: Quote, fail: Fail): void {
  requireFrozen(status, 'a status', fail);
  const hint = 'See BridgeStatus: each state carries its own facts.';
  switch (status.state) {
    case 'pending':
    case 'expired':
    case 'refund-pending':
      if (typeof status.reason === 'string' && status.reason !== '') return;
      return fail(`a status ${status.state} to give its reason`, 'it gives none', hint);
    case 'filled':
    case 'refunded':
      requireAtoms(status.received.atoms, 1n, `what a status ${status.state} says was received`, fail);
      requireHash(status.txHash, fail);
      return;
    case 'filled-otherwise':
      if (status.received.length === 0) fail('what was received instead', 'the list is empty', hint);
      requireHash(status.txHash, fail);
      return;
    default:
      return fail(`a status of ${quote.adapter} to have a known state`, `it is ${fingerprint(status)}`, hint);
  }
}

function requireHash(hash: string, fail: Fail): void {
  if (/^0x[0-9a-f]{64}$/i.test(hash)) return;
  fail('the transaction of an end', `it is ${hash}`, 'Give the hash of the transaction that paid.');
}

async function balanceOf(subject: BridgeSubject, token: Token, owner: string): Promise<bigint> {
  const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}` as const;
  const { results } = await chainOf(subject, token.chainId).read([{ to: token.address, data }]);
  return BigInt(results[0]!.data.slice(0, 66));
}
