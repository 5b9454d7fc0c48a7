import type { SignedOperation } from '@evenkeel/core';
import { type AccountCheck, type MakeCheck, say } from './check.js';
import {
  type AccountSubject,
  outcomeOf,
  pause,
  POLL_MS,
  receiptOf,
  requestOf,
  requireOurs,
  sign,
  SINGLES,
  usedNonces,
} from './subject.js';

const SELDOM_HASH = `0x${'5e'.repeat(32)}` as const;

/** What signing does, and what it must not do. */
export function signingChecks(make: MakeCheck<AccountSubject>): readonly AccountCheck[] {
  return [
    make('sign-gives-frozen-bytes-with-a-hash', async (subject, fail) => {
      const signed: unknown = await sign(subject, [subject.single]);
      const { hash, raw } = signed as SignedOperation;
      const hint = 'Freeze { raw, hash }; raw is what is sent, hash is 32 bytes to find it by.';
      if (!Object.isFrozen(signed)) fail('what sign() gives to be frozen', 'it can be changed', hint);
      if (!/^0x(?:[0-9a-f]{2})+$/i.test(raw)) fail('raw to be hex bytes', `it is ${say(raw)}`, hint);
      if (!/^0x[0-9a-f]{64}$/.test(hash)) fail('hash to be 32 bytes in lower case', `it is ${say(hash)}`, hint);
    }),
    make('sign-leaves-its-request-alone', async (subject, fail) => {
      const request = await requestOf(subject, [{ ...subject.single }]);
      const before = fingerprint(request);
      await subject.account.sign(request);
      if (fingerprint(request) !== before) fail('the request to stay as it was', 'it was changed', 'Copy it first.');
    }),
    make('sign-sends-nothing', async (subject, fail) => {
      const [effect, used] = [await subject.effect(), await usedNonces(subject)];
      const { hash } = await sign(subject, [subject.single]);
      await pause(5 * POLL_MS);
      if ((await subject.effect()) !== effect || (await usedNonces(subject)) !== used) {
        fail('nothing to happen by signing', 'the chain has changed', 'Only submission.send may send.');
      }
      if ((await receiptOf(subject, hash)) === null) return;
      fail('no receipt of what was never sent', 'there is one', 'receipt() must not invent.');
    }),
    make('sign-heeds-its-signal', async (subject, fail) => {
      const request = await requestOf(subject, [subject.single]);
      const stopped = new Error('stopped');
      const outcome = await outcomeOf(subject.account.sign(request, AbortSignal.abort(stopped)));
      if (!outcome.ok) return;
      fail('sign() to reject when its signal has aborted', 'it signed', 'Call signal.throwIfAborted() first.');
    }),
    make(
      'sign-refuses-what-it-cannot-batch',
      async (subject, fail) => {
        const outcome = await outcomeOf(sign(subject, subject.calls));
        if (!outcome.ok) requireOurs('sign() of two calls', outcome.error, fail);
        else fail('two calls to be refused', 'they were signed', 'Throw AccountCannotBatchError.');
      },
      SINGLES,
    ),
    make('foreign-bytes-are-refused-with-our-error', async (subject, fail) => {
      const { account, chain } = subject;
      const outcome = await outcomeOf(account.submission.send(chain, { raw: '0x00', hash: SELDOM_HASH }));
      if (!outcome.ok) requireOurs('send() of other bytes', outcome.error, fail);
      else fail('bytes that are no operation to be refused', 'they were taken', 'Decode them before sending.');
    }),
    make('a-receipt-of-nothing-is-null', async (subject, fail) => {
      const outcome = await outcomeOf(receiptOf(subject, SELDOM_HASH));
      if (outcome.ok && outcome.value === null) return;
      fail(
        'null for a hash that nobody knows',
        outcome.ok ? 'there is one' : `it threw ${say(outcome.error)}`,
        'Give null.',
      );
    }),
  ];
}

function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item));
}
