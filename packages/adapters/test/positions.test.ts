import { setMaxListeners } from 'node:events';
import { aaveV3Account } from '@evenkeel/adapters/aave-v3';
import {
  positionSourceConformance,
  type PositionLie,
  type PositionSourceSubject,
  runChecks,
} from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { erc4626Holdings } from '@evenkeel/adapters/erc4626';
import { optionBookView } from '@evenkeel/adapters/option-book';
import { feedAnswer, type PriceBump, revalue, type RevalueOptions, storageWord } from '@evenkeel/adapters/revalue';
import { uniswapV4Positions } from '@evenkeel/adapters/uniswap-v4';
import {
  type Address,
  type Chain,
  type Position,
  type PositionReading,
  type PositionSource,
  type Token,
  valuePosition,
} from '@evenkeel/core';
import { liquidationOf } from '@evenkeel/core/exposure';
import type { AaveV3Contracts } from '@evenkeel/devnet';
import { AbiCoder, Interface, ZeroAddress, zeroPadValue } from 'ethers';
import { deploy } from './support/deploy.js';
import { type Bench, E18, E6, erc20, FAR_DEADLINE, openBench, patient } from './uniswap/bench.js';

jest.setTimeout(60_000);
setMaxListeners(0);

const coder = AbiCoder.defaultAbiCoder();
const vaultAbi = new Interface([
  'function deposit(uint256, address) returns (uint256)',
  'function redeem(uint256, address, address) returns (uint256)',
]);
const poolAbi = new Interface([
  'function supply(address, uint256, address, uint16)',
  'function borrow(address, uint256, uint256, uint16, address)',
  'function getUserAccountData(address) view returns (uint256, uint256, uint256, uint256, uint256, uint256)',
  'function getUserReserveData(address, address) view returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256, uint40, bool)',
  'function getReserveConfigurationData(address) view returns (uint256, uint256, uint256, uint256, uint256, bool, bool, bool, bool, bool)',
]);
const ledgerAbi = new Interface([
  'function write(address, (bytes32, bool, int256, uint256, uint64, uint256, uint256, uint64))',
  'function optionCount(address) view returns (uint256)',
]);
const noteAbi = new Interface(['function issue(address, uint256)']);
const managerAbi = new Interface([
  'function modifyLiquidities(bytes, uint256) payable',
  'function safeTransferFrom(address, address, uint256)',
  'function nextTokenId() view returns (uint256)',
  'function balanceOf(address) view returns (uint256)',
]);
const permit2Abi = new Interface(['function approve(address, address, uint160, uint48)']);
const VALUE = 'function valueOf(address owner) view returns (uint256)';

let bench: Bench;
let weth: Token;
let usdc: Token;
let aave: AaveV3Contracts;
let owner: Address;
let stranger: Address;
let vault: Address;
let ledger: Address;
let note: Address;
let kinkedNote: Address;

beforeAll(async () => {
  bench = await openBench(['aave-v3']);
  ({ WETH: weth, USDC: usdc } = bench.local.tokens);
  aave = bench.local.parts.aaveV3!;
  owner = bench.trader;
  stranger = bench.world.accounts.stranger.address;
  vault = await deploy(bench.local, owner, 'ShareVault', ['address'], [weth.address]);
  ledger = await deploy(bench.local, owner, 'OptionLedger');
  await openAccount();
  await fillVault();
  await writeOptions();
  await issueNotes();
  await mintV4();
}, 120_000);
afterAll(() => bench?.close());

/** 10 WETH supplied, 12,000 USDC owed. */
async function openAccount(): Promise<void> {
  await bench.send(owner, weth.address, erc20.encodeFunctionData('approve', [aave.pool, 10n * E18]));
  await bench.send(owner, aave.pool, poolAbi.encodeFunctionData('supply', [weth.address, 10n * E18, owner, 0]));
  await bench.send(owner, aave.pool, poolAbi.encodeFunctionData('borrow', [usdc.address, 12_000n * E6, 2, 0, owner]));
}

/** 4 WETH of the owner's beside 1 of another's, and 0.5 more that came as profit. */
async function fillVault(): Promise<void> {
  for (const [who, atoms] of [
    [owner, 4n * E18],
    [bench.provider, E18],
  ] as const) {
    await bench.send(who, weth.address, erc20.encodeFunctionData('approve', [vault, atoms]));
    await bench.send(who, vault, vaultAbi.encodeFunctionData('deposit', [atoms, who]));
  }
  await bench.world.fund(weth, vault, E18 / 2n);
}

const expiry = 4_000_000_000;
const wad = (text: number): bigint => BigInt(Math.round(text * 1e6)) * 10n ** 12n;

async function writeOptions(): Promise<void> {
  const option = (id: number, isCall: boolean, size: number, volatility: number): unknown[] => [
    zeroPadValue(`0x0${id}`, 32),
    isCall,
    wad(size),
    wad(3000),
    expiry,
    wad(volatility),
    wad(1.01),
    0,
  ];
  for (const each of [option(1, true, -10, 0.7), option(2, false, 2.5, 0)]) {
    await bench.send(owner, ledger, ledgerAbi.encodeFunctionData('write', [owner, each]));
  }
}

/** A feed of Aave's own with the answer in slot 0 knows no rounds: code of ours that answers rounds stands in for it. */
async function issueNotes(): Promise<void> {
  const feed = feedAnswer({ address: aave.feeds.WETH, decimals: 8 });
  const { code } = feed.override(3000, 1, 0n);
  await bench.local.rpc('anvil_setCode', [FEED, code]);
  note = await deploy(bench.local, owner, 'SquaredNote', ['address', 'uint256'], [FEED, 0]);
  // Its floor lies 0.4 % above the price.
  kinkedNote = await deploy(bench.local, owner, 'SquaredNote', ['address', 'uint256'], [FEED, 3012n * 10n ** 8n]);
  for (const each of [note, kinkedNote]) {
    await bench.send(owner, each, noteAbi.encodeFunctionData('issue', [owner, 2n * E18]));
  }
}
const FEED: Address = '0x00000000000000000000000000000000000feed1';

/** One position of WETH and USDC in the seeded pool, whose ticks the world lays around its price. */
async function mintV4(): Promise<void> {
  const { permit2, uniswapV4PositionManager: manager } = bench.local.contracts;
  const pool = bench.local.pools.find((each) => each.kind === 'uniswap-v4');
  if (pool?.kind !== 'uniswap-v4') throw new Error('no V4 pool');
  const { currency0, currency1, fee, hooks, tickSpacing } = pool.key;
  for (const token of [weth, usdc]) {
    await bench.send(owner, token.address, erc20.encodeFunctionData('approve', [permit2, 2n ** 256n - 1n]));
    const allow = permit2Abi.encodeFunctionData('approve', [token.address, manager, 2n ** 160n - 1n, FAR_DEADLINE]);
    await bench.send(owner, permit2, allow);
  }
  const most = 2n ** 128n - 1n;
  const wide = Math.floor(887_200 / tickSpacing) * tickSpacing;
  const mint = coder.encode(
    ['(address,address,uint24,int24,address)', 'int24', 'int24', 'uint256', 'uint128', 'uint128', 'address', 'bytes'],
    [[currency0, currency1, fee, tickSpacing, hooks], -wide, wide, 10n ** 14n, most, most, owner, '0x'],
  );
  const settle = coder.encode(['address', 'address'], [currency0, currency1]);
  const unlock = coder.encode(['bytes', 'bytes[]'], ['0x020d', [mint, settle]]);
  await bench.send(owner, manager, managerAbi.encodeFunctionData('modifyLiquidities', [unlock, FAR_DEADLINE]));
}

const overVaults = (chain: Chain): PositionSource =>
  erc4626Holdings({ chain, vaults: [{ vault, asset: weth, deltaPerUnit: '1', valuePerUnit: '0' }] });
const overAave = (chain: Chain, assets = [weth, usdc]): PositionSource =>
  aaveV3Account({
    chain,
    addressesProvider: aave.addressesProvider,
    assets: assets.map((token) => ({
      token,
      deltaPerUnit: token === weth ? '1' : '0',
      valuePerUnit: token === weth ? '0' : '1',
    })),
  });
const overV4 = (chain: Chain): PositionSource =>
  uniswapV4Positions({
    chain,
    positionManager: bench.local.contracts.uniswapV4PositionManager,
    stateView: bench.local.contracts.uniswapV4StateView,
    underlying: weth,
    numeraires: [usdc],
  });
const overLedger = (chain: Chain): PositionSource => optionBookView({ chain, contract: ledger, underlying: 'ETH' });
const overNote = (chain: Chain, more: Partial<RevalueOptions> = {}): PositionSource =>
  revalue({
    chain,
    id: 'note',
    label: 'Squared note',
    value: { to: note, signature: VALUE, args: ['$owner'], decimals: 18 },
    price: { to: FEED, signature: 'function latestAnswer() view returns (int256)', decimals: 8 },
    bump: feedAnswer({ address: FEED, decimals: 8 }),
    holding: {
      to: note,
      signature: 'function notes(address owner) view returns (uint256)',
      args: ['$owner'],
      decimals: 18,
    },
    multicall3: bench.local.contracts.multicall3,
    ...more,
  });

const read = (source: PositionSource, of: Address = owner): Promise<readonly PositionReading[]> =>
  source.read(of, patient());

function known(readings: readonly PositionReading[]): Extract<PositionReading, { status: 'known' }> {
  const [reading, ...others] = readings;
  if (reading?.status !== 'known' || others.length > 0)
    throw new Error(
      `not one that is known: ${JSON.stringify(readings, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  return reading;
}

function positionOf<K extends Position['kind']>(
  readings: readonly PositionReading[],
  kind: K,
): Extract<Position, { kind: K }> {
  const { position } = known(readings);
  if (position.kind !== kind) throw new Error(position.kind);
  return position as Extract<Position, { kind: K }>;
}

/** Requests of the second of two readings. */
async function requestsOf(source: PositionSource): Promise<number> {
  await read(source);
  const before = bench.chain.requestCount();
  await read(source);
  return bench.chain.requestCount() - before;
}

describe('ERC-4626 shares', () => {
  test('are looked through to the asset, profit included, in one request', async () => {
    const source = overVaults(bench.chain);
    const position = positionOf(await read(source), 'vault');
    // Four fifths of 5.5, less the atom that the vault rounds down.
    expect(Number(position.scale)).toBeCloseTo(4.4, 15);
    const { deltaUnits, value } = valuePosition(position, 3000, 0);
    expect([deltaUnits, value]).toEqual([expect.closeTo(4.4, 12), expect.closeTo(13_200, 8)]);
    expect(await requestsOf(source)).toBe(1);
  });

  test('follow deposits, and none are a known nothing', async () => {
    const source = overVaults(bench.chain);
    await read(source);
    await bench.send(owner, weth.address, erc20.encodeFunctionData('approve', [vault, E18]));
    await bench.send(owner, vault, vaultAbi.encodeFunctionData('deposit', [E18, owner]));
    expect(Number(positionOf(await read(source), 'vault').scale)).toBeCloseTo(5.4, 15);
    expect(positionOf(await read(source, stranger), 'vault').scale).toBe('0');
  });

  test('of another asset, or one with other decimals, are unknown beside those that are read', async () => {
    const more = { deltaPerUnit: '1', valuePerUnit: '0' };
    const source = erc4626Holdings({
      chain: bench.chain,
      vaults: [
        { vault, asset: weth, ...more },
        { vault, asset: usdc, ...more },
        { vault, asset: { ...weth, decimals: 8 }, ...more },
        { vault: stranger, asset: weth, ...more },
      ],
    });
    expect((await read(source)).map(({ status }) => status)).toEqual(['known', 'unknown', 'unknown', 'unknown']);
  });
});

describe('an account of Aave', () => {
  test('is what the pool says it is, and where it is liquidated, in one request', async () => {
    const source = overAave(bench.chain);
    const position = positionOf(await read(source), 'lending');
    expect(position.collateral).toEqual([
      {
        amountUnits: '10',
        deltaPerUnit: '1',
        valuePerUnit: '0',
        liquidationThreshold: '0.83',
        liquidationBonus: '0.05',
      },
    ]);
    const { deltaUnits, value } = valuePosition(position, 3000, 0);
    expect(deltaUnits).toBe(10);
    const { results } = await bench.chain.read([
      { to: aave.pool, data: poolAbi.encodeFunctionData('getUserAccountData', [owner]) as `0x${string}` },
    ]);
    const [collateral, debt, , , , health] = poolAbi.decodeFunctionResult('getUserAccountData', results[0]!.data);
    expect(value).toBeCloseTo(Number((collateral as bigint) - (debt as bigint)) / 1e8, 3);
    // Health is one where the price has fallen by as much as it is above one.
    expect(liquidationOf(position)!.spot).toBeCloseTo(3000 / (Number(health) / 1e18), 3);
    expect(await requestsOf(source)).toBe(1);
  });

  test('with an asset that nobody has described is unknown as a whole; without any it is nothing', async () => {
    expect(await read(overAave(bench.chain, [weth]))).toMatchObject([{ status: 'unknown' }]);
    expect(await read(overAave(bench.chain, [weth, { ...usdc, decimals: 18 }]))).toMatchObject([{ status: 'unknown' }]);
    expect(await read(overAave(bench.chain), stranger)).toEqual([]);
  });
});

describe('Uniswap V4 positions', () => {
  test('are found by their events, read in one request once known, and worth what was paid in', async () => {
    const source = overV4(bench.chain);
    const position = positionOf(await read(source), 'concentrated-liquidity');
    expect(position.liquidity).toBe(10n ** 14n);
    // A range of all prices holds L/√S of the underlying, which is 10^14 / 10^12 in human units of 18 and 6 decimals.
    const { deltaUnits, value } = valuePosition(position, 3000, 0);
    expect(deltaUnits).toBeCloseTo(100 / Math.sqrt(3000), 3);
    expect(value).toBeCloseTo(200 * Math.sqrt(3000), 1);
    expect(await requestsOf(source)).toBe(1);
  });

  test('earn fees, and follow their owner', async () => {
    const [pool] = await bench.pools(bench.v4, [weth, usdc]);
    const amountIn = 50_000n * E6;
    const tokenIn = usdc.address.toLowerCase() < weth.address.toLowerCase() ? 0 : 1;
    const calls = bench.v4.build({
      kind: 'swap',
      pool: pool!,
      tokenIn: pool!.tokens[tokenIn],
      tokenOut: pool!.tokens[1 - tokenIn]!,
      amountIn,
      minReceived: 1n,
      sender: owner,
      recipient: owner,
      deadline: FAR_DEADLINE,
    });
    await bench.sendAll(owner, calls);
    const source = overV4(bench.chain);
    const { id, position } = known(await read(source));
    expect((position as { owed: readonly bigint[] }).owed[tokenIn]).toBeGreaterThan(0n);
    const tokenId = BigInt(id.split(':').at(-1)!);
    const manager = bench.local.contracts.uniswapV4PositionManager;
    const move = (from: Address, to: Address) =>
      bench.send(from, manager, managerAbi.encodeFunctionData('safeTransferFrom', [from, to, tokenId]));
    const other = bench.provider;
    const before = await read(source, other);
    await move(owner, other);
    expect(await read(source)).toEqual([]);
    expect((await read(source, other)).length).toBe(
      before.length === 1 && before[0]!.status === 'unknown' ? 1 : before.length + 1,
    );
    await move(other, owner);
    expect(known(await read(source)).id).toBe(id);
  });

  test('whose events are not there are unknown, not gone', async () => {
    const deaf = { ...bench.chain, logs: () => Promise.resolve([]) };
    expect(await read(overV4(deaf))).toMatchObject([
      { status: 'unknown', reason: expect.stringContaining('counts 1') },
    ]);
  });
});

describe('options in a contract', () => {
  test('are read with what the contract states; without a volatility only within their size', async () => {
    const readings = await read(overLedger(bench.chain));
    expect(readings).toMatchObject([
      {
        status: 'known',
        position: {
          optionType: 'call',
          sizeUnits: '-10',
          strike: '3000',
          annualVolatility: '0.7',
          forwardRatio: '1.01',
        },
      },
      { status: 'unknown', deltaBounds: { low: '-2.525', high: '0' } },
    ]);
    const volatilityFeed = {
      realised: () => Promise.resolve({ value: '0.65', asOf: { source: 'feed', timeSeconds: 1_000 } }),
    };
    const fed = await read(optionBookView({ chain: bench.chain, contract: ledger, underlying: 'ETH', volatilityFeed }));
    // As old as the oldest thing that it is made of.
    expect(fed[1]).toMatchObject({
      status: 'known',
      position: { annualVolatility: '0.65' },
      asOf: { timeSeconds: 1_000 },
    });
    expect(await read(overLedger(bench.chain), stranger)).toEqual([]);
  });
});

describe('bump and revalue', () => {
  test('finds delta and gamma of a value whose formula nobody told', async () => {
    // V = 2·S²/1000: 18,000 at 3,000, with delta 12 and gamma 0.004.
    const reading = known(await read(overNote(bench.chain)));
    const { number, timeSeconds } = await bench.chain.block('latest');
    expect(reading.asOf).toEqual({ source: 'note', chainId: bench.chain.id, blockNumber: number, timeSeconds });
    const { deltaUnits, gammaPerUnit, value } = valuePosition(reading.position, 3000, 0);
    expect(value).toBeCloseTo(18_000, 6);
    expect(deltaUnits).toBeCloseTo(12, 6);
    expect(gammaPerUnit).toBeCloseTo(0.004, 8);
    expect(valuePosition(reading.position, 3060, 0).value).toBeCloseTo((2 * 3060 ** 2) / 1000, 4);
    expect(await requestsOf(overNote(bench.chain))).toBeLessThanOrEqual(8);
    expect(await read(overNote(bench.chain), stranger)).toEqual([]);
  });

  test('finds an account’s delta through a word of storage of the feed that its protocol reads', async () => {
    const source = revalue({
      chain: bench.chain,
      id: 'aave-collateral',
      label: 'Aave collateral',
      value: {
        to: aave.pool,
        signature:
          'function getUserAccountData(address) view returns (uint256, uint256, uint256, uint256, uint256, uint256)',
        args: [owner],
        decimals: 8,
      },
      price: {
        to: aave.oracle,
        signature: 'function getAssetPrice(address) view returns (uint256)',
        args: [weth.address],
        decimals: 8,
      },
      bump: storageWord({ address: aave.feeds.WETH, slot: '0x0' }),
      multicall3: bench.local.contracts.multicall3,
    });
    const { deltaUnits, gammaPerUnit } = valuePosition(known(await read(source)).position, 3000, 0);
    expect(deltaUnits).toBeCloseTo(10, 6);
    expect(gammaPerUnit).toBe(0);
  });

  test('a kink within the bump leaves it unknown between the slopes on its two sides', async () => {
    const at = { to: kinkedNote, signature: VALUE, args: ['$owner'], decimals: 18 };
    const [reading] = await read(overNote(bench.chain, { value: at }));
    expect(reading).toMatchObject({ status: 'unknown', reason: expect.stringContaining('kink') });
    const { low, high } = (reading as { deltaBounds: { low: string; high: string } }).deltaBounds;
    expect(+low).toBe(0);
    // 2·2·S/1000 above the floor.
    expect(+high).toBeGreaterThan(12);
  });

  test.each([
    ['value', { value: { to: ZeroAddress as Address, signature: 'valueOf(address)', args: [], decimals: 18 } }],
    ['holding', { holding: { to: ZeroAddress as Address, signature: 'not solidity', decimals: 18 } }],
    ['bumpShare', { bumpShare: 0 }],
    ['validWithinShare', { validWithinShare: Number.NaN }],
  ])('a bad %s is refused by name', (field, more) => {
    expect(() => overNote(bench.chain, more)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
  });

  const unmoved = (bump: PriceBump, price?: RevalueOptions['price']) =>
    read(overNote(bench.chain, { bump, ...(price === undefined ? {} : { price }) }));

  test('a bump that the view does not see, a wrong slot and a reverting view are unknown, never a delta of zero', async () => {
    // The price that is read is bumped, and the note reads another feed.
    const decoy = { to: aave.feeds.WETH, signature: 'function latestAnswer() view returns (int256)', decimals: 8 };
    const deaf = await unmoved(feedAnswer({ address: aave.feeds.WETH, decimals: 8 }), decoy);
    expect(deaf).toMatchObject([{ status: 'unknown', reason: expect.stringContaining('at every price') }]);
    const wrongSlot = await unmoved(storageWord({ address: aave.feeds.WETH, slot: '0x7' }), decoy);
    expect(wrongSlot).toMatchObject([{ status: 'unknown', reason: expect.stringContaining('override makes it') }]);
    const wrongDecimals = await unmoved(feedAnswer({ address: FEED, decimals: 18 }));
    expect(wrongDecimals).toMatchObject([{ status: 'unknown', reason: expect.stringContaining('override makes it') }]);
    const value = { to: ledger, signature: VALUE, args: ['$owner'], decimals: 18 };
    expect(await read(overNote(bench.chain, { value }))).toMatchObject([
      { status: 'unknown', reason: expect.stringContaining('reverts') },
    ]);
  });
});

/** The first output of a view, said to be another number; everything else as it is. */
function saying(
  abi: Interface,
  name: string,
  index: number,
  change: (value: bigint) => bigint,
  only?: string,
): NonNullable<PositionLie['tamper']> {
  const { selector } = abi.getFunction(name)!;
  return (call, result) => {
    if (!call.data.startsWith(selector) || (only !== undefined && !call.data.includes(only.slice(2).toLowerCase())))
      return result;
    const at = 2 + 64 * index;
    const word = change(BigInt(`0x${result.data.slice(at, at + 64)}`))
      .toString(16)
      .padStart(64, '0');
    return { ...result, data: `0x${result.data.slice(2, at)}${word}${result.data.slice(at + 64)}` };
  };
}
const convertAbi = new Interface([
  'function convertToAssets(uint256) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function totalAssets() view returns (uint256)',
]);
const zero = (): bigint => 0n;

/** A chain on which a block comes between any two simulations. */
function restless(chain: Chain): Chain {
  const blockNumber = new Interface(['function getBlockNumber() view returns (uint256)']).getFunction(
    'getBlockNumber',
  )!;
  let ticks = 0n;
  return {
    ...chain,
    simulate: async (request, signal) => {
      const results = await chain.simulate(request, signal);
      const tick = ticks++;
      return results.map((result, index) =>
        request.calls[index]!.data === blockNumber.selector
          ? { ...result, data: `0x${(BigInt(result.data) + tick).toString(16).padStart(64, '0')}` as const }
          : result,
      );
    },
  };
}

interface Case {
  readonly over: (chain: Chain) => PositionSource;
  readonly lies: () => readonly PositionLie[];
}

const cases: Readonly<Record<string, Case>> = {
  'ERC-4626 shares': {
    over: overVaults,
    lies: () => [
      { name: 'shares convert to nothing', tamper: saying(convertAbi, 'convertToAssets', 0, zero) },
      {
        name: 'shares convert to ten times their part',
        tamper: saying(convertAbi, 'convertToAssets', 0, (n) => n * 10n),
      },
      { name: 'the asset has other decimals', tamper: saying(convertAbi, 'decimals', 0, () => 6n) },
    ],
  },
  'an Aave account': {
    over: overAave,
    lies: () => [
      { name: 'the debt is said to be zero', tamper: saying(poolAbi, 'getUserReserveData', 2, zero, usdc.address) },
      {
        name: 'the collateral is said to be zero',
        tamper: saying(poolAbi, 'getUserReserveData', 0, zero, weth.address),
      },
      { name: 'the account is said to be empty', tamper: saying(poolAbi, 'getUserAccountData', 0, zero) },
      {
        name: 'an asset has other decimals',
        tamper: saying(poolAbi, 'getReserveConfigurationData', 0, () => 8n, weth.address),
      },
    ],
  },
  'Uniswap V4 positions': {
    over: overV4,
    lies: () => [
      { name: 'there is one more than events show', tamper: saying(managerAbi, 'balanceOf', 0, (n) => n + 1n) },
      { name: 'no event is there', chain: (chain) => ({ ...chain, logs: () => Promise.resolve([]) }) },
    ],
  },
  'options in a contract': {
    over: overLedger,
    lies: () => [{ name: 'there are more than it lists', tamper: saying(ledgerAbi, 'optionCount', 0, (n) => n + 1n) }],
  },
  'a revalued note': {
    over: overNote,
    lies: () => [
      { name: 'a block comes between the bumps', chain: restless },
      { name: 'its value is zero at every price', tamper: saying(new Interface([VALUE]), 'valueOf', 0, zero) },
    ],
  },
};

for (const [name, { lies, over }] of Object.entries(cases)) {
  const subject = (): PositionSourceSubject => ({
    source: over(bench.chain),
    owner,
    stranger,
    over: { chain: bench.chain, source: over },
    lies: lies(),
  });
  describeConformance(name, positionSourceConformance(subject));
}

describe('a bad source fails', () => {
  const failures = async (source: (chain: Chain) => PositionSource, lies: readonly PositionLie[] = []) => {
    const subject = { source: source(bench.chain), owner, stranger, over: { chain: bench.chain, source }, lies };
    const results = await runChecks(positionSourceConformance(subject));
    return results.flatMap(({ name, status }) => (status === 'failed' ? [name] : []));
  };
  const reading = (id: string, atoms: bigint, block: { number: number; timeSeconds: number }): PositionReading =>
    Object.freeze({
      status: 'known',
      id,
      label: id,
      position: Object.freeze({
        kind: 'holding',
        amount: Object.freeze({ token: weth, atoms }),
        deltaPerUnit: '1',
        valuePerUnit: '0',
      }),
      asOf: Object.freeze({ source: 'bad', timeSeconds: block.timeSeconds, blockNumber: block.number }),
    });
  const balanceCall = (of: Address) => ({
    to: weth.address,
    data: erc20.encodeFunctionData('balanceOf', [of]) as `0x${string}`,
  });
  const bad =
    (readOne: (chain: Chain, of: Address, signal: AbortSignal) => Promise<readonly PositionReading[]>) =>
    (chain: Chain): PositionSource =>
      Object.freeze({
        id: 'bad',
        name: 'bad',
        read: async (of: Address, signal: AbortSignal) => Object.freeze(await readOne(chain, of, signal)),
      });

  test('that takes what reverts, or is empty, for zero', async () => {
    const source = bad(async (chain, of, signal) => {
      const { block, results } = await chain.read([balanceCall(of)], signal);
      return [reading('w', results[0]!.data === '0x' || !results[0]!.success ? 0n : BigInt(results[0]!.data), block)];
    });
    expect(await failures(source)).toEqual(
      expect.arrayContaining(['reverting-views-are-unknown', 'empty-answers-are-unknown']),
    );
  });

  test('that leaves out what it cannot read, or goes on with what it remembers', async () => {
    let last: readonly PositionReading[] = [];
    const source = bad(async (chain, of, signal) => {
      try {
        const { block, results } = await chain.read([balanceCall(of)], signal);
        last = [reading('w', BigInt(results[0]!.data), block)];
      } catch {
        signal.throwIfAborted();
      }
      return last;
    });
    expect(await failures(source)).toContain('an-unreachable-node-is-unknown');
  });

  test('that puts a position together from two blocks', async () => {
    const source = bad(async (chain, of, signal) => {
      const { block } = await chain.read([balanceCall(of)], signal);
      const { results } = await chain.read([balanceCall(of)], signal);
      return [reading('w', BigInt(results[0]!.data), block)];
    });
    expect(await failures(source)).toContain('it-is-as-old-as-what-it-read-last');
  });

  test('that believes a contradiction', async () => {
    const source = bad(async (chain, of, signal) => {
      const { block, results } = await chain.read([balanceCall(of)], signal);
      return [reading('w', BigInt(results[0]!.data), block)];
    });
    const lie = { name: 'the balance is twice what it is', tamper: saying(erc20, 'balanceOf', 0, (n) => n * 2n) };
    expect(await failures(source, [lie])).toContain('lies-are-unknown');
  });
});
