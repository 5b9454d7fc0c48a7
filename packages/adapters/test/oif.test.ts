import { ChildOrderForeignError, createIntent, type RebalanceIntent } from '@evenkeel/intents';
import type {
  Address,
  Bid,
  Call,
  Chain,
  Hex,
  SolverAdapter,
  SolverOrder,
  SolverRequest,
  Token,
  TypedData,
} from '@evenkeel/core';
import { solverConformance, type SolverSubject } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { oif, OifClaimedUnfilledError, type OifOptions, OifOrderRefusedError } from '@evenkeel/adapters/oif';
import { startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { Interface, Wallet } from 'ethers';
import {
  QuoteInconsistentError,
  ServiceGarbageError,
  ServiceRateLimitedError,
  ServiceRefusedError,
  ServiceTimeoutError,
  ServiceUnreachableError,
} from '../src/common/errors.js';
import { balanceOf, chainsOf, clock, never } from './support/bridge-world.js';
import {
  type OifContracts,
  type OifFault,
  type OifLoopbackServer,
  startOifLoopbackServer,
  deployStandInSettlers,
} from './oif-loopback-server.js';

jest.setTimeout(120_000);

const E6 = 10n ** 6n;
const INPUT = 2_000n * E6;
const permit2 = new Interface([
  'function nonceBitmap(address, uint256) view returns (uint256)',
  'function invalidateUnorderedNonces(uint256, uint256)',
]);

let world: World;
let home: WorldChain;
let away: WorldChain;
let chains: Readonly<Record<number, Chain>>;
let trader: Wallet;
let contracts: Readonly<Record<number, OifContracts>>;
let server: OifLoopbackServer;
let solver: SolverAdapter & Required<Pick<SolverAdapter, 'recover'>>;
let usdc: Token;
let wethThere: Token;
let fresh: WorldSnapshot;
/** The chains' own time; their blocks' times are ahead of the wall clock when it was moved. */
let nowMs: number;
/** Another intent for each test: the server outlives the reverts. */
let round = 0;

beforeAll(async () => {
  world = await startWorld({ chains: 2 });
  [home, away] = world.chains as [WorldChain, WorldChain];
  chains = chainsOf(world);
  trader = new Wallet(world.accounts.trader.privateKey, home.provider);
  usdc = home.tokens.USDC;
  wethThere = away.tokens.WETH;
  contracts = await deployStandInSettlers(world);
  await world.fund(usdc, trader.address as Address, 10_000n * E6);
  await world.fund(wethThere, world.accounts.maker.address, 10n ** 20n);
  // 2,000 USDC a WETH.
  server = await startOifLoopbackServer(world, contracts, (_, __, atoms) => (atoms * 10n ** 12n) / 2_000n);
  fresh = await world.snapshot();
});

beforeEach(async () => {
  await world.revert(fresh);
  round += 1;
  server.misbehave();
  server.behave('claim');
  server.claim(undefined);
  nowMs = (await world.clockSeconds()) * 1_000;
  solver = oif(optionsOf());
});

afterAll(async () => {
  await server?.close();
  await world?.close();
});

function optionsOf(change: Partial<OifOptions> = {}): OifOptions {
  return {
    apiUrl: server.apiUrl,
    chains: Object.fromEntries(
      world.chains.map(({ id }) => [
        id,
        {
          chain: chains[id]!,
          inputSettler: contracts[id]!.inputSettler,
          outputSettler: contracts[id]!.outputSettler,
          inputOracle: contracts[id]!.inputSettler,
          outputOracle: contracts[id]!.outputSettler,
          finalAfterBlocks: 2,
        },
      ]),
    ),
    clock: { now: () => nowMs, sleep: (ms, signal) => clock.sleep(Math.min(ms, 1), signal) },
    patience: { timeoutMs: 20_000, retries: 0 },
    ...change,
  };
}

function intentOf(nonceByte = round): RebalanceIntent {
  const now = Math.floor(nowMs / 1000);
  const own = trader.address as Address;
  return createIntent(
    {
      underlying: 'ETH',
      deltaChangeUnits: '1',
      postTradeDelta: { low: '-0.1', high: '0.1' },
      exposureHash: `0x${'ab'.repeat(32)}`,
      spending: [
        { chainId: home.id, token: usdc.address, maxSpend: INPUT, recipient: own },
        { chainId: away.id, token: wethThere.address, maxSpend: 1n, recipient: own },
      ],
      maxCostBps: 50,
      referencePrice: { source: 'ETH/USD', price: '2000' },
      adapters: ['oif'],
      schedule: { kind: 'single' },
      partialFill: 'allowed',
      deadline: now + 3_600,
      signer: own,
    },
    { nowSeconds: now, random: { bytes: (length) => new Uint8Array(length).fill(nonceByte) } },
  );
}

function requestOf(change: Partial<SolverRequest> = {}): SolverRequest {
  const intent = change.intent ?? intentOf();
  return {
    intent,
    index: 0,
    side: 'buy',
    input: { token: usdc, atoms: INPUT },
    tokenOut: wethThere,
    minOutput: 9n * 10n ** 17n,
    recipient: trader.address as Address,
    deadline: Math.floor(nowMs / 1000) + 600,
    liveChildren: [],
    spent: [],
    ...change,
  };
}

async function send(call: Pick<Call, 'to' | 'data'>): Promise<boolean> {
  const sent = await trader.sendTransaction({ ...call, gasLimit: 1_000_000n });
  return (await home.provider.waitForTransaction(sent.hash))!.status === 1;
}

async function signWith(signer: Wallet, { domain, message, types }: TypedData): Promise<Hex> {
  const mutable = Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
  return (await signer.signTypedData(domain, mutable, message)) as Hex;
}

function sign({ typedData }: Bid): Promise<Hex> {
  return signWith(trader, typedData);
}

interface Given {
  readonly bid: Bid;
  readonly order: SolverOrder;
  readonly signature: Hex;
}

/** Bid, approval, signature; then the order is with the server. */
async function give(request: SolverRequest = requestOf()): Promise<Given> {
  const bid = (await solver.bid(request, never))!;
  for (const call of bid.approvals) expect(await send(call)).toBe(true);
  const signature = await sign(bid);
  const order = solver.orderOf(bid, signature);
  await solver.submit(throughJournal(order), signature, never);
  return { bid, order: throughJournal(order), signature };
}

/** Bigints as they come back from a journal's schema, everything else as JSON. */
function throughJournal(order: SolverOrder): SolverOrder {
  const text = JSON.stringify(order.payload);
  return { ...order, payload: JSON.parse(text) as SolverOrder['payload'] };
}

async function nonceIsUsed({ child }: SolverOrder): Promise<boolean> {
  const { nonce, user } = child.order;
  const data = permit2.encodeFunctionData('nonceBitmap', [user, nonce >> 8n]);
  const word = BigInt((await home.rpc('eth_call', [{ to: home.contracts.permit2, data }, 'latest'])) as string);
  return ((word >> (nonce & 0xffn)) & 1n) === 1n;
}

async function moveTime(seconds: number): Promise<void> {
  await world.advance(seconds);
  nowMs = (await world.clockSeconds()) * 1_000;
}

/** Blocks enough on both chains for what has happened to be final. */
async function finalise(): Promise<void> {
  for (const chain of world.chains) await chain.rpc('anvil_mine', ['0x3']);
}

let willing = true;
describeConformance(
  'oif',
  solverConformance((): SolverSubject => ({
    adapter: oif(optionsOf()),
    chains,
    request: (index) => Promise.resolve(requestOf({ index, minOutput: 9n * 10n ** 16n, ...small() })),
    foreignRequest: () => Promise.resolve(requestOf({ intent: intentOf(250), minOutput: 9n * 10n ** 16n, ...small() })),
    sign: (data) => signWith(trader, data),
    forge: (data) => signWith(new Wallet(world.accounts.stranger.privateKey), data),
    execute: async (calls) => {
      for (const call of calls) if (!(await send(call))) throw new Error(`${call.description} reverted`);
    },
    willing: (fills) => {
      willing = fills;
    },
    act: () => server.workAll(willing ? 'claim' : 'nothing'),
    pass: moveTime,
    finalise,
    reset: async () => {
      await world.revert(fresh);
      server.forget();
      server.behave('nothing');
      nowMs = (await world.clockSeconds()) * 1_000;
    },
    nowSeconds: () => world.clockSeconds(),
  })),
);

/** A tenth of what the intent may spend. */
function small(): Pick<SolverRequest, 'input'> {
  return { input: { token: usdc, atoms: INPUT / 10n } };
}

describe('an order from quote to fill', () => {
  test('is drawn through the real Permit2, filled on the other chain, and proven', async () => {
    const before = await balanceOf(away, wethThere, trader.address as Address);
    const { bid, order } = await give();
    expect(bid).toMatchObject({ gas: { paidBy: 'solver' }, onFailure: 'refund-by-claim', partialFill: 'none' });
    expect(bid.approvals).toHaveLength(1);
    expect(await nonceIsUsed(order)).toBe(true);
    const arrived = (await balanceOf(away, wethThere, trader.address as Address)) - before;
    expect(arrived).toBe(bid.guaranteedOutput.atoms);
    const fills = { drawn: { atoms: INPUT }, received: { atoms: arrived }, surplus: 0n };
    expect(await solver.track(order, never)).toMatchObject({ state: 'filled', ...fills });
    expect(await solver.proveDead(order, never)).toBeUndefined();
    await finalise();
    expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'filled', ...fills });
    const body = server.requests.find(({ path }) => path.endsWith('/orders'))!.body;
    expect(JSON.parse(body)).toMatchObject({ quoteId: 'loopback-quote-1', order: { type: 'oif-escrow-v0' } });
  });

  test('stage by stage: pending, executing, filled though not yet claimed', async () => {
    server.behave('nothing');
    const { order } = await give();
    expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
    await server.work(order.id, 'draw');
    expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'executing' });
    expect((await solver.cancel(order, never)).calls).toEqual([]);
    await server.work(order.id, 'fill');
    expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
    await server.work(order.id, 'claim');
    expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
  });

  test('the same order again is the same order, and draws once', async () => {
    const { order, signature } = await give();
    const left = await balanceOf(home, usdc, trader.address as Address);
    await solver.submit(order, signature, never);
    expect(await balanceOf(home, usdc, trader.address as Address)).toBe(left);
  });

  test('a second child of the same intent has another nonce, and is bounded by the first', async () => {
    server.behave('nothing');
    const request = requestOf({ input: { token: usdc, atoms: INPUT / 2n }, minOutput: 1n });
    const { order } = await give(request);
    const next = { ...request, index: 1, liveChildren: [order.child] };
    const second = (await solver.bid(next, never))!;
    expect(second.child.order.nonce).not.toBe(order.child.order.nonce);
    // Permit2 has to be able to draw both.
    expect(second.approvals[0]?.data).toContain(INPUT.toString(16));
    const beyond = { ...next, input: { token: usdc, atoms: INPUT }, index: 1 };
    await expect(solver.bid(beyond, never)).rejects.toMatchObject({ code: 'CHILD_ORDER_EXCEEDS' });
    const foreign = { ...request, intent: { ...request.intent, adapters: ['cow'] } };
    await expect(solver.bid(foreign, never)).rejects.toThrow(ChildOrderForeignError);
  });

  test('is offered to nobody on a chain that is not configured', async () => {
    const asked = server.requests.length;
    const elsewhere = { ...wethThere, chainId: 1 };
    expect(await solver.bid(requestOf({ tokenOut: elsewhere }), never)).toBeUndefined();
    expect(server.requests).toHaveLength(asked);
  });
});

describe('an order that is never filled', () => {
  test('is void once its owner has used up its nonce, and only then provably', async () => {
    server.behave('nothing');
    const { order } = await give();
    const { calls } = await solver.cancel(order, never);
    expect(calls).toHaveLength(1);
    expect(await send(calls[0]!)).toBe(true);
    expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'nonce-invalidated' });
    expect(await solver.proveDead(order, never)).toBeUndefined();
    await finalise();
    expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'nonce-invalidated', drawn: { atoms: 0n } });
    await expect(server.work(order.id, 'claim')).rejects.toThrow();
    expect((await solver.cancel(order, never)).calls).toEqual([]);
  });

  test('is filled when the draw comes just before the cancellation', async () => {
    server.behave('nothing');
    const { order } = await give();
    const { calls } = await solver.cancel(order, never);
    await server.work(order.id, 'claim');
    expect(await send(calls[0]!)).toBe(true);
    await finalise();
    expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'filled', drawn: { atoms: INPUT } });
  });

  test('another use of the nonce by its owner is no proof for this order alone, expiry is', async () => {
    server.behave('nothing');
    const { order } = await give();
    const { nonce } = order.child.order;
    const other = permit2.encodeFunctionData('invalidateUnorderedNonces', [nonce >> 8n, 1n << ((nonce + 1n) & 0xffn)]);
    await send({ to: home.contracts.permit2, data: other as Hex });
    await finalise();
    expect(await solver.proveDead(order, never)).toBeUndefined();
    await moveTime(601);
    expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'expired' });
    expect(await solver.proveDead(order, never)).toBeUndefined();
    await finalise();
    expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'expired', drawn: { atoms: 0n } });
  });

  test('but drawn: the input comes back once it has expired, by a call of ours', async () => {
    server.behave('draw');
    const before = await balanceOf(home, usdc, trader.address as Address);
    const { order } = await give();
    expect(before - (await balanceOf(home, usdc, trader.address as Address))).toBe(INPUT);
    await moveTime(601);
    const waiting = await solver.track(order, never);
    expect(waiting).toEqual({ state: 'refund-pending', refundableAt: order.child.order.expires + 1 });
    await finalise();
    expect(await solver.proveDead(order, never)).toBeUndefined();
    await moveTime(1_200);
    for (const call of await solver.recover(order, waiting, never)) expect(await send(call)).toBe(true);
    expect(await balanceOf(home, usdc, trader.address as Address)).toBe(before);
    expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'refunded' });
    await finalise();
    expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'refunded', drawn: { atoms: 0n } });
  });
});

describe('a service that lies', () => {
  const lie = (change: (body: never) => void): OifFault => ({ kind: 'change', change });
  type Quoted = { quotes: { order: { payload: { domain: object; message: Message } }; partialFill: boolean }[] };
  interface Message {
    permitted: { token: string; amount: string }[];
    spender: string;
    deadline: number;
    witness: { user: string; expires: number; inputOracle: string; outputs: Record<string, string>[] };
  }
  const stranger = '0x00000000000000000000000000000000000000aa';

  test.each<[string, (message: Message, quote: Quoted['quotes'][number]) => void]>([
    ['draws more', (message) => (message.permitted[0]!.amount = (INPUT + 1n).toString())],
    ['draws another token', (message) => (message.permitted[0]!.token = stranger)],
    ['draws two tokens', (message) => message.permitted.push(message.permitted[0]!)],
    ['lets a stranger draw', (message) => (message.spender = stranger)],
    ['of a stranger', (message) => (message.witness.user = stranger)],
    ['believes another oracle', (message) => (message.witness.inputOracle = stranger)],
    [
      'pays a stranger',
      (message) => (message.witness.outputs[0]!['recipient'] = `0x${'0'.repeat(24)}${stranger.slice(2)}`),
    ],
    ['pays too little', (message) => (message.witness.outputs[0]!['amount'] = '1')],
    ['pays on another chain', (message) => (message.witness.outputs[0]!['chainId'] = '1')],
    ['is no plain order', (message) => (message.witness.outputs[0]!['context'] = '0x01')],
    ['keeps the input for ever', (message) => (message.witness.expires += 100_000)],
    ['has ended already', (message) => (message.deadline = 1)],
    ['is malformed', (message) => (message.deadline = -1)],
    [
      'is for another chain',
      (_, quote) => (quote.order.payload.domain = { ...quote.order.payload.domain, chainId: 1 }),
    ],
    ['may be filled in part', (_, quote) => (quote.partialFill = true)],
  ])('with an order that %s is not signed', async (_, change) => {
    server.misbehave(lie(({ quotes: [quote] }: Quoted) => void change(quote!.order.payload.message, quote!)));
    await expect(solver.bid(requestOf(), never)).rejects.toThrow(QuoteInconsistentError);
  });

  test('in one of its quotes does not spoil the others, and the best is taken', async () => {
    server.misbehave(
      lie((body: Quoted) => {
        const copy = structuredClone(body.quotes[0]!);
        const worse = structuredClone(body.quotes[0]!);
        copy.order.payload.message.spender = stranger;
        worse.order.payload.message.witness.outputs[0]!['amount'] = (95n * 10n ** 16n).toString();
        body.quotes = [copy, worse, body.quotes[0]!];
      }),
    );
    expect((await solver.bid(requestOf(), never))?.guaranteedOutput.atoms).toBe(999n * 10n ** 15n);
  });

  test('about an open order changes nothing', async () => {
    server.behave('nothing');
    const { order } = await give();
    for (const status of ['failed', 'refunded', 'finalized', 'nonsense']) {
      server.claim(status);
      expect((await solver.track(order, never)).state).toBe('open');
      expect(await solver.proveDead(order, never)).toBeUndefined();
    }
  });

  test('that it refused the order: it has it, and fills it', async () => {
    const bid = (await solver.bid(requestOf(), never))!;
    for (const call of bid.approvals) await send(call);
    const signature = await sign(bid);
    const order = solver.orderOf(bid, signature);
    server.misbehave(lie((body: { status: string }) => (body.status = 'rejected')));
    await expect(solver.submit(order, signature, never)).rejects.toThrow(OifOrderRefusedError);
    expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
  });

  test('about the id of the order', async () => {
    server.behave('nothing');
    const bid = (await solver.bid(requestOf(), never))!;
    const signature = await sign(bid);
    server.misbehave(lie((body: { orderId: string }) => (body.orderId = '0x12')));
    const submitted = solver.submit(solver.orderOf(bid, signature), signature, never);
    await expect(submitted).rejects.toThrow(QuoteInconsistentError);
  });

  test('together with its oracle is found out: claimed, and nothing arrived', async () => {
    server.behave('draw');
    const { order } = await give();
    const { inputSettler } = contracts[home.id]!;
    const settler = new Interface(['function attest(bytes32, bytes32)']);
    const keeper = new Wallet(world.accounts.deployer.privateKey, home.provider);
    const maker = `0x${'0'.repeat(24)}${world.accounts.maker.address.slice(2)}`;
    const data = settler.encodeFunctionData('attest', [order.id, maker]);
    const sent = await keeper.sendTransaction({ to: inputSettler, data });
    await home.provider.waitForTransaction(sent.hash);
    await server.work(order.id, 'claim').catch(() => undefined);
    // The stand-in's solver fills before it claims; without its fill in sight, nothing has arrived.
    const blind = oif(
      optionsOf({
        chains: { ...optionsOf().chains, [away.id]: { ...optionsOf().chains[away.id]!, outputSettler: stranger } },
      }),
    );
    await expect(blind.track(order, never)).rejects.toThrow(OifClaimedUnfilledError);
    await finalise();
    expect(await blind.proveDead(order, never)).toBeUndefined();
  });
});

describe('a service that does not work', () => {
  test.each<[string, OifFault, new (...args: never[]) => Error]>([
    ['limits the rate', { kind: 'http', status: 429, headers: { 'retry-after': '60' } }, ServiceRateLimitedError],
    ['breaks', { kind: 'http', status: 503 }, ServiceUnreachableError],
    ['refuses', { kind: 'http', status: 422, body: { message: 'no route' } }, ServiceRefusedError],
    ['sends HTML', { kind: 'text', text: '<html>' }, ServiceGarbageError],
    ['sends another shape', { kind: 'text', text: '{"quotes":1}' }, ServiceGarbageError],
    ['hangs', { kind: 'hang' }, ServiceTimeoutError],
  ])('and %s', async (_, fault, error) => {
    server.misbehave(fault);
    const hasty = oif(optionsOf({ patience: { timeoutMs: fault.kind === 'hang' ? 100 : 20_000, retries: 0 } }));
    await expect(hasty.bid(requestOf(), never)).rejects.toThrow(error);
  });

  test('is asked again when that may help, and heeds its caller', async () => {
    const patient = oif(optionsOf({ patience: { retries: 1, backoffMs: 1 }, apiKey: 'a-key' }));
    server.misbehave({ kind: 'http', status: 503 });
    expect(await patient.bid(requestOf(), never)).toBeDefined();
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer a-key');
    await expect(patient.bid(requestOf(), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('still lets an order be followed', async () => {
    server.behave('nothing');
    const { order } = await give();
    server.misbehave({ kind: 'http', status: 503 });
    expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
  });
});

test.each([
  ['a URL', { apiUrl: 'solver' }],
  ['its own chain', { chains: { 1: {} } }],
])('a configuration without %s is refused', (_, change) => {
  const chain = optionsOf().chains[home.id]!;
  const options = 'chains' in change ? optionsOf({ chains: { 1: chain } }) : optionsOf(change);
  expect(() => oif(options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});
