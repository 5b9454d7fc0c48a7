import { setMaxListeners } from 'node:events';
import { Contract, Wallet } from 'ethers';
import type { Bid, Hex, SolverAdapter, SolverOrder } from '@evenkeel/core';
import { childNonce, hashIntent } from '@evenkeel/intents';
import {
  encodeDutchOrder,
  uniswapx,
  type UniswapXChain,
  uniswapXHttp,
  type UniswapXNetwork,
} from '@evenkeel/adapters/uniswapx';
import type { TestAccount, UniswapXFillerBehaviour, WorldSnapshot } from '@evenkeel/devnet';
import { clock, never } from '../support/bridge-world.js';
import { startUniswapXService } from '../uniswapx-loopback-server.js';
import {
  amountOf,
  bidFor,
  change,
  E18,
  E6,
  finalise,
  holdings,
  intentOn,
  openSolverBench,
  place,
  sellRequest,
  send,
  sign,
  type SolverBench,
} from './bench.js';

jest.setTimeout(120_000);
setMaxListeners(0);

let bench: SolverBench;
let start: WorldSnapshot;

const QUIET: UniswapXFillerBehaviour = {
  spreadBps: 5,
  delaySeconds: 0,
  exclusiveSeconds: 0,
  overrideBps: 0,
  exclusiveFiller: undefined,
  ignore: () => false,
};

beforeAll(async () => {
  bench = await openSolverBench();
  start = await bench.world.snapshot();
});
afterEach(async () => {
  await bench.world.revert(start);
  bench.actors.uniswapXFiller.behave(QUIET);
});
afterAll(() => bench?.world.close());

/** The fillers of the world: one, by name. */
function fillers(): UniswapXNetwork {
  const { uniswapXFiller } = bench.actors;
  return { quote: (ask) => uniswapXFiller.quote(ask), post: (order) => uniswapXFiller.take(order) };
}

function adapter(kind: UniswapXChain['kind'] = 'exclusive-dutch', network = fillers()): SolverAdapter {
  const { contracts, id } = bench.home;
  const { permit2, uniswapXExclusiveDutchReactor, uniswapXOrderQuoter: quoter, uniswapXV2DutchReactor } = contracts;
  const shared = { chain: bench.chain, quoter, permit2 };
  const place: UniswapXChain =
    kind === 'exclusive-dutch'
      ? { ...shared, kind, reactor: uniswapXExclusiveDutchReactor }
      : { ...shared, kind, reactor: uniswapXV2DutchReactor, cosigner: bench.world.accounts.maker.address };
  return uniswapx({ chains: { [id]: place }, network, clock, orderSeconds: 600 });
}

const fillerActs = (): Promise<void> => bench.actors.uniswapXFiller.tick();
const events = () => bench.actors.events().filter(({ kind }) => kind.startsWith('uniswapx'));

async function placed(solver: SolverAdapter): Promise<{ readonly bid: Bid; readonly order: SolverOrder }> {
  const request = await sellRequest(bench, await intentOn(bench));
  const bid = await bidFor(solver, request);
  return { bid, order: await place(bench, solver, bid) };
}

/** Fills as somebody else than the world's filler. */
async function fillAs(who: TestAccount, order: SolverOrder, signature: string): Promise<unknown> {
  const { contracts, provider, tokens } = bench.home;
  const wallet = new Wallet(who.privateKey, provider);
  const reactor = contracts.uniswapXExclusiveDutchReactor;
  await bench.world.fund(tokens.USDC, who.address, 10_000n * E6);
  const usdc = new Contract(tokens.USDC.address, ['function approve(address, uint256)'], wallet);
  const approval = await usdc.getFunction('approve')(reactor, 10_000n * E6);
  await approval.wait();
  const { order: dutch } = order.payload as unknown as { order: Record<string, never> };
  const encoded = encodeDutchOrder(revived(dutch));
  const contract = new Contract(reactor, ['function execute((bytes,bytes)) payable'], wallet);
  const sent = await contract.getFunction('execute')([encoded, signature]);
  return sent.wait();
}

/** The order of a payload, whose bigints are digits. */
function revived(json: Record<string, never>): Parameters<typeof encodeDutchOrder>[0] {
  const digits = (value: unknown): unknown =>
    typeof value === 'string' && /^\d+$/.test(value)
      ? BigInt(value)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, digits(each)]))
        : value;
  return digits(json) as Parameters<typeof encodeDutchOrder>[0];
}

test.each(['exclusive-dutch', 'v2-dutch'] as const)('a %s order is filled by a real reactor, once', async (kind) => {
  const solver = adapter(kind);
  const before = await holdings(bench, bench.trader.address);
  const { bid, order } = await placed(solver);
  expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
  await fillerActs();
  const status = await solver.track(order, never);
  const moved = change(before, await holdings(bench, bench.trader.address));
  expect(status).toMatchObject({ state: 'filled', drawn: { atoms: E18 } });
  expect(moved).toEqual({ weth: -E18, usdc: amountOf(status, 'received') });
  // The price had not fallen yet: what is above the guarantee is the owner's.
  expect(moved.usdc).toBeGreaterThan(bid.guaranteedOutput.atoms);
  expect(status).toMatchObject({ surplus: moved.usdc - bid.guaranteedOutput.atoms });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'filled', drawn: { atoms: E18 } });
});

test('the order names its parent in its nonce, and is covered by it', async () => {
  const intent = await intentOn(bench);
  const bid = await bidFor(adapter(), await sellRequest(bench, intent, { index: 3 }));
  expect(bid.child).toMatchObject({ parentId: hashIntent(intent), index: 3, adapter: 'uniswapx' });
  expect(bid.child.order.nonce).toBe(childNonce(hashIntent(intent), 3));
  expect(bid.typedData.message['nonce']).toBe(bid.child.order.nonce);
  const tooMuch = await sellRequest(bench, intent, { input: { token: bench.home.tokens.WETH, atoms: 11n * E18 } });
  await expect(adapter().bid(tooMuch, never)).rejects.toMatchObject({ code: 'CHILD_ORDER_EXCEEDS' });
  const elsewhere = await sellRequest(bench, intent, { recipient: bench.world.accounts.stranger.address });
  await expect(adapter().bid(elsewhere, never)).rejects.toMatchObject({ code: 'CHILD_ORDER_FOREIGN' });
});

test('a filler that never fills: the order expires, and is dead once that is final', async () => {
  bench.actors.uniswapXFiller.behave({ ignore: () => true });
  const solver = adapter();
  const { order } = await placed(solver);
  await fillerActs();
  expect(events().at(-1)).toMatchObject({ kind: 'uniswapx-skipped', reason: 'ignored' });
  await bench.world.advance(700);
  expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'expired', drawn: { atoms: 0n } });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'expired', drawn: { atoms: 0n }, txHashes: [] });
  bench.actors.uniswapXFiller.behave({ ignore: () => false });
  await fillerActs();
  expect(events().at(-1)).toMatchObject({ kind: 'uniswapx-skipped', reason: 'expired' });
  // What it was allowed to take is taken away.
  await send(bench, await solver.recover!(order, await solver.track(order, never), never));
  expect(await solver.recover!(order, await solver.track(order, never), never)).toEqual([]);
});

test('a cancelled order cannot be filled, and is dead once the cancellation is final', async () => {
  const solver = adapter();
  const { order } = await placed(solver);
  const { calls, request } = await solver.cancel(order, never);
  expect(request).toBeUndefined();
  await send(bench, calls);
  expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'nonce-invalidated' });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  const before = await holdings(bench, bench.trader.address);
  await fillerActs();
  expect(events().at(-1)).toMatchObject({ kind: 'uniswapx-skipped', reason: 'fill-reverts' });
  expect(await holdings(bench, bench.trader.address)).toEqual(before);
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'nonce-invalidated', drawn: { atoms: 0n } });
});

test('a cancellation that comes after the fill takes nothing back and hides nothing', async () => {
  const solver = adapter();
  const { order } = await placed(solver);
  await fillerActs();
  await send(bench, (await solver.cancel(order, never)).calls);
  expect(await solver.track(order, never)).toMatchObject({ state: 'filled', drawn: { atoms: E18 } });
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'filled', drawn: { atoms: E18 } });
});

test('an exclusivity binds others while it lasts, and lapses', async () => {
  const { maker, stranger } = bench.world.accounts;
  bench.actors.uniswapXFiller.behave({ exclusiveSeconds: 60, exclusiveFiller: bench.world.accounts.solver.address });
  const solver = adapter();
  const request = await sellRequest(bench, await intentOn(bench));
  const bid = await bidFor(solver, request);
  expect(bid.exclusivity).toMatchObject({ solver: bench.world.accounts.solver.address, overrideBps: undefined });
  const signature = await sign(bench.trader, bid.typedData);
  const order = await place(bench, solver, bid, signature);
  await fillerActs();
  expect(events().at(-1)).toMatchObject({ kind: 'uniswapx-skipped', reason: 'exclusive-to-another' });
  // NoExclusiveOverride()
  await expect(fillAs(stranger, order, signature)).rejects.toMatchObject({ data: '0xb9ec1e96' });
  await bench.world.advance(61);
  await fillerActs();
  expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
  expect(maker.address).not.toBe(bench.world.accounts.solver.address);
});

test('whoever breaks into an exclusivity that can be overridden pays the owner for it', async () => {
  bench.actors.uniswapXFiller.behave({
    exclusiveSeconds: 60,
    overrideBps: 100,
    exclusiveFiller: bench.world.accounts.solver.address,
  });
  const solver = adapter();
  const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
  expect(bid.exclusivity).toMatchObject({ overrideBps: 100 });
  const signature = await sign(bench.trader, bid.typedData);
  const order = await place(bench, solver, bid, signature);
  await fillAs(bench.world.accounts.stranger, order, signature);
  const status = await solver.track(order, never);
  expect(amountOf(status, 'received')).toBe((bid.expectedOutput * 101n + 99n) / 100n);
});

test('an order that was filled cannot be filled again', async () => {
  const solver = adapter();
  const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
  const signature = await sign(bench.trader, bid.typedData);
  const order = await place(bench, solver, bid, signature);
  await fillerActs();
  await bench.world.fund(bench.home.tokens.WETH, bench.trader.address, 5n * E18);
  // InvalidNonce(): Permit2 has used it up.
  await expect(fillAs(bench.world.accounts.stranger, order, signature)).rejects.toMatchObject({ data: '0x756688fe' });
  // Submitting again what cannot be filled any more says so.
  await expect(solver.submit(order, signature, never)).rejects.toMatchObject({ code: 'SOLVER_ORDER_REFUSED' });
});

test('a falling price ends at the guarantee', async () => {
  bench.actors.uniswapXFiller.behave({ delaySeconds: 100 });
  const solver = adapter();
  const { bid, order } = await placed(solver);
  await fillerActs();
  expect(events().at(-1)).toMatchObject({ reason: 'not-yet' });
  await bench.world.advance(100);
  await fillerActs();
  const status = await solver.track(order, never);
  expect(status).toMatchObject({ state: 'filled', surplus: 0n });
  expect(amountOf(status, 'received')).toBe(bid.guaranteedOutput.atoms);
});

test('two orders of one owner in one transaction are told apart', async () => {
  const solver = adapter();
  const intent = await intentOn(bench);
  const { contracts, provider, tokens } = bench.home;
  const { maker } = bench.world.accounts;
  const first = await bidFor(solver, await sellRequest(bench, intent));
  const second = await bidFor(
    solver,
    await sellRequest(bench, intent, {
      index: 1,
      input: { token: tokens.WETH, atoms: 2n * E18 },
      minOutput: 5_900n * E6,
      liveChildren: [first.child],
    }),
  );
  await send(bench, second.approvals);
  const wallet = new Wallet(maker.privateKey, provider);
  const usdc = new Contract(tokens.USDC.address, ['function approve(address, uint256)'], wallet);
  await (await usdc.getFunction('approve')(contracts.uniswapXExclusiveDutchReactor, 20_000n * E6)).wait();
  const signatures = await Promise.all([first, second].map((bid) => sign(bench.trader, bid.typedData)));
  const orders = [first, second].map((bid, index) => solver.orderOf(bid, signatures[index]!));
  const signed = orders.map(({ payload }, index) => [
    encodeDutchOrder(revived((payload as { order: Record<string, never> }).order)),
    signatures[index],
  ]);
  const abi = ['function executeBatch((bytes,bytes)[]) payable'];
  const reactor = new Contract(contracts.uniswapXExclusiveDutchReactor, abi, wallet);
  const before = await holdings(bench, bench.trader.address);
  await (await reactor.getFunction('executeBatch')(signed)).wait();
  const statuses = await Promise.all(orders.map((order) => solver.track(order, never)));
  expect(statuses.map((status) => amountOf(status, 'drawn'))).toEqual([E18, 2n * E18]);
  const received = statuses.map((status) => amountOf(status, 'received'));
  expect(received[0]! + received[1]!).toBe(change(before, await holdings(bench, bench.trader.address)).usdc);
  expect(received[1]!).toBeGreaterThan(received[0]!);
});

describe('bad input', () => {
  it('says nothing where it has nothing to offer', async () => {
    const solver = adapter();
    const intent = await intentOn(bench);
    const { USDC, USDT } = bench.home.tokens;
    const noMarket = await sellRequest(bench, intent, { input: { token: USDC, atoms: 5n * E6 }, tokenOut: USDT });
    expect(await solver.bid(noMarket, never)).toBeUndefined();
    const elsewhere = await sellRequest(bench, intent, { tokenOut: { ...USDC, chainId: 31_338 } });
    expect(await solver.bid(elsewhere, never)).toBeUndefined();
  });

  it.each([
    ['an amount that overflows', { amountOut: 1n << 256n, validUntil: 2e9 }],
    ['no amount', { amountOut: 0n, validUntil: 2e9 }],
    ['text', 'a lot'],
    [
      'an exclusivity that outlives the order',
      {
        amountOut: 3_000n * E6,
        validUntil: 2e9,
        exclusivity: { filler: `0x${'1'.repeat(40)}`, until: 4e9, overrideBps: 0 },
      },
    ],
  ])('refuses fillers that answer %s', async (_, answer) => {
    const solver = adapter('exclusive-dutch', { ...fillers(), quote: () => Promise.resolve(answer as never) });
    const bid = solver.bid(await sellRequest(bench, await intentOn(bench)), never);
    await expect(bid).rejects.toMatchObject({ code: 'QUOTE_INCONSISTENT' });
  });

  it('shows a filler that offers less than is asked for as it is', async () => {
    const solver = adapter('exclusive-dutch', {
      ...fillers(),
      quote: () => Promise.resolve({ amountOut: 2_000n * E6, validUntil: 2e9 }),
    });
    const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
    expect(bid.guaranteedOutput.atoms).toBe(2_000n * E6);
  });

  it("tries a signed order out: a stranger's signature, no allowance, no funds", async () => {
    const solver = adapter();
    const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
    const refused = { code: 'SOLVER_ORDER_REFUSED' };
    const own = await sign(bench.trader, bid.typedData);
    await expect(solver.submit(solver.orderOf(bid, own), own, never)).rejects.toMatchObject({
      ...refused,
      details: { reason: 'TRANSFER_FROM_FAILED' },
    });
    await send(bench, bid.approvals);
    const foreign = await sign(bench.world.accounts.stranger, bid.typedData);
    await expect(solver.submit(solver.orderOf(bid, foreign), foreign, never)).rejects.toMatchObject({
      ...refused,
      details: { reason: 'InvalidSigner' },
    });
    await solver.submit(solver.orderOf(bid, own), own, never);
  });

  it('refuses a cosigner who made another order of it, also where an exclusivity hides that from the quoter', async () => {
    const { uniswapXFiller } = bench.actors;
    const { solver: exclusiveFiller } = bench.world.accounts;
    uniswapXFiller.behave({ exclusiveSeconds: 60, exclusiveFiller: exclusiveFiller.address });
    const other = await bidFor(adapter('v2-dutch'), await sellRequest(bench, await intentOn(bench, { seed: 7 })));
    const encodedOrder = encodeDutchOrder(revived((other.payload as { order: Record<string, never> }).order));
    const solver = adapter('v2-dutch', {
      ...fillers(),
      post: (order) =>
        uniswapXFiller.take({ ...order, orderHash: adapter('v2-dutch').orderOf(other, '0x').id as Hex, encodedOrder }),
    });
    await expect(placed(solver)).rejects.toMatchObject({ code: 'SOLVER_ORDER_REFUSED' });
    await expect(placed(adapter('v2-dutch'))).resolves.toBeDefined();
  });

  it("refuses a bid with another bid's order in it, and an order with another order in its payload", async () => {
    const solver = adapter();
    const intent = await intentOn(bench);
    const one = await bidFor(solver, await sellRequest(bench, intent));
    const two = await bidFor(solver, await sellRequest(bench, await intentOn(bench, { seed: 9 })));
    expect(() => solver.orderOf({ ...one, payload: two.payload }, '0x')).toThrow(
      expect.objectContaining({ code: 'SOLVER_ORDER_FOREIGN' }),
    );
    const order = { ...solver.orderOf(one, '0x'), payload: two.payload };
    await expect(solver.track(order, never)).rejects.toMatchObject({ code: 'SOLVER_ORDER_FOREIGN' });
    expect(() => solver.orderOf({ ...one, payload: { a: 1 } }, '0x')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });

  it('does not take silence of a node for "nothing was drawn"', async () => {
    const { contracts } = bench.home;
    const deaf = { ...bench.chain, logs: () => Promise.resolve([]) };
    const place: UniswapXChain = {
      chain: deaf,
      kind: 'exclusive-dutch',
      quoter: contracts.uniswapXOrderQuoter,
      permit2: contracts.permit2,
      reactor: contracts.uniswapXExclusiveDutchReactor,
    };
    const solver = uniswapx({ chains: { [bench.home.id]: place }, network: fillers(), clock, orderSeconds: 600 });
    const { order } = await placed(solver);
    await fillerActs();
    await expect(solver.track(order, never)).rejects.toMatchObject({ code: 'LOG_MISSING', retryable: true });
    await finalise(bench);
    await expect(solver.proveDead(order, never)).rejects.toMatchObject({ code: 'LOG_MISSING' });
  });
});

describe('over HTTP, as the published services speak', () => {
  let service: Awaited<ReturnType<typeof startUniswapXService>>;
  beforeAll(async () => {
    service = await startUniswapXService(bench.home, bench.actors.uniswapXFiller);
  });
  afterAll(() => service?.close());

  const http = (more: object = {}): UniswapXNetwork =>
    uniswapXHttp({ quoteUrl: service.url, apiKey: 'key', clock, patience: { retries: 0 }, ...more });

  test.each(['exclusive-dutch', 'v2-dutch'] as const)(
    'a %s order is asked for, given away and filled',
    async (kind) => {
      const solver = adapter(kind, http());
      const { order } = await placed(solver);
      await fillerActs();
      expect(await solver.track(order, never)).toMatchObject({ state: 'filled', drawn: { atoms: E18 } });
      const [asked, given] = service.requests.slice(-2);
      expect(asked).toMatchObject({ path: '/quote', key: 'key', body: { type: 'EXACT_INPUT', amount: `${E18}` } });
      expect(given!.path).toBe(kind === 'v2-dutch' ? '/hard-quote' : '/order');
    },
  );

  test('a filler that names itself has the order for itself, for as long as the owner allows', async () => {
    bench.actors.uniswapXFiller.behave({ exclusiveSeconds: 5 });
    const request = await sellRequest(bench, await intentOn(bench));
    const free = await bidFor(adapter('exclusive-dutch', http()), request);
    expect(free.exclusivity).toBeUndefined();
    const bound = await bidFor(adapter('exclusive-dutch', http({ exclusivitySeconds: 20, overrideBps: 50 })), request);
    const { overrideBps, solver } = bound.exclusivity!;
    expect([solver.toLowerCase(), overrideBps]).toEqual([bench.world.accounts.maker.address.toLowerCase(), 50]);
  });

  test.each<[string, { status: number; text: string }, string | undefined]>([
    ['has no price', { status: 404, text: '{"detail":"No quotes available"}' }, undefined],
    ['has nothing to say', { status: 204, text: '' }, undefined],
    ['refuses', { status: 400, text: '{"detail":"bad token","errorCode":"VALIDATION_ERROR"}' }, 'SERVICE_REFUSED'],
    ['limits the rate', { status: 429, text: '{}' }, 'SERVICE_RATE_LIMITED'],
    ['breaks', { status: 500, text: 'oops' }, 'SERVICE_UNREACHABLE'],
    ['answers a page', { status: 200, text: '<html>' }, 'SERVICE_GARBAGE'],
    ['answers a negative amount', { status: 200, text: '{"amountOut":"-1"}' }, 'SERVICE_GARBAGE'],
  ])('a service that %s', async (_, answer, code) => {
    const request = await sellRequest(bench, await intentOn(bench));
    service.answer(answer);
    const asked = adapter('exclusive-dutch', http()).bid(request, never);
    if (code === undefined) expect(await asked).toBeUndefined();
    else await expect(asked).rejects.toMatchObject({ code });
  });
});
