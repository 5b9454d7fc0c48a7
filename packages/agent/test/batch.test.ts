import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Gpv2Domain,
  type Gpv2Order,
  invalidateOrderCall,
  orderTypedData,
  orderUid,
} from '@evenkeel/adapters/gpv2';
import { type Address, type CostCurve, type Hex, NATIVE_ADDRESS, type Token } from '@evenkeel/core';
import { type BatchFill, type BatchOrder, BatchUnsoundError } from '@evenkeel/core/batch';
import { startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { ContractFactory, id, Interface, MaxUint256, Wallet } from 'ethers';
import { balanceOf } from '../src/batch/demo/measure.js';
import { send } from '../src/batch/demo/send.js';
import { type ReadMarket, readMarket } from '../src/batch/market.js';
import { type BatchPlace, placeOf } from '../src/batch/place.js';
import { prepareBatch, type ReadyBatch, type SignFill } from '../src/batch/settle-batch.js';
import { batchOrder } from './batch-order.js';
import { documentIn, failureIn, inProcess } from './cli-process.js';

jest.setTimeout(120_000);

const E18 = 10n ** 18n;
const E6 = 10n ** 6n;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const erc20 = new Interface([
  'function approve(address, uint256)',
  'function transfer(address, uint256)',
  'function mint(address, uint256)',
  'function become(uint8)',
]);

let world: World;
let chain: WorldChain;
let place: BatchPlace;
let read: ReadMarket;
let solver: Wallet;
let start: WorldSnapshot;
let now: number;
const wallets = Array.from({ length: 8 }, (_, i) => new Wallet(id(`batch test ${i}`)));

beforeAll(async () => {
  world = await startWorld({ chains: 1 });
  [chain] = world.chains as [WorldChain];
  solver = new Wallet(world.accounts.solver.privateKey);
  place = placeOf(chain, solver.address as Address);
  for (const wallet of wallets) {
    await world.fundNative(chain.id, wallet.address as Address, 20n * E18);
    for (const [token, atoms] of [
      [place.base, 10n * E18],
      [place.quote, 30_000n * E6],
    ] as const) {
      await world.fund(token, wallet.address as Address, atoms);
      await call(wallet, token.address, 'approve', [place.relayer, MaxUint256]);
    }
  }
  await world.setBaseFee(chain.id, 1);
  now = await world.clockSeconds();
  read = await readMarket(place, signal);
  start = await world.snapshot();
});
afterAll(() => world.close());
afterEach(() => world.revert(start));

const call = (wallet: Wallet, to: Address, name: string, args: readonly unknown[]) =>
  send(chain, wallet, { to, data: erc20.encodeFunctionData(name, [...args]) as Hex });

const orderOf = (index: number, change?: Partial<BatchOrder>): BatchOrder =>
  batchOrder(index, read, wallets[index]!, now, change);

const signAs = async (wallet: Wallet, domain: Gpv2Domain, order: Gpv2Order) => {
  const { domain: signed, message, types } = orderTypedData(domain, order);
  const { EIP712Domain: _, ...structs } = types;
  return (await wallet.signTypedData(signed, structs as never, message)) as Hex;
};
const walletOf = ({ owner }: BatchOrder): Wallet => wallets.find(({ address }) => address === owner)!;
const honest: SignFill = async (domain, order, intent) => ({
  scheme: 'eip712',
  owner: intent.owner,
  signature: await signAs(walletOf(intent), domain, order),
});

const prepare = (orders: readonly BatchOrder[], sign: SignFill = honest, markets: readonly ReadMarket[] = [read]) =>
  prepareBatch({
    markets,
    orders,
    nowSeconds: now,
    alone: 'in-turn',
    validTo: now + 600,
    sign,
    feeReceiver: solver.address as Address,
    signal,
  });

type Holdings = ReadonlyMap<string, bigint>;
async function holdings(
  owners: readonly string[],
  tokens: readonly Token[] = [place.base, place.quote],
): Promise<Holdings> {
  const entries = owners.flatMap((owner) => tokens.map((token) => ({ owner, token })));
  const atoms = await Promise.all(entries.map(({ owner, token }) => balanceOf(world, token, owner)));
  return new Map(entries.map(({ owner, token }, i) => [`${owner} ${token.address}`, atoms[i]!]));
}

/** Sends what is ready and checks every atom: of the settled, of everybody else, and of the contract itself. */
async function settleAndCheck({ clearing, settlements }: ReadyBatch): Promise<void> {
  const owners = [...wallets.map(({ address }) => address), place.settlement.settlement];
  const before = await holdings(owners);
  for (const { call: settle } of settlements) await send(chain, solver, settle);
  const after = await holdings(owners);
  const fills: readonly BatchFill[] = clearing.markets
    .filter(({ marketId }) => marketId === read.market.id)
    .flatMap((market) => market.fills);
  for (const { address } of wallets) {
    const own = fills.filter(({ order }) => order.owner === address);
    const sum = (atoms: (fill: BatchFill) => bigint) => own.reduce((total, fill) => total + atoms(fill), 0n);
    const moved = (token: Token) =>
      after.get(`${address} ${token.address}`)! - before.get(`${address} ${token.address}`)!;
    expect(moved(place.base)).toBe(sum(({ baseAtoms, side }) => (side === 'buy' ? baseAtoms : -baseAtoms)));
    expect(moved(place.quote)).toBe(sum(({ quoteAtoms, side }) => (side === 'buy' ? -quoteAtoms : quoteAtoms)));
  }
  for (const { address } of [place.base, place.quote]) {
    const key = `${place.settlement.settlement} ${address}`;
    expect(after.get(key)! - before.get(key)!).toBeGreaterThanOrEqual(0n);
  }
}

const SIX = [0, 1, 2, 3, 4, 5];
const codes = ({ clearing }: ReadyBatch) => clearing.removed.map(({ code, orderId }) => [orderId, code]);
const settledOf = ({ clearing }: ReadyBatch) =>
  clearing.markets.flatMap(({ fills }) => fills.map(({ order }) => order.id)).sort();
const idsOf = (indices: readonly number[]) => indices.map((index) => orderOf(index).id).sort();

test('a batch is settled by the real contract to the atom, and the fees pay for its gas', async () => {
  const ready = await prepare(SIX.map((index) => orderOf(index)));
  expect(ready.clearing.removed).toEqual([]);
  expect(ready.clearing.markets[0]!.remainder).toBeDefined();
  const before = await holdings([solver.address]);
  await settleAndCheck(ready);
  const after = await holdings([solver.address]);
  const [market] = ready.clearing.markets;
  const gained = (token: Token) =>
    after.get(`${solver.address} ${token.address}`)! - before.get(`${solver.address} ${token.address}`)!;
  expect(gained(place.quote)).toBe(market!.fees.quoteAtoms + market!.dustQuoteAtoms);
  expect(gained(place.base)).toBe(market!.fees.baseAtoms);
});

describe('the culprit is named and removed, the rest settles, nobody loses', () => {
  /** What goes wrong with order 2 between the auction and the settlement. */
  const between: readonly [string, () => Promise<unknown>][] = [
    ['cannot pay', () => call(wallets[2]!, place.quote.address, 'transfer', [wallets[7]!.address, 29_000n * E6])],
    ['revokes its allowance', () => call(wallets[2]!, place.quote.address, 'approve', [place.relayer, 0n])],
  ];
  test.each(between)('who %s once the prices stand', async (_, spoil) => {
    let isSpoilt = false;
    const sign: SignFill = async (domain, order, intent) => {
      if (!isSpoilt && intent.id === orderOf(2).id) {
        isSpoilt = true;
        await spoil();
      }
      return honest(domain, order, intent);
    };
    const ready = await prepare(
      SIX.map((index) => orderOf(index)),
      sign,
    );
    expect(codes(ready)).toEqual([[orderOf(2).id, 'CULPRIT']]);
    expect(settledOf(ready)).toEqual(idsOf([0, 1, 3, 4, 5]));
    await settleAndCheck(ready);
  });

  test.each(between)(
    'who %s after the last simulation: nothing moves, and the next clearing names it',
    async (_, spoil) => {
      const orders = SIX.map((index) => orderOf(index));
      const late = await prepare(orders);
      expect(settledOf(late)).toEqual(idsOf(SIX));
      await spoil();
      const owners = [...wallets.map(({ address }) => address), place.settlement.settlement, solver.address];
      const before = await holdings(owners);
      await expect(send(chain, solver, late.settlements[0]!.call)).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
      expect(await holdings(owners)).toEqual(before);
      const again = await prepare(orders);
      expect(codes(again)).toEqual([[orderOf(2).id, 'CULPRIT']]);
      await settleAndCheck(again);
    },
  );

  test('who cancels on chain what it has just signed', async () => {
    const sign: SignFill = async (domain, order, intent) => {
      if (intent.id === orderOf(3).id)
        await send(chain, wallets[3]!, invalidateOrderCall(domain, orderUid(domain, order, intent.owner)));
      return honest(domain, order, intent);
    };
    const ready = await prepare(
      SIX.map((index) => orderOf(index)),
      sign,
    );
    expect(codes(ready)).toEqual([[orderOf(3).id, 'CULPRIT']]);
    await settleAndCheck(ready);
  });

  test('a solver that bids with an intent of somebody else: the signature would move the money of its signer', async () => {
    const sign: SignFill = async (domain, order, intent) =>
      intent.id === orderOf(4).id
        ? { scheme: 'eip712', owner: intent.owner, signature: await signAs(wallets[6]!, domain, order) }
        : honest(domain, order, intent);
    const ready = await prepare(
      SIX.map((index) => orderOf(index)),
      sign,
    );
    expect(codes(ready)).toEqual([[orderOf(4).id, 'CULPRIT']]);
    expect(ready.clearing.removed[0]!.sentence).toContain(wallets[6]!.address);
    await settleAndCheck(ready);
  });

  test('two orders that spend the same money: one of them stays', async () => {
    await call(wallets[2]!, place.quote.address, 'transfer', [wallets[7]!.address, 25_500n * E6]);
    const twice = orderOf(2, { id: id('the same money again') });
    const ready = await prepare([...SIX.map((index) => orderOf(index)), twice]);
    expect(codes(ready)).toHaveLength(1);
    expect(ready.clearing.removed[0]!.code).toBe('CULPRIT');
    expect([orderOf(2).id, twice.id]).toContain(ready.clearing.removed[0]!.orderId);
    await settleAndCheck(ready);
  });

  test('an intent that is there twice settles once; dust is left out', async () => {
    const dust = orderOf(6, { baseAtoms: 1_000n });
    const ready = await prepare([...SIX.map((index) => orderOf(index)), orderOf(1), dust]);
    expect(codes(ready).sort()).toEqual(
      [
        [orderOf(1).id, 'DUPLICATE'],
        [dust.id, 'DUST'],
      ].sort(),
    );
    expect(settledOf(ready)).toEqual(idsOf(SIX));
    await settleAndCheck(ready);
  });

  test.each([
    ['refuses to move', 1],
    ['keeps a part of what moves', 2],
  ])('a token that %s: its orders go, those of other markets settle', async (_, mood) => {
    const { token, market } = await spoiltMarket();
    const pair = [orderOf(6), orderOf(7)].map((order) => ({
      ...order,
      baseAtoms: E18,
      limitQuoteAtoms: order.side === 'buy' ? 1_100n * E6 : 900n * E6,
      shortfallAtoms: E18 / 10n,
      markets: [market.market.id],
    }));
    const orders = [...SIX.map((index) => orderOf(index)), ...pair];
    expect(settledOf(await prepare(orders, honest, [read, market]))).toHaveLength(8);
    await call(wallets[0]!, token.address, 'become', [mood]);
    const ready = await prepare(orders, honest, [read, market]);
    const spoilt = pair.map((order) => order.id);
    expect(ready.clearing.removed.every(({ orderId }) => spoilt.includes(orderId))).toBe(true);
    expect(ready.clearing.removed.map(({ code }) => code)).toContain('CULPRIT');
    expect(settledOf(ready)).toEqual(idsOf(SIX));
    await settleAndCheck(ready);
  });

  test('nobody is blamed when the solver may not settle', async () => {
    const stranger: BatchPlace = {
      ...place,
      settlement: { ...place.settlement, solver: wallets[7]!.address as Address },
    };
    const orders = SIX.map((index) => orderOf(index));
    await expect(prepare(orders, honest, [{ ...read, place: stranger }])).rejects.toBeInstanceOf(BatchUnsoundError);
  });
});

/** A market of a token that can turn bad, at 1,000 a unit, with both sides in the hands of the last two wallets. */
async function spoiltMarket(): Promise<{ token: Token; market: ReadMarket }> {
  const file = join(__dirname, '../../adapters/test/contracts/SpoiltToken.json');
  const { bytecode } = JSON.parse(readFileSync(file, 'utf8')) as { bytecode: string };
  const factory = new ContractFactory([], bytecode, new Wallet(wallets[0]!.privateKey, chain.provider));
  const deployed = await factory.deploy();
  await deployed.waitForDeployment();
  const address = (await deployed.getAddress()) as Address;
  const token: Token = { chainId: chain.id, address, symbol: 'SPOILT', decimals: 18 };
  for (const wallet of wallets.slice(6)) {
    await call(wallet, address, 'mint', [wallet.address, 10n * E18]);
    await call(wallet, address, 'approve', [place.relayer, MaxUint256]);
  }
  const curve = (side: 'buy' | 'sell'): CostCurve => ({
    side,
    referencePrice: 1_000,
    fixedCost: 5,
    points: [1, 10, 100].map((sizeUnits) => ({ sizeUnits, cost: 5 + 3 * sizeUnits, marginalCost: 3 })),
  });
  const { gas } = read.market;
  const market = {
    id: 'spoilt',
    base: token,
    quote: place.quote,
    midPrice: '1000',
    buy: curve('buy'),
    sell: curve('sell'),
    gas,
  };
  return { token, market: { ...read, market } };
}

describe('evenkeel batch', () => {
  it('wants --demo and a sensible number of portfolios', async () => {
    expect(failureIn(await inProcess(['batch', '--json']))).toMatchObject({ code: 'INVALID_INPUT' });
    const many = await inProcess(['batch', '--demo', '--portfolios', '1000', '--json']);
    expect(failureIn(many)).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('trades alone and together for real', async () => {
    const answer = documentIn(await inProcess(['batch', '--demo', '--portfolios', '12', '--seed', '3', '--json']));
    const keys = ['gasAlone', 'gasTogether', 'costAlone', 'costTogether', 'nettedShare', 'worstSavingBps'] as const;
    expect(answer).toMatchObject({
      portfolios: 12,
      ...Object.fromEntries(keys.map((key) => [key, expect.any(Number)])),
    });
    const { costAlone, costTogether, worstSavingBps } = answer as unknown as Record<(typeof keys)[number], number>;
    expect(costTogether).toBeLessThan(costAlone);
    expect(worstSavingBps).toBeGreaterThan(-0.01);
  });
});

test('orders of the contract name nobody else as receiver', async () => {
  const ready = await prepare(SIX.map((index) => orderOf(index)));
  const receivers = ready.settlements.flatMap(({ signed }) =>
    signed.flatMap(({ fills }) => fills.map(({ order }) => order.receiver)),
  );
  expect(new Set(receivers)).toEqual(new Set([NATIVE_ADDRESS]));
});
