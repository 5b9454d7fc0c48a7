import { memoryJournal } from '@evenkeel/core/execution';
import { createHedgingRebalancer } from '@evenkeel/core/hedger';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { WorldChain, WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import { findLeftBehind } from '../../src/agent/keeping/left-behind.js';
import { seededRandom } from '../../src/assemble/ambient.js';
import { assemble } from '../../src/assemble/portfolio.js';
import { parseConfig } from '../../src/config/load.js';
import type { PortfolioConfigInput } from '../../src/config/schema.js';
import { worldClock, type WorldClock } from '../../src/demo/options/clock.js';
import { balanceOf, openStage, type Stage } from '../support.js';
import { agentFile, close, closeAll, open, type Opened, removeFolders, roundToEnd } from './support.js';

// The market goes against a loan on Aave, and nobody does anything: the agent keeps it from liquidation, on the real contracts.

jest.setTimeout(120_000);

type Instruments = NonNullable<PortfolioConfigInput['instruments']>;

const SIZE = 20;
const LIMITS = { maxLeverage: 12, minLiquidationDistancePercent: 8 };

let stage: Stage;
let opening: WorldSnapshot;
let clock: WorldClock;

beforeAll(async () => {
  stage = await openStage({ chains: 2, parts: ['aave-v3'] });
  await stage.actors.feedKeeper.tick();
  opening = await stage.world.snapshot();
}, 180_000);
beforeEach(async () => {
  await stage.world.revert(opening);
  opening = await stage.world.snapshot();
  for (const chain of stage.world.chains) await chain.rpc('evm_mine', []);
  clock = worldClock(await stage.world.clockSeconds());
});
afterEach(closeAll);
afterAll(async () => {
  await stage?.close();
  removeFolders();
});

const owner = () => stage.world.accounts.owner;
const home = (): WorldChain => stage.world.chains[0]!;
const away = (): WorldChain => stage.world.chains[1]!;

/** Nothing but what a margin needs pays, whatever the delta is. */
function book(more: Pick<PortfolioConfigInput, 'instruments' | 'positions'>): PortfolioConfigInput {
  return {
    ...stage.config,
    ...{ name: 'book', pollMs: 20, nodeBudget: 3, schedule: { kind: 'single' } },
    adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
    policy: { riskAversion: { perNumeraire: 1e-9 }, lotUnits: '0.01', monitoringSeconds: 60 },
    positions: {},
    ...more,
  };
}

function instrumentsOn(chain: WorldChain, margin: Instruments['margin'] = LIMITS): Instruments {
  const { addressesProvider, pool } = chain.parts.aaveV3!;
  return { aaveShort: [{ chainId: chain.id, addressesProvider, pool, healthFactor: 1.15 }], margin };
}

async function send(chain: WorldChain, to: string, signature: string, args: readonly unknown[]): Promise<void> {
  const contract = new Contract(to, [`function ${signature}`], new Wallet(owner().privateKey, chain.provider));
  const name = signature.slice(0, signature.indexOf('('));
  // Interest is reckoned by the second: what is mined later takes more than was estimated.
  const sent = (await contract.getFunction(name)(...args, { gasLimit: 1_000_000n })) as { wait(): Promise<unknown> };
  await sent.wait();
}

/** A short by a loan, of which the spot has to rise by 15 % until it is liquidated. */
async function borrow(chain: WorldChain, instruments: Instruments): Promise<void> {
  await stage.world.fund(chain.tokens.USDC, owner().address, 120_000n * 10n ** 6n);
  const assembled = assemble(parseConfig(book({ instruments })), {
    signer: new Wallet(owner().privateKey),
    journal: memoryJournal(),
    random: seededRandom(1),
    env: {},
    clock,
  });
  const rebalancer = createHedgingRebalancer(assembled.portfolio, assembled.ports, assembled.instruments!);
  const order = { adapter: `aave-short-${chain.id}`, chainId: chain.id, instrument: 'WETH', units: `-${SIZE}` };
  expect((await rebalancer.trade(order)).instrument!.execution.state).toBe('completed');
}

/** Of a token no more than so much is left in the wallet. */
async function leave(chain: WorldChain, symbol: 'USDC' | 'WETH', atoms = 0n): Promise<void> {
  const held = await balanceOf(chain, symbol, owner().address);
  const { trader } = stage.world.accounts;
  await send(chain, chain.tokens[symbol].address, 'transfer(address,uint256)', [trader.address, held - atoms]);
}

/** In the pool's own words: at one it is liquidated. */
async function health(chain: WorldChain): Promise<number> {
  const abi = ['function getUserAccountData(address) view returns (uint256,uint256,uint256,uint256,uint256,uint256)'];
  const pool = new Contract(chain.parts.aaveV3!.pool, abi, chain.provider);
  const [, , , , , factor] = (await pool.getFunction('getUserAccountData')(owner().address)) as bigint[];
  return Number(factor) / 1e18;
}

async function debt(chain: WorldChain, symbol: 'USDC' | 'WETH'): Promise<number> {
  const abi = ['function getUserReserveData(address,address) view returns (uint256,uint256,uint256)'];
  const provider = new Contract(chain.parts.aaveV3!.protocolDataProvider, abi, chain.provider);
  const { address, decimals } = chain.tokens[symbol];
  const [, , owed] = (await provider.getFunction('getUserReserveData')(address, owner().address)) as bigint[];
  return Number(owed) / 10 ** decimals;
}

async function marketTo(dollars: number): Promise<void> {
  await stage.actors.moveTo({ seconds: (await stage.world.clockSeconds()) + 300, price: dollars });
  clock.set(await stage.world.clockSeconds());
}

const openBook = (
  more: Pick<PortfolioConfigInput, 'instruments' | 'positions'>,
  options: Parameters<typeof open>[2] = {},
): Promise<Opened> => {
  const { chains: _, ...rest } = book(more);
  return open(stage, agentFile(stage, [rest]), { clock, ...options });
};

const told = ({ events }: Pick<Opened, 'events'>) => events.filter(({ kind }) => kind === 'margin');

/** The market moves against the loan, then in small steps, and the agent looks after each, until it has done something. */
async function untilKept(opened: Opened, chain: WorldChain, way: 1 | -1 = 1): Promise<number> {
  let least = Infinity;
  for (let moved = 150; moved < 400; moved += 12) {
    const price = 3_000 + way * moved;
    await marketTo(price);
    least = Math.min(least, await health(chain));
    await roundToEnd(opened.agent);
    if (told(opened).length > 0) return least;
  }
  throw new Error('nothing was done for the margin');
}

/** Half as much again as the limit, and what the spot may move until the cure is there. */
function expectRestored(distance: number): void {
  expect(distance).toBeGreaterThan(0.12);
  expect(distance).toBeLessThan(0.13);
}

const planOf = async ({ agent }: Opened): Promise<Readonly<Record<string, unknown>>> =>
  (await agent.journal.decisions({ code: 'MARGIN_CURE' }))[0]!.details;

describe('a short by a loan', () => {
  test('gets collateral out of the wallet before its limit is hit, once, and is explained', async () => {
    const instruments = instrumentsOn(home());
    await borrow(home(), instruments);
    await leave(home(), 'WETH');
    const opened = await openBook({ instruments });
    expect(await untilKept(opened, home())).toBeGreaterThan(1.08);
    expect(told(opened)).toMatchObject([
      { code: 'MARGIN_CURED', level: 'info', details: { way: 'wallet', outcome: 'cured', unexplainedAtoms: 0n } },
    ]);
    expect(await planOf(opened)).toMatchObject({ parts: [{ id: 'wallet/supply' }] });
    expectRestored((await health(home())) - 1);
    expect(await debt(home(), 'WETH')).toBeCloseTo(SIZE, 2);
    // The next look finds nothing to do.
    clock.set((await stage.world.clockSeconds()) + 61);
    await roundToEnd(opened.agent);
    expect(told(opened)).toHaveLength(1);
  });

  test('is repaid out of the WETH of the wallet where there is no money: the delta of the book stays', async () => {
    const instruments = instrumentsOn(home());
    await borrow(home(), instruments);
    await stage.world.fund(home().tokens.WETH, owner().address, 10n * 10n ** 18n);
    for (const chain of stage.world.chains) await leave(chain, 'USDC');
    const opened = await openBook({ instruments });
    expect(await untilKept(opened, home())).toBeGreaterThan(1.08);
    expect(told(opened)).toMatchObject([{ code: 'MARGIN_CURED', details: { way: 'wallet', unexplainedAtoms: 0n } }]);
    expect(await planOf(opened)).toMatchObject({ parts: [{ id: 'wallet/repay-WETH' }] });
    expectRestored((await health(home())) - 1);
    expect(await debt(home(), 'WETH')).toBeLessThan(SIZE);
  });

  test('is made smaller where that is all that may be done: bought back and repaid', async () => {
    const instruments = instrumentsOn(home(), { ...LIMITS, ways: ['reduce'] });
    await borrow(home(), instruments);
    const opened = await openBook({ instruments });
    expect(await untilKept(opened, home())).toBeGreaterThan(1.08);
    expect(told(opened)).toMatchObject([{ code: 'MARGIN_CURED', details: { way: 'reduce', outcome: 'cured' } }]);
    expect(await health(home())).toBeGreaterThan(1.119);
    expect(await debt(home(), 'WETH')).toBeGreaterThan(SIZE / 2);
  });
});

/** A process that dies at one of its deliveries, before the transaction has arrived. */
const dying =
  (at: number) =>
  (ports: RebalancerPorts): RebalancerPorts => {
    const { account } = ports;
    let deliveries = 0;
    const deliver: typeof account.submission.send = async (...args) => {
      deliveries += 1;
      if (deliveries >= at) throw new Error('the process is gone');
      await account.submission.send(...args);
    };
    return { ...ports, account: { ...account, submission: { ...account.submission, send: deliver } } };
  };

describe('money of several places, none of which is enough', () => {
  /** Some beside the loan, some on another chain; together they are enough. */
  const begun = async (): Promise<Instruments> => {
    const instruments = instrumentsOn(away());
    await borrow(away(), instruments);
    for (const chain of stage.world.chains) await leave(chain, 'WETH');
    await leave(away(), 'USDC', 1_200n * 10n ** 6n);
    await leave(home(), 'USDC', 2_600n * 10n ** 6n);
    return instruments;
  };
  const parts = [expect.objectContaining({ id: 'wallet/supply' }), expect.objectContaining({ way: 'bridge' })];

  test('is put together, that which is there at once first', async () => {
    const instruments = await begun();
    const opened = await openBook({ instruments });
    expect(await untilKept(opened, away())).toBeGreaterThan(1.08);
    expect(told(opened)).toMatchObject([
      { code: 'MARGIN_CURE_PART', details: { way: 'wallet', outcome: 'part', unexplainedAtoms: 0n } },
      { code: 'MARGIN_CURED', details: { way: 'bridge', outcome: 'cured', unexplainedAtoms: 0n } },
    ]);
    expect((await planOf(opened))['parts']).toEqual(parts);
    expect(await health(away())).toBeGreaterThan(1.12);
    expect(await balanceOf(away(), 'USDC', owner().address)).toBeLessThan(100n * 10n ** 6n);
  });

  // The deliveries: approval and supply, approval and deposit into the bridge, approval and supply of what has arrived.
  test.each([3, 5])('a process that dies at delivery %i leaves what another does once', async (at) => {
    const instruments = await begun();
    const first = await openBook({ instruments }, { extend: dying(at) });
    await untilKept(first, away());
    expect(told(first).map(({ code }) => code)).toEqual(['MARGIN_CURE_PART', 'UNEXPECTED']);
    const supplied = await collateral(away());
    await close(first.agent);
    const second = await openBook({ instruments }, { folder: first.folder });
    expect(await findLeftBehind(second.agent.journal, second.agent.keepers())).toEqual([]);
    for (let look = 0; look < 3; look += 1) {
      await roundToEnd(second.agent);
      clock.set((await stage.world.clockSeconds()) + 61 * (look + 1));
    }
    const states = (await second.agent.journal.programmes({})).map(({ state }) => state);
    expect(states).toEqual(['completed', 'completed']);
    expect(await health(away())).toBeGreaterThan(1.12);
    const [, bridged] = (await planOf(second))['parts'] as readonly { readonly amount: number }[];
    expect((await collateral(away())) - supplied).toBeCloseTo(bridged!.amount, -2);
  });
});

async function collateral(chain: WorldChain): Promise<number> {
  const abi = ['function getUserReserveData(address,address) view returns (uint256)'];
  const provider = new Contract(chain.parts.aaveV3!.protocolDataProvider, abi, chain.provider);
  const supplied = (await provider.getFunction('getUserReserveData')(
    chain.tokens.USDC.address,
    owner().address,
  )) as bigint;
  return Number(supplied) / 1e6;
}

test('an account that nothing trades, WETH that carries a debt in dollars, is repaid when the spot falls', async () => {
  const { addressesProvider, pool } = home().parts.aaveV3!;
  const { USDC, WETH } = home().tokens;
  const atoms = 20n * 10n ** 18n;
  await stage.world.fund(WETH, owner().address, atoms);
  await send(home(), WETH.address, 'approve(address,uint256)', [pool, atoms]);
  await send(home(), pool, 'supply(address,uint256,address,uint16)', [WETH.address, atoms, owner().address, 0]);
  const borrowed = [USDC.address, 43_000n * 10n ** 6n, 2, 0, owner().address];
  await send(home(), pool, 'borrow(address,uint256,uint256,uint16,address)', borrowed);
  const opened = await openBook({
    instruments: { margin: LIMITS },
    positions: { aaveV3: [{ chainId: home().id, addressesProvider, pool }] },
  });
  // A fall of d takes the account to liquidation where its health factor is 1 / (1 − d).
  expect(await untilKept(opened, home(), -1)).toBeGreaterThan(1 / 0.92);
  expect(told(opened)).toMatchObject([{ code: 'MARGIN_CURED', details: { way: 'wallet', unexplainedAtoms: 0n } }]);
  expect(await planOf(opened)).toMatchObject({ parts: [{ id: 'wallet/repay-USDC' }] });
  expectRestored(1 - 1 / (await health(home())));
  expect(await debt(home(), 'USDC')).toBeLessThan(43_000);
});
