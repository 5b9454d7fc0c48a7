import { type InstrumentSubject, instrumentConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import { erc20Holdings } from '@evenkeel/adapters/erc20';
import {
  readSynthetixPerpsAccount,
  synthetixMargin,
  synthetixMarginAfter,
  synthetixMarginTransfer,
  synthetixPerps,
  type SynthetixPerpsMarket,
  synthetixPerpsPositions,
  synthetixPerpsWatch,
} from '@evenkeel/adapters/synthetix-perps';
import type {
  Address,
  Call,
  InstrumentAdapter,
  PositionSource,
  TradeFill,
  TradeQuote,
  TradeRequest,
} from '@evenkeel/core';
import { type MarginLimits, marginState, perpetualMargin } from '@evenkeel/core/margin';
import { pollVenues, type VenueMemory } from '@evenkeel/core/watch';
import { type Actors, startWorld, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { encodeBytes32String, Interface } from 'ethers';
import { chainsOf, clock } from '../support/bridge-world.js';

jest.setTimeout(60_000);

const E18 = 10n ** 18n;
const erc20 = new Interface([
  'function transfer(address,uint256)',
  'function balanceOf(address) view returns (uint256)',
]);
const keeper = new Interface([
  'function flagPosition(address)',
  'function liquidatePosition(address)',
  'function setMaxMarketValue(bytes32,uint256)',
]);

let world: World;
let actors: Actors;
let local: WorldChain;
let market: SynthetixPerpsMarket;
let adapter: InstrumentAdapter;
let positions: PositionSource;
let trader: Address;
let opening: WorldSnapshot;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['synthetix-perps'] });
  actors = await world.startActors({ only: [] });
  [local] = world.chains as [WorldChain];
  const chain = chainsOf(world)[local.id]!;
  const perps = local.parts.synthetixPerps!;
  const marginToken = { chainId: local.id, address: perps.sUSD, symbol: 'sUSD', decimals: 18 };
  market = { chain, market: perps.market, symbol: 'sETH', marginToken };
  adapter = synthetixPerps({ chains: { [local.id]: market }, clock });
  positions = synthetixPerpsPositions(market);
  trader = world.accounts.trader.address;
  await actors.feedKeeper.tick();
  await execute(synthetixMarginTransfer(market, 50_000n * E18));
  await leaveFunding();
  opening = await world.snapshot();
}, 120_000);
afterAll(() => world?.close());

/** Half a day of one large long leaves a funding rate that stays when it is closed. */
async function leaveFunding(): Promise<void> {
  const other = world.accounts.liquidityProvider.address;
  await execute(synthetixMarginTransfer(market, 900_000n * E18), other);
  await trade('1000', other);
  await world.advance(43_200);
  await actors.feedKeeper.tick();
  await trade('-1000', other);
}

async function reset(): Promise<void> {
  await world.revert(opening);
  opening = await world.snapshot();
}

async function execute(calls: readonly Pick<Call, 'data' | 'to'>[], from: Address = trader): Promise<void> {
  await local.rpc('anvil_impersonateAccount', [from]);
  for (const { data, to } of calls) {
    const hash = await local.rpc('eth_sendTransaction', [{ from, to, data, gas: '0x989680' }]);
    const receipt = await receiptOf(hash);
    if (receipt.status !== '0x1') throw new Error(`a call to ${to} failed`);
  }
}

async function receiptOf(hash: unknown): Promise<{ readonly status: string }> {
  for (;;) {
    const receipt = await local.rpc('eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt as { readonly status: string };
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function dollars(): Promise<bigint> {
  const data = erc20.encodeFunctionData('balanceOf', [trader]);
  return BigInt((await local.rpc('eth_call', [{ to: market.marginToken.address, data }, 'latest'])) as string);
}

function subject(): InstrumentSubject {
  const sUSD = { token: market.marginToken, deltaPerUnit: '0', valuePerUnit: '1' };
  return {
    adapter,
    chains: { [local.id]: market.chain },
    owner: trader,
    sources: [erc20Holdings({ chain: market.chain, tokens: [sUSD] }), positions],
    samples: [
      { chainId: local.id, instrument: 'sETH', units: '-2.5' },
      { chainId: local.id, instrument: 'sETH', units: '0.125' },
    ],
    spot: 3_000,
    execute: (calls) => execute(calls),
    pass: (seconds) => world.advance(seconds),
    reset,
    nowSeconds: () => world.clockSeconds(),
    starve: async () => {
      await execute(synthetixMarginTransfer(market, 'withdraw-all'));
      const away = erc20.encodeFunctionData('transfer', [world.accounts.stranger.address, await dollars()]);
      await execute([{ to: market.marginToken.address, data: away as Call['data'] }]);
    },
  };
}

describeConformance(
  'synthetix-perps',
  instrumentConformance(() => subject()),
);

const signal = new AbortController().signal;

async function request(units: string, owner: Address = trader): Promise<TradeRequest> {
  const deadline = (await world.clockSeconds()) + 600;
  return { chainId: local.id, instrument: 'sETH', units, owner, spot: 3_000, slippageBps: 50, deadline };
}

function fillOf(quote: TradeQuote, owner: Address = trader): TradeFill {
  return { quote, owner, deadline: quote.validUntil };
}

async function trade(units: string, owner: Address = trader): Promise<void> {
  const quote = await adapter.quote(await request(units, owner), signal);
  await execute(adapter.build(fillOf(quote, owner)), owner);
}

describe('an account', () => {
  beforeEach(async () => {
    actors.arbitrageur.setPrice(3_000);
    await reset();
  });

  test('is read as the market has it, to the atom', async () => {
    await trade('-10');
    const account = await readSynthetixPerpsAccount(market, trader, signal);
    expect(account).toMatchObject({ sizeUnits: '-10', lastPrice: '2999.985', price: '3000', isFlagged: false });
    const [position] = await positions.read(trader, signal);
    expect(position).toMatchObject({ status: 'known', position: { kind: 'perpetual', sizeUnits: '-10' } });
  });

  test('is closed whole, and the margin comes back', async () => {
    await trade('-10');
    await trade('10');
    const { sizeUnits } = await readSynthetixPerpsAccount(market, trader, signal);
    expect(sizeUnits).toBe('0');
    await execute(synthetixMarginTransfer(market, 'withdraw-all'));
    expect(await positions.read(trader, signal)).toEqual([]);
  });

  test('without the price of the venue is unknown, and no quote is given', async () => {
    await trade('-10');
    await world.advance(4 * 86_400);
    const [position] = await positions.read(trader, signal);
    expect(position).toMatchObject({ status: 'unknown' });
    await expect(adapter.quote(await request('-1'), signal)).rejects.toMatchObject({ code: 'SYNTHETIX_MARKET_CLOSED' });
  });

  test('whose liquidation somebody has announced is unknown', async () => {
    await trade('-300');
    actors.arbitrageur.setPrice(3_160);
    await world.advance(60);
    await actors.feedKeeper.tick();
    const flag = keeper.encodeFunctionData('flagPosition', [trader]) as Call['data'];
    await execute([{ to: market.market, data: flag }]);
    expect(await positions.read(trader, signal)).toMatchObject([
      { status: 'unknown', reason: expect.stringContaining('announced') as string },
    ]);
  });

  test('with too little margin for a trade is refused it', async () => {
    await expect(adapter.quote(await request('-5000'), signal)).rejects.toMatchObject({
      code: 'SYNTHETIX_MARGIN_TOO_LOW',
    });
  });

  test('gets no fill beyond the price it agreed to', async () => {
    const quote = await adapter.quote(await request('-10'), signal);
    const calls = adapter.build(fillOf(quote));
    actors.arbitrageur.setPrice(2_900);
    await world.advance(60);
    await actors.feedKeeper.tick();
    await expect(execute(calls)).rejects.toThrow('failed');
  });
});

async function feedsSay(dollars: number): Promise<void> {
  actors.arbitrageur.setPrice(dollars);
  await world.advance(60);
  await actors.feedKeeper.tick();
}

describe('the margin of an account', () => {
  beforeEach(async () => {
    actors.arbitrageur.setPrice(3_000);
    await reset();
  });

  test.each(['-40', '25', '-3'])('of %s is as far from liquidation as the venue says', async (units) => {
    await trade(units);
    const account = await readSynthetixPerpsAccount(market, trader, signal);
    const { distance, liquidationSpot } = marginState(perpetualMargin(synthetixMargin(account)));
    if (Number(account.liquidationPrice) === 0) return expect(distance).toBeGreaterThan(0.5);
    expect(liquidationSpot).toBeCloseTo(Number(account.liquidationPrice), 6);
  });

  test('is worth what the venue says, with the funding of a day', async () => {
    await trade('-40');
    await world.advance(86_400);
    await actors.feedKeeper.tick();
    const account = await readSynthetixPerpsAccount(market, trader, signal);
    expect(Math.abs(Number(account.accruedFunding))).toBeGreaterThan(1);
    expect(perpetualMargin(synthetixMargin(account)).equity).toBeCloseTo(Number(account.remainingMargin), 4);
  });

  test.each([
    ['0', '-40'],
    ['-40', '15'],
    ['-40', '80'],
  ])('of %s after a trade of %s is what it is then', async (held, units) => {
    if (held !== '0') await trade(held);
    const quote = await adapter.quote(await request(units), signal);
    const foreseen = marginState(perpetualMargin(await synthetixMarginAfter(market, quote, trader, signal)));
    await trade(units);
    const account = synthetixMargin(await readSynthetixPerpsAccount(market, trader, signal));
    const { distance, leverage } = marginState(perpetualMargin(account));
    expect(foreseen.distance).toBeCloseTo(distance, 3);
    expect(foreseen.leverage).toBeCloseTo(leverage, 3);
  });
});

describe('a watch tells once, in the poll that sees it,', () => {
  const limits: MarginLimits = { maxLeverage: 8, minDistance: 0.08 };
  let poll: () => Promise<readonly string[]>;

  beforeEach(async () => {
    await reset();
    await feedsSay(3_000);
    const { marketSettings } = local.parts.synthetixPerps!;
    let memory: VenueMemory = new Map();
    const watch = synthetixPerpsWatch(market, { marginLimits: limits, marketSettings });
    poll = async () => {
      const polled = await pollVenues([watch], trader, memory, signal);
      memory = polled.memory;
      return polled.changes.map(({ answer, change, code }) => `${change} ${code}: ${answer}`);
    };
    expect(await poll()).toEqual([]);
  });

  test('funding that has flipped against the position', async () => {
    const rate = (await adapter.quote(await request('1'), signal)).carryPerDay;
    const [pays, receives] = rate > 0 ? ['10', '-10'] : ['-10', '10'];
    await trade(receives);
    expect(await poll()).toEqual([]);
    await trade(`${Number(pays) * 2}`);
    expect(await poll()).toEqual(['began FUNDING_AGAINST: compare']);
    expect(await poll()).toEqual([]);
  });

  test('a feed that halts, and answers again', async () => {
    await trade('-10');
    await poll();
    await world.advance(4 * 86_400);
    expect(await poll()).toContain('began FEED_HALTED: hedge-elsewhere');
    await feedsSay(3_000);
    expect(await poll()).toContain('ended FEED_HALTED: hedge-elsewhere');
  });

  test('a market that is full on a side', async () => {
    await trade('-10');
    await poll();
    const key = encodeBytes32String('sETHPERP');
    const cap = keeper.encodeFunctionData('setMaxMarketValue', [key, 10n * E18]) as Call['data'];
    const { marketSettings } = local.parts.synthetixPerps!;
    await execute([{ to: marketSettings, data: cap }], world.accounts.deployer.address);
    expect(await poll()).toEqual(['began MARKET_FULL: hedge-elsewhere']);
    await expect(adapter.quote(await request('-1'), signal)).rejects.toMatchObject({ code: 'TRADE_TOO_LARGE' });
  });

  test('a margin that is near, a liquidation that is announced, and one that happened', async () => {
    await trade('-100');
    await poll();
    await feedsSay(3_250);
    expect(await poll()).toContain('began MARGIN_NEAR: add-margin');
    await feedsSay(3_480);
    await poll();
    await execute([{ to: market.market, data: keeper.encodeFunctionData('flagPosition', [trader]) as Call['data'] }]);
    expect(await poll()).toEqual(['began LIQUIDATION_ANNOUNCED: hedge-elsewhere', 'ended MARGIN_NEAR: add-margin']);
    const liquidation = keeper.encodeFunctionData('liquidatePosition', [trader]) as Call['data'];
    await execute([{ to: market.market, data: liquidation }], world.accounts.deployer.address);
    const told = await poll();
    expect(told).toContain('happened LIQUIDATED: rehedge');
    expect(told).toContain('ended LIQUIDATION_ANNOUNCED: hedge-elsewhere');
    expect(await poll()).toEqual([]);
  });
});
