import { type Bid, sameAddress, type SolverRequest } from '@evenkeel/core';
import { checkBid } from '@evenkeel/core/award';
import { grantsOf } from './allowances.js';
import type { Check, Fail, MakeCheck } from './check.js';
import { mustAnswer, mustHeedAbort, mustRefuse } from './invoke.js';
import { patienceOf, type SolverSubject } from './subject.js';
import { copyOf, fingerprint, requireFrozen, requireUntouched } from './values.js';

/** Nobody has its key. */
const NOBODY = '0x60Bd8612d44BC19F5EfadC85E4e51d9C8a023167';

/** The bid that a request of the subject has to get. */
export async function bidFor(subject: SolverSubject, request: SolverRequest, fail: Fail): Promise<Bid> {
  const bid = await mustAnswer('bid()', (signal) => subject.adapter.bid(request, signal), patienceOf(subject), fail);
  if (bid !== undefined) return bid;
  return fail('a bid for the request of the subject', 'there was none', 'Give a request that the network can serve.');
}

/** What an adapter says of itself and offers, before anything is signed. */
export function solverBidChecks(make: MakeCheck<SolverSubject>): readonly Check[] {
  return [
    make('object-is-frozen', ({ adapter }, fail) => requireFrozen(adapter, 'the adapter', fail)),
    make('identity-is-stable', ({ adapter }, fail) => {
      const hint = 'Write it in the factory: { kind, id, name, … }.';
      const kind: string = adapter.kind;
      if (kind !== 'solver') fail('kind "solver"', `it is ${kind}`, hint);
      if (!/^[a-z0-9][a-z0-9-]*$/.test(adapter.id)) fail('an id of small letters', `it is ${adapter.id}`, hint);
      if (adapter.name.trim() === '') fail('a name for people', 'it is empty', hint);
    }),
    make('bid-holds-against-the-request', async (subject, fail) => {
      await subject.reset();
      const request = await subject.request(0);
      const before = fingerprint(request);
      const bid = await bidFor(subject, request, fail);
      requireFrozen(bid, 'the bid', fail);
      requireUntouched(before, request, 'the request', fail);
      const objection = checkBid(bid, request, subject.adapter, await subject.nowSeconds());
      if (objection === undefined) return;
      fail(
        'the bid to pass the checks of the award',
        `${objection.code}: ${objection.sentence}`,
        'Answer what was asked.',
      );
    }),
    make('bid-names-its-intent', async (subject, fail) => {
      await subject.reset();
      const one = await bidFor(subject, await subject.request(0), fail);
      const sibling = await bidFor(subject, await subject.request(1), fail);
      const foreign = await bidFor(subject, await subject.foreignRequest(), fail);
      const hint = 'Put childNonce(parentId, index) into what is signed: as the nonce, or by a hash.';
      const signed = [one, sibling, foreign].map(({ typedData }) => fingerprint(typedData.message));
      if (new Set(signed).size < signed.length) {
        fail('each child of each intent to sign something of its own', 'two sign the same', hint);
      }
    }),
    make('typed-data-is-for-signers', async (subject, fail) => {
      await subject.reset();
      const { typedData } = await bidFor(subject, await subject.request(0), fail);
      const hint = 'Signers derive the type of the domain by themselves, and refuse one that is given.';
      if ('EIP712Domain' in typedData.types) fail('no type EIP712Domain in types', 'there is one', hint);
    }),
    make('approvals-are-exact', async (subject, fail) => {
      await subject.reset();
      const request = await subject.request(0);
      const { approvals, input } = await bidFor(subject, request, fail);
      const targets = subject.adapter.targets(input.token.chainId);
      for (const { atoms, kind, spender, token } of grantsOf(approvals)) {
        const hint = 'Approve the input and what live siblings draw, for a contract of targets().';
        const own = kind === 'erc20' && sameAddress(token, input.token.address);
        if (!own) fail('approvals of the input alone', `one gives a right over ${token}`, hint);
        if (atoms > input.atoms) fail(`approvals of at most ${input.atoms} atoms`, `one is of ${atoms}`, hint);
        if (!targets.some((target) => sameAddress(target, spender))) {
          fail('approvals for contracts that targets() names', `one is for ${spender}`, hint);
        }
      }
    }),
    make('bid-refuses-what-the-intent-does-not-cover', async (subject, fail) => {
      await subject.reset();
      const request = await subject.request(0);
      const patience = patienceOf(subject);
      const hint = 'Hold the order against its parent with assertChildWithin() before you offer it.';
      const { input } = request;
      const tooMuch = { ...request, input: { ...input, atoms: input.atoms * 100n } };
      const elsewhere = { ...request, recipient: NOBODY } as const;
      const late = { ...request, intent: { ...request.intent, adapters: ['another-one'] } };
      for (const [what, bad] of [
        ['a request beyond the limit of its intent', tooMuch],
        ['a recipient that the intent does not name', elsewhere],
        ['an intent that does not admit the adapter', late],
      ] as const) {
        await mustRefuse(what, (signal) => subject.adapter.bid(bad, signal), patience, hint, fail);
      }
    }),
    make('bid-heeds-its-signal', async (subject, fail) => {
      await subject.reset();
      const request = await subject.request(0);
      await mustHeedAbort('bid()', (signal) => subject.adapter.bid(request, signal), patienceOf(subject), fail);
    }),
    make('order-is-pure-and-plain', async (subject, fail) => {
      await subject.reset();
      const bid = await bidFor(subject, await subject.request(0), fail);
      const order = subject.adapter.orderOf(bid, '0x');
      requireFrozen(order, 'the order', fail);
      const hint = 'Make it of the bid alone: it is written down before it is submitted, and read after a restart.';
      if (fingerprint(subject.adapter.orderOf(copyOf(bid), '0x')) !== fingerprint(order)) {
        fail('orderOf() to give the same for the same bid', 'a second call differs', hint);
      }
      if (fingerprint(structuredClone(order)) !== fingerprint(order))
        fail('an order of plain data', 'it is none', hint);
      const same = order.adapter === subject.adapter.id && order.child.order.nonce === bid.child.order.nonce;
      if (!same || order.input.atoms !== bid.input.atoms) fail('the order of the bid', 'it is another one', hint);
    }),
    make('order-refuses-a-foreign-payload', async (subject, fail) => {
      await subject.reset();
      const bid = await bidFor(subject, await subject.request(0), fail);
      const foreign = await bidFor(subject, await subject.foreignRequest(), fail);
      const hint = 'Hold the payload against the child before you make an order of it.';
      for (const [what, payload] of [
        ["another bid's payload", foreign.payload],
        ['a payload of somebody else', { made: 'up' }],
      ] as const) {
        const attempt = (): unknown => subject.adapter.orderOf({ ...bid, payload }, '0x');
        await mustRefuse(what, attempt, patienceOf(subject), hint, fail);
      }
    }),
  ];
}
