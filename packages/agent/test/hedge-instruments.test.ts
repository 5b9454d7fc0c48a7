import { rmSync, writeFileSync } from 'node:fs';
import type { Journal } from '@evenkeel/core';
import { memoryJournal } from '@evenkeel/core/execution';
import {
  createHedgingRebalancer,
  type HedgeInstruments,
  type HedgingRebalancer,
  type HedgingResult,
  type InstrumentRebalancer,
} from '@evenkeel/core/hedger';
import type { Portfolio, RebalancerPorts } from '@evenkeel/core/rebalancer';
import type { WorldSnapshot } from '@evenkeel/devnet';
import { Contract, Wallet } from 'ethers';
import { seededRandom } from '../src/assemble/ambient.js';
import { assemble, rebalancerOf } from '../src/assemble/portfolio.js';
import { parseConfig } from '../src/config/load.js';
import type { PortfolioConfigInput } from '../src/config/schema.js';
import { agentFile, bookOf, closeAll, open, removeFolders, roundToEnd } from './agent/support.js';
import { documentIn, folder, inProcess, writeYaml } from './cli-process.js';
import { balanceOf, openStage, type Stage, traces } from './support.js';

// A configured portfolio whose hedges may be perpetuals and loans: chosen by what they cost to hold, signed, journaled and
// executed as spot is.

jest.setTimeout(60_000);

type Instruments = NonNullable<PortfolioConfigInput['instruments']>;

let stage: Stage;
/** With feeds that were just told. */
let opening: WorldSnapshot;
const files = folder();

beforeAll(async () => {
  stage = await openStage({ chains: 1, parts: ['perp-v2', 'aave-v3', 'oneinch-lop', 'synthetix-perps'] });
  await stage.actors.feedKeeper.tick();
  opening = await stage.world.snapshot();
}, 180_000);
beforeEach(async () => {
  await stage.world.revert(opening);
  // However long it took to come here: what is read is of now.
  await chain().rpc('evm_mine', []);
});
afterEach(closeAll);
afterAll(async () => {
  await stage?.close();
  removeFolders();
  rmSync(files, { recursive: true, force: true });
});

const owner = () => stage.world.accounts.owner;
const chain = () => stage.world.chains[0]!;

function perp(): NonNullable<Instruments['perpV2']>[number] {
  const { perpV2 } = chain().parts;
  const {
    accountBalance,
    baseToken,
    clearingHouse,
    clearingHouseConfig,
    collateralManager,
    exchange,
    quoteToken,
    vault,
  } = perpV2!;
  const contracts = { accountBalance, clearingHouse, clearingHouseConfig, collateralManager, exchange, vault };
  return { chainId: chain().id, ...contracts, baseToken, quoteToken };
}

function loan(): NonNullable<Instruments['aaveShort']>[number] {
  const { addressesProvider, pool } = chain().parts.aaveV3!;
  return { chainId: chain().id, addressesProvider, pool };
}

function synth(): NonNullable<Instruments['synthetixPerps']>[number] {
  const { market, sUSD } = chain().parts.synthetixPerps!;
  return { chainId: chain().id, market, marginToken: sUSD };
}

/** The world's signed orders, as somebody would write them into a file. */
function book(): NonNullable<Instruments['oneinchLop']>[number] {
  const { limitOrderProtocol, orders } = chain().parts.oneinchLop!;
  const ordersFile = `${files}/orders.json`;
  writeFileSync(
    ordersFile,
    JSON.stringify(orders, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  );
  return { chainId: chain().id, limitOrderProtocol, ordersFile };
}

async function send(privateKey: string, to: string, signature: string, args: readonly unknown[]): Promise<void> {
  const contract = new Contract(to, [`function ${signature}`], new Wallet(privateKey, chain().provider));
  const sent = (await contract.getFunction(signature.slice(0, signature.indexOf('(')))(...args)) as {
    wait(): Promise<unknown>;
  };
  await sent.wait();
}

/** Margin for the perpetual. */
async function deposit(units: bigint): Promise<void> {
  const { privateKey } = owner();
  const { USDC } = chain().tokens;
  const { vault } = chain().parts.perpV2!;
  await send(privateKey, USDC.address, 'approve(address,uint256)', [vault, units * 10n ** 6n]);
  await send(privateKey, vault, 'deposit(address,uint256)', [USDC.address, units * 10n ** 6n]);
}

/** Margin for the market of Synthetix, which somebody gives to the owner. */
async function depositSynths(units: bigint): Promise<void> {
  const { market, sUSD } = chain().parts.synthetixPerps!;
  const { address, privateKey } = owner();
  const atoms = units * 10n ** 18n;
  await send(stage.world.accounts.trader.privateKey, sUSD, 'transfer(address,uint256)', [address, atoms]);
  await send(privateKey, market, 'transferMargin(int256)', [atoms]);
}

async function perpSize(): Promise<number> {
  const { accountBalance, baseToken } = chain().parts.perpV2!;
  const abi = ['function getTakerPositionSize(address, address) view returns (int256)'];
  const size = (await new Contract(accountBalance, abi, chain().provider).getFunction('getTakerPositionSize')(
    owner().address,
    baseToken,
  )) as bigint;
  return Number(size) / 1e18;
}

const QUICK: Partial<PortfolioConfigInput> = {
  pollMs: 20,
  schedule: { kind: 'single' },
  adapters: ['uniswap-v2', 'uniswap-v3'],
  nodeBudget: 3,
};

function hedger(
  instruments: Instruments,
  more: {
    journal?: Journal;
    ports?: (ports: RebalancerPorts) => Partial<RebalancerPorts>;
    config?: Partial<PortfolioConfigInput>;
  } = {},
): {
  readonly rebalancer: HedgingRebalancer;
  readonly journal: Journal;
  readonly ports: RebalancerPorts;
  readonly portfolio: Portfolio;
  readonly instruments: HedgeInstruments | undefined;
} {
  const journal = more.journal ?? memoryJournal();
  // In one piece, unless a test is of parts.
  const assembled = assemble(
    parseConfig({ ...stage.config, ...QUICK, ...more.config, instruments: { maxParts: 1, ...instruments } }),
    {
      signer: new Wallet(owner().privateKey),
      journal,
      random: seededRandom(1),
      env: {},
    },
  );
  const ports = { ...assembled.ports, ...more.ports?.(assembled.ports) };
  const { instruments: configured, portfolio } = assembled;
  return { rebalancer: rebalancerOf(portfolio, ports, configured), journal, ports, portfolio, instruments: configured };
}

test('the perpetual takes the hedge where it is cheaper to hold, by an intent for it and nothing else', async () => {
  await deposit(50_000n);
  const { journal, rebalancer } = hedger({ perpV2: [perp()], aaveShort: [loan()] });
  const told: string[] = [];
  for (const event of ['surveyed', 'decided', 'signed', 'scheduled', 'routed', 'reported'] as const) {
    rebalancer.on(event, () => void told.push(event));
  }
  const { after, before, decision, instrument, report, signed, slices } = await rebalancer.rebalance();
  const adapter = `perp-v2-${chain().id}`;
  expect(report).toMatchObject({
    outcome: 'hedged',
    reconciliation: { exact: true, unexplainedAtoms: 0n },
  });
  expectCosts(report);
  // A tenth of a percent of what the position is worth, as the venue told.
  const size = Math.abs(await perpSize());
  expect(Number(report.costs!.byKind.fee)).toBeCloseTo(0.001 * 3_000 * size, -1);
  expect(instrument!.choice.chosen.quote).toMatchObject({ adapter, instrument: 'vETH' });
  expect(instrument!.choice.compared.map(({ quote }) => quote.adapter)).toContain('routed-spot');
  expect(instrument!.choice.chosen.costBps).toBeLessThan(instrument!.choice.compared[1]!.costBps);
  expect(slices).toEqual([]);
  expect(told).toEqual(['surveyed', 'decided', 'signed', 'scheduled', 'reported']);
  // An exact size, and read back by the position source, not from the plan.
  if (decision.action !== 'trade') throw new Error(decision.sentence);
  expect(await perpSize()).toBeCloseTo(Number(decision.deltaChangeUnits), 12);
  expect(Number(after.exposure.delta.low) - Number(before.exposure.delta.low)).toBeCloseTo(await perpSize(), 2);
  expect(signed!.intent).toMatchObject({ adapters: [adapter], spending: [{ maxSpend: 1n }] });
  const codes = (await journal.decisions({})).map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['OUTSIDE_BAND', 'INSTRUMENT_CHOSEN', 'TRADE_OPENED', 'TRADE_CLOSED']));
  // Then there is nothing left to do.
  expect(await rebalancer.rebalance()).toMatchObject({ report: { outcome: 'held' }, slices: [] });
});

/** By kind, summing to the total, and the same as what the positions are worth less: funding of seconds aside. */
function expectCosts({ costs }: HedgingResult['report']): void {
  const { byKind, total, unattributed } = costs!;
  const sum = Object.values(byKind).reduce((all, each) => all + Number(each), 0);
  expect(sum).toBeCloseTo(Number(total), 9);
  expect(Number(byKind.gas)).toBeGreaterThan(0);
  expect(Number(total)).toBeGreaterThan(Number(byKind.gas));
  expect(Math.abs(Number(unattributed))).toBeLessThan(0.01);
}

test('a market of Synthetix PerpsV2 takes the hedge on its margin, and is read as a position', async () => {
  await depositSynths(60_000n);
  const { rebalancer } = hedger({ synthetixPerps: [synth()] });
  const { after, decision, instrument, report } = await rebalancer.rebalance();
  expect(report).toMatchObject({ outcome: 'hedged', reconciliation: { exact: true } });
  expectCosts(report);
  expect(instrument!.choice.chosen.quote).toMatchObject({ adapter: `synthetix-perps-${chain().id}` });
  if (decision.action !== 'trade') throw new Error(decision.sentence);
  const held = after.exposure.positions.filter(({ id }) => id.startsWith('synthetix-perps'));
  expect(held).toMatchObject([{ delta: { low: decision.deltaChangeUnits, high: decision.deltaChangeUnits } }]);
});

test('a trade on Synthetix that would break a limit of its margin is out, and another takes it', async () => {
  await depositSynths(3_000n);
  await deposit(50_000n);
  const { rebalancer } = hedger({ synthetixPerps: [synth()], perpV2: [perp()], margin: { maxLeverage: 2 } });
  const { instrument } = await rebalancer.rebalance({ deltaChangeUnits: '5', dryRun: true });
  expect(instrument!.choice.chosen.quote.adapter).toBe(`perp-v2-${chain().id}`);
  expect(instrument!.choice.refused).toMatchObject([
    { adapter: `synthetix-perps-${chain().id}`, code: 'MARGIN_LIMIT' },
  ]);
});

test('signed orders out of a file take the hedge where they are cheaper than the pools', async () => {
  const { rebalancer } = hedger({ oneinchLop: [book()] });
  const { instrument, report, signed } = await rebalancer.rebalance({ deltaChangeUnits: '2' });
  const adapter = `oneinch-lop-${chain().id}`;
  expect(instrument!.choice.chosen.quote).toMatchObject({ adapter, units: '2' });
  expect(report).toMatchObject({ reconciliation: { exact: true, unexplainedAtoms: 0n } });
  expectCosts(report);
  expect(signed!.intent.adapters).toEqual([adapter]);
});

test('a file of orders that is not there or is none leaves spot alone, with a code', async () => {
  for (const content of [undefined, '{}', 'no json']) {
    const ordersFile = `${files}/none.json`;
    if (content !== undefined) writeFileSync(ordersFile, content);
    const { rebalancer } = hedger({ oneinchLop: [{ ...book(), ordersFile }] });
    const { instrument, slices } = await rebalancer.rebalance({ deltaChangeUnits: '1', dryRun: true });
    expect(instrument).toBeUndefined();
    expect(slices).toHaveLength(1);
  }
});

test('a dry run shows the choice, and leaves no trace', async () => {
  await deposit(50_000n);
  const before = await traces(stage);
  const { instrument, report } = await hedger({ perpV2: [perp()] }).rebalancer.rebalance({ dryRun: true });
  expect(report).toMatchObject({ outcome: 'dry-run', reconciliation: null });
  expect(instrument!.execution).toMatchObject({ state: 'simulated' });
  expect(await traces(stage)).toEqual(before);
});

test('where others are believed unsteady spot is the cheapest, and without margin it is alone: the hedge is as ever', async () => {
  const alone = await hedger({ perpV2: [perp()] }).rebalancer.rebalance({ dryRun: true });
  expect(alone.slices).toHaveLength(1);
  expect(alone.instrument).toBeUndefined();
  await deposit(50_000n);
  const unsteady = { ...perp(), basisNoiseBps: 200 };
  const short = await hedger({ perpV2: [unsteady], holdingDays: 2 }).rebalancer.rebalance();
  expect(short.slices).toHaveLength(1);
  expect(short.instrument).toBeUndefined();
  expect(await perpSize()).toBe(0);
});

test('more than there is to sell is borrowed and sold, one step after another, and what was held is closed by it later', async () => {
  const { journal, rebalancer } = hedger({ aaveShort: [loan()] });
  const sold = await rebalancer.rebalance({ deltaChangeUnits: '-9' });
  const adapter = `aave-short-${chain().id}`;
  expect(sold.instrument!.choice.chosen.quote).toMatchObject({ adapter, units: '-9' });
  expect(sold.instrument!.choice.refused).toMatchObject([{ adapter: 'routed-spot', code: 'NO_SPOT_ROUTE' }]);
  expect(sold.report).toMatchObject({ reconciliation: { exact: true } });
  expectCosts(sold.report);
  expect(loanDelta(sold.after)).toBeCloseTo(-9, 6);
  const steps = await journal.outcomes({ intentId: sold.signed!.id, slice: 0 });
  expect(steps.map(({ state }) => state)).not.toContain('failed');
  expect(steps.length).toBeGreaterThan(4);
  const back = await rebalancer.rebalance({ deltaChangeUnits: '9' });
  expect(back.instrument!.choice.chosen.quote).toMatchObject({ adapter, units: '9' });
  // What is closed now is not closed later.
  expect(back.instrument!.choice.chosen.cost.closing).toBeLessThan(0);
  expectCosts(back.report);
  expect(loanDelta(back.after)).toBe(0);
});

describe('a size that is split', () => {
  const instruments = (): Instruments => ({ perpV2: [perp()], maxParts: 2, margin: { ways: [] } });

  test('goes in parts where that costs less than the cheapest alone, each by its own intent, and is told as one', async () => {
    await deposit(50_000n);
    const { journal, rebalancer } = hedger(instruments());
    const permitted: string[] = [];
    const result = await rebalancer.rebalance({
      deltaChangeUnits: '60',
      permit: ({ deltaChangeUnits }) => void permitted.push(deltaChangeUnits),
    });
    const [split] = await journal.decisions({ code: 'HEDGE_SPLIT' });
    const parts = split!.details['parts'] as unknown as readonly { adapter: string; units: string }[];
    expect(parts.map(({ adapter }) => adapter).sort()).toEqual([`perp-v2-${chain().id}`, 'routed-spot']);
    expect(Number(split!.details['saving'])).toBeGreaterThan(0);
    expect(permitted).toEqual(['60']);
    expect(result.parts).toHaveLength(2);
    expect(new Set(result.parts!.map(({ signed }) => signed!.id)).size).toBe(2);
    expect(result.report.reconciliation).toMatchObject({ exact: true, unexplainedAtoms: 0n });
    const costs = result.parts!.map(({ report }) => Number(report.costs!.total));
    expect(costs[0]! + costs[1]!).toBeCloseTo(Number(result.report.costs!.total), 6);
    const ofPerp = parts.find(({ adapter }) => adapter.startsWith('perp'))!;
    expect(await perpSize()).toBeCloseTo(Number(ofPerp.units), 9);
    const { after, before } = result.report.delta;
    // The pools move by it, and options with them.
    expect(Math.abs(Number(after.low) - Number(before.low) - 60)).toBeLessThan(2.5);
  });

  test('a dry run shows the parts and leaves no trace', async () => {
    await deposit(50_000n);
    const before = await traces(stage);
    const { parts } = await hedger(instruments()).rebalancer.rebalance({ deltaChangeUnits: '60', dryRun: true });
    expect(parts!.map(({ report }) => report.outcome)).toEqual(['dry-run', 'dry-run']);
    expect(await traces(stage)).toEqual(before);
  });
});

describe('a split of which the second part fails', () => {
  /** Nobody opens a paused market of Perp v2 again. */
  const shut = (): Promise<void> =>
    send(stage.world.accounts.deployer.privateKey, chain().parts.perpV2!.baseToken, 'pause()', []);
  const between = (journal: Journal): { readonly journal: Journal } => {
    let ended = 0;
    const finishProgramme: Journal['finishProgramme'] = async (...args) => {
      await journal.finishProgramme(...args);
      ended += 1;
      if (ended === 1) await shut();
    };
    return { journal: { ...journal, finishProgramme } };
  };
  const onceSigned = ({ account }: RebalancerPorts): Partial<RebalancerPorts> => {
    let signed = 0;
    const signTypedData: typeof account.signTypedData = async (typed) => {
      signed += 1;
      if (signed === 2) await shut();
      return account.signTypedData(typed);
    };
    return { account: { ...account, signTypedData } };
  };

  test.each([
    ['kept', 'partly-hedged', 'before it is asked for', '24', '24'],
    ['undone', 'failed', 'before it is asked for', '24', '-120'],
    ['kept', 'partly-hedged', 'once it is signed', '24', '24'],
    ['undone', 'failed', 'once it is signed', '24', '-120'],
  ] as const)(
    'the first is %s, and told as %s, where the market of the second closes %s',
    async (status, outcome, when, units, targetDeltaUnits) => {
      // The margin carries ten, so that the larger part is spot.
      await deposit(15_000n);
      const journal = memoryJournal();
      const more = when === 'once it is signed' ? { journal, ports: onceSigned } : between(journal);
      const instruments = { perpV2: [perp()], maxParts: 2, margin: { ways: [], maxLeverage: 2 } };
      const policy = { riskAversion: { perNumeraire: 0.001 }, targetDeltaUnits };
      const { rebalancer } = hedger(instruments, { ...more, config: { policy } });
      const held = await balanceOf(chain(), 'WETH', owner().address);
      const { report } = await rebalancer.rebalance({ deltaChangeUnits: units });
      const [split] = await journal.decisions({ code: 'HEDGE_SPLIT' });
      const [first, second] = split!.details['parts'] as unknown as readonly Record<'adapter' | 'units', string>[];
      expect([first!.adapter, second!.adapter]).toEqual(['routed-spot', `perp-v2-${chain().id}`]);
      expect(report).toMatchObject({ outcome, reconciliation: { exact: true, unexplainedAtoms: 0n } });
      const bought = Number((await balanceOf(chain(), 'WETH', owner().address)) - held) / 1e18;
      expect(bought).toBeCloseTo(status === 'kept' ? Number(first!.units) : 0, 1);
      expect(await perpSize()).toBe(0);
    },
  );
});

describe('one instrument by itself', () => {
  const perpOrder = (units: string) => ({
    ...{ adapter: `perp-v2-${chain().id}`, chainId: chain().id, instrument: 'vETH' },
    units,
  });
  const loanOrder = (units: string) => ({
    ...{ adapter: `aave-short-${chain().id}`, chainId: chain().id, instrument: 'WETH' },
    units,
  });
  const trader = (): InstrumentRebalancer => {
    const { instruments, portfolio, ports } = hedger({ perpV2: [perp()], aaveShort: [loan()] });
    return createHedgingRebalancer(portfolio, ports, instruments!);
  };

  test('a hedge moves from a perpetual to a loan, the new one first', async () => {
    await deposit(50_000n);
    const rebalancer = trader();
    await rebalancer.trade(perpOrder('-3'));
    expect(await perpSize()).toBeCloseTo(-3, 12);
    const { outcome, trades } = await rebalancer.move({ open: loanOrder('-3'), close: perpOrder('3') });
    expect(outcome).toMatchObject({ status: 'done', made: { length: 2 } });
    expect(await perpSize()).toBe(0);
    expect(loanDelta(trades.at(-1)!.after)).toBeCloseTo(-3, 6);
    for (const { report } of trades) expect(report.reconciliation).toMatchObject({ exact: true });
  });

  // The book is short: what is bought lowers its risk, what is sold does not.
  test.each([
    ['2', 'kept', 2],
    ['-2', 'undone', 0],
  ] as const)('where its second part fails, the first, %s, is %s', async (units, status, held) => {
    await deposit(50_000n);
    const rebalancer = trader();
    const { outcome } = await rebalancer.move({ open: perpOrder(units), close: loanOrder('5') });
    expect(outcome).toMatchObject({ status, error: { code: 'NO_INSTRUMENT' } });
    expect(await perpSize()).toBeCloseTo(held, 12);
  });

  test('who is told to stop between the two takes the first back', async () => {
    await deposit(50_000n);
    const rebalancer = trader();
    const stop = new AbortController();
    rebalancer.on('reported', () => stop.abort());
    await expect(
      rebalancer.move({ open: perpOrder('2'), close: perpOrder('-1') }, { signal: stop.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect(await perpSize()).toBe(0);
  });

  test('nobody trades what is not configured', async () => {
    const order = { ...perpOrder('1'), adapter: 'perp-v2-1' };
    await expect(trader().trade(order)).rejects.toMatchObject({ code: 'TRADE_NOT_DECIDED' });
  });
});

/** Of the account on Aave, as its position source reads it. */
function loanDelta({ exposure }: HedgingResult['after']): number {
  return exposure.positions
    .filter(({ id }) => id.startsWith('aave-v3'))
    .reduce((sum, { delta }) => sum + Number(delta?.low ?? 0), 0);
}

class Death extends Error {}

/** A process that dies at its first delivery, before or after the transaction has arrived. */
const dying =
  (arrives: boolean) =>
  (ports: RebalancerPorts): Partial<RebalancerPorts> => {
    const { account } = ports;
    const send: typeof account.submission.send = async (...args) => {
      if (arrives) await account.submission.send(...args);
      throw new Death();
    };
    return { account: { ...account, submission: { ...account.submission, send } } };
  };

test.each([
  ['before', false],
  ['after', true],
] as const)(
  'a process that dies %s its transaction arrives leaves a trade that another brings to its end, once',
  async (_, arrives) => {
    await deposit(50_000n);
    const journal = memoryJournal();
    const first = hedger({ perpV2: [perp()] }, { journal, ports: dying(arrives) });
    await expect(first.rebalancer.rebalance()).rejects.toThrow(Death);
    const { rebalancer } = hedger({ perpV2: [perp()] }, { journal });
    await expect(rebalancer.rebalance()).rejects.toMatchObject({ code: 'PROGRAMME_OPEN' });
    const [resumed, ...more] = await rebalancer.resume();
    expect(more).toEqual([]);
    expect(resumed).toMatchObject({
      state: 'completed',
      report: { outcome: 'hedged', reconciliation: { exact: true } },
    });
    const [chosen] = await journal.decisions({ code: 'INSTRUMENT_CHOSEN' });
    expect(await perpSize()).toBeCloseTo(Number(chosen!.details['units']), 12);
    expect(await rebalancer.resume()).toEqual([]);
  },
);

test('the command reads instruments from its file and says which took the hedge', async () => {
  await deposit(50_000n);
  const config = { ...stage.config, ...QUICK, journal: `${files}/book.db`, instruments: { perpV2: [perp()] } };
  const file = writeYaml(files, 'book.yaml', config);
  const ended = await inProcess(['hedge', '--config', file, '--json'], { EVENKEEL_PRIVATE_KEY: owner().privateKey });
  expect(documentIn(ended)).toMatchObject({
    outcome: 'hedged',
    instruments: [
      { adapter: `perp-v2-${chain().id}`, costBps: expect.any(Number), competitors: [{ adapter: 'routed-spot' }] },
    ],
    unexplainedAtoms: '0',
  });
});

describe('a margin that is beyond its limits', () => {
  /** A short of 20 on a tenth of what it is worth, where five times is allowed. */
  const begun = async (): Promise<void> => {
    await deposit(7_000n);
    const lax = { maxLeverage: 30, minLiquidationDistancePercent: 1 };
    const { rebalancer } = hedger({ perpV2: [perp()], margin: lax });
    const order = { adapter: `perp-v2-${chain().id}`, chainId: chain().id, instrument: 'vETH', units: '-20' };
    const { instrument } = await (rebalancer as InstrumentRebalancer).trade(order);
    expect(instrument!.execution.state).toBe('completed');
  };
  const command = (name: string, ...more: string[]) => {
    const config = { ...stage.config, ...QUICK, journal: `${files}/${name}.db`, instruments: { perpV2: [perp()] } };
    const file = writeYaml(files, `${name}.yaml`, config);
    const args = ['hedge', '--config', file, '--json', '--delta-change', '2', ...more];
    return inProcess(args, { EVENKEEL_PRIVATE_KEY: owner().privateKey });
  };
  const margin = { venue: expect.stringMatching(/^perp-v2-\d+-margin$/) as string, code: 'MARGIN_CURED' };

  test('is told by the command, with what would cure it, and nothing is done for it; what makes it smaller is not refused', async () => {
    await begun();
    const ended = await command('told', '--dry-run');
    expect(documentIn(ended)).toMatchObject({
      outcome: 'dry-run',
      margins: [
        { ...margin, outcome: 'simulated', before: { leverage: expect.closeTo(8.6, 0) as number }, after: null },
      ],
    });
    const { choices } = await hedger({ perpV2: [perp()] }).rebalancer.rebalance({
      deltaChangeUnits: '5',
      dryRun: true,
    });
    expect(choices![0]!.refused.map(({ code }) => code)).not.toContain('MARGIN_LIMIT');
  });

  test('is cured first where that is asked for', async () => {
    await begun();
    const ended = await command('cured', '--keep-margin');
    const [kept] = (documentIn(ended) as { margins: { after: { leverage: number } }[] }).margins;
    expect(kept).toMatchObject({ ...margin, outcome: 'cured', way: 'wallet' });
    expect(kept!.after.leverage).toBeLessThanOrEqual(5);
  });

  test('grows no further: another takes what would make it worse', async () => {
    await begun();
    const { rebalancer } = hedger({ perpV2: [perp()], aaveShort: [{ ...loan(), healthFactor: 1.1 }] });
    const { choices } = await rebalancer.rebalance({ deltaChangeUnits: '-1', dryRun: true });
    expect(choices![0]!.refused.map(({ adapter, code }) => [adapter, code])).toEqual([
      [`perp-v2-${chain().id}`, 'MARGIN_LIMIT'],
      [`aave-short-${chain().id}`, 'MARGIN_LIMIT'],
    ]);
  });
});

test('the agent hedges with what its file names, and counts it against its limits', async () => {
  await deposit(50_000n);
  const { agent, events } = await open(
    stage,
    agentFile(stage, [{ ...bookOf(stage), instruments: { perpV2: [perp()] } }]),
  );
  await roundToEnd(agent);
  expect(events.find(({ kind }) => kind === 'report')).toMatchObject({
    portfolio: 'book',
    code: 'HEDGED',
    details: { unexplainedAtoms: 0n },
  });
  expect(await perpSize()).toBeGreaterThan(1);
  expect(agent.desk.used('book').notionalUsd).toBeGreaterThan(1_000);
});

test('a file that cannot be right is refused', () => {
  const invalid = expect.objectContaining({ code: 'INVALID_INPUT' });
  expect(() => hedger({ perpV2: [{ ...perp(), chainId: 1 }] })).toThrow(invalid);
  expect(() => hedger({ aaveShort: [loan(), loan()] })).toThrow(invalid);
  expect(() => hedger({ aaveShort: [{ ...loan(), healthFactor: 0.9 }] })).toThrow(invalid);
  expect(() => hedger({ margin: { maxLeverage: 1_000 } })).toThrow(invalid);
});
