import type { Bid, DeathProof, Fills, SolverOrder, SolverStatus, TokenAmount } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { balanceRead } from '../common/erc20.js';
import { readContracts } from '../common/read.js';
import type { Check, Fail, MakeCheck } from './check.js';
import { mustAnswer, mustBehave } from './invoke.js';
import { bidFor } from './solver-bids.js';
import { patienceOf, type SolverSubject } from './subject.js';
import { fingerprint } from './values.js';

/** An order with what the account had before anything of it was sent. */
interface Placed {
  readonly bid: Bid;
  readonly order: SolverOrder;
  readonly before: Holdings;
}

interface Holdings {
  /** Of the input's owner. */
  readonly input: bigint;
  /** Of the output's recipient. */
  readonly output: bigint;
}

/** What becomes of orders that are really given to the network. */
export function solverOrderChecks(make: MakeCheck<SolverSubject>): readonly Check[] {
  return [
    make('fill-moves-what-it-says', async (subject, fail) => {
      await begin(subject, true);
      const placed = await place(subject, fail);
      await subject.act();
      const status = await statusOf(subject, placed.order, fail);
      if (status.state !== 'filled')
        fail('a willing network to fill', `the order is ${status.state}`, 'Let the subject act longer.');
      await requireMoved(subject, placed, status as Fills, fail);
      if ((status as Fills).drawn.atoms !== placed.bid.input.atoms) {
        fail(
          'a filled order to have drawn its input',
          `it drew ${(status as Fills).drawn.atoms}`,
          'Say partially-filled.',
        );
      }
      await subject.finalise();
      const proof = await proofOf(subject, placed.order, fail);
      if (proof?.reason !== 'filled')
        fail('a final fill to be proven', `the proof is ${proof?.reason}`, 'Read final blocks.');
      await requireMoved(subject, placed, proof!, fail);
    }),
    make('open-order-is-not-dead', async (subject, fail) => {
      await begin(subject, false);
      const { order } = await place(subject, fail);
      const { request } = await cancellationOf(subject, order, fail);
      if (request !== undefined && subject.adapter.requestCancellation !== undefined) {
        const signature = await subject.sign(request);
        const ask = (signal: AbortSignal): unknown => subject.adapter.requestCancellation!(order, signature, signal);
        await mustAnswer('requestCancellation()', ask, patienceOf(subject), fail);
      }
      await subject.finalise();
      const proof = await proofOf(subject, order, fail);
      if (proof === undefined) return;
      fail(
        'no proof for an order that can still be filled',
        `it says ${proof.reason}`,
        'A request to a network proves nothing.',
      );
    }),
    make('unfilled-order-expires', async (subject, fail) => {
      await begin(subject, false);
      const placed = await place(subject, fail);
      await subject.act();
      await requireEnded(subject, placed, await toItsEnd(subject, placed.order), fail);
      subject.willing(true);
      await subject.act();
      await requireNothingMoved(subject, placed, 'an order that is proven dead', fail);
    }),
    make('cancelled-order-is-dead', async (subject, fail) => {
      await begin(subject, false);
      const placed = await place(subject, fail);
      const { calls } = await cancellationOf(subject, placed.order, fail);
      // Without calls, time alone ends it.
      if (calls.length === 0) return;
      await subject.execute(calls);
      await requireEnded(subject, placed, () => Promise.resolve(), fail);
      subject.willing(true);
      await subject.act();
      await requireNothingMoved(subject, placed, 'a cancelled order', fail);
    }),
    make('order-that-never-left-expires', async (subject, fail) => {
      await begin(subject, true);
      const bid = await bidFor(subject, await subject.request(0), fail);
      const before = await holdingsOf(subject, bid);
      const order = structuredClone(subject.adapter.orderOf(bid, await subject.sign(bid.typedData)));
      await requireEnded(subject, { bid, before, order }, await toItsEnd(subject, order), fail);
    }),
    make('replay-moves-nothing', async (subject, fail) => {
      await begin(subject, true);
      const placed = await place(subject, fail);
      await subject.act();
      const once = await holdingsOf(subject, placed.bid);
      const signature = await subject.sign(placed.bid.typedData);
      const again = (signal: AbortSignal): unknown => subject.adapter.submit(placed.order, signature, signal);
      await mustBehave('submit() of a filled order', again, patienceOf(subject), fail);
      await subject.act();
      if (fingerprint(await holdingsOf(subject, placed.bid)) === fingerprint(once)) return;
      fail('an order to be filled once', 'it was filled again', 'Use a nonce that the contract uses up.');
    }),
    make('forged-signature-moves-nothing', async (subject, fail) => {
      await begin(subject, true);
      const bid = await bidFor(subject, await subject.request(0), fail);
      const before = await holdingsOf(subject, bid);
      await subject.execute(bid.approvals);
      const signature = await subject.forge(bid.typedData);
      const order = subject.adapter.orderOf(bid, signature);
      const give = (signal: AbortSignal): unknown => subject.adapter.submit(order, signature, signal);
      await mustBehave('submit() with a forged signature', give, patienceOf(subject), fail);
      await subject.act();
      await requireNothingMoved(subject, { bid, before, order }, 'a forged order', fail);
    }),
  ];
}

async function begin(subject: SolverSubject, willing: boolean): Promise<void> {
  await subject.reset();
  subject.willing(willing);
}

/** The order as it comes back from a journal. */
async function place(subject: SolverSubject, fail: Fail): Promise<Placed> {
  const { adapter, execute, sign } = subject;
  const bid = await bidFor(subject, await subject.request(0), fail);
  const before = await holdingsOf(subject, bid);
  await execute(bid.approvals);
  const signature = await sign(bid.typedData);
  const order = structuredClone(adapter.orderOf(bid, signature));
  await execute(order.calls);
  await mustAnswer('submit()', (signal) => adapter.submit(order, signature, signal), patienceOf(subject), fail);
  const status = await statusOf(subject, order, fail);
  if (status.state !== 'open') fail('an order that was just given to be open', `it is ${status.state}`, 'See track().');
  return { bid, order, before };
}

function statusOf(subject: SolverSubject, order: SolverOrder, fail: Fail): Promise<SolverStatus> {
  return mustAnswer('track()', (signal) => subject.adapter.track(order, signal), patienceOf(subject), fail);
}

function proofOf(subject: SolverSubject, order: SolverOrder, fail: Fail): Promise<DeathProof | undefined> {
  return mustAnswer('proveDead()', (signal) => subject.adapter.proveDead(order, signal), patienceOf(subject), fail);
}

function cancellationOf(subject: SolverSubject, order: SolverOrder, fail: Fail) {
  return mustAnswer('cancel()', (signal) => subject.adapter.cancel(order, signal), patienceOf(subject), fail);
}

/** Past the last second at which an order could be filled or its inputs be held. */
async function toItsEnd({ nowSeconds, pass }: SolverSubject, { child }: SolverOrder): Promise<() => Promise<void>> {
  const now = await nowSeconds();
  return () => pass(Math.max(1, child.order.expires + 1 - now));
}

/** Whatever ends it: nothing moved, it is dead, and that is proven once it is final and not before. */
async function requireEnded(
  subject: SolverSubject,
  placed: Placed,
  end: () => Promise<void>,
  fail: Fail,
): Promise<void> {
  const { adapter, execute, finalise } = subject;
  await end();
  const hint = 'Read the end from the chain: the deadline, the nonce, the contract’s own record.';
  let status = await statusOf(subject, placed.order, fail);
  if (status.state === 'refund-pending' && adapter.recover !== undefined) {
    const held = status;
    const ask = (signal: AbortSignal) => adapter.recover!(placed.order, held, signal);
    await execute(await mustAnswer('recover()', ask, patienceOf(subject), fail));
    status = await statusOf(subject, placed.order, fail);
  }
  if (status.state !== 'dead') fail('the order to be dead', `it is ${status.state}`, hint);
  const early = await proofOf(subject, placed.order, fail);
  if (early !== undefined) fail('no proof before the end is final', `it says ${early.reason}`, 'Read final blocks.');
  await finalise();
  const proof = await proofOf(subject, placed.order, fail);
  if (proof === undefined) return fail('a proof once the end is final', 'there is none', hint);
  if (proof.drawn.atoms !== 0n) fail('a proof that nothing was drawn', `it says ${proof.drawn.atoms} atoms`, hint);
  await requireNothingMoved(subject, placed, 'an order that nobody filled', fail);
}

async function requireMoved(subject: SolverSubject, { before, bid }: Placed, fills: Fills, fail: Fail): Promise<void> {
  const after = await holdingsOf(subject, bid);
  const drawn = before.input - after.input;
  const received = after.output - before.output;
  const hint = 'Read what moved from the logs of the transaction that filled.';
  if (fills.drawn.atoms !== drawn) fail(`drawn to be the ${drawn} atoms that left`, `it is ${fills.drawn.atoms}`, hint);
  if (fills.received.atoms !== received) {
    fail(`received to be the ${received} atoms that came`, `it is ${fills.received.atoms}`, hint);
  }
  const { guaranteedOutput, input } = bid;
  if (drawn > input.atoms) fail(`at most ${input.atoms} atoms to leave`, `${drawn} left`, 'Sign for the exact input.');
  if (received * input.atoms < guaranteedOutput.atoms * drawn) {
    const least = `${guaranteedOutput.atoms} for ${input.atoms}`;
    fail(
      `the guarantee of ${least} to be kept`,
      `${received} came for ${drawn}`,
      'Guarantee what the contract enforces.',
    );
  }
}

async function requireNothingMoved(
  subject: SolverSubject,
  { before, bid }: Placed,
  what: string,
  fail: Fail,
): Promise<void> {
  const after = await holdingsOf(subject, bid);
  if (fingerprint(after) === fingerprint(before)) return;
  fail(
    `${what} to move nothing`,
    `the input went from ${before.input} to ${after.input} atoms`,
    'Prove less, or end it.',
  );
}

async function holdingsOf(subject: SolverSubject, { child, guaranteedOutput, input }: Bid): Promise<Holdings> {
  const [output] = child.order.outputs;
  const recipient = `0x${output!.recipient.slice(-40)}` as const;
  return {
    input: await balanceOf(subject, input, child.order.user),
    output: await balanceOf(subject, guaranteedOutput, recipient),
  };
}

async function balanceOf({ chains }: SolverSubject, { token }: TokenAmount, owner: `0x${string}`): Promise<bigint> {
  const chain = chains[token.chainId];
  if (chain === undefined) {
    throw new EvenkeelError('INVALID_INPUT', `The subject names no chain ${token.chainId}. Add it to chains.`);
  }
  const { values } = await readContracts(chain, [balanceRead(token, owner)], new AbortController().signal);
  return values[0];
}
