import { addressToBytes32, childNonce, hashIntent } from '@evenkeel/intents';
import { buyingIntent, NOW, sampleBid, sampleRequest, SETTLER, UNIT, usdc, weth } from '../../test/support/bids.js';
import { virtualClock } from '../../test/support/virtual-clock.js';
import type { Bid, SolverAdapter } from '../ports/solver.js';
import { solicitBids, type SolicitBidsContext } from './solicit-bids.js';

const clock = virtualClock(NOW * 1000);
const request = sampleRequest();
const good = sampleBid();

function bidder(answer: unknown, id = 'cow'): SolverAdapter {
  const bid = (): Promise<Bid> => Promise.resolve(answer as Bid);
  // Only what a round of bids asks of an adapter.
  return { kind: 'solver', id, name: id, targets: () => [SETTLER], bid } as unknown as SolverAdapter;
}

function context(...solvers: readonly SolverAdapter[]): SolicitBidsContext {
  return { solvers, clock, signal: new AbortController().signal, deadlineMs: 1_000, graceMs: 50 };
}

/** The order of a bid with other fields. */
function withOrder(fields: Partial<Bid['child']['order']>, more: Partial<Bid> = {}): Bid {
  return { ...good, ...more, child: { ...good.child, order: { ...good.child.order, ...fields } } };
}

const output = good.child.order.outputs[0]!;
const other = buyingIntent(9);
const call = {
  chainId: 1,
  to: usdc.address,
  data: '0x',
  valueWei: 0n,
  purpose: 'approve',
  description: 'approve',
} as const;

describe('solicitBids', () => {
  it('takes bids that keep all rules, as frozen copies', async () => {
    const { bids, refusals } = await solicitBids(request, context(bidder(good), bidder(undefined, 'uniswapx')));
    expect(refusals).toEqual([]);
    expect(bids).toEqual([good]);
    expect(bids[0]).not.toBe(good);
    expect(Object.isFrozen(bids[0]!.child.order.outputs)).toBe(true);
  });

  it.each<readonly [string, string, unknown]>([
    ['nothing that is a bid', 'INVALID_SHAPE', { id: 'x' }],
    ['a function in its payload', 'INVALID_SHAPE', { ...good, payload: { later: () => 1 } }],
    ['an amount that does not fit 256 bits', 'INVALID_SHAPE', { ...good, expectedOutput: 1n << 256n }],
    ['a negative amount', 'INVALID_SHAPE', { ...good, guaranteedOutput: { token: weth, atoms: -1n } }],
    ["another adapter's name", 'WRONG_ADAPTER', { ...good, adapter: 'uniswapx' }],
    [
      "somebody else's intent",
      'FOREIGN_INTENT',
      {
        ...good,
        child: {
          ...good.child,
          parentId: hashIntent(other),
          order: { ...good.child.order, nonce: childNonce(hashIntent(other), 0) },
        },
      },
    ],
    ["a sibling's nonce", 'FOREIGN_INTENT', withOrder({ nonce: childNonce(good.child.parentId, 1) })],
    ['another child', 'FOREIGN_INTENT', { ...good, child: { ...good.child, index: 1 } }],
    ["another account's order", 'FOREIGN_INTENT', withOrder({ user: SETTLER })],
    ['an order that overflows', 'FOREIGN_INTENT', withOrder({ inputs: [{ token: usdc.address, amount: 1n << 256n }] })],
    [
      'more than the intent allows',
      'OVERDRAWS',
      withOrder({ inputs: [{ token: usdc.address, amount: 4_010_000_001n }] }),
    ],
    [
      'less drawn than it says',
      'WRONG_AMOUNT',
      withOrder({ inputs: [{ token: usdc.address, amount: 4_009_000_000n }] }),
    ],
    ['another input', 'WRONG_TOKENS', { ...good, input: { token: weth, atoms: 1n } }],
    [
      'other decimals',
      'WRONG_TOKENS',
      { ...good, guaranteedOutput: { token: { ...weth, decimals: 6 }, atoms: 2n * UNIT } },
    ],
    [
      'an order that pays another token',
      'WRONG_TOKENS',
      withOrder({ outputs: [{ ...output, token: addressToBytes32(usdc.address) }] }),
    ],
    ['an order that enforces less than it says', 'WRONG_AMOUNT', withOrder({ outputs: [{ ...output, amount: UNIT }] })],
    ['a guarantee above its expectation', 'WRONG_AMOUNT', { ...good, expectedOutput: 2n * UNIT - 1n }],
    ['too little', 'TOO_LITTLE', sampleBid({ guaranteedOutput: { token: weth, atoms: 18n * 10n ** 17n } })],
    [
      'another recipient',
      'FOREIGN_INTENT',
      withOrder({ outputs: [{ ...output, recipient: addressToBytes32(SETTLER) }] }),
    ],
    ['an offer of yesterday', 'EXPIRED', { ...good, validUntil: 1 }],
    ['an order that outlives the request', 'TOO_LATE', withOrder({ fillDeadline: 950, expires: 950 })],
    ['an exclusivity that outlives its order', 'TOO_LATE', { ...good, exclusivity: { solver: '0x01', until: 801 } }],
    ['a call that is no approval', 'FOREIGN_TARGET', { ...good, approvals: [{ ...call, purpose: 'action' }] }],
    ['an approval of another token', 'FOREIGN_TARGET', { ...good, approvals: [{ ...call, to: weth.address }] }],
    ['a call with value', 'FOREIGN_TARGET', { ...good, approvals: [{ ...call, valueWei: 1n }] }],
    [
      'a signature for a contract of its own',
      'FOREIGN_SIGNATURE',
      { ...good, typedData: { ...good.typedData, domain: { chainId: 1, verifyingContract: usdc.address } } },
    ],
    [
      'a signature for another chain',
      'FOREIGN_SIGNATURE',
      { ...good, typedData: { ...good.typedData, domain: { chainId: 2, verifyingContract: SETTLER } } },
    ],
  ])('refuses %s and keeps the reason', async (_, code, answer) => {
    const rival = sampleBid({ id: 'rival', adapter: 'uniswapx' });
    const { bids, refusals } = await solicitBids(request, context(bidder(answer), bidder(rival, 'uniswapx')));
    expect(refusals).toEqual([{ adapter: 'cow', code, sentence: expect.any(String) as string }]);
    expect(bids.map(({ id }) => id)).toEqual(['rival']);
  });

  it('refuses parts where the intent is all or nothing', async () => {
    const whole = { ...request.intent, partialFill: 'all-or-nothing' } as const;
    const parts = sampleBid({ partialFill: 'pro-rata' }, { ...request, intent: whole });
    const { refusals } = await solicitBids({ ...request, intent: whole }, context(bidder(parts)));
    expect(refusals.map(({ code }) => code)).toEqual(['PARTIAL_FORBIDDEN']);
  });

  it('refuses an order that pays another recipient than was asked for, even one that the intent names', async () => {
    const limits = [
      ...request.intent.spending,
      { ...request.intent.spending[0]!, token: weth.address, recipient: SETTLER },
    ];
    const two = { ...request, intent: { ...request.intent, spending: limits } };
    const elsewhere = sampleBid({}, { ...two, recipient: SETTLER });
    const { refusals } = await solicitBids(two, context(bidder(elsewhere)));
    expect(refusals.map(({ code }) => code)).toEqual(['WRONG_RECIPIENT']);
  });

  it('counts what live children may still draw', async () => {
    const sibling = {
      ...good.child,
      index: 1,
      order: { ...good.child.order, nonce: childNonce(good.child.parentId, 1) },
    };
    const { refusals } = await solicitBids({ ...request, liveChildren: [sibling] }, context(bidder(good)));
    expect(refusals.map(({ code }) => code)).toEqual(['OVERDRAWS']);
  });

  it('leaves those that hang or throw behind, and reports who ignores the signal', async () => {
    const hangs: SolverAdapter = { ...bidder(good), id: 'deaf', bid: () => new Promise(() => {}) };
    const heeds: SolverAdapter = {
      ...bidder(good),
      id: 'slow',
      bid: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    };
    const throws: SolverAdapter = { ...bidder(good), id: 'broken', bid: () => Promise.reject(new TypeError('boom')) };
    const { bids, refusals } = await solicitBids(request, context(hangs, heeds, throws, bidder(good)));
    expect(bids).toHaveLength(1);
    expect(refusals.map(({ adapter, code }) => [adapter, code])).toEqual([
      ['broken', 'ADAPTER_FAILED'],
      ['deaf', 'IGNORES_ABORT'],
      ['slow', 'TIMED_OUT'],
    ]);
  });

  it('ends when its caller gives up', async () => {
    const stop = new AbortController();
    const hangs: SolverAdapter = { ...bidder(good), bid: () => new Promise(() => stop.abort(new Error('enough'))) };
    await expect(solicitBids(request, { ...context(hangs), signal: stop.signal })).rejects.toMatchObject({
      code: 'SOLICIT_ABORTED',
    });
  });
});
