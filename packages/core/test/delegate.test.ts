import { Wallet } from 'ethers';
import fc from 'fast-check';
import { ChildOrderExceedsError, createIntent, type SignedIntent, signIntent } from '@evenkeel/intents';
import {
  assertRoomBeside,
  delegatedInFlight,
  delegateSlice,
  type DelegateRequest,
  delegateWithFallback,
  delegationsOf,
  liveChildren,
  liveDelegations,
  nextChildIndex,
  resumeDelegations,
  type Sender,
  unfilledOf,
} from '../src/delegate/index.js';
import {
  DelegationBidInvalidError,
  DelegationLeavesLessError,
  DelegationNetworkMissingError,
  DelegationProofInvalidError,
  DelegationUnprovenError,
} from '../src/delegate/errors.js';
import { JournalCorruptError } from '../src/execution/journal-errors.js';
import { memoryJournal } from '../src/execution/memory-journal.js';
import { encodeApprove } from '../src/guard/token-calls.js';
import type { Call } from '../src/model/call.js';
import type { Address } from '../src/model/token.js';
import type { Journal } from '../src/ports/journal.js';
import type { Bid, SolverAdapter, SolverOrder } from '../src/ports/solver.js';
import { sampleBid, sampleRequest, SETTLER, usdc, weth } from './support/bids.js';
import { Death } from './support/crash.js';
import {
  type BlockAct,
  modelNetwork,
  type ModelNetwork,
  type ModelNetworkOptions,
  type Say,
} from './support/filling-network.js';
import { type VirtualClock, virtualClock } from './support/virtual-clock.js';

// An order that is given away may be filled at any moment until the chain itself rules it out. Whatever the network says or
// does, and whenever our process dies, what it draws and what we do ourselves never exceed the slice together.

jest.setTimeout(60_000);

const wallet = new Wallet(`0x${'7'.repeat(64)}`);
const START_MS = 100_000;
const INPUT = 4_000_000_000n;
/** Unix seconds; the clock starts at 100. */
const FILL_DEADLINE = 700;

async function signedIntent(): Promise<SignedIntent> {
  const intent = createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '2',
      postTradeDelta: { low: '-0.1', high: '0.1' },
      exposureHash: `0x${'ab'.repeat(32)}`,
      spending: [{ chainId: 1, token: usdc.address, maxSpend: INPUT, recipient: wallet.address as Address }],
      maxCostBps: 30,
      referencePrice: { source: 'ETH/USD', price: '2000' },
      adapters: ['cow'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: 5_000,
      signer: wallet.address as Address,
    },
    { nowSeconds: 100, random: { bytes: (length) => new Uint8Array(length).fill(3) } },
  );
  return signIntent(intent, wallet);
}

let signed: SignedIntent;
beforeAll(async () => {
  signed = await signedIntent();
});

function bidOf(index: number, fields: Partial<Bid> = {}, atoms = INPUT): Bid {
  const request = sampleRequest({
    intent: signed.intent,
    index,
    input: { token: usdc, atoms },
    recipient: wallet.address as Address,
  });
  const bid = sampleBid(fields, request);
  const { order } = bid.child;
  const child = { ...bid.child, order: { ...order, expires: FILL_DEADLINE, fillDeadline: FILL_DEADLINE } };
  return { ...bid, child, validUntil: fields.validUntil ?? FILL_DEADLINE };
}

const approval: Call = {
  chainId: 1,
  to: usdc.address,
  data: encodeApprove(SETTLER, INPUT),
  valueWei: 0n,
  purpose: 'approve',
  description: 'allow',
};

interface Scene {
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly network: ModelNetwork;
  readonly sent: string[];
  request(change?: Partial<DelegateRequest>): DelegateRequest;
}

function scene(options: Partial<ModelNetworkOptions> = {}, change: Partial<DelegateRequest> = {}): Scene {
  const clock = virtualClock(START_MS);
  const network = modelNetwork({
    clock,
    target: SETTLER,
    acts: [],
    says: [],
    cancelAfterBlocks: 1,
    finalAfterBlocks: 2,
    ...options,
  });
  const journal = memoryJournal();
  const sent: string[] = [];
  const send: Sender = async ({ order }, purpose, calls) => {
    if (calls.length > 0) sent.push(purpose);
    if (purpose === 'cancel') await network.cancelOnChain(order);
    return true;
  };
  const request: Scene['request'] = (more = {}) => ({
    slice: 0,
    side: 'buy',
    bid: bidOf(0),
    signedIntent: signed,
    account: { signTypedData: () => Promise.resolve('0x1234') },
    solvers: [network.adapter],
    send,
    journal,
    clock,
    patience: { fallbackAt: 300, pollMs: 12_000, looks: 2_000 },
    signal: new AbortController().signal,
    ...change,
    ...more,
  });
  return { clock, journal, network, sent, request };
}

/** A filler that fills in the n-th block from the start; in it, before or after what the owner sends. */
function fillIn(block: number, fillPercent = 100, beforeCancellations = true): readonly BlockAct[] {
  return [
    ...Array.from({ length: block - 1 }, () => ({ fillPercent: 0, beforeCancellations })),
    { fillPercent, beforeCancellations },
  ];
}

describe('an order given to a network', () => {
  test('is filled, and nothing is left', async () => {
    const { journal, request, sent } = scene({ acts: fillIn(3) });
    const end = await delegateSlice(request());
    expect(end).toMatchObject({ state: 'ended', proof: { reason: 'filled', drawn: { atoms: INPUT } } });
    expect(unfilledOf(end).input.atoms).toBe(0n);
    expect(sent).toEqual([]);
    const flows = await journal.flows({ intentId: signed.id });
    expect(flows.map(({ atoms, kind, token }) => [token, atoms, kind])).toEqual([
      [usdc.address, -INPUT, 'swap'],
      [weth.address, 2n * 10n ** 18n, 'swap'],
    ]);
    expect((await journal.decisions({ intentId: signed.id })).map(({ code }) => code)).toEqual([
      'DELEGATION_GIVEN',
      'DELEGATION_SUBMITTING',
      'DELEGATION_ENDED',
    ]);
  });

  test('that nobody fills is cancelled when patience is over, and all goes elsewhere, once', async () => {
    const { network, request, sent } = scene();
    const own = jest.fn(() => Promise.resolve('done'));
    const result = await delegateWithFallback(request(), own);
    expect(result).toMatchObject({
      own: 'done',
      delegation: { endingReason: 'PATIENCE_OVER', proof: { reason: 'cancelled' } },
    });
    expect(own).toHaveBeenCalledTimes(1);
    expect(own).toHaveBeenCalledWith(expect.objectContaining({ input: { token: usdc, atoms: INPUT } }), false);
    expect(sent).toEqual(['cancel']);
    expect(network.drawn()).toBe(0n);
  });

  test.each([true, false])('filled in the block of its cancellation, before it: %s', async (before) => {
    // Patience is over at 300 s, seen in block 17; the cancellation is in block 18.
    const { network, request } = scene({ acts: fillIn(18, 60, before) });
    const { delegation, unfilled } = await delegateWithFallback(request(), () => Promise.resolve());
    expect(network.drawn()).toBe(before ? (INPUT * 60n) / 100n : 0n);
    expect(unfilled.input.atoms).toBe(INPUT - network.drawn());
    expect(delegation.proof?.drawn.atoms).toBe(network.drawn());
  });

  test('past its deadline it needs no cancellation, only the proof', async () => {
    const { clock, request, sent } = scene();
    await delegateSlice(request({ patience: { pollMs: 12_000 } }));
    expect(sent).toEqual([]);
    expect(Math.floor(clock.now() / 1000)).toBeGreaterThan(FILL_DEADLINE + 24);
  });

  test('is ended at once when somebody asks', async () => {
    const { clock, request } = scene();
    const end = await delegateSlice(request({ isEndWanted: () => clock.now() > START_MS + 30_000 }));
    expect(end.endingReason).toBe('ASKED');
    expect(clock.now()).toBeLessThan(START_MS + 120_000);
  });

  test('whose words contradict the chain ends by the chain', async () => {
    const { network, request } = scene({ acts: fillIn(8), says: ['garbage', ...Array<Say>(40).fill('dead')] });
    const end = await delegateSlice(request());
    expect(end.proof?.reason).toBe('filled');
    expect(network.drawn()).toBe(INPUT);
  });

  test('that was not let out in time is withdrawn, its approvals with it', async () => {
    const { network, request, sent } = scene();
    const end = await delegateSlice(request({ bid: bidOf(0, { validUntil: 50, approvals: [approval] }) }));
    expect(end.state).toBe('withdrawn');
    expect(unfilledOf(end).input.atoms).toBe(INPUT);
    expect(network.seen()).toBe(0);
    expect(sent).toEqual(['revoke']);
  });

  test('leaves its approval to another live order that lives on it', async () => {
    const { request, sent } = scene();
    const half = (index: number): Bid => bidOf(index, { approvals: [approval] }, INPUT / 2n);
    const hasty = { patience: { pollMs: 1_000, looks: 2 } };
    await expect(delegateSlice(request({ bid: half(0), ...hasty }))).rejects.toThrow(DelegationUnprovenError);
    await expect(delegateSlice(request({ bid: half(1), slice: 1, ...hasty }))).rejects.toThrow(DelegationUnprovenError);
    await delegateSlice(request({ bid: half(0) }));
    expect(sent).toEqual(['approve', 'approve', 'cancel']);
    await delegateSlice(request({ bid: half(1), slice: 1 }));
    expect(sent).toEqual(['approve', 'approve', 'cancel', 'cancel', 'revoke']);
  });

  test('counts as live as long as it may be filled: for the limits, the exposure, and other programmes', async () => {
    const { journal, request } = scene();
    const impatient = request({ patience: { pollMs: 1_000, looks: 3 } });
    await expect(delegateSlice(impatient)).rejects.toThrow(DelegationUnprovenError);
    const delegations = await delegationsOf(journal, signed.id);
    expect(liveChildren(delegations)).toHaveLength(1);
    expect(() => unfilledOf(delegations[0]!)).toThrow(DelegationUnprovenError);
    expect(await liveDelegations(journal)).toEqual(delegations);
    const inFlight = delegatedInFlight(await liveDelegations(journal), ({ symbol }) => (symbol === 'WETH' ? '1' : '0'));
    expect(inFlight.map(({ amount, deltaPerUnit }) => [amount.token.symbol, amount.atoms, deltaPerUnit])).toEqual([
      ['USDC', INPUT, '0'],
      ['WETH', 2n * 10n ** 18n, '1'],
    ]);
    const step = { kind: 'calls', spends: [{ token: usdc, atoms: 1n }] } as never;
    const room = (): void => assertRoomBeside(signed.intent, delegations, [], { steps: [step] });
    expect(room).toThrow(DelegationLeavesLessError);
    // Another slice of the same intent finds no room either.
    const second = request({ slice: 1, bid: bidOf(await nextChildIndex(journal, signed.id), {}, 1n) });
    await expect(delegateSlice(second)).rejects.toThrow(ChildOrderExceedsError);
    await resumeDelegations(request());
    expect(() => assertRoomBeside(signed.intent, [], [], { steps: [step] })).not.toThrow();
    expect(liveChildren(await delegationsOf(journal, signed.id))).toEqual([]);
  });

  test('goes on after a restart, whatever new bid is brought', async () => {
    const { network, request } = scene({ acts: fillIn(25) });
    await expect(delegateSlice(request({ patience: { pollMs: 1_000, looks: 3 } }))).rejects.toThrow(
      DelegationUnprovenError,
    );
    const end = await delegateSlice(request({ bid: bidOf(7), patience: { pollMs: 12_000 } }));
    expect(end.index).toBe(0);
    expect(network.seen()).toBe(1);
    await expect(delegateSlice(request())).resolves.toEqual(end);
  });

  test('is not forgotten for want of its network', async () => {
    const { request } = scene();
    await expect(delegateSlice(request({ patience: { pollMs: 1_000, looks: 3 } }))).rejects.toThrow(
      DelegationUnprovenError,
    );
    await expect(resumeDelegations(request({ solvers: [] }))).rejects.toThrow(DelegationNetworkMissingError);
  });
});

describe('what does not hold together is refused', () => {
  test.each<[string, (bid: Bid) => Bid]>([
    ['another network', (bid) => ({ ...bid, adapter: 'uniswapx' })],
    ['draws more than it says', (bid) => ({ ...bid, input: { ...bid.input, atoms: 1n } })],
    [
      'pays less than it says',
      (bid) => ({ ...bid, guaranteedOutput: { ...bid.guaranteedOutput, atoms: 3n * 10n ** 18n } }),
    ],
    [
      'a foreign contract is signed for',
      (bid) => ({ ...bid, typedData: { ...bid.typedData, domain: { chainId: 1, verifyingContract: usdc.address } } }),
    ],
    [
      'another chain is signed for',
      (bid) => ({ ...bid, typedData: { ...bid.typedData, domain: { chainId: 2, verifyingContract: SETTLER } } }),
    ],
  ])('%s', async (_, change) => {
    const { network, request } = scene();
    const solvers = [network.adapter, { ...network.adapter, id: 'uniswapx' }];
    await expect(delegateSlice(request({ solvers, bid: change(bidOf(0)) }))).rejects.toThrow(DelegationBidInvalidError);
    expect(network.seen()).toBe(0);
  });

  test('a number that was used before', async () => {
    const { request } = scene();
    await delegateSlice(request());
    await expect(delegateSlice(request({ slice: 1 }))).rejects.toThrow(DelegationBidInvalidError);
  });

  test.each<[string, object]>([
    ['more than was signed', { drawn: { token: usdc, atoms: INPUT + 1n } }],
    [
      'less than was guaranteed',
      { drawn: { token: usdc, atoms: INPUT }, received: { token: weth, atoms: 10n ** 18n } },
    ],
    ['a fill that drew nothing', { reason: 'filled', drawn: { token: usdc, atoms: 0n } }],
    ['another token', { drawn: { token: weth, atoms: 0n } }],
    ['no transaction', { drawn: { token: usdc, atoms: INPUT }, txHashes: [] }],
  ])('a proof of %s; the order stays live', async (_, lie) => {
    const { journal, network, request } = scene();
    const proveDead: SolverAdapter['proveDead'] = (order: SolverOrder) =>
      Promise.resolve({
        reason: 'cancelled',
        chainId: 1,
        blockNumber: 1,
        sentence: '',
        drawn: { ...order.input, atoms: 0n },
        received: { ...order.guaranteedOutput, atoms: order.guaranteedOutput.atoms },
        surplus: 0n,
        txHashes: [`0x${'1'.repeat(64)}`],
        ...lie,
      });
    const solvers = [{ ...network.adapter, proveDead }];
    await expect(delegateSlice(request({ solvers }))).rejects.toThrow(DelegationProofInvalidError);
    expect(liveChildren(await delegationsOf(journal, signed.id))).toHaveLength(1);
  });

  test.each<[string, string, object]>([
    ['an event of another shape', 'DELEGATION_GIVEN', { index: 0, event: { kind: 'given' } }],
    ['an end without a beginning', 'DELEGATION_SUBMITTING', { index: 5, event: { kind: 'submitting' } }],
  ])('a journal with %s', async (_, code, details) => {
    const journal = memoryJournal();
    const common = { atMs: 1, intentId: signed.id, sentence: '', simulated: false };
    await journal.appendDecision({ ...common, code, details: details as never });
    await expect(delegationsOf(journal, signed.id)).rejects.toThrow(JournalCorruptError);
  });
});

/** Dies at the n-th thing that leaves a trace; everything afterwards is refused. */
function mortal(request: DelegateRequest, deathAt: number, side: 'before' | 'after'): DelegateRequest {
  let operations = 0;
  let dead = false;
  const trace =
    <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (dead) throw new Death('dead already');
      operations += 1;
      const isTheOne = operations === deathAt;
      if (isTheOne && side === 'before') dead = true;
      if (dead) throw new Death('died before');
      const result = await operation(...args);
      if (isTheOne) dead = true;
      if (dead) throw new Death('died after');
      return result;
    };
  const { account, clock, journal, send, solvers } = request;
  return {
    ...request,
    account: { signTypedData: trace(account.signTypedData) },
    send: trace(send),
    journal: {
      ...journal,
      putIntent: trace(journal.putIntent),
      appendDecision: trace(journal.appendDecision),
      putOutsideFlows: trace(journal.putOutsideFlows),
    },
    clock: { now: () => clock.now(), sleep: trace((ms, signal) => clock.sleep(ms, signal)) },
    solvers: solvers.map((solver) => ({ ...solver, submit: trace(solver.submit) })),
  };
}

const act = fc.record({
  fillPercent: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }) },
  ),
  beforeCancellations: fc.boolean(),
});
const say = fc.constantFrom<Say>('truth', 'dead', 'filled', 'open', 'garbage', 'nothing');
const life = fc.record({
  deathAt: fc.integer({ min: 1, max: 40 }),
  side: fc.constantFrom('before' as const, 'after' as const),
  sleepsMs: fc.integer({ min: 0, max: 200_000 }),
  newBid: fc.boolean(),
});

test('whatever the network does and whenever we die, what it draws and what we do ourselves make one slice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        acts: fc.array(act, { maxLength: 60 }),
        says: fc.array(say, { maxLength: 30 }),
        cancelAfterBlocks: fc.integer({ min: 1, max: 4 }),
        finalAfterBlocks: fc.integer({ min: 0, max: 5 }),
        fallbackAt: fc.integer({ min: 100, max: 900 }),
        lives: fc.array(life, { maxLength: 4 }),
      }),
      async ({ fallbackAt, lives, ...options }) => {
        const { clock, journal, network, request } = scene(options, {
          patience: { fallbackAt, pollMs: 12_000, looks: 500 },
        });
        /** Own executions by intent and slice, as `executeProgramme` keeps them: once, whatever is asked later. */
        const own = new Map<string, bigint>();
        const ownRoute = async ({ input }: { input: { atoms: bigint } }): Promise<void> => {
          await Promise.resolve();
          if (!own.has('0')) own.set('0', input.atoms);
        };
        const total = (): bigint => network.drawn() + (own.get('0') ?? 0n);
        const run = async (next: DelegateRequest): Promise<void> => {
          await delegateWithFallback(next, ownRoute);
        };
        for (const { deathAt, newBid, side, sleepsMs } of lives) {
          const known = await delegationsOf(journal, signed.id);
          const rest = known.reduce((left, { proof }) => left - (proof?.drawn.atoms ?? 0n), INPUT);
          // Sometimes the rest is awarded anew; sometimes somebody forgets what was given out, and is reminded.
          const isNew = known.length === 0 || (newBid && rest > 0n);
          const bid = isNew ? bidOf(known.length, {}, rest) : bidOf(known.length - 1);
          await run(mortal(request({ bid }), deathAt, side)).catch((error: unknown) => {
            if (!(error instanceof Death)) throw error;
          });
          expect(total()).toBeLessThanOrEqual(INPUT);
          if (own.size > 0) break;
          clock.advance(sleepsMs);
        }
        const index = await nextChildIndex(journal, signed.id);
        if (own.size === 0) await run(request({ bid: bidOf(Math.max(0, index - 1)) }));
        // The network goes on for as long as it likes: it gets nothing more.
        clock.advance(3_000_000);
        expect(total()).toBe(INPUT);
        const spent = (await journal.flows({ intentId: signed.id })).filter(({ token }) => token === usdc.address);
        expect(-spent.reduce((sum, { atoms }) => sum + atoms, 0n)).toBe(network.drawn());
      },
    ),
    { numRuns: 80 },
  );
});
