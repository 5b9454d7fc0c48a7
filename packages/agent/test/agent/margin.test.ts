import { perpV2Margin, type PerpV2Market, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import {
  readSynthetixPerpsAccount,
  synthetixMargin,
  type SynthetixPerpsMarket,
} from '@evenkeel/adapters/synthetix-perps';
import { memoryJournal } from '@evenkeel/core/execution';
import { createHedgingRebalancer } from '@evenkeel/core/hedger';
import { marginState, type MarginState, perpetualMargin } from '@evenkeel/core/margin';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { WorldChain, WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import { seededRandom } from '../../src/assemble/ambient.js';
import { assemble } from '../../src/assemble/portfolio.js';
import { parseConfig } from '../../src/config/load.js';
import { findLeftBehind } from '../../src/agent/keeping/left-behind.js';
import type { PortfolioConfigInput } from '../../src/config/schema.js';
import { worldClock, type WorldClock } from '../../src/demo/options/clock.js';
import { openStage, type Stage } from '../support.js';
import { agentFile, close, closeAll, open, type Opened, removeFolders, roundToEnd } from './support.js';

// The market goes against a perpetual, and nobody does anything: the agent keeps its margin, on the real contracts.

jest.setTimeout(120_000);

type Instruments = NonNullable<PortfolioConfigInput['instruments']>;

const SIZE = 20;
const LIMITS = { maxLeverage: 12, minLiquidationDistancePercent: 8 };
const never = new AbortController().signal;

let stage: Stage;
let opening: WorldSnapshot;
let clock: WorldClock;

beforeAll(async () => {
  stage = await openStage({ chains: 2, parts: ['perp-v2', 'synthetix-perps'] });
  await stage.actors.feedKeeper.tick();
  opening = await stage.world.snapshot();
}, 180_000);
beforeEach(async () => {
  await stage.world.revert(opening);
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

function perp(chain: WorldChain): NonNullable<Instruments['perpV2']>[number] {
  const { accountBalance, baseToken, clearingHouse, clearingHouseConfig, ...rest } = chain.parts.perpV2!;
  const { collateralManager, exchange, quoteToken, vault } = rest;
  const contracts = { accountBalance, clearingHouse, clearingHouseConfig, collateralManager, exchange, vault };
  return { chainId: chain.id, ...contracts, baseToken, quoteToken };
}

function synth(chain: WorldChain): NonNullable<Instruments['synthetixPerps']>[number] {
  const { market, sUSD } = chain.parts.synthetixPerps!;
  return { chainId: chain.id, market, marginToken: sUSD };
}

/** Its delta is where it should be, to a lot: also where funding turns, nothing is traded but for a margin. */
const LEVEL = { riskAversion: { perNumeraire: 1e-9 }, targetDeltaUnits: '-18', lotUnits: '5' };

/** A book that is where it belongs whatever happens: what is done is done for its margin. */
function book(instruments: Instruments, perNumeraire?: number): PortfolioConfigInput {
  return {
    ...stage.config,
    name: 'book',
    pollMs: 20,
    nodeBudget: 3,
    schedule: { kind: 'single' },
    adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
    positions: {},
    policy: { ...(perNumeraire === undefined ? LEVEL : { riskAversion: { perNumeraire } }), monitoringSeconds: 60 },
    instruments,
  };
}

async function send(privateKey: string, chain: WorldChain, to: string, signature: string, args: readonly unknown[]) {
  const contract = new Contract(to, [`function ${signature}`], new Wallet(privateKey, chain.provider));
  const sent = (await contract.getFunction(signature.slice(0, signature.indexOf('(')))(...args)) as {
    wait(): Promise<unknown>;
  };
  await sent.wait();
}

const assembled = (config: PortfolioConfigInput) =>
  assemble(parseConfig(config), {
    signer: new Wallet(owner().privateKey),
    journal: memoryJournal(),
    random: seededRandom(1),
    env: {},
    clock,
  });

/** Sells so much of an instrument, on a margin that was paid in before. */
async function sell(instruments: Instruments, adapter: string, chain: WorldChain, instrument: string): Promise<void> {
  const { instruments: configured, portfolio, ports } = assembled(book(instruments));
  const rebalancer = createHedgingRebalancer(portfolio, ports, configured!);
  const order = { adapter: `${adapter}-${chain.id}`, chainId: chain.id, instrument, units: `-${SIZE}` };
  expect((await rebalancer.trade(order)).instrument!.execution.state).toBe('completed');
}

async function openPerp(chain: WorldChain, margin: bigint, instruments: Instruments): Promise<void> {
  const { USDC } = chain.tokens;
  const { vault } = chain.parts.perpV2!;
  const atoms = margin * 10n ** 6n;
  await stage.world.fund(USDC, owner().address, atoms);
  await send(owner().privateKey, chain, USDC.address, 'approve(address,uint256)', [vault, atoms]);
  await send(owner().privateKey, chain, vault, 'deposit(address,uint256)', [USDC.address, atoms]);
  await sell(instruments, 'perp-v2', chain, 'vETH');
}

/** All of a token that the owner has on a chain goes to somebody else. */
async function give(chain: WorldChain, symbol: 'USDC' | 'WETH'): Promise<void> {
  const { address } = chain.tokens[symbol];
  const abi = ['function balanceOf(address) view returns (uint256)'];
  const held = (await new Contract(address, abi, chain.provider).getFunction('balanceOf')(owner().address)) as bigint;
  const { trader } = stage.world.accounts;
  await send(owner().privateKey, chain, address, 'transfer(address,uint256)', [trader.address, held]);
}

async function perpMargin(chain: WorldChain): Promise<MarginState & { readonly size: number }> {
  const { chains } = assembled(book({})).ports;
  const named = chain.parts.perpV2!;
  const token = (symbol: string, address: `0x${string}`) => ({ chainId: chain.id, address, symbol, decimals: 18 });
  const market: PerpV2Market = {
    ...named,
    chain: chains.find(({ id }) => id === chain.id)!,
    baseToken: token('vETH', named.baseToken),
    quoteToken: token('vUSD', named.quoteToken),
    settlementToken: chain.tokens.USDC,
  };
  const margin = perpV2Margin(await readPerpV2Account(market, owner().address, never));
  return { ...marginState(perpetualMargin(margin)), size: margin.sizeUnits };
}

async function synthMargin(chain: WorldChain): Promise<MarginState & { readonly size: number }> {
  const { chains } = assembled(book({})).ports;
  const { market, sUSD } = chain.parts.synthetixPerps!;
  const marginToken = { chainId: chain.id, address: sUSD, symbol: 'sUSD', decimals: 18 };
  const on = chains.find(({ id }) => id === chain.id)!;
  const place: SynthetixPerpsMarket = { chain: on, market, symbol: 'sETH', marginToken };
  const margin = synthetixMargin(await readSynthetixPerpsAccount(place, owner().address, never));
  return { ...marginState(perpetualMargin(margin)), size: margin.sizeUnits };
}

async function marketTo(dollars: number): Promise<void> {
  await stage.actors.moveTo({ seconds: (await stage.world.clockSeconds()) + 2_400, price: dollars });
  clock.set(await stage.world.clockSeconds());
}

const openBook = (
  instruments: Instruments,
  { perNumeraire, ...more }: Parameters<typeof open>[2] & { readonly perNumeraire?: number } = {},
): Promise<Opened> => {
  const { chains: _, ...rest } = book(instruments, perNumeraire);
  return open(stage, agentFile(stage, [rest]), { clock, ...more });
};

/** The market rises against the short in small steps, and the agent looks once after each, until it has done something. */
async function untilKept({ agent, events }: Opened, state: () => Promise<MarginState>): Promise<number> {
  let least = Infinity;
  for (let price = 3_012; price < 3_200; price += 12) {
    await marketTo(price);
    least = Math.min(least, (await state()).distance);
    await roundToEnd(agent);
    if (events.some(({ kind }) => kind === 'margin')) return least;
  }
  throw new Error('nothing was done for the margin');
}

const told = ({ events }: Pick<Opened, 'events'>) => events.filter(({ kind }) => kind === 'margin');

test('money of the wallet becomes margin before the limit is hit, once, and is explained', async () => {
  const instruments = { perpV2: [perp(home())], margin: LIMITS };
  await openPerp(home(), 9_600n, instruments);
  // Nobody else takes the delta: a smaller position would leave it open.
  for (const chain of stage.world.chains) await give(chain, 'WETH');
  const opened = await openBook(instruments);
  const { agent } = opened;
  expect(await untilKept(opened, () => perpMargin(home()))).toBeGreaterThan(0.08);
  expect(told(opened)).toMatchObject([
    { code: 'MARGIN_CURED', level: 'info', details: { way: 'wallet', outcome: 'cured', unexplainedAtoms: 0n } },
  ]);
  expect(await perpMargin(home())).toMatchObject({ size: -SIZE, distance: expect.closeTo(0.125, 2) as number });
  const plans = await agent.journal.decisions({ code: 'MARGIN_CURE' });
  const dearer = expect.objectContaining({ id: 'reduce', reason: 'DEARER' }) as unknown;
  expect(plans).toMatchObject([{ details: { way: 'wallet', rejected: expect.arrayContaining([dearer]) as unknown } }]);
  expect(await agent.journal.decisions({ code: 'MARGIN_CURED' })).toHaveLength(1);
  expect(await agent.journal.programmes({})).toMatchObject([{ state: 'completed' }]);
  const alert = { kind: 'alert', code: 'MARGIN_CURED', portfolio: 'book' };
  expect(opened.events).toContainEqual(expect.objectContaining(alert));
  expect(agent.desk.used('book').gasUsd).toBeGreaterThan(0);
  // The next look finds nothing to do.
  await marketTo(3_024);
  await roundToEnd(agent);
  expect(told(opened)).toHaveLength(1);
});

test('a smaller position is taken where that is all that may be done, whatever stops new risk', async () => {
  const instruments: Instruments = { perpV2: [perp(home())], margin: { ...LIMITS, ways: ['reduce'] } };
  await openPerp(home(), 9_600n, instruments);
  const opened = await openBook(instruments);
  opened.agent.kill('*', 'somebody wants no more risk');
  expect(await untilKept(opened, () => perpMargin(home()))).toBeGreaterThan(0.08);
  expect(told(opened)).toMatchObject([{ code: 'MARGIN_CURED', details: { way: 'reduce' } }]);
  const { distance, size } = await perpMargin(home());
  expect(distance).toBeGreaterThan(0.119);
  expect(size).toBeGreaterThan(-SIZE);
  expect(size).toBeLessThan(-SIZE / 2);
});

describe('over a bridge', () => {
  const instruments = (): Instruments => ({ perpV2: [perp(away())], margin: LIMITS });
  const begun = async (): Promise<void> => {
    await openPerp(away(), 10_700n, instruments());
    await give(away(), 'USDC');
    for (const chain of stage.world.chains) await give(chain, 'WETH');
  };

  test('money comes from another chain, begun while the limit is still far', async () => {
    await begun();
    const opened = await openBook(instruments());
    expect(await untilKept(opened, () => perpMargin(away()))).toBeGreaterThan(0.09);
    expect(told(opened)).toMatchObject([
      { code: 'MARGIN_CURED', details: { way: 'bridge', outcome: 'cured', unexplainedAtoms: 0n } },
    ]);
    expect(await perpMargin(away())).toMatchObject({ size: -SIZE });
    expect((await perpMargin(away())).distance).toBeGreaterThan(0.12);
    const [plan] = await opened.agent.journal.decisions({ code: 'MARGIN_CURE' });
    const short = expect.objectContaining({ id: 'wallet', reason: 'TOO_LITTLE' }) as unknown;
    expect(plan!.details['rejected']).toEqual(expect.arrayContaining([short]));
  });

  /** A process that dies at one of its deliveries, after the transaction has arrived or before. */
  const dying =
    (at: number, arrives: boolean) =>
    (ports: RebalancerPorts): RebalancerPorts => {
      const { account } = ports;
      let deliveries = 0;
      const deliver: typeof account.submission.send = async (...args) => {
        deliveries += 1;
        if (deliveries < at || arrives) await account.submission.send(...args);
        if (deliveries >= at) throw new Error('the process is gone');
      };
      return { ...ports, account: { ...account, submission: { ...account.submission, send: deliver } } };
    };

  // The deliveries: approval and deposit into the bridge, approval and deposit into the vault.
  test.each([
    [2, 'after', true],
    [4, 'before', false],
    [4, 'after', true],
  ] as const)(
    'a process that dies at delivery %i, %s it arrives, leaves what another does once',
    async (at, _, arrives) => {
      await begun();
      const first = await openBook(instruments(), { extend: dying(at, arrives) });
      await untilKept(first, () => perpMargin(away()));
      expect(told(first)).toMatchObject([{ code: 'UNEXPECTED', level: 'error' }]);
      await close(first.agent);
      const second = await openBook(instruments(), { folder: first.folder });
      expect(await findLeftBehind(second.agent.journal, second.agent.keepers())).toEqual([]);
      await roundToEnd(second.agent);
      expect(await second.agent.journal.programmes({})).toMatchObject([{ state: 'completed' }]);
      clock.set((await stage.world.clockSeconds()) + 120);
      await roundToEnd(second.agent);
      expect(told(second)).toEqual([]);
      const [plan] = await second.agent.journal.decisions({ code: 'MARGIN_CURE' });
      const [deposits, paidIn] = await vaultDeposits(away());
      expect(deposits).toBe(2);
      expect(paidIn).toBeCloseTo(Number(plan!.details['amount']), -2);
      expect((await perpMargin(away())).distance).toBeGreaterThan(0.12);
    },
  );
});

/** How often the owner has paid in, and the last of it. */
async function vaultDeposits(chain: WorldChain): Promise<readonly [number, number]> {
  const abi = ['event Deposited(address indexed collateralToken, address indexed trader, uint256 amount)'];
  const vault = new Contract(chain.parts.perpV2!.vault, abi, chain.provider);
  const told = await vault.queryFilter(vault.filters['Deposited']!(null, owner().address));
  const [last] = told.slice(-1);
  return [told.length, Number((last as unknown as { args: { amount: bigint } }).args.amount) / 1e6];
}

test('sUSD of the wallet becomes margin of a market of Synthetix', async () => {
  const instruments: Instruments = { synthetixPerps: [synth(home())], margin: { ...LIMITS, ways: ['wallet'] } };
  const { market, sUSD } = home().parts.synthetixPerps!;
  const atoms = 6_000n * 10n ** 18n;
  const { trader } = stage.world.accounts;
  await send(trader.privateKey, home(), sUSD, 'transfer(address,uint256)', [owner().address, 4n * atoms]);
  await send(owner().privateKey, home(), market, 'transferMargin(int256)', [atoms]);
  await sell(instruments, 'synthetix-perps', home(), 'sETH');
  const opened = await openBook(instruments);
  expect(await untilKept(opened, () => synthMargin(home()))).toBeGreaterThan(0.08);
  expect(told(opened)).toMatchObject([{ code: 'MARGIN_CURED', details: { way: 'wallet', unexplainedAtoms: 0n } }]);
  expect((await synthMargin(home())).distance).toBeGreaterThan(0.119);
});

test('an account that stays near its limits, with nothing due, keeps no trade from being made', async () => {
  const instruments: Instruments = { perpV2: [perp(home())], margin: { ...LIMITS, ways: ['wallet'] } };
  await openPerp(home(), 10_100n, instruments);
  const opened = await openBook(instruments, { perNumeraire: 0.01 });
  for (let look = 0; look < 2; look += 1) {
    clock.set((await stage.world.clockSeconds()) + 61 * look);
    await roundToEnd(opened.agent);
  }
  expect(told(opened)).toEqual([]);
  expect(opened.events.filter(({ code }) => code === 'INTENT_SIGNED').length).toBeGreaterThan(0);
});

test('where nothing may be done that helps, people are told, and nothing is sent', async () => {
  const instruments: Instruments = { perpV2: [perp(away())], margin: { ...LIMITS, ways: ['wallet'] } };
  await openPerp(away(), 9_200n, instruments);
  await give(away(), 'USDC');
  const opened = await openBook(instruments);
  await marketTo(3_060);
  await roundToEnd(opened.agent);
  expect(told(opened)).toMatchObject([{ code: 'MARGIN_UNREACHABLE', level: 'error', details: { way: null } }]);
  expect(await opened.agent.journal.programmes({})).toEqual([]);
  const alert = { kind: 'alert', level: 'error', code: 'MARGIN_UNREACHABLE' };
  expect(opened.events).toContainEqual(expect.objectContaining(alert));
});
