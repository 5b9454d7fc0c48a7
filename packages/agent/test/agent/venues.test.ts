import { lyraOptions, type LyraTrading } from '@evenkeel/adapters/lyra';
import { type Address, type Call, midpoint } from '@evenkeel/core';
import type { WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Interface } from 'ethers';
import type { RoundReport } from '../../src/agent/watch/rounds.js';
import { chainOf } from '../../src/assemble/chains.js';
import { parseConfig } from '../../src/config/load.js';
import type { PortfolioConfigInput } from '../../src/config/schema.js';
import { worldClock, type WorldClock } from '../../src/demo/options/clock.js';
import { openStage, type Stage } from '../support.js';
import { agentFile, close, closeAll, open, type Opened, removeFolders } from './support.js';

// What venues do by themselves: seen by the agent in the round that follows, told, and answered, on the real contracts.

jest.setTimeout(120_000);

type Instruments = NonNullable<PortfolioConfigInput['instruments']>;

const never = new AbortController().signal;
const ADMIN = new Interface([
  'function setBoardFrozen(uint256 boardId, bool frozen)',
  'function pause()',
  'function setReservePause(address asset, bool paused)',
  'function liquidate(address trader, address baseToken)',
  'function approve(address spender, uint256 atoms)',
  'function deposit(address token, uint256 atoms)',
  'function transfer(address to, uint256 atoms)',
]);

let stage: Stage;
let opening: WorldSnapshot;
let clock: WorldClock;

beforeAll(async () => {
  stage = await openStage({ chains: 1, parts: ['perp-v2', 'lyra', 'aave-v3'] });
  await stage.actors.feedKeeper.tick();
  const { sUSD } = chain().parts.lyra!;
  await call(stage.world.accounts.trader.address, sUSD, 'transfer', [owner(), 100_000n * 10n ** 18n]);
  opening = await stage.world.snapshot();
}, 180_000);
beforeEach(async () => {
  await stage.world.revert(opening);
  opening = await stage.world.snapshot();
  await chain().rpc('evm_mine', []);
  clock = worldClock(await stage.world.clockSeconds());
});
afterEach(closeAll);
afterAll(async () => {
  await stage?.close();
  removeFolders();
});

const chain = () => stage.world.chains[0]!;
const owner = (): Address => stage.world.accounts.owner.address;

async function send(from: Address, calls: readonly Pick<Call, 'data' | 'to'>[]): Promise<void> {
  await chain().rpc('anvil_impersonateAccount', [from]);
  for (const { data, to } of calls) {
    const hash = (await chain().rpc('eth_sendTransaction', [{ from, to, data, gas: '0x989680' }])) as string;
    const receipt = await chain().provider.waitForTransaction(hash);
    if (receipt?.status !== 1) {
      const why: unknown = await chain()
        .rpc('eth_call', [{ from, to, data }, 'latest'])
        .catch((error: unknown) => error);
      throw new Error(`${hash} failed: ${String(why)}`);
    }
  }
}

const call = (from: Address, to: Address, name: string, args: readonly unknown[] = []): Promise<void> =>
  send(from, [{ to, data: ADMIN.encodeFunctionData(name, args) as Call['data'] }]);
const admin = (to: Address, name: string, args: readonly unknown[] = []): Promise<void> =>
  call(stage.world.accounts.deployer.address, to, name, args);

function lyra(): NonNullable<NonNullable<PortfolioConfigInput['positions']>['lyra']>[number] {
  const { lyra: parts } = chain().parts;
  const { optionGreekCache, optionMarket, optionMarketPricer, optionToken, shortCollateral, synthetixAdapter } = parts!;
  const { sETH, sUSD } = parts!;
  return {
    ...{ chainId: chain().id, optionGreekCache, optionMarket, optionMarketPricer, optionToken, shortCollateral },
    synthetixAdapter,
    quoteAsset: { address: sUSD, symbol: 'sUSD', decimals: 18 },
    baseAsset: { address: sETH, symbol: 'sETH', decimals: 18 },
  };
}

function perp(): NonNullable<Instruments['perpV2']>[number] {
  const { accountBalance, baseToken, clearingHouse, clearingHouseConfig, ...rest } = chain().parts.perpV2!;
  const { collateralManager, exchange, quoteToken, vault } = rest;
  const contracts = { accountBalance, clearingHouse, clearingHouseConfig, collateralManager, exchange, vault };
  return { chainId: chain().id, ...contracts, baseToken, quoteToken };
}

function loan(): NonNullable<Instruments['aaveShort']>[number] {
  const { addressesProvider, pool } = chain().parts.aaveV3!;
  return { chainId: chain().id, addressesProvider, pool };
}

/** Where nothing is wanted, so that what is done answers what happens; or where the delta is out of place. */
function bookWith(more: Partial<PortfolioConfigInput>, perNumeraire = 1e-9): object {
  const { chains: _, ...rest } = { ...stage.config, ...more };
  const policy = { riskAversion: { perNumeraire }, monitoringSeconds: 1 };
  return {
    ...rest,
    ...{ name: 'book', pollMs: 20, nodeBudget: 3, schedule: { kind: 'single' }, policy },
    adapters: ['uniswap-v2', 'uniswap-v3'],
  };
}

const openBook = (book: object, folder?: string): Promise<Opened> =>
  open(stage, agentFile(stage, [book]), { clock, ...(folder === undefined ? {} : { folder }) });

/** One round some seconds later, and what it has begun, to its end. */
async function round({ agent }: Opened): Promise<RoundReport> {
  await stage.world.advance(5);
  clock.set(await stage.world.clockSeconds());
  const report = await agent.round(never);
  while (agent.worker.running() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  return report;
}

async function pass(seconds: number, dollars: number): Promise<void> {
  stage.actors.arbitrageur.setPrice(dollars);
  await stage.world.advance(seconds);
  await stage.actors.feedKeeper.tick();
}

const told = ({ events }: Opened) =>
  events.flatMap(({ code, details, kind }) =>
    kind === 'venue' ? [details?.['change'] === undefined ? code : `${String(details['change'])} ${code}`] : [],
  );

async function tradeOption(instrument: string, units: string): Promise<void> {
  const { chainId, quoteAsset, baseAsset, ...contracts } = lyra();
  const market = {
    ...contracts,
    chain: chainOf(parseConfig(stage.config).chains[0]!, 'chains.0', {}),
    quoteAsset: { chainId, ...quoteAsset },
    baseAsset: { chainId, ...baseAsset },
  } as LyraTrading;
  const options = lyraOptions({ chains: { [chainId]: market }, clock });
  const deadline = (await stage.world.clockSeconds()) + 600;
  const request = { chainId, instrument, units, owner: owner(), spot: 3_000, slippageBps: 200, deadline };
  const quote = await options.quote(request, never);
  await send(owner(), options.build({ quote, owner: owner(), deadline }));
}

async function deposit(units: bigint): Promise<void> {
  const { USDC } = chain().tokens;
  const { vault } = chain().parts.perpV2!;
  await stage.world.fund(USDC, owner(), units * 10n ** 6n);
  await call(owner(), USDC.address, 'approve', [vault, units * 10n ** 6n]);
  await call(owner(), vault, 'deposit', [USDC.address, units * 10n ** 6n]);
}

/** All of a token that the owner has goes to somebody else. */
async function give(token: Address): Promise<void> {
  const abi = ['function balanceOf(address) view returns (uint256)'];
  const atoms = (await new Contract(token, abi, chain().provider).getFunction('balanceOf')(owner())) as bigint;
  await call(owner(), token, 'transfer', [stage.world.accounts.stranger.address, atoms]);
}

async function perpSize(): Promise<number> {
  const { accountBalance, baseToken } = chain().parts.perpV2!;
  const abi = ['function getTakerPositionSize(address, address) view returns (int256)'];
  const contract = new Contract(accountBalance, abi, chain().provider);
  return Number((await contract.getFunction('getTakerPositionSize')(owner(), baseToken)) as bigint) / 1e18;
}

test('a board that freezes is told in the next round, once, over a restart too, and looked at in full at once', async () => {
  await tradeOption('3-call', '-1');
  const book = bookWith({ positions: { lyra: [lyra()] } });
  const first = await openBook(book);
  await round(first);
  expect(told(first)).toEqual([]);
  await admin(chain().parts.lyra!.optionMarket, 'setBoardFrozen', [1, true]);
  const seen = await round(first);
  expect(seen.begun).toBe(1);
  expect(told(first)).toEqual(['began BOARD_FROZEN']);
  expect(await first.agent.journal.decisions({ code: 'BOARD_FROZEN' })).toMatchObject([
    { details: { change: 'began', answer: 'hedge-elsewhere' } },
  ]);
  const alert = { kind: 'alert', code: 'BOARD_FROZEN', portfolio: 'book' };
  expect(first.events).toContainEqual(expect.objectContaining(alert));
  expect((await round(first)).begun).toBe(0);
  expect(told(first)).toHaveLength(1);
  await close(first.agent);

  const second = await openBook(book, first.folder);
  await round(second);
  expect(told(second)).toEqual([]);
  await admin(chain().parts.lyra!.optionMarket, 'setBoardFrozen', [1, false]);
  await round(second);
  expect(told(second)).toEqual(['ended BOARD_FROZEN']);
});

test('options that have expired are settled and paid out by the agent, once, and the book is looked at anew', async () => {
  await tradeOption('3-call', '2');
  await tradeOption('3-put', '-1');
  const opened = await openBook(bookWith({ positions: { lyra: [lyra()] } }));
  await round(opened);
  await pass(7 * 86_400 + 60, 3_100);
  const before = await synths();
  await round(opened);
  expect(told(opened)).toContain('began BOARD_EXPIRED');
  await round(opened);
  // Two calls are 100 in the money each; the collateral of the put comes back whole.
  expect((await synths()) - before).toBeGreaterThan(200);
  expect(told(opened)).toContain('VENUE_SETTLED');
  await round(opened);
  expect(told(opened).filter((each) => each === 'happened OPTION_SETTLED')).toHaveLength(2);
  expect(told(opened)).toContain('ended BOARD_EXPIRED');
  await round(opened);
  expect(await opened.agent.journal.programmes({})).toMatchObject([{ state: 'completed' }]);
  expect(await opened.agent.journal.decisions({ code: 'VENUE_SETTLED' })).toHaveLength(1);
});

async function synths(): Promise<number> {
  const { sUSD } = chain().parts.lyra!;
  const abi = ['function balanceOf(address) view returns (uint256)'];
  const atoms = (await new Contract(sUSD, abi, chain().provider).getFunction('balanceOf')(owner())) as bigint;
  return Number(atoms) / 1e18;
}

test('a market that is paused is asked for nothing, and the hedge goes elsewhere', async () => {
  await deposit(50_000n);
  // Nobody opens a paused market of Perp v2 again.
  await admin(chain().parts.perpV2!.baseToken, 'pause');
  const opened = await openBook(bookWith({ instruments: { perpV2: [perp()] } }, 0.001));
  await round(opened);
  expect(told(opened)).toContain('began MARKET_PAUSED');
  expect([...opened.agent.keeper('book')!.now.shut]).toEqual([`perp-v2-${chain().id}`]);
  expect(opened.events.filter(({ kind }) => kind === 'report')).toMatchObject([{ details: { unexplainedAtoms: 0n } }]);
  expect(await perpSize()).toBe(0);
  expect(await opened.agent.journal.decisions({ code: 'INSTRUMENT_CHOSEN' })).toEqual([]);
});

test('a reserve that is paused is left out as long as it is, and competes again afterwards', async () => {
  const { poolConfigurator } = chain().parts.aaveV3!;
  const { USDC } = chain().tokens;
  const opened = await openBook(bookWith({ instruments: { aaveShort: [loan()] }, positions: {} }));
  const { instruments, now } = opened.agent.keeper('book')!;
  const competing = (): number =>
    instruments!.contenders({ balances: [], readings: [], reference: { price: '3000' } } as never).length;
  await round(opened);
  expect(competing()).toBe(1);
  await admin(poolConfigurator, 'setReservePause', [USDC.address, true]);
  const seen = await round(opened);
  expect([seen.begun, ...now.shut]).toEqual([1, `aave-short-${chain().id}`]);
  expect(competing()).toBe(0);
  await admin(poolConfigurator, 'setReservePause', [USDC.address, false]);
  const after = await round(opened);
  expect(told(opened)).toEqual(['began MARKET_PAUSED', 'ended MARKET_PAUSED']);
  expect([after.begun, now.shut.size, competing()]).toEqual([1, 0, 1]);
});

test('a liquidation that happened while no agent ran is told by the next one, and the book is looked at anew', async () => {
  await deposit(9_500n);
  const instruments: Instruments = {
    perpV2: [perp()],
    margin: { maxLeverage: 30, minLiquidationDistancePercent: 1, ways: [] },
  };
  const book = bookWith({ instruments, positions: {} });
  const first = await openBook(book);
  await first.agent.keeper('book')!.rebalancer.rebalance({ deltaChangeUnits: '-20' });
  expect(await perpSize()).toBe(-20);
  // Looks, and trades nothing.
  first.agent.pause('*', 'nobody is there');
  await round(first);
  await close(first.agent);
  for (const price of [3_240, 3_480, 3_480]) {
    await stage.actors.moveTo({ seconds: (await stage.world.clockSeconds()) + 2_400, price });
  }
  const { clearingHouse } = chain().parts.perpV2!;
  await call(stage.world.accounts.arbitrageur.address, clearingHouse, 'liquidate', [owner(), perp().baseToken]);
  clock.set(await stage.world.clockSeconds());
  const second = await openBook(book, first.folder);
  second.agent.reset('*', 'somebody is there again');
  const seen = await round(second);
  expect(told(second)).toContain('happened LIQUIDATED');
  expect(seen.begun).toBe(1);
  const alert = { kind: 'alert', level: 'error', code: 'LIQUIDATED' };
  expect(second.events).toContainEqual(expect.objectContaining(alert));
  await round(second);
  expect(told(second).filter((each) => each === 'happened LIQUIDATED')).toHaveLength(1);
});

/** Units that the account owes on Aave, as a short. */
async function loanSize(): Promise<number> {
  const { protocolDataProvider } = chain().parts.aaveV3!;
  const abi = ['function getUserReserveData(address,address) view returns (uint256,uint256,uint256)'];
  const provider = new Contract(protocolDataProvider, abi, chain().provider);
  const [, , owed] = (await provider.getFunction('getUserReserveData')(
    chain().tokens.WETH.address,
    owner(),
  )) as bigint[];
  return -Number(owed) / 1e18;
}

// Twenty on a margin of 9,500: at 3,300 the venue closes half, at 3,480 all, which then reads as nothing.
test.each([
  ['a half', [3_300, 3_300]],
  ['all', [3_240, 3_480, 3_480]],
] as const)(
  'where the venue liquidates %s of a hedge the very next decision hedges it elsewhere, once',
  async (what, prices) => {
    await deposit(9_500n);
    await stage.world.fund(chain().tokens.USDC, owner(), 200_000n * 10n ** 6n);
    const margin = { maxLeverage: 30, minLiquidationDistancePercent: 1, ways: [] };
    const instruments: Instruments = { perpV2: [perp()], aaveShort: [loan()], margin };
    const { policy, ...rest } = bookWith({ instruments, positions: {} }, 0.001) as { policy: object };
    const opened = await openBook({
      ...rest,
      policy: { ...policy, targetDeltaUnits: '-18' },
      limits: { maxCostBps: 300 },
    });
    const { rebalancer } = opened.agent.keeper('book')!;
    const order = { adapter: `perp-v2-${chain().id}`, chainId: chain().id, instrument: 'vETH', units: '-20' };
    await (rebalancer as unknown as { trade(order: object): Promise<unknown> }).trade(order);
    await round(opened);
    const begun = (await opened.agent.journal.programmes({})).length;
    const held = (await perpSize()) + (await loanSize());
    for (const price of prices) {
      await stage.actors.moveTo({ seconds: (await stage.world.clockSeconds()) + 2_400, price });
    }
    const { clearingHouse } = chain().parts.perpV2!;
    await call(stage.world.accounts.arbitrageur.address, clearingHouse, 'liquidate', [owner(), perp().baseToken]);
    const left = await perpSize();
    expect(left).toBeCloseTo(what === 'all' ? 0 : -10, 9);

    await round(opened);
    expect(told(opened)).toContain('happened LIQUIDATED');
    expect(await opened.agent.journal.decisions({ code: 'EXTERNAL_CLOSE' })).toHaveLength(1);
    expect(await opened.agent.journal.programmes({})).toHaveLength(begun + 1);
    // The perpetual's margin is gone: the loan takes it.
    expect(await perpSize()).toBe(left);
    expect(Math.abs(left + (await loanSize()) - held)).toBeLessThan(1);
    const hedged = await loanSize();
    for (let look = 0; look < 3; look += 1) await round(opened);
    // What is left to do is less than what the band leaves open: nothing of it is hedged twice.
    expect(await perpSize()).toBe(left);
    expect(await loanSize()).toBeCloseTo(hedged, 2);
    expect(Number(midpoint(opened.agent.keeper('book')!.now.standing!.delta!))).toBeCloseTo(-18, 0);
  },
);

test.each([
  ['spot', 'routed-spot', {}],
  ['a loan', 'aave-short', { WETH: 0n }],
])(
  'funding that turns lets the others compete for what is held, and it moves to %s where that pays',
  async (_, to, held) => {
    await deposit(50_000n);
    if ('WETH' in held) await give(chain().tokens.WETH.address);
    const held60: Instruments = { holdingDays: 60, riskWeight: 0, capitalRatePercent: 0 };
    const instruments: Instruments = { ...held60, perpV2: [{ ...perp(), halfLifeDays: 600 }], aaveShort: [loan()] };
    const opened = await openBook(bookWith({ instruments, positions: {} }));
    const rebalancer = opened.agent.keeper('book')!.rebalancer as unknown as {
      trade(order: object): Promise<unknown>;
    };
    const order = { adapter: `perp-v2-${chain().id}`, chainId: chain().id, instrument: 'vETH', units: '-1.5' };
    await rebalancer.trade(order);
    await round(opened);
    // The feed is above the pool: shorts pay.
    await pass(60, 3_060);
    await stage.world.advance(1_200);
    await round(opened);
    expect(told(opened)).toEqual(expect.arrayContaining(['began FUNDING_AGAINST', 'HEDGE_MOVES']));
    expect(await perpSize()).toBe(0);
    const [moved] = await opened.agent.journal.decisions({ code: 'HEDGE_MOVES' });
    expect(moved!.details).toMatchObject({ from: order.adapter });
    expect(String(moved!.details['adapter'])).toContain(to);
    expect(opened.agent.desk.used('book').notionalUsd).toBeGreaterThan(5_000);
  },
);
