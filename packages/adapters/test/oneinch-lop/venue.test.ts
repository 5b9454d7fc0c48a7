import { limitOrderHash, oneinchLop, heldOrders, type SignedLimitOrder } from '@evenkeel/adapters/oneinch-lop';
import { swapExactIn, type Token } from '@evenkeel/core';
import fc from 'fast-check';
import { never } from '../support/bridge-world.js';
import { E18, E6, encode, erc20, type LopBench, lopAbi, openLopBench, type Terms } from './bench.js';

jest.setTimeout(60_000);

let bench: LopBench;

beforeAll(async () => {
  bench = await openLopBench();
}, 120_000);
afterAll(() => bench?.world.close());
afterEach(() => bench.reset());

const ask = (change: Partial<Terms> = {}): Terms => ({ side: 'ask', eth: 2n * E18, usdc: 5_900n * E6, ...change });

async function statesOf(signed: readonly SignedLimitOrder[]): Promise<readonly string[]> {
  bench.book = signed;
  const request = { chainId: bench.local.id, tokens: [bench.weth, bench.usdc], signal: never };
  return (await bench.venue.orders(request)).map(({ state }) => (state.status === 'open' ? 'open' : state.reason));
}

const hashOf = ({ order }: SignedLimitOrder) =>
  limitOrderHash(order, { chainId: bench.local.id, limitOrderProtocol: bench.protocol });

const cancel = ({ order, ...rest }: SignedLimitOrder) =>
  encode(bench.protocol, lopAbi, 'cancelOrder', [order.makerTraits, hashOf({ order, ...rest })]);

const maker = () => bench.world.accounts.maker.address;

async function replay(tokenIn: Token, amountIn: bigint) {
  const pool = (await bench.pool(tokenIn))!;
  const { amountInUsed, amountOut } = swapExactIn(pool.curve, pool.tokens[0] === tokenIn ? 0 : 1, amountIn);
  return { pool, amountInUsed, amountOut };
}

/** Fills for real. */
async function execute(tokenIn: Token, amountIn: bigint) {
  const tokenOut = tokenIn === bench.weth ? bench.usdc : bench.weth;
  const { amountInUsed, amountOut, pool } = await replay(tokenIn, amountIn);
  const before = [await bench.balance(tokenIn, bench.trader), await bench.balance(tokenOut, bench.trader)] as const;
  const calls = bench.venue.build(bench.fill(pool, tokenIn, amountIn, { minReceived: amountOut }));
  const went = await bench.send(bench.trader, calls);
  return {
    went,
    said: { amountIn: amountInUsed, amountOut },
    done: {
      amountIn: before[0] - (await bench.balance(tokenIn, bench.trader)),
      amountOut: (await bench.balance(tokenOut, bench.trader)) - before[1],
    },
  };
}

test('an order has the name that the protocol gives it', async () => {
  const word = fc.bigInt(0n, 2n ** 256n - 1n);
  const address = fc.bigInt(1n, 2n ** 160n - 1n).map((value) => `0x${value.toString(16).padStart(40, '0')}` as const);
  const orders = fc.record({
    ...{ salt: word, maker: address, receiver: address, makerAsset: address, takerAsset: address },
    ...{ makingAmount: word, takingAmount: word, makerTraits: word },
  });
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      const { data } = encode(bench.protocol, lopAbi, 'hashOrder', [order]);
      const { results } = await bench.chain.read([{ to: bench.protocol, data }]);
      expect(limitOrderHash(order, { chainId: bench.local.id, limitOrderProtocol: bench.protocol })).toBe(
        results[0]!.data,
      );
    }),
    { numRuns: 15 },
  );
});

test('one fill after another pays to the atom what the replay says, whatever is left of the orders', async () => {
  // In odd amounts, so that hardly anything divides anything.
  bench.book = [
    ...bench.book,
    await bench.sign(ask({ eth: 1_234_567_890_123_456_789n, usdc: 3_703_703_671n })),
    await bench.sign(ask({ eth: 777_777_777_777_777_777n, usdc: 2_333_411_113n, once: true })),
    await bench.sign({ side: 'bid', eth: 987_654_321_987_654_321n, usdc: 2_961_111_111n }),
  ];
  for (const [token, amount] of [
    [bench.usdc, 3_333_333_337n],
    [bench.usdc, 4_717_171_717n],
    [bench.weth, 1_111_111_111_111_111_113n],
    [bench.usdc, 1n],
    [bench.weth, 3_141_592_653_589_793_238n],
    [bench.usdc, 20_000_000_003n],
  ] as const) {
    const { done, said, went } = await execute(token, amount);
    expect({ went, done }).toEqual({ went: true, done: said });
    expect(done.amountIn).toBe(amount);
  }
  for (const token of [bench.weth, bench.usdc]) {
    for (const spender of [bench.protocol, bench.local.contracts.permit2]) {
      const { data } = encode(token.address, erc20, 'allowance', [bench.trader, spender]);
      const { results } = await bench.chain.read([{ to: token.address, data }]);
      expect(BigInt(results[0]!.data)).toBe(0n);
    }
  }
});

test('orders that cannot be filled are seen and left out', async () => {
  const { accounts } = bench.world;
  const now = await bench.world.clockSeconds();
  const named: Readonly<Record<string, SignedLimitOrder>> = {
    open: await bench.sign(ask({ expiresAt: now + 600 })),
    expired: await bench.sign(ask({ expiresAt: now + 30 })),
    'epoch-advanced': await bench.sign(ask({ epoch: 0n })),
    'signature-invalid': await bench.sign(ask({ signer: accounts.stranger })),
    unfunded: await bench.sign(ask({ maker: accounts.stranger })),
    'not-allowed': await bench.sign(ask({ maker: accounts.solver })),
    'all-or-nothing': await bench.sign(ask({ allOrNothing: true })),
    extension: await bench.sign(ask({ flags: 1n << 249n })),
    permit2: await bench.sign(ask({ flags: 1n << 248n })),
    unwraps: await bench.sign(ask({ flags: 1n << 247n })),
    private: await bench.sign(ask({ flags: BigInt(accounts.relayer.address) & ((1n << 80n) - 1n) })),
  };
  const cancelled = [await bench.sign(ask()), await bench.sign(ask({ once: true }))];
  expect(await statesOf([named['epoch-advanced']!, ...cancelled])).toEqual(['open', 'open', 'open']);
  await bench.send(maker(), [...cancelled.map(cancel), encode(bench.protocol, lopAbi, 'increaseEpoch', [9n])]);
  expect(await statesOf([...Object.values(named), ...cancelled])).toEqual([
    ...Object.keys(named),
    'filled-or-cancelled',
    'filled-or-cancelled',
  ]);
  const { curve } = (await bench.pool(bench.usdc))!;
  expect(curve).toMatchObject({ levels: [{ amountIn: 5_900n * E6, amountOut: 2n * E18 }] });
  expect(await bench.pool(bench.weth)).toBeUndefined();
  await bench.send(accounts.deployer.address, [encode(bench.protocol, lopAbi, 'pause', [])]);
  expect(await statesOf([named['open']!])).toEqual(['paused']);
});

test('an order that may be filled once is gone after a part of it', async () => {
  bench.book = [await bench.sign(ask({ once: true }))];
  const { done, went } = await execute(bench.usdc, 2_950n * E6);
  expect([went, done.amountOut]).toEqual([true, E18]);
  expect(await bench.pool(bench.usdc)).toBeUndefined();
});

test.each([
  ['is cancelled', {}, async (order: SignedLimitOrder) => void (await bench.send(maker(), [cancel(order)]))],
  [
    'is void by its epoch',
    { epoch: 0n },
    async () => void (await bench.send(maker(), [encode(bench.protocol, lopAbi, 'increaseEpoch', [9n])])),
  ],
  ['expires', { expiresAt: 300 }, async () => bench.world.advance(400)],
  [
    'loses its money',
    {},
    async () => {
      const all = await bench.balance(bench.weth, maker());
      const args = [bench.world.accounts.stranger.address, all];
      await bench.send(maker(), [encode(bench.weth.address, erc20, 'transfer', args)]);
    },
  ],
  [
    'loses its allowance',
    {},
    async () => void (await bench.send(maker(), [encode(bench.weth.address, erc20, 'approve', [bench.protocol, 0n])])),
  ],
  [
    'is filled by another',
    { once: true },
    async () => {
      const { pool } = await replay(bench.usdc, E6);
      const sender = bench.world.accounts.solver.address;
      const fill = bench.fill(pool, bench.usdc, E6, { sender, recipient: sender });
      expect(await bench.send(sender, bench.venue.build(fill))).toBe(true);
    },
  ],
] as const)('an order that %s between quote and fill is not filled, and nothing is paid', async (_, terms, happen) => {
  const now = await bench.world.clockSeconds();
  const change = 'expiresAt' in terms ? { expiresAt: now + terms.expiresAt } : terms;
  const order = await bench.sign(ask(change));
  bench.book = [order];
  const { pool } = await replay(bench.usdc, 1_000n * E6);
  await happen(order);
  const before = await bench.balance(bench.usdc, bench.trader);
  expect(await bench.send(bench.trader, bench.venue.build(bench.fill(pool, bench.usdc, 1_000n * E6)))).toBe(false);
  expect(await bench.balance(bench.usdc, bench.trader)).toBe(before);
  expect(await bench.pool(bench.usdc)).toBeUndefined();
});

test('calls of a fill that was made are good for nothing', async () => {
  bench.book = [await bench.sign(ask({ once: true }))];
  const { pool } = await replay(bench.usdc, 100n * E6);
  const calls = bench.venue.build(bench.fill(pool, bench.usdc, 100n * E6));
  expect(await bench.send(bench.trader, calls)).toBe(true);
  expect(await bench.send(bench.trader, calls)).toBe(false);
});

test('what others leave of an order is filled at its price, and nothing stays allowed for the rest', async () => {
  bench.book = [await bench.sign(ask())];
  const { amountOut, pool } = await replay(bench.usdc, 5_900n * E6);
  const calls = bench.venue.build(bench.fill(pool, bench.usdc, 5_900n * E6, { minReceived: amountOut }));
  const solver = bench.world.accounts.solver.address;
  const first = bench.fill(pool, bench.usdc, 2_950n * E6, { sender: solver, recipient: solver });
  expect(await bench.send(solver, bench.venue.build(first))).toBe(true);
  const [usdc, weth] = [bench.usdc, bench.weth];
  const before = [await bench.balance(usdc, bench.trader), await bench.balance(weth, bench.trader)] as const;
  expect(await bench.send(bench.trader, calls)).toBe(true);
  expect(before[0] - (await bench.balance(usdc, bench.trader))).toBe(2_950n * E6);
  expect((await bench.balance(weth, bench.trader)) - before[1]).toBe(E18);
  const { data } = encode(usdc.address, erc20, 'allowance', [bench.trader, bench.local.contracts.permit2]);
  const { results } = await bench.chain.read([{ to: usdc.address, data }]);
  expect(BigInt(results[0]!.data)).toBe(0n);
});

test('what a maker has is counted once over all its orders, and what one bit crosses off is one order', async () => {
  const stranger = bench.world.accounts.stranger;
  await bench.world.fund(bench.weth, stranger.address, 3n * E18);
  await bench.send(stranger.address, [encode(bench.weth.address, erc20, 'approve', [bench.protocol, 2n ** 256n - 1n])]);
  const of = (change: Partial<Terms>) => bench.sign(ask({ maker: stranger, ...change }));
  bench.book = [
    await of({ usdc: 6_000n * E6 }),
    await of({ usdc: 5_800n * E6, once: true, nonce: 5n }),
    await of({ usdc: 5_900n * E6, once: true, nonce: 5n }),
  ];
  const { curve } = (await bench.pool(bench.usdc))!;
  expect(curve).toMatchObject({
    levels: [
      { amountIn: 5_800n * E6, amountOut: 2n * E18 },
      { amountIn: 3_000n * E6, amountOut: E18 },
    ],
  });
});

test('a contract may be a maker', async () => {
  // Answers every question with the magic word of ERC-1271.
  const wallet = '0x00000000000000000000000000000000000c0de1';
  await bench.local.rpc('anvil_setCode', [wallet, '0x631626ba7e60e01b5f5260205ff3']);
  await bench.world.fundNative(bench.local.id, wallet, E18);
  await bench.world.fund(bench.weth, wallet, 2n * E18);
  await bench.send(wallet, [encode(bench.weth.address, erc20, 'approve', [bench.protocol, 2n * E18])]);
  const { order } = await bench.sign(
    ask({ maker: { address: wallet, privateKey: '0x' }, signer: bench.world.accounts.stranger }),
  );
  bench.book = [{ order, signature: '0x1234' }];
  const { done, said, went } = await execute(bench.usdc, 1_000n * E6);
  expect({ went, done }).toEqual({ went: true, done: said });
});

test('what is no order is left out, and dust does not fill the book', async () => {
  const dust = await Promise.all(
    Array.from({ length: 10 }, () => bench.sign(ask({ eth: 10n ** 14n, usdc: 100_000n }))),
  );
  bench.book = [null, { order: {} }, ...bench.book, ...dust];
  const { curve } = (await bench.pool(bench.usdc))!;
  expect(curve.kind === 'levels' && curve.levels.length).toBe(5);
});

test('a fill that the orders do not serve is refused', async () => {
  const { amountOut, pool } = await replay(bench.usdc, 1_000n * E6);
  const build = (change: object) => () => bench.venue.build(bench.fill(pool, bench.usdc, 1_000n * E6, change));
  const mismatch = expect.objectContaining({ code: 'FILL_MISMATCH' });
  expect(build({ amountIn: 10n ** 15n })).toThrow(mismatch);
  expect(build({ minReceived: amountOut + 1n })).toThrow(mismatch);
  expect(build({ tokenIn: bench.weth, tokenOut: bench.usdc })).toThrow(mismatch);
  const invalid = expect.objectContaining({ code: 'INVALID_INPUT' });
  expect(build({ deadline: pool.asOf.timeSeconds })).toThrow(invalid);
  expect(build({ pool: { ...pool, payload: { orders: [] } } })).toThrow(invalid);
  const [venue] = [{ chain: bench.chain, limitOrderProtocol: bench.protocol, permit2: bench.local.contracts.permit2 }];
  const make = (change: object) => () =>
    oneinchLop({ chains: { [bench.local.id]: venue }, source: heldOrders(() => []), ...change });
  expect(make({ maxOrders: 0 })).toThrow(invalid);
  expect(make({ marginSeconds: 1.5 })).toThrow(invalid);
  expect(make({ chains: { 1: venue } })).toThrow(invalid);
});
