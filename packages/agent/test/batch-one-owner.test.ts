import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setMaxListeners } from 'node:events';
import { soleOwnerCall } from '@evenkeel/accounts/safe';
import { orderTypedData } from '@evenkeel/adapters/gpv2';
import { type OwnerPlace, ownerCalls, tryOwnerSettlement } from '@evenkeel/adapters/batch';
import { type Address, type CostCurve, type Hex, type Token } from '@evenkeel/core';
import { type BatchFill, type BatchOrder, BatchUnsoundError } from '@evenkeel/core/batch';
import { startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { ContractFactory, id, Interface, MaxUint256, Wallet } from 'ethers';
import { newSafe } from '../../accounts/test/support/new-safe.js';
import { chooseWay } from '../src/batch/choose-way.js';
import { balanceOf } from '../src/batch/demo/measure.js';
import { ownerPlaces } from '../src/batch/demo/owner.js';
import { send } from '../src/batch/demo/send.js';
import { BatchOwnerMissingError } from '../src/batch/errors.js';
import { type ReadMarket, readMarket } from '../src/batch/market.js';
import { type BatchPlace, placeOf } from '../src/batch/place.js';
import { prepareBatch, type ReadyBatch, type SignFill } from '../src/batch/settle-batch.js';
import { batchOrder } from './batch-order.js';
import { documentIn, inProcess } from './cli-process.js';

// Accounts of one owner settle by one operation of the owner, on real contracts: a key that delegates to Simple7702Account,
// and a Safe.

jest.setTimeout(120_000);

const E18 = 10n ** 18n;
const E6 = 10n ** 6n;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const erc20 = new Interface([
  'function approve(address, uint256)',
  'function transfer(address, uint256)',
  'function allowance(address, address) view returns (uint256)',
  'function mint(address, uint256)',
  'function become(uint8)',
]);

let world: World;
let chain: WorldChain;
let solver: Wallet;
let start: WorldSnapshot;
let now: number;
const owner = new Wallet(id('one owner'));
const wallets = Array.from({ length: 6 }, (_, i) => new Wallet(id(`account ${i} of one owner`)));
const reads: Record<'key' | 'safe', ReadMarket> = {} as never;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['erc4337', 'safe'] });
  [chain] = world.chains as [WorldChain];
  solver = new Wallet(world.accounts.solver.privateKey);
  const ofKey = (await ownerPlaces(world, owner)).get(chain.id)!;
  const safe = await newSafe(world, chain, [owner.address], 1);
  const parts = { chainId: chain.id, safe, owner: ofKey.account, multiSend: chain.parts.safe!.multiSendCallOnly };
  const ofSafe: OwnerPlace = {
    chainId: chain.id,
    account: safe,
    sender: ofKey.account,
    atomic: (calls) => soleOwnerCall(parts, calls),
  };
  const { tokens } = chain;
  for (const wallet of wallets) {
    await world.fundNative(chain.id, wallet.address as Address, 20n * E18);
    for (const [token, atoms] of [
      [tokens.WETH, 10n * E18],
      [tokens.USDC, 30_000n * E6],
    ] as const) {
      await world.fund(token, wallet.address as Address, atoms);
      for (const spender of [ofKey.account, safe, chain.contracts.cowVaultRelayer]) await allow(wallet, token, spender);
    }
  }
  await world.setBaseFee(chain.id, 1);
  now = await world.clockSeconds();
  for (const [kind, own] of [
    ['key', ofKey],
    ['safe', ofSafe],
  ] as const) {
    reads[kind] = await readMarket(placeOf(chain, solver.address as Address, own), signal, 'multicall');
  }
  start = await world.snapshot();
});
afterAll(() => world.close());
afterEach(() => world.revert(start));

const call = (wallet: Wallet, to: Address, name: string, args: readonly unknown[]) =>
  send(chain, wallet, { to, data: erc20.encodeFunctionData(name, [...args]) as Hex });
const allow = (wallet: Wallet, { address }: Token, spender: Address, atoms = MaxUint256) =>
  call(wallet, address, 'approve', [spender, atoms]);

const orderOf = (index: number, read: ReadMarket, change?: Partial<BatchOrder>): BatchOrder =>
  batchOrder(index, read, wallets[index]!, now, change);

const SIX = [0, 1, 2, 3, 4, 5];
const sixOf = (read: ReadMarket): readonly BatchOrder[] => SIX.map((index) => orderOf(index, read));
const unsigned: SignFill = () => Promise.reject(new Error('an account of the owner signs nothing'));
const runOf = (orders: readonly BatchOrder[], markets: readonly ReadMarket[], sign: SignFill = unsigned) => ({
  markets,
  orders,
  nowSeconds: now,
  alone: 'in-turn' as const,
  validTo: now + 600,
  sign,
  feeReceiver: markets[0]!.place.owner?.account ?? (solver.address as Address),
  signal,
});
const prepare = (orders: readonly BatchOrder[], markets: readonly ReadMarket[]) =>
  prepareBatch({ ...runOf(orders, markets), way: 'multicall' });
const codes = ({ clearing }: ReadyBatch) => clearing.removed.map(({ code, orderId }) => [orderId, code]);

async function holdings(owners: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
  const { USDC, WETH } = chain.tokens;
  const pairs = owners.flatMap((each) => [WETH, USDC].map((token) => ({ each, token })));
  const atoms = await Promise.all(pairs.map(({ each, token }) => balanceOf(world, token, each)));
  return new Map(pairs.map(({ each, token }, i) => [`${each} ${token.symbol}`, atoms[i]!]));
}

/** Sends the operation and checks every atom, and that no router may take anything afterwards. */
async function settleAndCheck({ clearing, settlements }: ReadyBatch, { market, place }: ReadMarket): Promise<void> {
  const account = place.owner!.account;
  const before = await holdings([...wallets.map(({ address }) => address), account]);
  for (const settlement of settlements) expect((await send(chain, owner, settlement.call)).status).toBe(1);
  const after = await holdings([...wallets.map(({ address }) => address), account]);
  const moved = (who: string, token: Token) =>
    after.get(`${who} ${token.symbol}`)! - before.get(`${who} ${token.symbol}`)!;
  const cleared = clearing.markets.find(({ marketId }) => marketId === market.id)!;
  for (const { address } of wallets) {
    const own = cleared.fills.filter(({ order }) => order.owner === address);
    const sum = (atoms: (fill: BatchFill) => bigint) => own.reduce((total, fill) => total + atoms(fill), 0n);
    expect(moved(address, market.base)).toBe(sum(({ baseAtoms, side }) => (side === 'buy' ? baseAtoms : -baseAtoms)));
    expect(moved(address, market.quote)).toBe(
      sum(({ quoteAtoms, side }) => (side === 'buy' ? -quoteAtoms : quoteAtoms)),
    );
  }
  // What the swap brings beyond what was asked of it stays there as well.
  expect(moved(account, market.quote)).toBeGreaterThanOrEqual(cleared.fees.quoteAtoms + cleared.dustQuoteAtoms);
  expect(moved(account, market.base)).toBeGreaterThanOrEqual(cleared.fees.baseAtoms);
  for (const router of place.venues.flatMap((venue) => venue.targets(chain.id))) {
    for (const { address } of [market.base, market.quote]) {
      const data = erc20.encodeFunctionData('allowance', [account, router]);
      expect(BigInt((await chain.rpc('eth_call', [{ to: address, data }, 'latest'])) as string)).toBe(0n);
    }
  }
}

describe.each(['key', 'safe'] as const)('by a %s', (kind) => {
  test('one operation settles the batch to the atom, and leaves nothing approved', async () => {
    const read = reads[kind];
    const ready = await prepare(sixOf(read), [read]);
    expect(ready.clearing.removed).toEqual([]);
    expect(ready.clearing.markets[0]!.remainder).toBeDefined();
    expect(ready.clearing.markets[0]!.fills.every(({ cost, costAlone }) => cost <= costAlone)).toBe(true);
    expect(ready.settlements).toHaveLength(1);
    await settleAndCheck(ready, read);
  });
});

describe('the culprit is named and removed, the rest settles, nobody loses', () => {
  const spoilt: readonly [string, () => Promise<unknown>][] = [
    ['cannot pay', () => call(wallets[2]!, chain.tokens.USDC.address, 'transfer', [owner.address, 29_000n * E6])],
    ['has taken its allowance back', () => allow(wallets[2]!, chain.tokens.USDC, owner.address as Address, 0n)],
  ];
  test.each(spoilt)('who %s', async (_, spoil) => {
    const read = reads.key;
    const late = await prepare(sixOf(read), [read]);
    await spoil();
    const everybody = [...wallets.map(({ address }) => address), owner.address];
    const before = await holdings(everybody);
    await expect(send(chain, owner, late.settlements[0]!.call)).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
    expect(await holdings(everybody)).toEqual(before);
    const again = await prepare(sixOf(read), [read]);
    expect(codes(again)).toEqual([[orderOf(2, read).id, 'CULPRIT']]);
    await settleAndCheck(again, read);
  });

  test('two orders that spend the same money: one of them stays', async () => {
    const read = reads.key;
    await call(wallets[2]!, chain.tokens.USDC.address, 'transfer', [solver.address, 25_500n * E6]);
    const ready = await prepare([...sixOf(read), orderOf(2, read, { id: id('the same money again') })], [read]);
    expect(ready.clearing.removed.map(({ code }) => code)).toEqual(['CULPRIT']);
    await settleAndCheck(ready, read);
  });

  test.each([
    ['refuses to move', 1],
    ['keeps a part of what moves', 2],
  ])('a token that %s: its orders go, those of other markets settle', async (_, mood) => {
    const read = reads.key;
    const bad = await spoiltMarket(read);
    const pair = [4, 5].map((index) => ({
      ...orderOf(index, bad, { id: id(`spoilt ${index}`) }),
      baseAtoms: E18,
      limitQuoteAtoms: index % 2 === 0 ? 1_100n * E6 : 900n * E6,
      shortfallAtoms: E18 / 10n,
    }));
    const orders = [...SIX.slice(0, 4).map((index) => orderOf(index, read)), ...pair];
    expect((await prepare(orders, [read, bad])).clearing.removed).toEqual([]);
    await call(wallets[0]!, bad.market.base.address, 'become', [mood]);
    const ready = await prepare(orders, [read, bad]);
    expect(ready.clearing.removed.map(({ orderId }) => orderId).sort()).toEqual(pair.map((each) => each.id).sort());
    expect(ready.clearing.removed.map(({ code }) => code)).toContain('CULPRIT');
    await settleAndCheck(ready, read);
  });
});

test('the account that settles may have a need of its own', async () => {
  const read = reads.key;
  for (const [token, atoms] of [
    [chain.tokens.WETH, 10n * E18],
    [chain.tokens.USDC, 30_000n * E6],
  ] as const) {
    await world.fund(token, owner.address as Address, atoms);
  }
  const own = orderOf(0, read, { id: id('its own'), owner: owner.address as Address });
  const ready = await prepare([...sixOf(read), own], [read]);
  expect(ready.clearing.removed).toEqual([]);
  const [before] = [await holdings([owner.address])];
  await send(chain, owner, ready.settlements[0]!.call);
  const after = await holdings([owner.address]);
  const [cleared] = ready.clearing.markets;
  const fill = cleared!.fills.find(({ order }) => order.id === own.id)!;
  const gained = (symbol: string) =>
    after.get(`${owner.address} ${symbol}`)! - before.get(`${owner.address} ${symbol}`)!;
  expect(gained('WETH')).toBeGreaterThanOrEqual(fill.baseAtoms + cleared!.fees.baseAtoms);
  expect(gained('USDC')).toBe(cleared!.fees.quoteAtoms + cleared!.dustQuoteAtoms - fill.quoteAtoms);
});

test('nobody is blamed for a router that is left with an allowance, nor for a stranger who sends', async () => {
  const read = reads.key;
  const { clearing, settlements } = await prepare(sixOf(read), [read]);
  const [settlement] = settlements;
  const place = read.place.owner!;
  const data = erc20.encodeFunctionData('approve', [read.place.relayer, 7n]) as Hex;
  const more = { ...settlement!.markets[0]!.route[0]!, to: read.market.quote.address, data };
  const markets = settlement!.markets.map((market) => ({ ...market, route: [...market.route, more] }));
  expect(await tryOwnerSettlement(read.place.chain, place, settlement!.markets, signal)).toMatchObject({ sound: true });
  expect(await tryOwnerSettlement(read.place.chain, place, markets, signal)).toMatchObject({
    sound: false,
    culprits: [],
  });
  expect(clearing.markets).toHaveLength(1);
  expect(ownerCalls(markets, place.account).length).toBe(ownerCalls(settlement!.markets, place.account).length + 1);
  const foreign: BatchPlace = { ...read.place, owner: { ...place, sender: wallets[0]!.address as Address } };
  await expect(prepare(sixOf(read), [{ ...read, place: foreign }])).rejects.toBeInstanceOf(BatchUnsoundError);
});

test('of two ways the one is chosen by which all save more, and the other settles the same fills', async () => {
  const read = reads.key;
  const sign: SignFill = async (domain, order, intent) => {
    const { domain: signed, message, types } = orderTypedData(domain, order);
    const { EIP712Domain: _, ...structs } = types;
    const wallet = wallets.find(({ address }) => address === intent.owner)!;
    const signature = (await wallet.signTypedData(signed, structs as never, message)) as Hex;
    return { scheme: 'eip712', owner: intent.owner, signature };
  };
  const feeReceivers = { gpv2: solver.address as Address, multicall: owner.address as Address };
  const choice = await chooseWay(runOf(sixOf(read), [read], sign), feeReceivers);
  expect(choice.way).toBe('multicall');
  const [multicall, gpv2] = choice.weighed;
  expect([multicall!.way, gpv2!.way]).toEqual(['multicall', 'gpv2']);
  expect(multicall!.saving).toBeGreaterThan(gpv2!.saving);
  expect(choice.other!.clearing).toBe(choice.batch.clearing);
  expect(choice.batch.gasUsed).toBeLessThan(choice.other!.gasUsed);
  await send(chain, solver, choice.other!.settlements[0]!.call);
  await world.revert(start);
  await settleAndCheck(choice.batch, read);
  const place = placeOf(chain, solver.address as Address);
  await expect(prepare(sixOf(read), [{ ...read, place }])).rejects.toBeInstanceOf(BatchOwnerMissingError);
});

/** A market of a token that can turn bad, at 1,000 a unit, with both sides in the hands of the last two accounts. */
async function spoiltMarket(read: ReadMarket): Promise<ReadMarket> {
  const file = join(__dirname, '../../adapters/test/contracts/SpoiltToken.json');
  const { bytecode } = JSON.parse(readFileSync(file, 'utf8')) as { bytecode: string };
  const deployed = await new ContractFactory([], bytecode, new Wallet(wallets[0]!.privateKey, chain.provider)).deploy();
  await deployed.waitForDeployment();
  const address = (await deployed.getAddress()) as Address;
  const base: Token = { chainId: chain.id, address, symbol: 'SPOILT', decimals: 18 };
  for (const wallet of wallets.slice(4)) {
    await call(wallet, address, 'mint', [wallet.address, 10n * E18]);
    await allow(wallet, base, read.place.owner!.account);
  }
  const curve = (side: 'buy' | 'sell'): CostCurve => ({
    side,
    referencePrice: 1_000,
    fixedCost: 5,
    points: [1, 10, 100].map((sizeUnits) => ({ sizeUnits, cost: 5 + 3 * sizeUnits, marginalCost: 3 })),
  });
  const { gas, quote } = read.market;
  const market = { id: 'spoilt', base, quote, midPrice: '1000', buy: curve('buy'), sell: curve('sell'), gas };
  return { ...read, market };
}

test('evenkeel batch --one-owner prints the gas of both ways for the same fills', async () => {
  const answer = documentIn(
    await inProcess(['batch', '--demo', '--one-owner', '--portfolios', '6', '--seed', '3', '--json']),
  ) as Record<string, unknown> & { ways: { gas: Record<string, number> } };
  expect(answer).toMatchObject({ portfolios: 6, way: 'multicall' });
  expect(answer.ways.gas['multicall']!).toBeLessThan(answer.ways.gas['gpv2']!);
  expect(answer['worstSavingBps']).toBeGreaterThan(-0.01);
});
