import type { Call, Receipt, SignedOperation } from '@evenkeel/core';
import { type AccountCheck, type Fail, type MakeCheck, say } from './check.js';
import {
  type AccountSubject,
  BATCHES,
  outcomeOf,
  pause,
  POLL_MS,
  receiptOf,
  requireOurs,
  REVOCABLE,
  sign,
  usedNonces,
} from './subject.js';

/** What becomes of operations that are delivered. */
export function deliveryChecks(make: MakeCheck<AccountSubject>): readonly AccountCheck[] {
  return [
    make('delivered-thrice-happens-once', async (subject, fail) => {
      await deliverThrice(subject, [subject.single], fail);
    }),
    make(
      'a-batch-happens-whole',
      async (subject, fail) => {
        await deliverThrice(subject, subject.calls, fail);
      },
      BATCHES,
    ),
    make(
      'a-batch-with-a-reverting-call-does-nothing',
      async (subject, fail) => {
        const effect = await subject.effect();
        const outcome = await outcomeOf(sign(subject, [subject.single, subject.reverting]));
        // Finding out before anything is sent is as good.
        if (!outcome.ok) {
          requireOurs('sign() of calls that revert', outcome.error, fail);
          return;
        }
        const receipt = await deliver(subject, outcome.value, fail);
        const hint = 'Do all calls in one operation that reverts as a whole, and read its own success.';
        if ((await subject.effect()) !== effect) fail('no call of the batch to take effect', 'one did', hint);
        if (receipt.success) fail('a receipt without success', 'it says success', hint);
      },
      BATCHES,
    ),
    make(
      'an-operation-uses-one-nonce',
      async (subject, fail) => {
        const used = await usedNonces(subject);
        await deliver(subject, await sign(subject, [subject.single]), fail);
        const now = await usedNonces(subject);
        if (now === used + 1n) return;
        fail(`usedNonces to be ${used + 1n}`, `it is ${now}`, 'Count what the chain has used up of this key.');
      },
      REVOCABLE,
    ),
    make(
      'no-calls-use-a-nonce-up-and-do-nothing',
      async (subject, fail) => {
        const [effect, used] = [await subject.effect(), await usedNonces(subject)];
        const receipt = await deliver(subject, await sign(subject, []), fail);
        const hint = 'This is how the core cancels.';
        if ((await usedNonces(subject)) !== used + 1n) fail('the nonce to be used up', 'it is not', hint);
        if (!receipt.success || (await subject.effect()) !== effect) fail('nothing to be done', 'something was', hint);
      },
      REVOCABLE,
    ),
    make('a-receipt-says-what-it-cost', async (subject, fail) => {
      const before = await subject.heldWei();
      const receipt = await deliver(subject, await sign(subject, [subject.single]), fail);
      const paid = before - (await subject.heldWei()) - subject.single.valueWei;
      const said = receipt.gasUsed * receipt.effectiveGasPriceWei + receipt.l1FeeWei;
      if (paid === said) return;
      fail(`a receipt of ${paid} wei, which the account has paid`, `it says ${said}`, 'What others pay is no cost.');
    }),
    make('a-receipt-is-of-a-transaction-on-chain', async (subject, fail) => {
      const receipt = await deliver(subject, await sign(subject, [subject.single]), fail);
      const own = await subject.chain.receipt(receipt.txHash);
      if (own?.blockHash === receipt.blockHash && own.blockNumber === receipt.blockNumber) return;
      fail(
        'the block of the transaction',
        'the node says another',
        'Read the receipt from the chain, believe no relay.',
      );
    }),
  ];
}

async function deliverThrice(subject: AccountSubject, calls: readonly Call[], fail: Fail): Promise<void> {
  const { account, chain } = subject;
  const effect = await subject.effect();
  const signed = await sign(subject, calls);
  const receipt = await deliver(subject, signed, fail);
  if (!receipt.success) fail('the calls to succeed', 'the receipt says that they did not', 'Check the subject first.');
  for (let again = 0; again < 2; again++) {
    const outcome = await outcomeOf(account.submission.send(chain, signed));
    if (!outcome.ok) {
      const hint = 'What is known or mined already has been delivered: that is success.';
      fail('the same bytes to be taken again', `it threw ${say(outcome.error)}`, hint, outcome.error);
    }
  }
  await pause(5 * POLL_MS);
  const times = (await subject.effect()) - effect;
  if (times !== 1) fail('the calls to happen once', `they happened ${times} times`, 'Let the nonce decide.');
}

async function deliver(subject: AccountSubject, signed: SignedOperation, fail: Fail): Promise<Receipt> {
  const { account, chain, timeoutMs = 10_000 } = subject;
  const sent = await outcomeOf(account.submission.send(chain, signed));
  if (!sent.ok) {
    fail(
      'the operation to be taken',
      `send() threw ${say(sent.error)}`,
      'See what the chain has against it.',
      sent.error,
    );
  }
  for (let waited = 0; waited < timeoutMs; waited += POLL_MS) {
    const receipt = await receiptOf(subject, signed.hash);
    if (receipt !== null) return receipt;
    await pause(POLL_MS);
  }
  return fail(`a receipt within ${timeoutMs} ms`, 'there is none', 'See what became of the operation.');
}
