import { setMaxListeners } from 'node:events';
import { Contract, Interface, Wallet } from 'ethers';
import type { Address, Bid, Call, Hex, SolverAdapter, SolverOrder } from '@evenkeel/core';
import { hashIntent } from '@evenkeel/intents';
import type { CowSolverBehaviour, WorldSnapshot } from '@evenkeel/devnet';
import { type CowOrderBookLoopbackServer, startCowOrderBook } from '../cow-order-book-loopback-server.js';
import { never } from '../support/bridge-world.js';
import { deploy } from '../support/deploy.js';
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
import { cowOn } from './networks.js';

jest.setTimeout(120_000);
setMaxListeners(0);

let bench: SolverBench;
let start: WorldSnapshot;
let book: CowOrderBookLoopbackServer;

const QUIET: CowSolverBehaviour = { keepBps: 2, delaySeconds: 0, mostPermille: 1000, ignore: () => false };

beforeAll(async () => {
  bench = await openSolverBench();
  start = await bench.world.snapshot();
});
beforeEach(async () => {
  book = await startCowOrderBook(bench.home, bench.actors.cowSolver);
});
afterEach(async () => {
  await book.close();
  await bench.world.revert(start);
  bench.actors.cowSolver.behave(QUIET);
});
afterAll(() => bench?.world.close());

const adapter = (chain = bench.chain): SolverAdapter => cowOn({ ...bench, chain }, book);

const solverActs = (): Promise<void> => bench.actors.cowSolver.tick();
const events = () => bench.actors.events().filter(({ kind }) => kind.startsWith('cow'));

interface Placed {
  readonly bid: Bid;
  readonly order: SolverOrder;
}

async function placed(
  solver: SolverAdapter,
  partialFill: 'allowed' | 'all-or-nothing' = 'all-or-nothing',
): Promise<Placed> {
  const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench, { partialFill })));
  return { bid, order: await place(bench, solver, bid) };
}

test('an order is settled by the real contract, and what the market gave beyond the limit is the owner’s', async () => {
  const solver = adapter();
  const before = await holdings(bench, bench.trader.address);
  const strangerBefore = await holdings(bench, bench.world.accounts.solver.address);
  const { bid, order } = await placed(solver);
  expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
  await solverActs();
  const status = await solver.track(order, never);
  const moved = change(before, await holdings(bench, bench.trader.address));
  expect(status).toMatchObject({
    state: 'filled',
    drawn: { atoms: E18 },
    surplus: moved.usdc - bid.guaranteedOutput.atoms,
  });
  expect(moved).toEqual({ weth: -E18, usdc: amountOf(status, 'received') });
  expect(moved.usdc).toBeGreaterThan(bid.guaranteedOutput.atoms);
  expect(await holdings(bench, bench.world.accounts.solver.address)).toEqual(strangerBefore);
  expect(await solver.proveDead(order, never)).toBeUndefined();
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'filled', drawn: { atoms: E18 } });
});

test('the order names its parent in its application data, and is covered by it', async () => {
  const intent = await intentOn(bench);
  const solver = adapter();
  const bid = await bidFor(solver, await sellRequest(bench, intent, { index: 2 }));
  expect(bid.child).toMatchObject({ parentId: hashIntent(intent), index: 2, adapter: 'cow' });
  const sibling = await bidFor(solver, await sellRequest(bench, intent, { index: 3 }));
  expect(sibling.typedData.message['appData']).not.toBe(bid.typedData.message['appData']);
  const tooMuch = await sellRequest(bench, intent, { input: { token: bench.home.tokens.WETH, atoms: 11n * E18 } });
  await expect(solver.bid(tooMuch, never)).rejects.toMatchObject({ code: 'CHILD_ORDER_EXCEEDS' });
  // Beside a live sibling an exact approval has to cover both.
  const both = await bidFor(solver, await sellRequest(bench, intent, { index: 3, liveChildren: [bid.child] }));
  expect(BigInt(`0x${both.approvals[0]!.data.slice(-64)}`)).toBe(2n * E18);
  await send(bench, both.approvals);
  const again = await bidFor(solver, await sellRequest(bench, intent, { index: 3, liveChildren: [bid.child] }));
  expect(again.approvals).toEqual([]);
});

test('a solver that never settles: the order expires, and is dead once that is final', async () => {
  bench.actors.cowSolver.behave({ ignore: () => true });
  const solver = adapter();
  const { order } = await placed(solver);
  await solverActs();
  expect(events().at(-1)).toMatchObject({ kind: 'cow-skipped', reason: 'ignored' });
  await bench.world.advance(700);
  expect(await solver.track(order, never)).toMatchObject({ state: 'dead', reason: 'expired', drawn: { atoms: 0n } });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({ reason: 'expired', drawn: { atoms: 0n }, txHashes: [] });
  bench.actors.cowSolver.behave({ ignore: () => false });
  await solverActs();
  expect(events().at(-1)).toMatchObject({ kind: 'cow-skipped', reason: 'expired' });
  await send(bench, await solver.recover!(order, await solver.track(order, never), never));
  expect(await solver.recover!(order, await solver.track(order, never), never)).toEqual([]);
});

test('a partial fill, then the end: what was drawn and what arrived is known to the atom', async () => {
  bench.actors.cowSolver.behave({ mostPermille: 300 });
  const solver = adapter();
  const before = await holdings(bench, bench.trader.address);
  const { bid, order } = await placed(solver, 'allowed');
  expect(bid.partialFill).toBe('pro-rata');
  await solverActs();
  await solverActs();
  const partial = await solver.track(order, never);
  expect(partial).toMatchObject({ state: 'partially-filled', drawn: { atoms: (E18 * 6n) / 10n } });
  bench.actors.cowSolver.behave({ ignore: () => true });
  await bench.world.advance(700);
  await finalise(bench);
  const proof = await solver.proveDead(order, never);
  const moved = change(before, await holdings(bench, bench.trader.address));
  expect(proof).toMatchObject({ reason: 'expired', drawn: { atoms: -moved.weth }, received: { atoms: moved.usdc } });
  expect(proof!.txHashes).toHaveLength(2);
  // Never less than pro rata of the guarantee.
  expect(moved.usdc * E18).toBeGreaterThanOrEqual(bid.guaranteedOutput.atoms * -moved.weth);
});

test('a partial fill, then a cancellation on chain: nothing more is drawn, and what was is not forgotten', async () => {
  bench.actors.cowSolver.behave({ mostPermille: 400 });
  const solver = adapter();
  const { order } = await placed(solver, 'allowed');
  await solverActs();
  const { calls } = await solver.cancel(order, never);
  await send(bench, calls);
  await solverActs();
  expect(await solver.track(order, never)).toMatchObject({
    state: 'dead',
    reason: 'cancelled',
    drawn: { atoms: (E18 * 4n) / 10n },
  });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  await finalise(bench);
  expect(await solver.proveDead(order, never)).toMatchObject({
    reason: 'cancelled',
    drawn: { atoms: (E18 * 4n) / 10n },
  });
});

test('a request to the order book frees nothing: only the chain proves an order dead', async () => {
  const solver = adapter();
  const { bid, order, signature } = await signedAndPlaced(solver);
  const { request } = await solver.cancel(order, never);
  const foreign = await sign(bench.world.accounts.stranger, request!);
  await expect(solver.requestCancellation!(order, foreign, never)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
  expect(book.open()).toEqual([order.id]);
  await solver.requestCancellation!(order, await sign(bench.trader, request!), never);
  expect(book.open()).toEqual([]);
  await finalise(bench);
  expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
  expect(await solver.proveDead(order, never)).toBeUndefined();
  // A solver that kept the order can settle it after all, and that is seen.
  await bench.actors.cowSolver.add(kept(bid, order, signature));
  await solverActs();
  expect(await solver.track(order, never)).toMatchObject({ state: 'filled' });
});

test('an order that was settled, or cancelled, cannot be settled again', async () => {
  const solver = adapter();
  const settledOne = await signedAndPlaced(solver);
  await solverActs();
  await bench.world.fund(bench.home.tokens.WETH, bench.trader.address, 5n * E18);
  await expect(settleAgain(settledOne)).rejects.toMatchObject({ reason: 'GPv2: order filled' });
  const cancelledOne = await signedAndPlaced(solver, 1);
  await send(bench, (await solver.cancel(cancelledOne.order, never)).calls);
  // It counts as filled to the highest number there is, so that any part more overflows.
  await expect(settleAgain(cancelledOne)).rejects.toMatchObject({ reason: 'SafeMath: addition overflow' });
  // Posting the same order again is success, and does nothing.
  const open = await signedAndPlaced(solver, 2);
  await solver.submit(open.order, open.signature, never);
  expect(book.open().filter((uid) => uid === open.order.id)).toHaveLength(1);
});

test('an owner who took the allowance away cannot be settled, and the order stays what it is', async () => {
  const solver = adapter();
  const { order } = await placed(solver);
  const nothing = {
    drawn: { ...order.input, atoms: 0n },
    received: { ...order.guaranteedOutput, atoms: 0n },
    surplus: 0n,
  };
  await send(
    bench,
    await solver.recover!(order, { state: 'dead', reason: 'expired', ...nothing, txHashes: [] }, never),
  );
  const before = await holdings(bench, bench.trader.address);
  await solverActs();
  expect(events().at(-1)).toMatchObject({ kind: 'cow-skipped', reason: 'settle-reverts' });
  expect(await holdings(bench, bench.trader.address)).toEqual(before);
  expect(await solver.track(order, never)).toEqual({ state: 'open', phase: 'pending' });
});

test('a contract owns the funds and signs by ERC-1271', async () => {
  const { home, trader, world } = bench;
  await home.rpc('anvil_impersonateAccount', [trader.address]);
  const account = await deploy(home, trader.address, 'OwnedAccount', ['address'], [trader.address]);
  await world.fund(home.tokens.WETH, account, E18);
  const solver = adapter();
  const intent = await intentOn(bench, { signer: account });
  const bid = await bidFor(solver, await sellRequest(bench, intent));
  await execute(account, bid.approvals);
  const before = await holdings(bench, account);
  const foreign = await sign(world.accounts.stranger, bid.typedData);
  await expect(solver.submit(solver.orderOf(bid, foreign), foreign, never)).rejects.toMatchObject({
    code: 'SERVICE_REFUSED',
    details: { errorType: 'InvalidSignature' },
  });
  const signature = await sign(trader, bid.typedData);
  const order = solver.orderOf(bid, signature);
  await solver.submit(order, signature, never);
  await solverActs();
  const status = await solver.track(order, never);
  expect(status).toMatchObject({ state: 'filled' });
  const moved = change(before, await holdings(bench, account));
  expect(moved).toEqual({ weth: -E18, usdc: amountOf(status, 'received') });
  // And it cancels by itself: only the owner of an order can.
  const second = await bidFor(solver, await sellRequest(bench, intent, { index: 1 }));
  const other = solver.orderOf(second, '0x');
  const { calls } = await solver.cancel(other, never);
  await expect(send(bench, calls)).rejects.toMatchObject({ reason: 'GPv2: caller does not own order' });
  await execute(account, calls);
  expect(await solver.track(other, never)).toMatchObject({ state: 'dead', reason: 'cancelled' });
});

describe('bad input', () => {
  it('says nothing where it has nothing to offer', async () => {
    const solver = adapter();
    const intent = await intentOn(bench);
    const { USDC, WETH } = bench.home.tokens;
    const nowhere = { ...USDC, address: bench.world.accounts.stranger.address };
    expect(await solver.bid(await sellRequest(bench, intent, { tokenOut: nowhere }), never)).toBeUndefined();
    const elsewhere = await sellRequest(bench, intent, { tokenOut: { ...USDC, chainId: 31_338 } });
    expect(await solver.bid(elsewhere, never)).toBeUndefined();
    const native = { ...WETH, address: `0x${'0'.repeat(40)}` as Address };
    expect(
      await solver.bid(await sellRequest(bench, intent, { input: { token: native, atoms: 1n } }), never),
    ).toBeUndefined();
  });

  const quote = (fields: object, from = bench.trader.address): { status: number; body: unknown } => {
    const { USDC, WETH } = bench.home.tokens;
    const order = {
      sellToken: WETH.address,
      buyToken: USDC.address,
      receiver: bench.trader.address,
      sellAmount: E18.toString(),
      buyAmount: (3_000n * E6).toString(),
      feeAmount: '0',
      kind: 'sell',
      ...fields,
    };
    return { status: 200, body: { quote: order, from, expiration: new Date(2e12).toISOString(), id: 1 } };
  };

  it.each<readonly [string, string, () => { status: number; body: unknown }]>([
    ["somebody else's intent", 'QUOTE_INCONSISTENT', () => quote({}, bench.world.accounts.stranger.address)],
    ['another receiver', 'QUOTE_INCONSISTENT', () => quote({ receiver: bench.world.accounts.stranger.address })],
    ['other tokens', 'QUOTE_INCONSISTENT', () => quote({ buyToken: bench.home.tokens.WETH.address })],
    ['a larger sale', 'QUOTE_INCONSISTENT', () => quote({ feeAmount: '1' })],
    ['nothing', 'QUOTE_INCONSISTENT', () => quote({ buyAmount: '0' })],
    ['an amount that overflows', 'SERVICE_GARBAGE', () => quote({ buyAmount: (1n << 256n).toString() })],
    ['a number that has lost digits', 'SERVICE_GARBAGE', () => quote({ buyAmount: 3e21 })],
    ['a buy order', 'SERVICE_GARBAGE', () => quote({ kind: 'buy' })],
    ['HTML', 'SERVICE_GARBAGE', () => ({ status: 200, body: '<html>' })],
    ['a refusal', 'SERVICE_REFUSED', () => ({ status: 400, body: { errorType: 'UnsupportedOrderType' } })],
    ['a limit of rate', 'SERVICE_RATE_LIMITED', () => ({ status: 429, body: {} })],
    ['trouble of its own', 'SERVICE_UNREACHABLE', () => ({ status: 503, body: {} })],
  ])('refuses an order book that answers with %s', async (_, code, answer) => {
    book.answer(answer());
    await expect(adapter().bid(await sellRequest(bench, await intentOn(bench)), never)).rejects.toMatchObject({ code });
  });

  it('shows an offer that is too low as it is', async () => {
    book.answer(quote({ buyAmount: (2_000n * E6).toString() }));
    const bid = await bidFor(adapter(), await sellRequest(bench, await intentOn(bench)));
    expect(bid.guaranteedOutput.atoms).toBe(2_000n * E6);
  });

  it('refuses an order book that takes the order for another one', async () => {
    const solver = adapter();
    const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
    book.answer({ status: 201, body: `0x${'12'.repeat(56)}` });
    await expect(place(bench, solver, bid)).rejects.toMatchObject({ code: 'SOLVER_ORDER_REFUSED' });
  });

  it("refuses a bid with another bid's order in it, and an order with another order in its payload", async () => {
    const solver = adapter();
    const one = await bidFor(solver, await sellRequest(bench, await intentOn(bench)));
    const two = await bidFor(solver, await sellRequest(bench, await intentOn(bench, { seed: 9 })));
    expect(() => solver.orderOf({ ...one, payload: two.payload }, '0x')).toThrow(
      expect.objectContaining({ code: 'SOLVER_ORDER_FOREIGN' }),
    );
    const order = { ...solver.orderOf(one, '0x'), payload: two.payload };
    await expect(solver.track(order, never)).rejects.toMatchObject({ code: 'SOLVER_ORDER_FOREIGN' });
    expect(() => solver.orderOf({ ...one, payload: [] }, '0x')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });

  it('does not take a node that keeps logs back for less that was drawn', async () => {
    const deaf = adapter({ ...bench.chain, logs: () => Promise.resolve([]) });
    const { order } = await placed(deaf);
    await solverActs();
    await expect(deaf.track(order, never)).rejects.toMatchObject({ code: 'LOG_MISSING', retryable: true });
    await finalise(bench);
    await expect(deaf.proveDead(order, never)).rejects.toMatchObject({ code: 'LOG_MISSING' });
  });
});

interface Signed extends Placed {
  readonly signature: Hex;
}

async function signedAndPlaced(solver: SolverAdapter, index = 0): Promise<Signed> {
  const bid = await bidFor(solver, await sellRequest(bench, await intentOn(bench), { index }));
  const signature = await sign(bench.trader, bid.typedData);
  return { bid, signature, order: await place(bench, solver, bid, signature) };
}

/** The order as a solver has it that heard of it once. */
function kept(
  { typedData }: Bid,
  order: SolverOrder,
  signature: Hex,
): Parameters<typeof bench.actors.cowSolver.add>[0] {
  const { buyAmount, feeAmount, sellAmount, ...rest } = typedData.message as Record<string, string>;
  const amounts = { sellAmount: BigInt(sellAmount!), buyAmount: BigInt(buyAmount!), feeAmount: BigInt(feeAmount!) };
  const terms = { ...rest, ...amounts, validTo: Number(rest['validTo']) } as never as Parameters<
    typeof bench.actors.cowSolver.add
  >[0];
  const { address: owner } = bench.trader;
  return { ...terms, chainId: bench.home.id, uid: order.id as Hex, owner, scheme: 'eip712', signature };
}

/** What a solver would send who does not look first. */
async function settleAgain({ bid, order, signature }: Signed): Promise<unknown> {
  const { home, world } = bench;
  const { cowSettlement } = home.contracts;
  const { buyAmount, receiver, sellAmount, validTo, appData } = kept(bid, order, signature);
  await world.fund(home.tokens.USDC, cowSettlement, 10_000n * E6);
  const trade = '(uint256,uint256,address,uint256,uint256,uint32,bytes32,uint256,uint256,uint256,bytes)[]';
  const abi = [`function settle(address[],uint256[],${trade},(address,uint256,bytes)[][3])`];
  const contract = new Contract(cowSettlement, abi, new Wallet(world.accounts.solver.privateKey, home.provider));
  const tokens = [home.tokens.WETH.address, home.tokens.USDC.address];
  const one = [0, 1, receiver, sellAmount, buyAmount, validTo, appData, 0n, 2n, sellAmount, signature];
  return contract.getFunction('settle')(tokens, [buyAmount, sellAmount], [one], [[], [], []]);
}

/** Calls of a contract account, by its key. */
async function execute(account: Address, calls: readonly Call[]): Promise<void> {
  const abi = new Interface(['function execute(address target, bytes data)']);
  const own = calls.map(({ data, to, ...call }): Call => {
    return { ...call, to: account, data: abi.encodeFunctionData('execute', [to, data]) as Hex };
  });
  await send(bench, own);
}
