import fc from 'fast-check';
import { Interface, MaxUint256, Wallet } from 'ethers';
import { type Address, type Call, type Hex, type LogEntry, NATIVE_ADDRESS } from '@evenkeel/core';
import {
  executedAmounts,
  filledAmountCall,
  type Gpv2Domain,
  type Gpv2Order,
  type Gpv2Trade,
  INVALIDATED_FILLED_ATOMS,
  invalidateOrderCall,
  orderTypedData,
  orderUid,
  preSignCall,
  settleCall,
  settledTrades,
  TradeRefusedError,
} from '@evenkeel/adapters/gpv2';
import { startWorld, type TestAccount, type World, type WorldChain } from '@evenkeel/devnet';

const E18 = 10n ** 18n;
const E6 = 10n ** 6n;
const erc20 = new Interface(['function approve(address, uint256)', 'function transfer(address, uint256)']);

jest.setTimeout(120_000);

let world: World;
let chain: WorldChain;
let domain: Gpv2Domain;
let validTo: number;

beforeAll(async () => {
  world = await startWorld({ chains: 1 });
  [chain] = world.chains as [WorldChain];
  domain = { chainId: chain.id, settlement: chain.contracts.cowSettlement };
  validTo = (await world.clockSeconds()) + 3_600;
  const { solver, trader } = world.accounts;
  const { USDC, WETH } = chain.tokens;
  for (const [token, atoms] of [
    [WETH, 10_000n * E18],
    [USDC, 10_000_000n * E6],
  ] as const) {
    // What the settlement holds pays for orders that nobody meets, as it would by a swap in between.
    await world.fund(token, domain.settlement, atoms);
    await world.fund(token, trader.address, atoms);
    await send(trader, approve(token.address, chain.contracts.cowVaultRelayer));
  }
  await world.fundNative(chain.id, solver.address, 100n * E18);
});
afterAll(() => world.close());

const approve = (token: Address, spender: Address): Call => ({
  chainId: chain.id,
  to: token,
  data: erc20.encodeFunctionData('approve', [spender, MaxUint256]) as Hex,
  valueWei: 0n,
  purpose: 'approve',
  description: 'approve',
});

async function send(from: TestAccount, call: Call) {
  const wallet = new Wallet(from.privateKey, chain.provider);
  const sent = await wallet.sendTransaction({ to: call.to, data: call.data });
  return (await sent.wait())!;
}

async function sign(order: Gpv2Order, who: TestAccount): Promise<Hex> {
  const { domain: signed, message, types } = orderTypedData(domain, order);
  const { EIP712Domain: _, ...structs } = types;
  return (await new Wallet(who.privateKey).signTypedData(signed, structs as never, message)) as Hex;
}

const plain = (change: Partial<Gpv2Order>): Gpv2Order => ({
  sellToken: chain.tokens.WETH.address,
  buyToken: chain.tokens.USDC.address,
  receiver: NATIVE_ADDRESS,
  sellAmount: E18,
  buyAmount: 2_900n * E6,
  validTo,
  appData: `0x${'00'.repeat(32)}`,
  feeAmount: 0n,
  kind: 'sell',
  partiallyFillable: false,
  sellTokenBalance: 'erc20',
  buyTokenBalance: 'erc20',
  ...change,
});

const PRICES = { weth: 3_000n * E6, usdc: E18 };
const settle = (trades: readonly Gpv2Trade[], prices = PRICES): Call =>
  settleCall(domain, {
    prices: [
      { token: chain.tokens.WETH.address, price: prices.weth },
      { token: chain.tokens.USDC.address, price: prices.usdc },
    ],
    trades,
  });

const filled = async (uid: Hex): Promise<bigint> =>
  BigInt((await chain.rpc('eth_call', [filledAmountCall(domain, uid), 'latest'])) as string);

interface Drawn {
  readonly sellsWeth: boolean;
  readonly kind: 'buy' | 'sell';
  readonly partial: boolean;
  readonly wethAtoms: bigint;
  readonly fee: bigint;
  readonly slack: number;
  readonly part: number;
  readonly price: bigint;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  sellsWeth: fc.boolean(),
  kind: fc.constantFrom('buy', 'sell'),
  partial: fc.boolean(),
  wethAtoms: fc.bigInt(1n, E18),
  fee: fc.bigInt(0n, E6),
  /** How far the limit is from the price, in millionths; below zero it is not met. */
  slack: fc.integer({ min: -3, max: 30_000 }),
  part: fc.double({ min: 0, max: 1.1, noNaN: true }),
  price: fc.bigInt(1_000n * E6, 9_000n * E6),
});

function orderOf(draw: Drawn, index: number) {
  const usdcAtoms = (draw.wethAtoms * draw.price) / E18;
  const { USDC, WETH } = chain.tokens;
  const [sellToken, buyToken] = draw.sellsWeth ? [WETH, USDC] : [USDC, WETH];
  const [sellAmount, fair] = draw.sellsWeth ? [draw.wethAtoms, usdcAtoms] : [usdcAtoms, draw.wethAtoms];
  const order = plain({
    sellToken: sellToken.address,
    buyToken: buyToken.address,
    sellAmount: sellAmount + 1n,
    buyAmount: (fair * BigInt(1_000_000 - draw.slack)) / 1_000_000n + 1n,
    appData: `0x${index.toString(16).padStart(64, '0')}`,
    feeAmount: draw.fee,
    kind: draw.kind,
    partiallyFillable: draw.partial,
  });
  const total = order.kind === 'sell' ? order.sellAmount : order.buyAmount;
  const executedAtoms = (total * BigInt(Math.round(draw.part * 1_000))) / 1_000n;
  const prices = { weth: draw.price, usdc: E18 };
  const own = draw.sellsWeth ? { sell: prices.weth, buy: prices.usdc } : { sell: prices.usdc, buy: prices.weth };
  return { order, executedAtoms, prices, own };
}

test('the amounts are those of the real contract to the atom, and it refuses what we refuse', async () => {
  const { solver, trader } = world.accounts;
  const draws = fc.sample(drawn, 60).map(orderOf);
  let refused = 0;
  for (const { executedAtoms, order, own, prices } of draws) {
    const signature = { scheme: 'eip712', owner: trader.address, signature: await sign(order, trader) } as const;
    const call = settle([{ order, signature, executedAtoms }], prices);
    let expected;
    try {
      expected = executedAmounts(order, own, executedAtoms);
    } catch (error) {
      expect(error).toBeInstanceOf(TradeRefusedError);
      await expect(send(solver, call)).rejects.toMatchObject({ reason: expect.stringMatching(/^GPv2: /) });
      refused += 1;
      continue;
    }
    const receipt = await send(solver, call);
    const uid = orderUid(domain, order, trader.address);
    const [trade] = settledTrades(domain, receipt.logs as unknown as LogEntry[]);
    const { buyAtoms, feeAtoms, filledAtoms, sellAtoms } = expected;
    expect(trade).toMatchObject({ owner: trader.address, orderUid: uid, sellAtoms, buyAtoms, feeAtoms });
    expect(await filled(uid)).toBe(filledAtoms);
  }
  expect(refused).toBeGreaterThan(3);
  expect(refused).toBeLessThan(40);
});

test('a contract and a presigned order settle beside a key', async () => {
  const { solver, trader } = world.accounts;
  const presigned = plain({ appData: `0x${'01'.repeat(32)}` });
  const uid = orderUid(domain, presigned, trader.address);
  await send(trader, preSignCall(domain, uid));
  const account = await yesSayer();
  const byContract = plain({ appData: `0x${'02'.repeat(32)}` });
  const call = settle([
    { order: presigned, signature: { scheme: 'presign', owner: trader.address, signature: '0x' } },
    { order: byContract, signature: { scheme: 'eip1271', owner: account, signature: '0x1234' } },
  ]);
  const { logs } = await send(solver, call);
  const trades = settledTrades(domain, logs as unknown as LogEntry[]);
  expect(trades.map(({ owner }) => owner.toLowerCase())).toEqual([trader.address.toLowerCase(), account]);
});

/** A contract that answers `isValidSignature`, and everything else, with ERC-1271's magic value. */
async function yesSayer(): Promise<Address> {
  const account: Address = `0x${'71'.repeat(20)}`;
  const code = `0x7f1626ba7e${'00'.repeat(28)}60005260206000f3`;
  await chain.rpc('anvil_setCode', [account, code]);
  await world.fund(chain.tokens.WETH, account, E18);
  await world.fundNative(chain.id, account, E18);
  await chain.rpc('anvil_impersonateAccount', [account]);
  const { data, to } = approve(chain.tokens.WETH.address, chain.contracts.cowVaultRelayer);
  await chain.rpc('eth_sendTransaction', [{ from: account, to, data }]);
  await chain.rpc('anvil_stopImpersonatingAccount', [account]);
  return account;
}

test('a cancelled order is filled for ever; nobody but its owner cancels or presigns', async () => {
  const { solver, stranger, trader } = world.accounts;
  const order = plain({ appData: `0x${'03'.repeat(32)}`, partiallyFillable: true });
  const uid = orderUid(domain, order, trader.address);
  await expect(send(stranger, invalidateOrderCall(domain, uid))).rejects.toMatchObject({
    reason: 'GPv2: caller does not own order',
  });
  await expect(send(stranger, preSignCall(domain, uid))).rejects.toMatchObject({
    reason: 'GPv2: cannot presign order',
  });
  await send(trader, invalidateOrderCall(domain, uid));
  expect(await filled(uid)).toBe(INVALIDATED_FILLED_ATOMS);
  expect(() => executedAmounts(order, { sell: PRICES.weth, buy: PRICES.usdc }, 1n, INVALIDATED_FILLED_ATOMS)).toThrow(
    TradeRefusedError,
  );
  const signature = { scheme: 'eip712', owner: trader.address, signature: await sign(order, trader) } as const;
  await expect(send(solver, settle([{ order, signature, executedAtoms: 1n }]))).rejects.toThrow();
});
