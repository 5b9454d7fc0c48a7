import { setTimeout as sleep } from 'node:timers/promises';
import { Contract } from 'ethers';
import type { Journal } from '@evenkeel/core';
import { liveDelegations } from '@evenkeel/core/delegate';
import { memoryJournal } from '@evenkeel/core/execution';
import type { RebalancerPorts } from '@evenkeel/core/rebalancer';
import {
  type CowOrderBookLoopbackServer,
  startCowOrderBook,
} from '../../adapters/test/cow-order-book-loopback-server.js';
import {
  deployStandInSettlers,
  type OifLoopbackServer,
  startOifLoopbackServer,
} from '../../adapters/test/oif-loopback-server.js';
import { startUniswapXService, type UniswapXLoopbackServer } from '../../adapters/test/uniswapx-loopback-server.js';
import type { PortfolioConfigInput } from '../src/config/schema.js';
import {
  actor,
  type Actor,
  type ActorOptions,
  allowancesLeft,
  Death,
  openStage,
  type Stage,
  traces,
} from './support.js';

// Configured networks bid for the slices of a real portfolio, on real contracts: they win, lose, fill, leave, and the
// process dies in between. Whatever happens, the intent is carried out once.

jest.setTimeout(120_000);

let stage: Stage;
let book: CowOrderBookLoopbackServer;
let service: UniswapXLoopbackServer;
let working = true;

beforeAll(async () => {
  stage = await openStage({ chains: 1 });
  book = await startCowOrderBook(home(), stage.actors.cowSolver);
  service = await startUniswapXService(home(), stage.actors.uniswapXFiller);
  void work();
}, 180_000);
beforeEach(async () => {
  await stage.rewind();
  stage.actors.uniswapXFiller.behave({ spreadBps: 1, ignore: () => false, exclusiveSeconds: 0 });
  stage.actors.cowSolver.behave({ ignore: () => false });
});
afterAll(async () => {
  working = false;
  await book?.close();
  await service?.close();
  await stage?.close();
});

const home = () => stage.world.chains[0]!;

/** Solvers act and blocks come, whatever the portfolio does. */
async function work(): Promise<void> {
  while (working) {
    try {
      await stage.actors.uniswapXFiller.tick();
      await stage.actors.cowSolver.tick();
      await home().rpc('anvil_mine', ['0x1']);
    } catch {
      // The world is set back, or closes.
    }
    await sleep(100);
  }
}

type Solvers = NonNullable<PortfolioConfigInput['solvers']>;

function solvers(change: (all: Solvers) => Solvers = (all) => all): Solvers {
  const { cowSettlement, cowVaultRelayer, uniswapXExclusiveDutchReactor, uniswapXOrderQuoter } = home().contracts;
  const chainId = home().id;
  return change({
    patienceSeconds: 60,
    proofSeconds: 0,
    answerSeconds: 30,
    cow: { chains: [{ chainId, apiUrl: book.url, settlement: cowSettlement, vaultRelayer: cowVaultRelayer }] },
    uniswapx: {
      decayBps: 0,
      chains: [
        {
          kind: 'exclusive-dutch',
          chainId,
          quoteUrl: service.url,
          reactor: uniswapXExclusiveDutchReactor,
          quoter: uniswapXOrderQuoter,
        },
      ],
    },
  });
}

/** UniswapX alone, for so long. */
const fillerAlone =
  (patienceSeconds: number) =>
  ({ cow: _, ...all }: Solvers): Solvers => ({ ...all, patienceSeconds });

function trader(change?: (all: Solvers) => Solvers, options: ActorOptions = {}): Actor {
  return actor(stage, { ...options, config: { ...options.config, solvers: solvers(change) } });
}

const codesOf = async (journal: Journal): Promise<readonly string[]> =>
  (await journal.decisions({})).map(({ code }) => code);

test('the network that improves the book most takes the slice, and every loser is kept with its reason', async () => {
  const { journal, rebalancer } = trader();
  const { report, signed, slices } = await rebalancer.rebalance();
  expect(report).toMatchObject({
    outcome: 'hedged',
    reconciliation: { exact: true, unexplainedAtoms: 0n },
    costs: { unattributed: '0' },
  });
  const [slice] = slices;
  expect(slices).toHaveLength(1);
  expect(slice!.award).toMatchObject({ winner: 'bid', bid: { adapter: 'uniswapx' } });
  expect(slice!.award.contestants.map(({ adapter, code }) => [adapter, code])).toEqual([
    ['uniswapx', 'BEST'],
    ['own route', 'LESS_IMPROVEMENT'],
  ]);
  // On one chain the pool that CoW Protocol's solver settles through is too small for all of it.
  expect(slice!.award.refusals).toMatchObject([{ adapter: 'cow', code: 'TOO_LITTLE' }]);
  expect(slice!.swap!.output.atoms).toBeGreaterThanOrEqual(slice!.swap!.quotedOutputAtoms);
  expect(slice!.programme.steps).toEqual([]);
  expect(slice!.execution).toMatchObject({ state: 'completed' });
  expect(signed!.intent.adapters).toEqual(expect.arrayContaining(['cow', 'uniswapx']));
  const [awarded] = await journal.decisions({ code: 'SLICE_AWARDED' });
  expect(awarded!.details).toMatchObject({
    winner: 'bid',
    contestants: [{ code: 'BEST' }, {}],
    refusals: [{ adapter: 'cow' }],
  });
  expect(await codesOf(journal)).toEqual(
    expect.arrayContaining(['DELEGATION_GIVEN', 'DELEGATION_SUBMITTING', 'DELEGATION_ENDED', 'TRADE_CLOSED']),
  );
  expect(await liveDelegations(journal)).toEqual([]);
  expect(await allowancesLeft(stage)).toEqual([]);
  expect(await rebalancer.rebalance()).toMatchObject({ report: { outcome: 'held' } });
});

test('a sale is given away to the atom; a network that is dearer than our own route loses to it', async () => {
  const { rebalancer } = trader();
  const sold = await rebalancer.rebalance({ deltaChangeUnits: '-0.5' });
  expect(sold.slices[0]).toMatchObject({ award: { winner: 'bid' }, swap: { input: { atoms: 5n * 10n ** 17n } } });
  expect(sold.slices[0]!.award.contestants).toMatchObject([{ adapter: 'uniswapx' }, {}, {}]);
  stage.actors.uniswapXFiller.behave({ spreadBps: 90 });
  const own = await rebalancer.rebalance({ deltaChangeUnits: '0.5' });
  expect(own.slices[0]!.award).toMatchObject({ winner: 'own' });
  expect(own.slices[0]!.swap).toBeUndefined();
  expect(own.report.reconciliation).toMatchObject({ exact: true });
});

test('an order that nobody fills dies by itself, and our own route does the slice, once', async () => {
  stage.actors.uniswapXFiller.behave({ ignore: () => true });
  const { journal, rebalancer } = trader(fillerAlone(10));
  const told: string[] = [];
  rebalancer.on('delegated', ({ sentence }) => void told.push(sentence));
  const { report, slices } = await rebalancer.rebalance();
  // The trade moves the market that the book's own liquidity is in: what is left is for the next decision.
  expect(report).toMatchObject({ outcome: 'partly-hedged', reconciliation: { exact: true } });
  expect(slices[0]).toMatchObject({ award: { winner: 'bid' }, execution: { state: 'completed' }, swap: undefined });
  expect(slices[0]!.route.hops.length).toBeGreaterThan(0);
  expect(slices[0]!.execution.steps.map(({ id }) => id)[0]).toBe('delegate-0');
  expect(told).toHaveLength(3);
  const [ended] = await journal.decisions({ code: 'DELEGATION_ENDED' });
  expect(ended!.sentence).not.toBe('');
  // From now on it is known as one that does not fill.
  expect(await allowancesLeft(stage)).toEqual([]);
});

test('services that break, hang or answer nonsense are named, and stand in nobody’s way', async () => {
  service.answer({ status: 200, text: '<html>' }, { status: 200, text: '<html>' }, { status: 200, text: '<html>' });
  const broken = { chainId: home().id, apiUrl: 'http://127.0.0.1:9' };
  const { rebalancer } = trader((all) => ({ ...all, cow: { chains: [broken] } }));
  const { report, slices } = await rebalancer.rebalance();
  expect(report.reconciliation).toMatchObject({ exact: true });
  expect(slices[0]!.award).toMatchObject({ winner: 'own' });
  expect(slices[0]!.award.refusals!.map(({ adapter, code }) => [adapter, code])).toEqual([
    ['cow', 'ADAPTER_FAILED'],
    ['uniswapx', 'ADAPTER_FAILED'],
  ]);
});

test('a dry run asks the networks, and gives nothing away', async () => {
  const before = (await traces(stage)) as readonly { readonly nonce: unknown; readonly weth: bigint }[];
  const { journal, rebalancer } = trader();
  const { report, slices } = await rebalancer.rebalance({ dryRun: true });
  expect(report.outcome).toBe('dry-run');
  expect(slices[0]).toMatchObject({ award: { winner: 'bid' }, execution: { state: 'simulated' } });
  expect(await codesOf(journal)).not.toContain('DELEGATION_GIVEN');
  const after = (await traces(stage)) as typeof before;
  expect(after.map(({ nonce, weth }) => [nonce, weth])).toEqual(before.map(({ nonce, weth }) => [nonce, weth]));
});

/** Gone as soon as the order is out: whatever it would still write is not written. */
const diesOnceGiven = ({ journal }: RebalancerPorts): Partial<RebalancerPorts> => {
  let gone = false;
  const mortal = Object.fromEntries(
    Object.entries(journal).map(([name, method]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]) => {
        if (gone) throw new Death('the process is gone');
        const answer = await method(...args);
        const [first] = args as readonly { readonly code?: string }[];
        gone = name === 'appendDecision' && first?.code === 'DELEGATION_SUBMITTING';
        return answer;
      },
    ]),
  );
  return { journal: mortal as unknown as Journal };
};

test('a process that dies with its order out goes on with that order, and nothing is traded twice', async () => {
  const journal = memoryJournal();
  const dead = trader(undefined, { journal, ports: diesOnceGiven });
  await expect(dead.rebalancer.rebalance()).rejects.toThrow(Death);
  const [live] = await liveDelegations(journal);
  expect(live).toMatchObject({ state: 'submitting', slice: 0 });
  const next = trader(undefined, { journal });
  // The order may be filled or not: the exposure is as wide as that.
  const { exposure } = await next.rebalancer.survey();
  expect(exposure.widenings.map(({ code }) => code)).toContain('IN_FLIGHT');
  await expect(next.rebalancer.rebalance()).rejects.toMatchObject({ code: 'PROGRAMME_OPEN' });
  const resumed = await next.rebalancer.resume();
  expect(resumed[0]).toMatchObject({ slice: 0, state: 'completed' });
  expect(resumed.at(-1)!.report).toMatchObject({ outcome: 'hedged', reconciliation: { exact: true } });
  const flows = await journal.flows({ intentId: live!.intentId });
  expect(flows.filter(({ kind }) => kind === 'swap')).toHaveLength(2);
  expect(await liveDelegations(journal)).toEqual([]);
  expect(await next.rebalancer.rebalance()).toMatchObject({ report: { outcome: 'held' } });
});

test('after a cancellation the order is ended on chain at once, and nothing more is begun', async () => {
  stage.actors.uniswapXFiller.behave({ ignore: () => true });
  const { journal, rebalancer } = trader(fillerAlone(600));
  const running = rebalancer.rebalance();
  while ((await liveDelegations(journal))[0]?.state !== 'submitting') await sleep(20);
  await rebalancer.cancel();
  const { report, slices } = await running;
  expect(slices[0]!.execution.state).toBe('cancelled');
  expect(report.outcome).toBe('failed');
  const [ended] = await journal.decisions({ code: 'DELEGATION_ENDED' });
  expect(ended!.sentence).toMatch(/./);
  expect(await nonceBitmap()).not.toBe(0n);
  expect(await allowancesLeft(stage)).toEqual([]);

  async function nonceBitmap(): Promise<bigint> {
    const intent = (await journal.intent(slices[0]!.programme.intentId))!.intent;
    const { childNonce, hashIntent } = await import('@evenkeel/intents');
    const nonce = childNonce(hashIntent(intent), 0);
    const abi = ['function nonceBitmap(address, uint256) view returns (uint256)'];
    const permit2 = new Contract(home().contracts.permit2, abi, home().provider);
    return (await permit2.getFunction('nonceBitmap')(intent.signer, nonce >> 8n)) as bigint;
  }
});

/** A book whose only network is an OIF service, at the middle of the market, which no route of ours gives. */
async function withOif(
  run: (oif: OifLoopbackServer, change: (solvers: Solvers) => Solvers) => Promise<void>,
): Promise<void> {
  const { id } = home();
  const [contracts, spot] = [await deployStandInSettlers(stage.world), await referencePrice()];
  await stage.world.fund(home().tokens.WETH, stage.world.accounts.maker.address, 10n ** 20n);
  const oif = await startOifLoopbackServer(stage.world, contracts, (_, __, atoms) => (atoms * 10n ** 14n) / spot);
  try {
    const { inputSettler, outputSettler } = contracts[id]!;
    const settlers = { inputSettler, outputSettler, inputOracle: inputSettler, outputOracle: outputSettler };
    const service = { apiUrl: oif.apiUrl, chains: [{ chainId: id, ...settlers, finalAfterBlocks: 2 }] };
    // The service's quotes are good until a minute before their order ends.
    await run(oif, ({ cow: _, uniswapx: __, ...all }) => ({ ...all, patienceSeconds: 180, oif: [service] }));
  } finally {
    await oif.close();
  }
}

test('an OIF service takes the slice: the order is drawn through Permit2, filled, and proven over', () =>
  withOif(async (oif, only) => {
    const { journal, rebalancer } = trader(only);
    const { report, slices } = await rebalancer.rebalance();
    expect(slices[0]!.award).toMatchObject({ winner: 'bid', bid: { adapter: 'oif' } });
    expect(slices[0]!.award.contestants.map(({ adapter }) => adapter)).toEqual(['oif', 'own route']);
    expect(slices[0]!.swap!.output.atoms).toBeGreaterThanOrEqual(slices[0]!.swap!.quotedOutputAtoms);
    expect(report).toMatchObject({ outcome: 'hedged', reconciliation: { exact: true, unexplainedAtoms: 0n } });
    expect(await codesOf(journal)).toEqual(expect.arrayContaining(['DELEGATION_GIVEN', 'DELEGATION_ENDED']));
    expect(oif.requests.map(({ path }) => path)).toEqual(expect.arrayContaining(['/api/v1/quotes', '/api/v1/orders']));
    expect(await liveDelegations(journal)).toEqual([]);
    expect(await rebalancer.rebalance()).toMatchObject({ report: { outcome: 'held' } });
  }));

test('an OIF service that leaves the order: cancelled, its nonce is used up, and it can be drawn no more', () =>
  withOif(async (oif, only) => {
    oif.behave('nothing');
    const { journal, rebalancer } = trader(only);
    const running = rebalancer.rebalance();
    while ((await liveDelegations(journal))[0]?.state !== 'submitting') await sleep(20);
    await rebalancer.cancel();
    const { report, slices } = await running;
    expect(slices[0]!.award).toMatchObject({ winner: 'bid', bid: { adapter: 'oif' } });
    expect(slices[0]!.execution.state).toBe('cancelled');
    expect(report.outcome).toBe('failed');
    // The service has the signature still: what it does with it now the chain refuses.
    await oif.workAll('claim');
    expect(await liveDelegations(journal)).toEqual([]);
    const flows = await journal.flows({ intentId: slices[0]!.programme.intentId });
    expect(flows.filter(({ kind }) => kind === 'swap')).toEqual([]);
    // The next trade is another order, and done once, whatever becomes of the old signature.
    oif.behave('claim');
    const next = await rebalancer.rebalance();
    expect(next).toMatchObject({
      report: { outcome: 'hedged', reconciliation: { exact: true, unexplainedAtoms: 0n } },
    });
    await oif.workAll('claim');
    expect(await rebalancer.rebalance()).toMatchObject({ report: { outcome: 'held' } });
  }));

/** Cents a WETH. */
async function referencePrice(): Promise<bigint> {
  const { reference } = await trader().rebalancer.survey();
  return BigInt(Math.round(Number(reference.price) * 100));
}
